"""Vector stores, and LocalAI's stores."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from serve_app.openapi.answers import vector_stores as answers
from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import stores, vector_store_files, vector_stores

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
    endpoint: Callable[..., Any], answer: type[answers.Answer], example: Mapping[str, Any]
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
        answers={JSON: answers.VectorStore},
        parameters={},
        examples={"empty": {"name": "handbooks"}, "filled": {"name": "x", "file_ids": [FILE]}},
    ),
    OF_STORE(
        endpoint=vector_stores.list_vector_stores,
        answers={JSON: answers.VectorStoreList},
        parameters={},
        errors=(),
    ),
    OF_STORE(
        endpoint=vector_stores.retrieve_vector_store,
        answers={JSON: answers.VectorStore},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_stores.update_vector_store,
        answers={JSON: answers.VectorStore},
        examples={"name": {"name": "manuals"}},
    ),
    OF_STORE(
        endpoint=vector_stores.delete_vector_store,
        answers={JSON: answers.DeletedVectorStore},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_stores.search_vector_store,
        calls_model=True,
        answers={JSON: answers.SearchResults},
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
        answers={JSON: answers.StoreFile},
        examples={"file": {"file_id": FILE, "attributes": {"year": 2026}}},
    ),
    OF_STORE(
        endpoint=vector_store_files.list_vector_store_files,
        answers={JSON: answers.StoreFileList},
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file,
        answers={JSON: answers.StoreFile},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.update_vector_store_file,
        answers={JSON: answers.StoreFile},
        examples={"year": {"attributes": {"year": 2027}}},
    ),
    OF_STORE(
        endpoint=vector_store_files.delete_vector_store_file,
        answers={JSON: answers.DeletedStoreFile},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file_content,
        answers={JSON: answers.FileContent},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.create_vector_store_file_batch,
        answers={JSON: answers.FileBatch},
        examples={"files": {"file_ids": [FILE]}},
    ),
    OF_STORE(
        endpoint=vector_store_files.retrieve_vector_store_file_batch,
        answers={JSON: answers.FileBatch},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.cancel_vector_store_file_batch,
        answers={JSON: answers.FileBatch},
        errors=(404,),
    ),
    OF_STORE(
        endpoint=vector_store_files.list_vector_store_file_batch_files,
        answers={JSON: answers.StoreFileList},
    ),
    _of_localai(stores.set_in_store, answers.Nothing, {"keys": KEYS, "values": ["red", "blue"]}),
    _of_localai(stores.get_from_store, answers.KeysAndValues, {"keys": KEYS}),
    _of_localai(stores.delete_from_store, answers.Nothing, {"keys": KEYS[:1]}),
    _of_localai(stores.find_in_store, answers.Neighbours, {"key": KEYS[0], "topk": 2}),
)
