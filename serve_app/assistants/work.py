"""How a run is worked on, by whichever process holds it: turn after turn, until it rests.

    queued → in_progress → completed, incomplete, failed, expired
                  │   ↑
                  ↓   └ outputs are submitted: queued
           requires_action → expired          from each: cancelling → cancelled

Each turn ends with one transaction, so a process that dies costs at most the turn it was in.
"""

import asyncio
from dataclasses import replace
from functools import partial
from time import time
from typing import Any

from serve_app.assistants.answer import ToolCall, read_deltas
from serve_app.assistants.objects import THREAD
from serve_app.assistants.prompt import SERVER_TOOLS
from serve_app.assistants.prompt_sender import PromptSender
from serve_app.assistants.run_recorder import RunCancelledError, RunRecorder, complete, with_status
from serve_app.assistants.run_state import RunState, RunStatus, read_state, with_state
from serve_app.assistants.tools import Outcome, ServerTools, without_passages
from serve_app.assistants.turn import CALLS_STEP, Turn, shown_call
from serve_app.models.calls import Calls
from serve_app.models.registry import Registry
from serve_app.models.retrying import JobCalls
from serve_app.observability import RequestLog, RequestRecord
from serve_app.storage.jobs import ClaimLostError
from serve_app.storage.object_rows import StoredObject
from wire.errors import APIError, InvalidRequestError, ModelOverloadedError

MAX_TURNS = 32
"""Answers of the model in a run. One that calls tools for ever would have no end."""


