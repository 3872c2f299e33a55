"""Vector stores, and LocalAI's stores."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import stores, vector_store_files, vector_stores
from wire.answers import Answer
from wire.localai.stores import EmptyAnswer, StoreEntries, StoreNeighbours
from wire.openai.vector_stores import (
    VectorStore,
    VectorStoreDeleted,
    VectorStoreFile,
    VectorStoreFileBatch,
    VectorStoreFileContent,
    VectorStoreFileDeleted,
    VectorStoreFileList,
    VectorStoreList,
    VectorStoreSearchResults,
)

IDS = {
    "vector_store_id": "vs_0123456789abcdef",
    "file_id": "file-0123456789abcdef",
    "batch_id": "vsfb_0123456789abcdef",
}
OF_STORE = partial(
    Operation, tag="vector stores", uses_database=True, parameters=IDS, errors=(400, 404)
)
FILE = IDS["file_id"]
KEYS = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]


def _of_localai(
    endpoint: Callable[..., Any], answer: type[Answer], example: Mapping[str, Any]
) -> Operation:
    return Operation(
        endpoint=endpoint,
        tag="vector stores",
        uses_database=True,
        answers={JSON: answer},
        examples={"vectors": {"store": "colours", **example}},
    )


OPERATIONS = (
    OF_STORE(
        endpoint=vector_stores.create_vector_store,
        answers={JSON: VectorStore},
        parameters={},
        examples={"empty": {"name": "handbooks"}, "filled": {"name": "x", "file_ids": [FILE]}},
    ),
    OF_STORE(
        endpoint=vector_stores.list_vector_stores,
        answers={JSON: VectorStoreList},
        parameters={},
        errors=(),
    ),
    OF_STORE(
        endpoint=vector_stores.retrieve_vector_store,
        answers={JSON: VectorStore},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_stores.update_vector_store,
        answers={JSON: VectorStore},
        examples={"name": {"name": "manuals"}},
    ),
    OF_STORE(
        endpoint=vector_stores.delete_vector_store,
        answers={JSON: VectorStoreDeleted},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_stores.search_vector_store,
        calls_model=True,
        answers={JSON: VectorStoreSearchResults},
        examples={
            "text": {"query": "How long is the warranty?", "max_num_results": 5},
            "filtered": {
                "query": "warranty",
                "filters": {"type": "eq", "key": "year", "value": 2026},
            },
        },
    ),
    OF_STORE(
        endpoint=vector_store_files.create_vector_store_file,
        answers={JSON: VectorStoreFile},
        examples={"file": {"file_id": FILE, "attributes": {"year": 2026}}},
    ),
    OF_STORE(
        endpoint=vector_store_files.list_vector_store_files,
        answers={JSON: VectorStoreFileList},
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file,
        answers={JSON: VectorStoreFile},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.update_vector_store_file,
        answers={JSON: VectorStoreFile},
        examples={"year": {"attributes": {"year": 2027}}},
    ),
    OF_STORE(
        endpoint=vector_store_files.delete_vector_store_file,
        answers={JSON: VectorStoreFileDeleted},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file_content,
        answers={JSON: VectorStoreFileContent},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.create_vector_store_file_batch,
        answers={JSON: VectorStoreFileBatch},
        examples={"files": {"file_ids": [FILE]}},
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file_batch,
        answers={JSON: VectorStoreFileBatch},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.cancel_vector_store_file_batch,
        answers={JSON: VectorStoreFileBatch},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.list_vector_store_file_batch_files,
        answers={JSON: VectorStoreFileList},
    ),
    _of_localai(stores.set_in_store, EmptyAnswer, {"keys": KEYS, "values": ["red", "blue"]}),
    _of_localai(stores.get_from_store, StoreEntries, {"keys": KEYS}),
    _of_localai(stores.delete_from_store, EmptyAnswer, {"keys": KEYS[:1]}),
    _of_localai(stores.find_in_store, StoreNeighbours, {"key": KEYS[0], "topk": 2}),
)
