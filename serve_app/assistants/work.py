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
from typing import Literal

from serve_app.assistants.answer import ToolCall, read_deltas
from serve_app.assistants.objects import THREAD, complete, read_run, with_fields, with_status
from serve_app.assistants.prompt import SERVER_TOOLS
from serve_app.assistants.prompt_sender import PromptLimitError, PromptSender
from serve_app.assistants.run_recorder import RunCancelledError, RunRecorder
from serve_app.assistants.run_state import RunState, RunStatus, read_state, with_state
from serve_app.assistants.tools import Outcome, ServerTools, without_passages
from serve_app.assistants.turn import Turn, describe_call
from serve_app.models.calls import Calls
from serve_app.models.checks import Checks
from serve_app.models.registry import Registry
from serve_app.models.retrying import JobCalls, RetryPolicy
from serve_app.observability import RequestLog, RequestRecord
from serve_app.storage.jobs import ClaimLostError
from serve_app.storage.object_rows import StoredObject
from wire.errors import APIError, InvalidRequestError, ModelOverloadedError, ReplicaLostError
from wire.limits import MAX_RUN_TURNS
from wire.openai.run_steps import StepToolCall, ToolCallsStepDetails
from wire.openai.runs import (
    RequiredAction,
    RequiredActionFunction,
    RequiredActionSubmitToolOutputs,
    RequiredActionToolCall,
    RunIncompleteDetails,
    RunLastError,
)
from wire.openai.threads import TextContentBlock, Thread

TokenLimit = Literal["max_completion_tokens", "max_prompt_tokens"]