class RunWork:
    """Works on the runs that this process holds."""

    def __init__(
        self,
        registry: Registry,
        recorder: RunRecorder,
        prompt_sender: PromptSender,
        tools: ServerTools,
        log: RequestLog,
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._prompt_sender = prompt_sender
        self._tools = tools
        self._log = log
        self._turns: dict[str, Turn] = {}

    async def work(self, run: StoredObject) -> None:
        """Go on with a run until it rests.

        Raises:
            ClaimLostError: it is another's now.
            APIError: it fails.
        """
        record = RequestRecord("POST", "/v1/threads/runs", run.id)
        status = 200
        left_s = max(0.0, run.body["expires_at"] - time())
        deadline = asyncio.timeout(left_s)
        try:
            if run.status == RunStatus.REQUIRES_ACTION:  # nobody has submitted outputs
                await self._end(run, RunStatus.EXPIRED)
                return
            count_attempt = partial(self._recorder.count_attempt, run.id)
            calls = JobCalls(Calls(self._registry, record), count_attempt)
            async with deadline:
                run = await self._begin(run)
                while run.status == RunStatus.IN_PROGRESS:
                    run = await self._do_turn(run, calls)
        except TimeoutError:
            if not deadline.expired():
                raise
            await self._end(run, RunStatus.EXPIRED)
        except RunCancelledError:
            await self.cancel(run)
        except APIError as error:
            record.error_code, status = error.label, error.status
            raise
        finally:
            self._log.write(record, status)

    async def cancel(self, run: StoredObject) -> None:
        """End a run that its client wants to end."""
        await self._end(run, RunStatus.CANCELLED)

    async def fail(self, run: StoredObject, error: APIError) -> None:
        """End a run that cannot go on."""
        code = "server_error"
        if isinstance(error, InvalidRequestError):
            code = "invalid_prompt"
        elif isinstance(error, ModelOverloadedError):
            code = "rate_limit_exceeded"
        last_error = {"code": code, "message": error.message}
        await self._end(run, RunStatus.FAILED, last_error=last_error)

    def forget(self, run: StoredObject) -> None:
        """Forget a run that this process does not work on any more."""
        self._turns.pop(run.id, None)
        self._recorder.events.end(run.id)

    async def _end(self, run: StoredObject, status: RunStatus, **fields: Any) -> None:
        turn = self._turns.get(run.id)
        await self._recorder.end(run, status, turn.text if turn else None, **fields)

    async def _begin(self, run: StoredObject) -> StoredObject:
        """Return a run that is in progress, without what a process that ended had begun."""
        unfinished = [each.id for each in await self._recorder.find_unfinished(run)]

        def start(stored: StoredObject) -> StoredObject:
            when = stored.body["started_at"] or int(time())
            return with_status(stored, RunStatus.IN_PROGRESS, started_at=when)

        was_queued = run.status == RunStatus.QUEUED
        run = await self._recorder.write(run.id, start, removed=unfinished, is_step=False)
        if was_queued:
            self._recorder.publish(run)
        return run

    async def _do_turn(self, run: StoredObject, calls: JobCalls) -> StoredObject:
        """Have the model answer, carry out its calls, and return the run as it is then."""
        state = read_state(run)
        if limit := _reached_limit(run, state):
            details = {"reason": limit}
            return await self._recorder.end(run, RunStatus.INCOMPLETE, incomplete_details=details)
        if state.num_turns >= MAX_TURNS:
            raise InvalidRequestError(
                f"The model called tools {MAX_TURNS} times without an answer."
            )
        turn = self._turns[run.id] = Turn(run, state, self._recorder)
        frames = await self._prompt_sender.send(run, calls)
        async for delta in read_deltas(frames, turn.answer):
            await turn.add(delta)
        turn.flush_text()
        if turn.answer.calls and turn.answer.finish_reason != "length":
            return await self._use_tools(turn, calls.calls)
        return await self._finish(turn)

    async def _finish(self, turn: Turn) -> StoredObject:
        """End the run with this turn."""
        usage = turn.answer.usage.to_json()
        state = _add_usage(turn)
        if turn.answer.finish_reason == "length":
            run = await self._recorder.write(turn.run.id, lambda run: with_state(run, state))
            details = {"reason": "max_completion_tokens"}
            return await self._recorder.end(
                run, RunStatus.INCOMPLETE, turn.text, incomplete_details=details
            )
        put: list[StoredObject] = []
        if turn.message is not None and turn.message_step is not None:
            put = [complete(turn.message, content=[turn.text])]
            put.append(complete(turn.message_step, usage=usage))

        def complete_run(run: StoredObject) -> StoredObject:
            return with_state(complete(run, usage=state.usage.to_json()), state)

        run = await self._recorder.write(turn.run.id, complete_run, put=put)
        for each in (*put, run):
            self._recorder.publish(each)
        return run

    async def _use_tools(self, turn: Turn, calls: Calls) -> StoredObject:
        """Carry out the calls of the server's tools; the client carries out the others."""
        assert turn.calls_step is not None
        outcomes = await self._carry_out(turn, calls)
        pending = [call for call in turn.answer.calls if call.id not in outcomes]
        shown = [
            outcomes[call.id].shown if call.id in outcomes else shown_call(call)
            for call in turn.answer.calls
        ]
        state = _add_calls(turn, outcomes)
        step = _with_details(turn.calls_step, shown, has_passages=state.include)
        put = [step if pending else complete(step, usage=turn.answer.usage.to_json())]
        if turn.message is not None and turn.message_step is not None:
            put = [
                complete(turn.message, content=[turn.text]),
                complete(turn.message_step),
                *put,
            ]
        if not pending:
            run = await self._recorder.write(
                turn.run.id, lambda run: with_state(run, state), put=put
            )
        else:
            state = replace(state, step=step.id, step_usage=turn.answer.usage)
            run = await self._require_action(turn.run, pending, state, put)
        for each in put:
            if each.status == "completed":
                self._recorder.publish(each)
        if pending:
            self._recorder.publish(run)
        return run

    async def _require_action(
        self,
        run: StoredObject,
        pending: list[ToolCall],
        state: RunState,
        put: list[StoredObject],
    ) -> StoredObject:
        needed = [call.to_json() for call in pending]
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": needed}}

        def wait(stored: StoredObject) -> StoredObject:
            waiting = with_status(stored, RunStatus.REQUIRES_ACTION, required_action=action)
            return with_state(waiting, state)

        expires_at = run.body["expires_at"]
        return await self._recorder.write(run.id, wait, put=put, wake_at=expires_at)

    async def _carry_out(self, turn: Turn, calls: Calls) -> dict[str, Outcome]:
        """Carry out the calls of the server's tools, one after the other."""
        run, state = turn.run, turn.state
        ours = [each for each in enumerate(turn.answer.calls) if each[1].name in SERVER_TOOLS]
        if not ours:
            return {}
        stores, question = (
            await self._find_stores(run, state),
            await self._recorder.find_question(run),
        )
        outcomes: dict[str, Outcome] = {}
        num_sources = len(state.sources)
        for index, call in ours:
            outcome = await self._tools.carry_out(run, call, calls, stores, num_sources, question)
            num_sources += len(outcome.sources)
            outcomes[call.id] = outcome
            shown = outcome.shown if state.include else without_passages(outcome.shown)
            turn.publish_outcome(index, shown)
        return outcomes

    async def _find_stores(self, run: StoredObject, state: RunState) -> list[str]:
        """Return the vector stores of the assistant and of the thread."""
        found = await self._recorder.objects.find(run.owner, THREAD, [run.body["thread_id"]])
        thread = found.get(run.body["thread_id"])
        if thread is None:
            raise ClaimLostError(run.id)
        of_thread = (thread.body["tool_resources"] or {}).get("file_search") or {}
        return [*state.vector_store_ids, *(of_thread.get("vector_store_ids") or ())]


def _reached_limit(run: StoredObject, state: RunState) -> str | None:
    """Return which limit of its tokens a run has reached."""
    limits = {
        "max_completion_tokens": state.usage.completion_tokens,
        "max_prompt_tokens": state.usage.prompt_tokens,
    }
    for name, used in limits.items():
        limit = run.body[name]
        if limit is not None and used >= limit:
            return name
    return None


def _add_usage(turn: Turn) -> RunState:
    """Return the run's state with the usage of this turn."""
    state = turn.state
    return replace(state, usage=state.usage + turn.answer.usage, num_turns=state.num_turns + 1)


def _add_calls(turn: Turn, outcomes: dict[str, Outcome]) -> RunState:
    """Return the run's state with the calls of this turn and their outcomes so far."""
    state = _add_usage(turn)
    message = {
        "role": "assistant",
        "content": turn.text["text"]["value"] if turn.text else None,
        "tool_calls": [call.to_json() for call in turn.answer.calls],
    }
    results = [
        {"role": "tool", "tool_call_id": call_id, "content": outcome.output}
        for call_id, outcome in outcomes.items()
    ]
    files = dict(state.files)
    for outcome in outcomes.values():
        files |= outcome.files
    sources = (source for outcome in outcomes.values() for source in outcome.sources)
    return replace(
        state.add_turns(message, *results), sources=(*state.sources, *sources), files=files
    )


def _with_details(
    step: StoredObject, calls: list[dict[str, Any]], *, has_passages: bool
) -> StoredObject:
    """Return a step with its calls as they are shown, and as they are in full."""
    shown = calls if has_passages else [without_passages(call) for call in calls]
    return replace(
        step,
        body={**step.body, "step_details": {"type": CALLS_STEP, CALLS_STEP: shown}},
        state={"step_details": {"type": CALLS_STEP, CALLS_STEP: calls}},
    )
