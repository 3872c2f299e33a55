"""One answer of the model in a run: its message and its calls become objects as they arrive.

An object is stored before its first event is published, so that a client that receives the event
can retrieve it. Events of single tokens are built without validation: there are many of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from serve_app.assistants.answer import ChatAnswer, Delta, ToolCall
from serve_app.assistants.citations import CitedText
from serve_app.assistants.objects import new_message, new_step, read_run
from serve_app.assistants.prompt import CODE_INTERPRETER, FILE_SEARCH
from serve_app.assistants.run_recorder import RunRecorder
from serve_app.assistants.run_state import RunState
from serve_app.storage.object_rows import StoredObject
from wire.openai.run_steps import (
    CodeInterpreterDetails,
    CodeInterpreterToolCall,
    FileSearchDetails,
    FileSearchToolCall,
    FunctionToolCall,
    MessageCreation,
    MessageCreationStepDetails,
    StepFunction,
    StepToolCall,
    ToolCallsStepDetails,
)
from wire.openai.threads import TextContentBlock, text_part


class Turn:
    """One answer of the model."""

    def __init__(self, run: StoredObject, state: RunState, recorder: RunRecorder) -> None:
        self.run = run
        self.state = state
        """Before this turn."""
        self.answer = ChatAnswer()
        self.message: StoredObject | None = None
        self.message_step: StoredObject | None = None
        self.calls_step: StoredObject | None = None
        self._recorder = recorder
        self._text = CitedText(state.sources, state.files)

    @property
    def text(self) -> TextContentBlock | None:
        """Its text so far, as a message has it."""
        if self.message is None:
            return None
        part = text_part(self._text.value, self._text.annotations)
        return TextContentBlock.model_validate(part)

    @property
    def has_begun(self) -> bool:
        """Whether a part of it is published."""
        return self.message is not None or self.calls_step is not None

    async def add(self, delta: Delta) -> None:
        """Add a chunk's content, and publish it."""
        if delta.text:
            if self.message is None:
                await self._begin_message()
            self._publish_texts(self._text.add(delta.text))
        if delta.call is not None:
            if self.calls_step is None:
                await self._begin_calls()
            self._publish_call(delta)

    def flush_text(self) -> None:
        """Publish what was held back of the text, at its end."""
        if self.message is not None:
            self._publish_texts(self._text.finish())

    async def _begin_message(self) -> None:
        run, fields = self.run, read_run(self.run)
        self.message = new_message(
            run.owner,
            fields.thread_id,
            "assistant",
            [],
            status="in_progress",
            completed_at=None,
            assistant_id=fields.assistant_id,
            run_id=run.id,
        )
        created = MessageCreation(message_id=self.message.id)
        self.message_step = new_step(run, MessageCreationStepDetails(message_creation=created))
        added = [self.message, self.message_step]
        await self._recorder.write(run.id, _keep, added=added, is_step=False)
        self._recorder.publish_begin(self.message_step)
        self._recorder.publish_begin(self.message)

    async def _begin_calls(self) -> None:
        self.calls_step = new_step(self.run, ToolCallsStepDetails(tool_calls=[]))
        await self._recorder.write(self.run.id, _keep, added=[self.calls_step], is_step=False)
        self._recorder.publish_begin(self.calls_step)

    def _publish_texts(self, texts: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
        assert self.message is not None
        number = len(self._text.annotations) - sum(len(annotations) for _, annotations in texts)
        for text, annotations in texts:
            numbered = [{**each, "index": number + i} for i, each in enumerate(annotations)]
            number += len(annotations)
            part = {"index": 0, **text_part(text, numbered)}
            self._publish_delta(self.message, {"content": [part]})

    def _publish_call(self, delta: Delta) -> None:
        assert delta.call is not None
        call = self.answer.calls[delta.call]
        piece: dict[str, Any] = {}
        if delta.begins:
            piece = describe_call(replace(call, arguments=delta.arguments)).model_dump(mode="json")
        elif call.name not in (FILE_SEARCH, CODE_INTERPRETER):
            piece = {"type": "function", "function": {"arguments": delta.arguments}}
        if piece:
            self._publish_piece({"index": delta.call, **piece})

    def publish_outcome(self, index: int, call: StepToolCall) -> None:
        """Publish the outcome of a call."""
        # Clients concatenate pieces: what has been published before would be there twice.
        piece = call.model_dump(mode="json", exclude={"id"})
        if CODE_INTERPRETER in piece:
            ran = piece[CODE_INTERPRETER]
            outputs = [{"index": number, **each} for number, each in enumerate(ran["outputs"])]
            piece[CODE_INTERPRETER] = {**ran, "outputs": outputs}
        self._publish_piece({"index": index, **piece})

    def _publish_piece(self, piece: dict[str, Any]) -> None:
        assert self.calls_step is not None
        details = {"type": "tool_calls", "tool_calls": [piece]}
        self._publish_delta(self.calls_step, {"step_details": details})

    def _publish_delta(self, stored: StoredObject, delta: dict[str, Any]) -> None:
        name = f"{stored.kind}.delta"
        data = {"id": stored.id, "object": name, "delta": delta}
        self._recorder.events.publish(self.run.id, name, data)


def describe_call(call: ToolCall) -> StepToolCall:
    """Return a call as a step shows it before it has been carried out."""
    if call.name == FILE_SEARCH:
        return FileSearchToolCall(id=call.id, file_search=FileSearchDetails())
    if call.name == CODE_INTERPRETER:
        empty = CodeInterpreterDetails(input="", outputs=[])
        return CodeInterpreterToolCall(id=call.id, code_interpreter=empty)
    function = StepFunction(name=call.name, arguments=call.arguments)
    return FunctionToolCall(id=call.id, function=function)


def _keep(run: StoredObject) -> StoredObject:
    return run
