"""Sends the prompt of a run's next turn to the chat model, cut to the model's context."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from pydantic_core import from_json

from serve_app.assistants.objects import MESSAGE
from serve_app.assistants.prompt import Message, Prompt, chat_choice, chat_tools, to_chat_message
from serve_app.assistants.run_state import read_state
from serve_app.media.kept_pictures import picture
from serve_app.media.parts import check_parts, with_files
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.retrying import JobCalls
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.calls import Kind, Operation
from wire.errors import ContextLengthError, NotFoundError
from wire.fields import engine_fields
from wire.openai.tool_choice import prepare_tools

ROOM = 256
"""Tokens that a prompt which had to be cut leaves for the answer, or a quarter of the context."""
PASSED_ON = ("temperature", "top_p", "parallel_tool_calls")
IMAGE_FILE = "image_file"
DELETED_PICTURE = "(A picture that has been deleted.)"


class PromptLimitError(Exception):
    """The run may not use as many tokens of prompt as its next turn needs."""


class PromptSender:
    """Sends the prompts of runs to chat models."""

    def __init__(self, objects: ObjectStore, files: KeptFiles, remote_files: RemoteFiles) -> None:
        self._objects = objects
        self._files = files
        self._remote_files = remote_files

    async def send(self, run: StoredObject, calls: JobCalls) -> AsyncGenerator[bytes]:
        """Return the model's answer as chat completion chunks, its first one made.

        Raises:
            PromptLimitError: not even the last message is within the run's limit.
            InvalidRequestError: the thread has what the model does not read, or is too long.
            APIError: the model cannot answer.
        """
        prompt = await self._build_prompt(run, calls.calls)
        fields = await calls.calls.check(lambda: _build_fields(run))
        limit = _remaining_prompt_tokens(run)
        if limit is None:
            try:
                return await self._begin(run, fields, prompt.messages(), calls)
            except ContextLengthError:
                if (run.body["truncation_strategy"] or {}).get("type") != "auto":
                    raise
        counter = _Counter(run, fields, calls.calls)
        room = await counter.room()
        try:
            messages = await prompt.fit(counter.count, room if limit is None else min(room, limit))
        except ContextLengthError:
            if limit is None or limit >= room:
                raise
            raise PromptLimitError from None
        return await self._begin(run, fields, messages, calls)

    async def _begin(
        self, run: StoredObject, fields: dict[str, Any], messages: list[Message], calls: JobCalls
    ) -> AsyncGenerator[bytes]:
        request = {**fields, "messages": messages}
        return await calls.begin_stream(run.body["model"], Operation.CHAT_COMPLETION, request)

    async def _build_prompt(self, run: StoredObject, calls: Calls) -> Prompt:
        stored = await self._objects.all(run.owner, MESSAGE, run.body["thread_id"])
        earlier = [each.body for each in stored if each.body["run_id"] != run.id]
        strategy = run.body["truncation_strategy"] or {}
        if strategy.get("type") == "last_messages":
            earlier = earlier[-strategy["last_messages"] :]
        thread = [to_chat_message(message) for message in earlier if message["content"]]
        if any(isinstance(message["content"], list) for message in thread):
            thread = await self._with_pictures(run, thread, calls)
        return Prompt(run.body["instructions"], thread, list(read_state(run).turns))

    async def _with_pictures(
        self, run: StoredObject, thread: list[Message], calls: Calls
    ) -> list[Message]:
        """Return the messages with the pictures themselves, for a model that reads them."""
        model = await calls.resolve(Kind.CHAT, run.body["model"])
        for message in thread:
            if isinstance(message["content"], list):
                parts = message["content"]
                message["content"] = [await self._with_picture(run, part) for part in parts]
        check_parts(thread, model.card)
        return await with_files(thread, self._remote_files, "messages")

    async def _with_picture(self, run: StoredObject, part: dict[str, Any]) -> dict[str, Any]:
        if part["type"] != IMAGE_FILE:
            return part
        file_id = part[IMAGE_FILE]["file_id"]
        try:
            await self._files.get(run.owner, file_id)
        except NotFoundError:  # it was deleted after the message was added
            return {"type": "text", "text": DELETED_PICTURE}
        url, _ = await picture(file_id, run.owner, self._files, "messages")
        return {"type": "image_url", "image_url": {"url": url}}


class _Counter:
    """Counts a run's prompt as its model does."""

    def __init__(self, run: StoredObject, fields: dict[str, Any], calls: Calls) -> None:
        self._name = run.body["model"]
        self._tools = fields.get("tools") if fields.get("tool_choice") != "none" else None
        self._calls = calls
        self._answer_tokens = fields.get("max_tokens") or ROOM

    async def count(self, messages: Sequence[Message]) -> int:
        return (await self._tokenize(messages))["count"]

    async def room(self) -> int:
        """Return how many tokens of prompt leave some for the answer."""
        hello = [{"role": "user", "content": "."}]
        context = (await self._tokenize(hello))["max_model_len"]
        return context - min(self._answer_tokens, context // 4)

    async def _tokenize(self, messages: Sequence[Message]) -> dict[str, Any]:
        model = await self._calls.resolve(Kind.CHAT, self._name)
        request = {"messages": list(messages), **({"tools": self._tools} if self._tools else {})}
        reply = await self._calls.run(model, Operation.TOKENIZE, request)
        return from_json(reply.body)


def _remaining_prompt_tokens(run: StoredObject) -> int | None:
    """Return how many tokens of prompt a run may still use."""
    limit = run.body["max_prompt_tokens"]
    return None if limit is None else limit - read_state(run).usage.prompt_tokens


def _build_fields(run: StoredObject) -> dict[str, Any]:
    """Return the fields of the request other than the messages."""
    body, state = run.body, read_state(run)
    fields: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    fields |= {name: body[name] for name in PASSED_ON if body[name] is not None}
    if tools := chat_tools(body["tools"]):
        # A run that must call a tool before it answers has done so after the first turn.
        choice = chat_choice(body["tool_choice"])
        forced = choice not in (None, "auto", "none")
        fields["tools"] = tools
        fields["tool_choice"] = "auto" if forced and state.turns else choice or "auto"
    if "parallel_tool_calls" in fields and not tools:
        del fields["parallel_tool_calls"]
    if isinstance(body["response_format"], dict):
        fields["response_format"] = body["response_format"]
    if body.get("reasoning_effort"):
        fields["reasoning_effort"] = body["reasoning_effort"]
    if body["max_completion_tokens"] is not None:
        used = state.usage.completion_tokens
        fields["max_tokens"] = body["max_completion_tokens"] - used
    return prepare_tools(engine_fields(fields))