class RunWork:
    """Works on the runs that this process holds."""

    def __init__(
        self,
        registry: Registry,
        recorder: RunRecorder,
        prompt_sender: PromptSender,
        tools: ServerTools,
        log: RequestLog,
        checks: Checks,
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._prompt_sender = prompt_sender
        self._tools = tools
        self._log = log
        self._checks = checks
        self._turns: dict[str, Turn] = {}

    async def work(self, run: StoredObject) -> None:
        """Go on with a run until it rests.

        Raises:
            ClaimLostError: it is another's now.
            APIError: it fails.
        """
        record = RequestRecord("POST", "/v1/threads/runs", run.id, run.owner, is_large=True)
        status = 200
        left_s = max(0.0, read_run(run).expires_at - time())
        deadline = asyncio.timeout(left_s)
        try:
            if run.status == RunStatus.REQUIRES_ACTION:  # no outputs were submitted in time
                await self._end(run, RunStatus.EXPIRED)
                return
            count_attempt = partial(self._recorder.count_attempt, run.id)
            calls = JobCalls(Calls(self._registry, record, self._checks), count_attempt)
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
        await self._end(run, RunStatus.FAILED, _to_last_error(error))

    def forget(self, run: StoredObject) -> None:
        """Forget a run that this process does not work on any more."""
        self._turns.pop(run.id, None)
        self._recorder.events.end(run.id)

    async def _end(
        self, run: StoredObject, status: RunStatus, error: RunLastError | None = None
    ) -> None:
        turn = self._turns.get(run.id)
        await self._recorder.end(run, status, turn.text if turn else None, last_error=error)

    async def _begin(self, run: StoredObject) -> StoredObject:
        """Return a run that is in progress, without what a process that ended had begun."""
        unfinished = [each.id for each in await self._recorder.find_unfinished(run)]

        def start(stored: StoredObject) -> StoredObject:
            when = read_run(stored).started_at or int(time())
            return with_status(stored, RunStatus.IN_PROGRESS, started_at=when)

        was_queued = run.status == RunStatus.QUEUED
        run = await self._recorder.write(run.id, start, removed=unfinished, is_step=False)
        if was_queued:
            self._recorder.publish(run)
        return run

    async def _do_turn(self, run: StoredObject, calls: JobCalls) -> StoredObject:
        """Have the model answer, carry out its calls, and return the run as it is then."""
        state = read_state(run)
        if limit := _find_reached_limit(run, state):
            return await self._end_at_limit(run, limit)
        if state.num_turns >= MAX_RUN_TURNS:
            raise InvalidRequestError(
                f"The model called tools {MAX_RUN_TURNS} times without an answer."
            )
        try:
            turn = await self._read_answer(run, state, calls)
        except PromptLimitError:
            return await self._end_at_limit(run, "max_prompt_tokens")
        if turn.answer.calls and turn.answer.finish_reason != "length":
            return await self._use_tools(turn, calls.calls)
        return await self._finish(turn)

    async def _read_answer(self, run: StoredObject, state: RunState, calls: JobCalls) -> Turn:
        """Return the model's answer.

        If its replica is lost, another one begins it again, unless a client has seen a part.
        """
        policy = RetryPolicy(partial(self._recorder.count_attempt, run.id))
        while True:
            turn = self._turns[run.id] = Turn(run, state, self._recorder)
            frames = await self._prompt_sender.send(run, calls)
            try:
                async for delta in read_deltas(frames, turn.answer):
                    await turn.add(delta)
            except ReplicaLostError as error:
                is_seen = turn.has_begun and self._recorder.events.has_followers(run.id)
                if is_seen or not await policy.wait_to_retry(error):
                    raise
                run = await self._begin(run)
            else:
                turn.flush_text()
                return turn

    async def _finish(self, turn: Turn) -> StoredObject:
        """End the run with this turn."""
        usage = turn.answer.usage.to_answer()
        state = _add_usage(turn)
        if turn.answer.finish_reason == "length":
            run = await self._recorder.write(turn.run.id, lambda run: with_state(run, state))
            return await self._end_at_limit(run, "max_completion_tokens", turn.text)
        put: list[StoredObject] = []
        if turn.message is not None and turn.message_step is not None:
            put = [complete(turn.message, content=[turn.text])]
            put.append(complete(turn.message_step, usage=usage))

        def complete_run(run: StoredObject) -> StoredObject:
            return with_state(complete(run, usage=state.usage.to_answer()), state)

        run = await self._recorder.write(turn.run.id, complete_run, put=put)
        for each in (*put, run):
            self._recorder.publish(each)
        return run

    async def _end_at_limit(
        self, run: StoredObject, limit: TokenLimit, text: TextContentBlock | None = None
    ) -> StoredObject:
        """End a run that may not use more tokens; ``text`` is its message so far."""
        details = RunIncompleteDetails(reason=limit)
        return await self._recorder.end(run, RunStatus.INCOMPLETE, text, incomplete_details=details)

    async def _use_tools(self, turn: Turn, calls: Calls) -> StoredObject:
        """Carry out the calls of the server's tools; the client carries out the others."""
        assert turn.calls_step is not None
        outcomes = await self._carry_out(turn, calls)
        pending = [call for call in turn.answer.calls if call.id not in outcomes]
        shown = [
            outcomes[call.id].shown if call.id in outcomes else describe_call(call)
            for call in turn.answer.calls
        ]
        state = _add_calls(turn, outcomes)
        step = _with_details(turn.calls_step, shown, has_passages=state.include)
        put = [step if pending else complete(step, usage=turn.answer.usage.to_answer())]
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
        action = RequiredAction(
            submit_tool_outputs=RequiredActionSubmitToolOutputs(
                tool_calls=[_to_required_call(call) for call in pending]
            )
        )

        def wait(stored: StoredObject) -> StoredObject:
            waiting = with_status(stored, RunStatus.REQUIRES_ACTION, required_action=action)
            return with_state(waiting, state)

        expires_at = read_run(run).expires_at
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
        thread_id = read_run(run).thread_id
        stored = (await self._recorder.objects.find(run.owner, THREAD, [thread_id])).get(thread_id)
        if stored is None:
            raise ClaimLostError(run.id)
        search = Thread.model_validate(stored.body).tool_resources.file_search
        return [*state.vector_store_ids, *(search.vector_store_ids if search else ())]


def _to_last_error(error: APIError) -> RunLastError:
    """Return the error of a run as clients see it."""
    if isinstance(error, InvalidRequestError):
        return RunLastError(code="invalid_prompt", message=error.message)
    if isinstance(error, ModelOverloadedError):
        return RunLastError(code="rate_limit_exceeded", message=error.message)
    return RunLastError(code="server_error", message=error.message)


def _to_required_call(call: ToolCall) -> RequiredActionToolCall:
    """Return a call that the client carries out."""
    function = RequiredActionFunction(name=call.name, arguments=call.arguments)
    return RequiredActionToolCall(id=call.id, function=function)


def _find_reached_limit(run: StoredObject, state: RunState) -> TokenLimit | None:
    """Return which limit of its tokens a run has reached."""
    fields, usage = read_run(run), state.usage
    limit = fields.max_completion_tokens
    if limit is not None and usage.completion_tokens >= limit:
        return "max_completion_tokens"
    limit = fields.max_prompt_tokens
    if limit is not None and usage.prompt_tokens >= limit:
        return "max_prompt_tokens"
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
        "content": turn.text.text.value if turn.text else None,
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
    step: StoredObject, calls: list[StepToolCall], *, has_passages: bool
) -> StoredObject:
    """Return a step with its calls as they are shown, and in its state in full."""
    shown = calls if has_passages else [without_passages(call) for call in calls]
    full = ToolCallsStepDetails(tool_calls=calls)
    changed = with_fields(step, step_details=ToolCallsStepDetails(tool_calls=shown))
    return replace(changed, state={"step_details": full.model_dump(mode="json")})
