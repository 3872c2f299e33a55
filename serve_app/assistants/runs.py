"""Runs as clients see them: begun, followed, given outputs, cancelled. Work on them is in ``work``.

A run that is followed is held by the process that answers, so that nothing is told late.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from serve_app.assistants.events import RunEvents, frames
from serve_app.assistants.objects import ASSISTANT, NO_USAGE, RUN, STEP, new_run
from serve_app.assistants.prompt import chat_choice, chat_tools
from serve_app.assistants.run_recorder import complete, with_status
from serve_app.assistants.threads import Threads, additional
from serve_app.assistants.turn import CALLS_STEP
from serve_app.jobs.worker import CANCELLING, LEASE_S, Jobs
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError, echo
from wire.openai.assistants import written
from wire.openai.runs import (
    RESULT_CONTENT,
    RunFields,
    RunRequest,
    ThreadRunRequest,
    ToolOutput,
)
from wire.sse import write_event

CANCELLABLE = ("queued", "in_progress", "requires_action")


class Runs:
    """The runs of a database."""

    def __init__(self, database: Database, threads: Threads, jobs: Jobs, events: RunEvents) -> None:
        self.objects = threads.objects
        self._database = database
        self._threads = threads
        self._jobs = jobs
        self._events = events

    async def create(self, owner: str, thread_id: str, body: RunRequest) -> StoredObject:
        """Keep a new run on a thread; it is taken up at once.

        Raises:
            NotFoundError: there is no such assistant or thread.
            InvalidRequestError: a run is active on the thread, or something is not there.
        """
        run = await self._new(owner, thread_id, body)
        messages = body.additional_messages or []
        attached = await self._threads.with_attached(owner, thread_id, messages)
        async with self._database.transaction():
            await self._threads.lock(owner, thread_id, "A run cannot be added")
            await self._threads.attach(owner, thread_id, attached)
            await self.objects.add(*additional(owner, thread_id, messages), run)
            await self._hold(run, body)
        return self._begun(run, body)

    async def create_with_thread(
        self, owner: str, body: ThreadRunRequest
    ) -> tuple[StoredObject, StoredObject]:
        """Keep a new thread and a run on it; return both.

        Raises:
            NotFoundError: there is no such assistant.
            InvalidRequestError: something that they refer to is not there.
        """
        thread, messages = await self._threads.prepared(owner, body.thread)
        run = await self._new(owner, thread.id, body)
        async with self._database.transaction():
            await self.objects.add(thread, *messages, run)
            await self._hold(run, body)
        return thread, self._begun(run, body)

    async def submit(
        self, owner: str, thread_id: str, run_id: str, outputs: Sequence[ToolOutput], *, held: bool
    ) -> tuple[StoredObject, StoredObject]:
        """Give a run what the client's functions returned; return it and the step with that.

        Raises:
            NotFoundError: there is no such run.
            InvalidRequestError: it waits for nothing, or for other outputs.
        """
        given = {each.tool_call_id: each.output for each in outputs}

        def queued(run: StoredObject) -> StoredObject:
            _check_outputs(run, given)
            state = dict(run.state or {})
            told = [
                {"role": "tool", "tool_call_id": call_id, "content": output}
                for call_id, output in given.items()
            ]
            state["turns"] = [*state["turns"], *told]
            return replace(with_status(run, "queued", required_action=None), state=state)

        async with self._database.transaction():
            run = await self.objects.change(owner, RUN, run_id, queued, thread_id)
            state = run.state or {}

            def answered(step: StoredObject) -> StoredObject:
                shown = _with_outputs(step.body["step_details"], given)
                full = _with_outputs((step.state or {})["step_details"], given)
                done = complete(step, step_details=shown, usage=state["step_usage"])
                return replace(done, state={"step_details": full})

            step = await self.objects.change(owner, STEP, state["step"], answered, run_id)
            if held:
                await self._jobs.store.hold(run_id, LEASE_S)
        if not held:
            self._jobs.wake()
        return run, step

    async def cancel(self, owner: str, thread_id: str, run_id: str) -> StoredObject:
        """Have a run end.

        Raises:
            NotFoundError: there is no such run.
            InvalidRequestError: it has ended.
        """

        def cancelling(run: StoredObject) -> StoredObject:
            if run.status not in (*CANCELLABLE, CANCELLING):
                raise InvalidRequestError(
                    f"Run '{run_id}' is {run.status}: only one that is {', '.join(CANCELLABLE)} "
                    "can be cancelled.",
                    "run_id",
                )
            return with_status(run, CANCELLING, required_action=None)

        run = await self.objects.change(owner, RUN, run_id, cancelling, thread_id)
        self._events.tell(run_id, "thread.run.cancelling", run.body)
        self._jobs.wake()
        return run

    async def follow(
        self, run: StoredObject, told: Sequence[tuple[str, StoredObject]]
    ) -> AsyncGenerator[bytes]:
        """Work on a run that this process holds; yield what was told, then what happens."""
        with self._events.following(run.id) as queue:
            self._jobs.begin(run)
            for name, stored in told:
                yield write_event(stored.body, name)
            async for frame in frames(queue):
                yield frame

    async def _hold(self, run: StoredObject, body: RunFields) -> None:
        if body.stream:
            await self._jobs.store.hold(run.id, LEASE_S)

    def _begun(self, run: StoredObject, body: RunFields) -> StoredObject:
        if not body.stream:
            self._jobs.wake()
        return run

    async def _new(
        self, owner: str, thread_id: str, body: RunRequest | ThreadRunRequest
    ) -> StoredObject:
        assistant = (await self.objects.get(owner, ASSISTANT, body.assistant_id)).body
        model = body.model or assistant["model"]
        await self._threads.resources.check_model(model)
        self._threads.resources.check_tools(body.tools or ())
        fields = _run_fields(assistant, body)
        _check_choice(fields["tool_choice"], fields["tools"])
        resources = assistant["tool_resources"]
        if isinstance(body, ThreadRunRequest) and body.tool_resources is not None:
            resources = await self._threads.resources.made(owner, body.tool_resources)
        search, code = resources.get("file_search") or {}, resources.get("code_interpreter") or {}
        state = {
            "turns": [],
            "sources": [],
            "files": {},
            "usage": NO_USAGE,
            "num_turns": 0,
            "vector_store_ids": search.get("vector_store_ids") or [],
            "file_ids": [*(code.get("file_ids") or ()), *assistant["file_ids"]],
            "include": isinstance(body, RunRequest) and RESULT_CONTENT in (body.include or ()),
        }
        return new_run(owner, thread_id, {**fields, "model": model}, state)


def _run_fields(assistant: dict[str, Any], body: RunFields) -> dict[str, Any]:
    """Return what the request says, and the assistant where it says nothing."""

    def chosen(name: str) -> Any:
        value = getattr(body, name)
        return assistant.get(name) if value is None else value

    instructions = [chosen("instructions") or ""]
    if isinstance(body, RunRequest):
        instructions.append(body.additional_instructions or "")
    truncation = body.truncation_strategy
    return {
        "assistant_id": assistant["id"],
        "instructions": "\n\n".join(text for text in instructions if text),
        "tools": assistant["tools"] if body.tools is None else written(body.tools),
        "metadata": body.metadata or {},
        "temperature": chosen("temperature"),
        "top_p": chosen("top_p"),
        "max_prompt_tokens": body.max_prompt_tokens,
        "max_completion_tokens": body.max_completion_tokens,
        "truncation_strategy": {
            "type": truncation.type if truncation else "auto",
            "last_messages": truncation.last_messages if truncation else None,
        },
        "tool_choice": "auto" if body.tool_choice is None else body.tool_choice,
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "response_format": chosen("response_format") or "auto",
        **({"reasoning_effort": effort} if (effort := chosen("reasoning_effort")) else {}),
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


def _check_outputs(run: StoredObject, given: dict[str, str]) -> None:
    if run.status != "requires_action":
        raise InvalidRequestError(
            f"Run '{run.id}' is {run.status}: it takes outputs only while its status is "
            "'requires_action'.",
            "run_id",
        )
    calls = run.body["required_action"]["submit_tool_outputs"]["tool_calls"]
    wanted = {call["id"] for call in calls}
    if wanted != set(given):
        raise InvalidRequestError(
            f"Invalid 'tool_outputs': the run waits for those of {', '.join(sorted(wanted))} "
            f"(received {', '.join(echo(call_id) for call_id in sorted(given))}).",
            "tool_outputs",
        )


def _with_outputs(details: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Return a step's details with what the client's functions returned."""
    calls = [
        {**call, "function": {**call["function"], "output": given[call["id"]]}}
        if call["id"] in given
        else call
        for call in details[CALLS_STEP]
    ]
    return {**details, CALLS_STEP: calls}
