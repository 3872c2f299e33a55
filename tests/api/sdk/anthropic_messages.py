"""Calls of Anthropic's SDK."""

from typing import Any

from anthropic import beta_tool

from tests.api.sdk.openai_inference import MESSAGES, SCHEMA, Word
from tests.support.sdk_calls import Calls, beside

TOOL: Any = {"name": "look", "input_schema": SCHEMA}
FORMAT: Any = {"format": {"type": "json_schema", "schema": SCHEMA}}
CLIENTS: dict[str, Any] = {"user_profile_id": "profile", "workspace_id": "workspace"}

COUNTED: dict[str, Any] = {
    "cache_control": {"type": "ephemeral"},
    "output_config": {"effort": "low"},
    "speed": "standard",
    "system": "Be short.",
    "thinking": {"type": "disabled"},
    "tool_choice": beside({"type": "auto"}, tools=[TOOL]),
    "tools": [TOOL],
}
MESSAGE: dict[str, Any] = {
    **COUNTED,
    "container": "container_1",
    "diagnostics": {"previous_message_id": "msg_1"},
    "inference_geo": "us",
    "metadata": {"user_id": "user"},
    "service_tier": "auto",
    "stop_sequences": ["end"],
}
PARSED = ("cache_control", "container", "inference_geo")
"""Parameters that ``parse`` does not have."""
COUNTED_BETA: dict[str, Any] = {
    "betas": ["context-management-2025-06-27"],
    "billing_policy": {"type": "standard"},
    "compaction": {"type": "auto"},
    "context_management": {"edits": []},
    "mcp_servers": [{"type": "url", "name": "a", "url": "https://example.com"}],
}
BETA: dict[str, Any] = {
    **COUNTED_BETA,
    "fallback_credit_token": "token",
    "fallbacks": [{"model": "small"}],
    "thread": {"type": "new"},
}


def call_messages(call: Calls) -> None:
    """Call messages, and the count of their tokens."""
    count: dict[str, Any] = {"model": "small", "messages": MESSAGES}
    base = {**count, "max_tokens": 10}
    of_format = {"output_format": Word}
    call("messages.create", {**MESSAGE, **CLIENTS, "stream": True}, **base)
    call("messages.stream", {**MESSAGE, **CLIENTS, **of_format}, **base)
    parsed = {name: value for name, value in MESSAGE.items() if name not in PARSED}
    call("messages.parse", {**parsed, **of_format}, **base)
    call("messages.count_tokens", {**COUNTED, **CLIENTS, **of_format}, **count)


def call_beta(call: Calls) -> None:
    """Call messages by the paths of the beta."""
    count: dict[str, Any] = {"model": "small", "messages": MESSAGES}
    base = {**count, "max_tokens": 10}
    of_format = {"output_format": Word}
    more = {**MESSAGE, **BETA, **CLIENTS}
    call("beta.messages.create", {**more, "stream": True}, **base)
    call("beta.messages.stream", {**more, **of_format}, **base)
    call("beta.messages.parse", {**more, **of_format}, **base)
    call("beta.messages.count_tokens", {**COUNTED, **COUNTED_BETA, **CLIENTS}, **count)

    @beta_tool
    def look(word: str) -> str:
        """Look for a word."""
        return word

    without = ("tools", "tool_choice", "compaction")
    runs = {name: value for name, value in more.items() if name not in without}
    choice = {"tool_choice": {"type": "auto"}}
    own: dict[str, Any] = {
        "max_iterations": 1,
        "run_tools_eagerly": beside(True, stream=True),
        "stream": True,
        "thread": False,
        **of_format,
    }
    call("beta.messages.tool_runner", {**runs, **choice, **own}, **base, tools=[look])


def call_models(call: Calls) -> None:
    """Call models."""
    pages = {"after_id": "small", "before_id": "small", "lifecycle": ["active"], "limit": 1}
    of_client = {"workspace_id": "workspace"}
    call("models.list", {**pages, **of_client})
    call("models.retrieve", of_client, model_id="small")
    call("beta.models.list", {**pages, **of_client, "betas": ["a"]})
    call("beta.models.retrieve", {**of_client, "betas": ["a"]}, model_id="small")
