"""Embeddings, rerank and score."""

from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import embeddings, rerank, score
from wire.jina.rerank import RerankResponse
from wire.jina.score import ScoreResponse
from wire.openai.embeddings import CreateEmbeddingResponse

DOCUMENTS = ["Paris is the capital of France.", "Bananas are yellow."]
QUERY = "Which city is the capital of France?"

OPERATIONS = (
    *(
        Operation(
            endpoint=endpoint,
            tag="embeddings",
            calls_model=True,
            answers={JSON: CreateEmbeddingResponse},
            examples={
                "texts": {"model": "text-embedding-3-small", "input": DOCUMENTS},
                "base64": {"input": DOCUMENTS[0], "encoding_format": "base64"},
            },
            parameters={"model": "text-embedding-ada-002"},
        )
        for endpoint in (embeddings.create_embeddings, embeddings.create_engine_embeddings)
    ),
    *(
        Operation(
            endpoint=endpoint,
            tag="rerank",
            calls_model=True,
            answers={JSON: RerankResponse},
            examples={
                "texts": {"query": QUERY, "documents": DOCUMENTS},
                "best": {
                    "query": QUERY,
                    "documents": DOCUMENTS,
                    "top_n": 1,
                    "return_documents": False,
                },
            },
            errors=(422,),
        )
        for endpoint in (rerank.create_rerank, rerank.create_rerank_v2)
    ),
    Operation(
        endpoint=score.create_scores,
        tag="rerank",
        calls_model=True,
        answers={JSON: ScoreResponse},
        examples={"pairs": {"text_1": QUERY, "text_2": DOCUMENTS}},
    ),
)
