"""One answer of the model in a run, as it comes: its message and its calls become objects.

What has begun is kept before it is told, so that who is told of it finds it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from serve_app.assistants.answer import Answer, Delta, ToolCall
from serve_app.assistants.citations import CitedText, Source
from serve_app.assistants.objects import new_message, new_step
from serve_app.assistants.prompt import CODE_INTERPRETER, FILE_SEARCH
from serve_app.assistants.run_recorder import RunRecorder
from serve_app.storage.object_rows import StoredObject
from wire.openai.threads import text_part

MESSAGE_STEP = "message_creation"
CALLS_STEP = "tool_calls"


class Turn:
    """What the model says in one answer."""

    def __init__(self, run: StoredObject, recorder: RunRecorder) -> None:
        self.run = run
        self.answer = Answer()
        self.message: StoredObject | None = None
        self.message_step: StoredObject | None = None
        self.calls_step: StoredObject | None = None
        self._recorder = recorder
        state = run.state or {}
        self._text = CitedText([Source(**each) for each in state["sources"]], state["files"])

    @property
    def text(self) -> dict[str, Any] | None:
        """What it says so far, as a message has it."""
        if self.message is None:
            return None
        return text_part(self._text.value, self._text.annotations)

    async def take(self, delta: Delta) -> None:
        """Take what a chunk adds, and tell it."""
        if delta.text:
            if self.message is None:
                await self._begin_message()
            self._tell_texts(self._text.add(delta.text))
        if delta.call is not None:
            if self.calls_step is None:
                await self._begin_calls()
            self._tell_call(delta)

    def say_rest(self) -> None:
        """Tell what was kept back of the text, at its end."""
        if self.message is not None:
            self._tell_texts(self._text.rest())

    async def _begin_message(self) -> None:
        run = self.run
        self.message = new_message(
            run.owner,
            run.body["thread_id"],
            "assistant",
            [],
            status="in_progress",
            completed_at=None,
            assistant_id=run.body["assistant_id"],
            run_id=run.id,
        )
        self.message_step = new_step(run, MESSAGE_STEP, {"message_id": self.message.id})
        added = [self.message, self.message_step]
        await self._recorder.write(run.id, _same, added=added, is_step=False)
        self._recorder.tell_begun(self.message_step)
        self._recorder.tell_begun(self.message)

    async def _begin_calls(self) -> None:
        self.calls_step = new_step(self.run, CALLS_STEP, [])
        await self._recorder.write(self.run.id, _same, added=[self.calls_step], is_step=False)
        self._recorder.tell_begun(self.calls_step)

    def _tell_texts(self, texts: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
        assert self.message is not None
        number = len(self._text.annotations) - sum(len(found) for _, found in texts)
        for text, found in texts:
            annotations = [{**each, "index": number + i} for i, each in enumerate(found)]
            number += len(found)
            part = {"index": 0, **text_part(text, annotations)}
            self._tell_delta(self.message, {"content": [part]})

    def _tell_call(self, delta: Delta) -> None:
        assert delta.call is not None
        call = self.answer.calls[delta.call]
        piece: dict[str, Any] = {}
        if delta.begins:
            piece = shown_call(replace(call, arguments=delta.arguments))
        elif call.name not in (FILE_SEARCH, CODE_INTERPRETER):
            piece = {"type": "function", "function": {"arguments": delta.arguments}}
        if piece:
            self._tell_piece({"index": delta.call, **piece})

    def tell_outcome(self, index: int, call: dict[str, Any]) -> None:
        """Tell what came of a call."""
        # Clients put pieces together: what has been told would be there twice.
        piece = {name: value for name, value in call.items() if name != "id"}
        if CODE_INTERPRETER in call:
            ran = call[CODE_INTERPRETER]
            outputs = [{"index": number, **each} for number, each in enumerate(ran["outputs"])]
            piece[CODE_INTERPRETER] = {**ran, "outputs": outputs}
        self._tell_piece({"index": index, **piece})

    def _tell_piece(self, piece: dict[str, Any]) -> None:
        assert self.calls_step is not None
        details = {"type": CALLS_STEP, CALLS_STEP: [piece]}
        self._tell_delta(self.calls_step, {"step_details": details})

    def _tell_delta(self, stored: StoredObject, delta: dict[str, Any]) -> None:
        name = f"{stored.kind}.delta"
        data = {"id": stored.id, "object": name, "delta": delta}
        self._recorder.events.tell(self.run.id, name, data)


def shown_call(call: ToolCall) -> dict[str, Any]:
    """Return a call as a step shows it before it has been carried out."""
    if call.name == FILE_SEARCH:
        return {"id": call.id, "type": FILE_SEARCH, FILE_SEARCH: {}}
    if call.name == CODE_INTERPRETER:
        empty = {"input": "", "outputs": []}
        return {"id": call.id, "type": CODE_INTERPRETER, CODE_INTERPRETER: empty}
    function = {"name": call.name, "arguments": call.arguments, "output": None}
    return {"id": call.id, "type": "function", "function": function}


def _same(run: StoredObject) -> StoredObject:
    return run
