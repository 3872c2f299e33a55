"""Each parameter that OpenAI's SDK sends to a route of stored objects is a member that it has."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from openai.types import (
    batch_create_params,
    file_create_params,
    upload_complete_params,
    upload_create_params,
    vector_store_create_params,
    vector_store_search_params,
    vector_store_update_params,
)
from openai.types.beta import (
    assistant_create_params,
    assistant_update_params,
    thread_create_and_run_params,
    thread_create_params,
    thread_update_params,
)
from openai.types.beta.threads import (
    message_create_params,
    message_update_params,
    run_create_params,
    run_submit_tool_outputs_params,
    run_update_params,
)
from openai.types.conversations import (
    conversation_create_params,
    conversation_update_params,
    item_create_params,
)
from openai.types.responses import input_token_count_params, response_create_params
from openai.types.uploads import part_create_params
from openai.types.vector_stores import (
    file_batch_create_params,
    file_update_params,
)
from openai.types.vector_stores import (
    file_create_params as store_file_create_params,
)

from wire.openai.assistants import AssistantRequest, AssistantUpdate
from wire.openai.batches import BatchRequest
from wire.openai.conversations import ConversationRequest, ConversationUpdate, NewItems
from wire.openai.files import CompleteRequest, FileRequest, PartRequest, UploadRequest
from wire.openai.responses import ResponseRequest
from wire.openai.runs import RunRequest, ThreadRunRequest, ToolOutputs
from wire.openai.threads import MessageRequest, MetadataUpdate, ThreadRequest, ThreadUpdate
from wire.openai.vector_stores import (
    FileBatchRequest,
    StoreFileRequest,
    StoreFileUpdate,
    VectorStoreRequest,
    VectorStoreSearch,
    VectorStoreUpdate,
)
from wire.requests import StoredBody

METHODS: list[tuple[Any, type[StoredBody]]] = [
    (assistant_create_params.AssistantCreateParams, AssistantRequest),
    (assistant_update_params.AssistantUpdateParams, AssistantUpdate),
    (thread_create_params.ThreadCreateParams, ThreadRequest),
    (thread_update_params.ThreadUpdateParams, ThreadUpdate),
    (thread_create_and_run_params.ThreadCreateAndRunParamsBase, ThreadRunRequest),
    (message_create_params.MessageCreateParams, MessageRequest),
    (message_update_params.MessageUpdateParams, MetadataUpdate),
    (run_create_params.RunCreateParamsBase, RunRequest),
    (run_update_params.RunUpdateParams, MetadataUpdate),
    (run_submit_tool_outputs_params.RunSubmitToolOutputsParamsBase, ToolOutputs),
    (vector_store_create_params.VectorStoreCreateParams, VectorStoreRequest),
    (vector_store_update_params.VectorStoreUpdateParams, VectorStoreUpdate),
    (vector_store_search_params.VectorStoreSearchParams, VectorStoreSearch),
    (store_file_create_params.FileCreateParams, StoreFileRequest),
    (file_update_params.FileUpdateParams, StoreFileUpdate),
    (file_batch_create_params.FileBatchCreateParams, FileBatchRequest),
    (batch_create_params.BatchCreateParams, BatchRequest),
    (file_create_params.FileCreateParams, FileRequest),
    (upload_create_params.UploadCreateParams, UploadRequest),
    (upload_complete_params.UploadCompleteParams, CompleteRequest),
    (part_create_params.PartCreateParams, PartRequest),
    (conversation_create_params.ConversationCreateParams, ConversationRequest),
    (conversation_update_params.ConversationUpdateParams, ConversationUpdate),
    (item_create_params.ItemCreateParams, NewItems),
    (response_create_params.ResponseCreateParamsBase, ResponseRequest),
    (input_token_count_params.InputTokenCountParams, ResponseRequest),
]

ELSEWHERE = {
    "AssistantUpdateParams.assistant_id": "in the path",
    "MessageUpdateParams.thread_id": "in the path",
    "RunUpdateParams.thread_id": "in the path",
    "RunSubmitToolOutputsParamsBase.thread_id": "in the path",
    "FileUpdateParams.vector_store_id": "in the path",
    "FileCreateParams.file": "the form's file",
    "PartCreateParams.data": "the form's file",
    "ItemCreateParams.include": "in the query",
    "RunCreateParamsBase.include": "in the query",
}
"""Parameters that are not sent in the body."""


@pytest.mark.parametrize(("params", "body"), METHODS, ids=lambda each: each.__name__)
def test_stored_body_has_every_parameter_of_the_sdk(params: Any, body: type[StoredBody]) -> None:
    missing = set(_find_missing(params, body, params.__name__))

    assert missing <= set(ELSEWHERE)


def _find_missing(params: Any, body: type[StoredBody], path: str) -> Iterator[str]:
    """Yield the parameters that a body and the objects in it do not have."""
    fields = {field.alias or name: field for name, field in body.model_fields.items()}
    for name, hint in get_type_hints(params).items():
        if name not in fields:
            yield f"{path}.{name}"
            continue
        ours = list(_find(fields[name].annotation, _is_body))
        theirs = list(_find(hint, _is_typed_dict))
        for each in theirs:
            if ours and each is not params:
                # Of a union's members, one has all the parameters.
                missing = [list(_find_missing(each, one, f"{path}.{name}")) for one in ours]
                yield from min(missing, key=len)


def _find(hint: Any, wanted: Any) -> Iterator[Any]:
    """Yield the types in a type hint for which ``wanted`` is true."""
    if get_origin(hint) is None:
        if wanted(hint):
            yield hint
        return
    for each in get_args(hint):
        yield from _find(each, wanted)


def _is_typed_dict(hint: Any) -> bool:
    return hasattr(hint, "__required_keys__")


def _is_body(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StoredBody)
