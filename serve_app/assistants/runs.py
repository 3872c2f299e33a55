"""Runs as clients see them: created, followed, given outputs, cancelled; ``work`` does the work.

A run that is followed is held by the process that answers, so that its events are not delayed.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from serve_app.assistants.events import RunEvents, read_events
from serve_app.assistants.objects import (
    ASSISTANT,
    RUN,
    STEP,
    complete,
    new_run,
    read_run,
    with_status,
)
from serve_app.assistants.prompt import chat_choice, chat_tools
from serve_app.assistants.run_state import (
    CANCELLABLE,
    RunState,
    RunStatus,
    read_state,
    with_state,
)
from serve_app.assistants.threads import Threads, by_path, new_messages
from serve_app.assistants.versions import Show
from serve_app.jobs.worker import LEASE_S, Jobs
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError, echo, naming_parameter
from wire.json_schema.checks import check_tools
from wire.openai.assistants import check_schemas, to_format, to_tools
from wire.openai.run_steps import FunctionToolCall, ToolCallsStepDetails
from wire.openai.runs import (
    RESULT_CONTENT,
    RunFields,
    RunRequest,
    ThreadRunRequest,
    ToolOutput,
    to_tool_choice,
)
from wire.openai.tool_choice import prepare_tools
from wire.sse import write_event


class Runs:
    """The runs of a database."""

    def __init__(self, database: Database, threads: Threads, jobs: Jobs, events: RunEvents) -> None:
        self.objects = threads.objects
        self._database = database
        self._threads = threads
        self._jobs = jobs
        self._events = events

    async def create(self, owner: str, thread_id: str, body: RunRequest) -> StoredObject:
        """Create a run on a thread; work on it begins at once.

        Raises:
            NotFoundError: there is no such assistant or thread.
            InvalidRequestError: a run is active on the thread, or something is not there.
        """
        run = await self._new(owner, thread_id, body)
        messages = body.additional_messages or []
        await self._threads.resources.check_messages(
            owner, by_path(messages, "additional_messages")
        )
        attached = await self._threads.find_attached(owner, thread_id, messages)
        async with self._database.transaction():
            await self._threads.lock(owner, thread_id, "A run cannot be added")
            await self._threads.attach(owner, thread_id, attached)
            await self.objects.add(*new_messages(owner, thread_id, messages), run)
            await self._hold(run, body)
        return self._queue(run, body)

    async def create_with_thread(
        self, owner: str, body: ThreadRunRequest
    ) -> tuple[StoredObject, StoredObject]:
        """Create a thread and a run on it; return both.

        Raises:
            NotFoundError: there is no such assistant.
            InvalidRequestError: something that they refer to is not there.
        """
        thread, messages = await self._threads.prepare(owner, body.thread, "thread.")
        run = await self._new(owner, thread.id, body)
        async with self._database.transaction():
            await self.objects.add(thread, *messages, run)
            await self._hold(run, body)
        return thread, self._queue(run, body)

    async def submit(
        self, owner: str, thread_id: str, run_id: str, outputs: Sequence[ToolOutput], *, held: bool
    ) -> tuple[StoredObject, StoredObject]:
        """Give a run what the client's functions returned; return it and the step with that.

        Raises:
            NotFoundError: there is no such run.
            InvalidRequestError: it waits for nothing, or for other outputs.
        """
        given = {each.tool_call_id: each.output for each in outputs}

        def queue_again(run: StoredObject) -> StoredObject:
            _check_outputs(run, given)
            results = [
                {"role": "tool", "tool_call_id": call_id, "content": output}
                for call_id, output in given.items()
            ]
            queued = with_status(run, RunStatus.QUEUED, required_action=None)
            return with_state(queued, read_state(run).add_turns(*results))

        async with self._database.transaction():
            run = await self.objects.change(owner, RUN, run_id, queue_again, thread_id)
            state = read_state(run)
            assert state.step is not None
            assert state.step_usage is not None
            usage = state.step_usage.to_answer()

            def complete_step(step: StoredObject) -> StoredObject:
                shown = _with_outputs(step.body["step_details"], given)
                full = _with_outputs((step.state or {})["step_details"], given)
                done = complete(step, step_details=shown, usage=usage)
                return replace(done, state={"step_details": full.model_dump(mode="json")})

            step = await self.objects.change(owner, STEP, state.step, complete_step, run_id)
            if held:
                await self._jobs.store.hold(run_id, LEASE_S)
        if not held:
            self._jobs.wake()
        return run, step

    async def cancel(self, owner: str, thread_id: str, run_id: str) -> StoredObject:
        """Cancel a run.

        Raises:
            NotFoundError: there is no such run.
            InvalidRequestError: it has ended.
        """

        def begin_cancel(run: StoredObject) -> StoredObject:
            if run.status not in (*CANCELLABLE, RunStatus.CANCELLING):
                raise InvalidRequestError(
                    f"Run '{run_id}' is {run.status}: only one that is {', '.join(CANCELLABLE)} "
                    "can be cancelled.",
                    "run_id",
                )
            return with_status(run, RunStatus.CANCELLING, required_action=None)

        run = await self.objects.change(owner, RUN, run_id, begin_cancel, thread_id)
        self._events.publish(run_id, "thread.run.cancelling", run.body)
        self._jobs.wake()
        return run

    async def follow(
        self, run: StoredObject, first: Sequence[tuple[str, StoredObject]], show: Show
    ) -> AsyncGenerator[bytes]:
        """Work on a run that this process holds; yield the first events, then those of the work.

        ``show`` makes of each object what the client's version has.
        """
        with self._events.follow(run.id) as queue:
            self._jobs.begin(run)
            for name, stored in first:
                yield write_event(show(stored.body), name)
            async for frame in read_events(queue, show):
                yield frame

    async def _hold(self, run: StoredObject, body: RunFields) -> None:
        if body.stream:
            await self._jobs.store.hold(run.id, LEASE_S)

    def _queue(self, run: StoredObject, body: RunFields) -> StoredObject:
        if not body.stream:
            self._jobs.wake()
        return run

    async def _new(
        self, owner: str, thread_id: str, body: RunRequest | ThreadRunRequest
    ) -> StoredObject:
        with naming_parameter("assistant_id"):
            assistant = (await self.objects.get(owner, ASSISTANT, body.assistant_id)).body
        model = body.model or assistant["model"]
        await self._threads.resources.check_model(model)
        self._threads.resources.check_tools(body.tools or ())
        fields = _run_fields(assistant, body)
        _check_choice(fields["tool_choice"], fields["tools"])
        await self._threads.resources.checks.run(lambda: _check_schemas(body, fields), owner)
        resources = assistant["tool_resources"]
        if isinstance(body, ThreadRunRequest) and body.tool_resources is not None:
            resources = await self._threads.resources.create_stores(owner, body.tool_resources)
        search, code = resources.get("file_search") or {}, resources.get("code_interpreter") or {}
        state = RunState(
            vector_store_ids=tuple(search.get("vector_store_ids") or ()),
            file_ids=(*(code.get("file_ids") or ()), *assistant["file_ids"]),
            include=isinstance(body, RunRequest) and RESULT_CONTENT in (body.include or ()),
        )
        return new_run(owner, thread_id, {**fields, "model": model}, state.to_json())


def _run_fields(assistant: dict[str, Any], body: RunFields) -> dict[str, Any]:
    """Return the fields of the request, and those of the assistant where it has none."""

    def choose(name: str) -> Any:
        value = getattr(body, name)
        return assistant.get(name) if value is None else value

    instructions = [choose("instructions") or ""]
    if isinstance(body, RunRequest):
        instructions.append(body.additional_instructions or "")
    truncation = body.truncation_strategy
    return {
        "assistant_id": assistant["id"],
        "instructions": "\n\n".join(text for text in instructions if text),
        "tools": assistant["tools"] if body.tools is None else to_tools(body.tools),
        "metadata": body.metadata or {},
        "temperature": choose("temperature"),
        "top_p": choose("top_p"),
        "max_prompt_tokens": body.max_prompt_tokens,
        "max_completion_tokens": body.max_completion_tokens,
        "truncation_strategy": {
            "type": truncation.type if truncation else "auto",
            "last_messages": truncation.last_messages if truncation else None,
        },
        "tool_choice": to_tool_choice(body.tool_choice),
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "response_format": assistant["response_format"]
        if body.response_format is None
        else to_format(body.response_format),
        **({"reasoning_effort": effort} if (effort := choose("reasoning_effort")) else {}),
    }


def _check_choice(choice: str | dict[str, Any], tools: list[dict[str, Any]]) -> None:
    """Refuse a choice of a tool that the run does not have."""
    names = [tool["function"]["name"] for tool in chat_tools(tools)]
    wanted = chat_choice(choice)
    if isinstance(wanted, dict) and wanted["function"]["name"] not in names:
        problem = f"the run has no tool {echo(wanted['function']['name'])}"
    elif wanted == "required" and not names:
        problem = "the run has no tools"
    else:
        return
    raise InvalidRequestError(f"Invalid 'tool_choice': {problem}.", "tool_choice")


def _check_schemas(body: RunFields, fields: dict[str, Any]) -> None:
    """Refuse a function whose calls would be held to a schema that cannot be enforced."""
    check_schemas(body.tools, body.response_format)
    tools = fields["tools"]
    chosen = {"tools": chat_tools(tools), "tool_choice": chat_choice(fields["tool_choice"])}
    try:
        check_tools(prepare_tools(chosen)["tools"], tools)
    except InvalidRequestError as error:
        if body.tools is not None:
            raise
        # The request has the choice, and not the assistant's tools.
        problem = error.message.removeprefix(f"Invalid '{error.param}': ")
        raise InvalidRequestError(
            f"Invalid 'tool_choice': the assistant's {error.param} {problem}", "tool_choice"
        ) from error


def _check_outputs(run: StoredObject, given: dict[str, str]) -> None:
    if run.status != RunStatus.REQUIRES_ACTION:
        raise InvalidRequestError(
            f"Run '{run.id}' is {run.status}: it takes outputs only while its status is "
            "'requires_action'.",
            "run_id",
        )
    action = read_run(run).required_action
    assert action is not None
    pending = {call.id for call in action.submit_tool_outputs.tool_calls}
    if pending != set(given):
        raise InvalidRequestError(
            f"Invalid 'tool_outputs': the run waits for those of {', '.join(sorted(pending))} "
            f"(received {', '.join(echo(call_id) for call_id in sorted(given))}).",
            "tool_outputs",
        )


def _with_outputs(stored: dict[str, Any], given: dict[str, str]) -> ToolCallsStepDetails:
    """Return a step's details with what the client's functions returned."""
    details = ToolCallsStepDetails.model_validate(stored)
    for call in details.tool_calls:
        if isinstance(call, FunctionToolCall) and call.id in given:
            call.function.output = given[call.id]
    return details
