"""Responses and conversations."""

from serve_app.openapi.operation import EVENTS, JSON, Events, Operation
from serve_app.openapi.operations.chat import FUNCTION, QUESTION, WEATHER
from serve_app.routes import conversations, responses
from wire.openai.compaction import CompactedResponse
from wire.openai.conversations import (
    Conversation,
    ConversationDeleted,
    ConversationItem,
    ConversationItemList,
)
from wire.openai.response_events import ResponseStreamEvent
from wire.openai.responses import InputTokenCountResponse, ModelResponse, ResponseDeleted

SAID = [{"role": "user", "content": QUESTION}]

OPERATIONS = (
    Operation(
        endpoint=responses.create_response,
        tag="chat",
        calls_model=True,
        uses_database=True,
        answers={JSON: ModelResponse, EVENTS: Events(ResponseStreamEvent)},
        examples={
            "question": {"model": "gpt-4o", "input": QUESTION},
            "stream": {"model": "gpt-4o", "input": QUESTION, "stream": True},
            "logprobs": {
                "input": QUESTION,
                "include": ["message.output_text.logprobs"],
                "top_logprobs": 1,
            },
            "tools": {"input": WEATHER, "tools": [{"type": "function", **FUNCTION}]},
            "tools in a stream": {
                "input": WEATHER,
                "tools": [{"type": "function", **FUNCTION}],
                "stream": True,
            },
            "in the background": {"input": QUESTION, "background": True},
            "items": {
                "input": SAID,
                "instructions": "Answer in one sentence.",
                "metadata": {"topic": "geography"},
                "max_output_tokens": 20,
            },
        },
    ),
    Operation(
        endpoint=responses.count_input_tokens,
        name="count_response_input_tokens",
        tag="chat",
        calls_model=True,
        uses_database=True,
        answers={JSON: InputTokenCountResponse},
        examples={"question": {"input": QUESTION}},
    ),
    Operation(
        endpoint=responses.compact_response,
        tag="chat",
        calls_model=True,
        uses_database=True,
        answers={JSON: CompactedResponse},
        examples={"items": {"input": SAID}},
    ),
    Operation(
        endpoint=responses.retrieve_response,
        tag="chat",
        uses_database=True,
        answers={JSON: ModelResponse, EVENTS: Events(ResponseStreamEvent)},
    ),
    Operation(
        endpoint=responses.delete_response,
        tag="chat",
        uses_database=True,
        answers={JSON: ResponseDeleted},
    ),
    Operation(
        endpoint=responses.cancel_response,
        tag="chat",
        uses_database=True,
        answers={JSON: ModelResponse},
        errors=(400,),
    ),
    Operation(
        endpoint=responses.list_input_items,
        name="list_response_input_items",
        tag="chat",
        uses_database=True,
        answers={JSON: ConversationItemList},
    ),
    Operation(
        endpoint=conversations.create_conversation,
        tag="conversations",
        uses_database=True,
        answers={JSON: Conversation},
        examples={"items": {"items": SAID, "metadata": {"topic": "geography"}}},
    ),
    Operation(
        endpoint=conversations.retrieve_conversation,
        tag="conversations",
        uses_database=True,
        answers={JSON: Conversation},
    ),
    Operation(
        endpoint=conversations.update_conversation,
        tag="conversations",
        uses_database=True,
        answers={JSON: Conversation},
        examples={"labels": {"metadata": {"topic": "France"}}},
    ),
    Operation(
        endpoint=conversations.delete_conversation,
        tag="conversations",
        uses_database=True,
        answers={JSON: ConversationDeleted},
    ),
    Operation(
        endpoint=conversations.add_items,
        name="add_conversation_items",
        tag="conversations",
        uses_database=True,
        answers={JSON: ConversationItemList},
        examples={"item": {"items": SAID}},
    ),
    Operation(
        endpoint=conversations.list_items,
        name="list_conversation_items",
        tag="conversations",
        uses_database=True,
        answers={JSON: ConversationItemList},
    ),
    Operation(
        endpoint=conversations.retrieve_item,
        name="retrieve_conversation_item",
        tag="conversations",
        uses_database=True,
        answers={JSON: ConversationItem},
    ),
    Operation(
        endpoint=conversations.delete_item,
        name="delete_conversation_item",
        tag="conversations",
        uses_database=True,
        answers={JSON: Conversation},
    ),
)
