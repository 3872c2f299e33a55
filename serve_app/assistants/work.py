"""How a run is carried on, by whichever process holds it: turn after turn, until it rests.

    queued → in_progress → completed, incomplete, failed, expired
                  │   ↑
                  ↓   └ outputs are submitted: queued
           requires_action → expired          from each: cancelling → cancelled

Each turn ends with one transaction, so a process that dies costs at most the turn it was in.
"""

import asyncio
from dataclasses import asdict, replace
from functools import partial
from time import time
from typing import Any

from serve_app.assistants.answer import ToolCall, deltas
from serve_app.assistants.objects import THREAD
from serve_app.assistants.prompt import SERVER_TOOLS
from serve_app.assistants.prompt_sender import PromptSender
from serve_app.assistants.run_recorder import RunCancelledError, RunRecorder, complete, with_status
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
WORKING = "in_progress"


class RunWork:
    """Carries on the runs that this process holds."""

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
            if run.status == "requires_action":  # nobody has submitted outputs
                await self._end(run, "expired")
                return
            count_attempt = partial(self._recorder.count_attempt, run.id)
            calls = JobCalls(Calls(self._registry, record), count_attempt)
            async with deadline:
                run = await self._begin(run)
                while run.status == WORKING:
                    run = await self._turn(run, calls)
        except TimeoutError:
            if not deadline.expired():
                raise
            await self._end(run, "expired")
        except RunCancelledError:
            await self.cancel(run)
        except APIError as error:
            record.error_code, status = error.label, error.status
            raise
        finally:
            self._log.finished(record, status)

    async def cancel(self, run: StoredObject) -> None:
        """End a run that its client wants to end."""
        await self._end(run, "cancelled")

    async def fail(self, run: StoredObject, error: APIError) -> None:
        """End a run that cannot go on."""
        code = "server_error"
        if isinstance(error, InvalidRequestError):
            code = "invalid_prompt"
        elif isinstance(error, ModelOverloadedError):
            code = "rate_limit_exceeded"
        await self._end(run, "failed", last_error={"code": code, "message": error.message})

    def forget(self, run: StoredObject) -> None:
        """Forget a run that this process does not work on any more."""
        self._turns.pop(run.id, None)
        self._recorder.events.end(run.id)

    async def _end(self, run: StoredObject, status: str, **fields: Any) -> None:
        turn = self._turns.get(run.id)
        await self._recorder.end(run, status, turn.text if turn else None, **fields)

    async def _begin(self, run: StoredObject) -> StoredObject:
        """Return a run that is in progress, without what a process that died had begun."""
        begun = [each.id for each in await self._recorder.unfinished(run)]

        def started(stored: StoredObject) -> StoredObject:
            when = stored.body["started_at"] or int(time())
            return with_status(stored, WORKING, started_at=when)

        was_queued = run.status == "queued"
        run = await self._recorder.write(run.id, started, removed=begun, is_step=False)
        if was_queued:
            self._recorder.tell(run)
        return run

    async def _turn(self, run: StoredObject, calls: JobCalls) -> StoredObject:
        """Let the model answer, do what it calls for, and return the run as it is then."""
        state = run.state or {}
        if over := _limit_reached(run):
            return await self._recorder.end(run, "incomplete", incomplete_details={"reason": over})
        if state["num_turns"] >= MAX_TURNS:
            raise InvalidRequestError(
                f"The model called tools {MAX_TURNS} times without an answer."
            )
        turn = self._turns[run.id] = Turn(run, self._recorder)
        frames = await self._prompt_sender.send(run, calls)
        async for delta in deltas(frames, turn.answer):
            await turn.take(delta)
        turn.say_rest()
        if turn.answer.calls and turn.answer.finish_reason != "length":
            return await self._use_tools(turn, calls.calls)
        return await self._finish(turn)

    async def _finish(self, turn: Turn) -> StoredObject:
        """End the run with this turn."""
        usage = turn.answer.usage
        state = _with_usage(turn)
        if turn.answer.finish_reason == "length":
            run = await self._recorder.write(turn.run.id, lambda run: replace(run, state=state))
            reason = {"reason": "max_completion_tokens"}
            return await self._recorder.end(run, "incomplete", turn.text, incomplete_details=reason)
        put: list[StoredObject] = []
        if turn.message is not None and turn.message_step is not None:
            put = [complete(turn.message, content=[turn.text])]
            put.append(complete(turn.message_step, usage=usage))

        def completed(run: StoredObject) -> StoredObject:
            return replace(complete(run, usage=state["usage"]), state=state)

        run = await self._recorder.write(turn.run.id, completed, put=put)
        for each in (*put, run):
            self._recorder.tell(each)
        return run

    async def _use_tools(self, turn: Turn, calls: Calls) -> StoredObject:
        """Do what the server does of the calls, and let the client do the rest."""
        assert turn.calls_step is not None
        outcomes = await self._outcomes(turn, calls)
        pending = [call for call in turn.answer.calls if call.id not in outcomes]
        shown = [
            outcomes[call.id].shown if call.id in outcomes else shown_call(call)
            for call in turn.answer.calls
        ]
        state = _with_calls(turn, outcomes)
        step = _with_details(turn.calls_step, shown, has_passages=state["include"])
        put = [step if pending else complete(step, usage=turn.answer.usage)]
        if turn.message is not None and turn.message_step is not None:
            put = [
                complete(turn.message, content=[turn.text]),
                complete(turn.message_step),
                *put,
            ]
        if not pending:
            run = await self._recorder.write(
                turn.run.id, lambda run: replace(run, state=state), put=put
            )
        else:
            state["step"], state["step_usage"] = step.id, turn.answer.usage
            run = await self._require_action(turn.run, pending, state, put)
        for each in put:
            if each.status == "completed":
                self._recorder.tell(each)
        if pending:
            self._recorder.tell(run)
        return run

    async def _require_action(
        self,
        run: StoredObject,
        pending: list[ToolCall],
        state: dict[str, Any],
        put: list[StoredObject],
    ) -> StoredObject:
        needed = [call.written() for call in pending]
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": needed}}

        def waiting(stored: StoredObject) -> StoredObject:
            asked = with_status(stored, "requires_action", required_action=action)
            return replace(asked, state=state)

        expires_at = run.body["expires_at"]
        return await self._recorder.write(run.id, waiting, put=put, wake_at=expires_at)

    async def _outcomes(self, turn: Turn, calls: Calls) -> dict[str, Outcome]:
        """Carry out the calls of the server's tools, one after the other."""
        run, state = turn.run, turn.run.state or {}
        ours = [each for each in enumerate(turn.answer.calls) if each[1].name in SERVER_TOOLS]
        if not ours:
            return {}
        stores, question = await self._stores(run), await self._recorder.question(run)
        outcomes: dict[str, Outcome] = {}
        num_sources = len(state["sources"])
        for index, call in ours:
            outcome = await self._tools.carry_out(run, call, calls, stores, num_sources, question)
            num_sources += len(outcome.sources)
            outcomes[call.id] = outcome
            told = outcome.shown if state["include"] else without_passages(outcome.shown)
            turn.tell_outcome(index, told)
        return outcomes

    async def _stores(self, run: StoredObject) -> list[str]:
        """Return the vector stores of the assistant and of the thread."""
        found = await self._recorder.objects.found(run.owner, THREAD, [run.body["thread_id"]])
        thread = found.get(run.body["thread_id"])
        if thread is None:
            raise ClaimLostError(run.id)
        of_thread = (thread.body["tool_resources"] or {}).get("file_search") or {}
        of_assistant = (run.state or {})["vector_store_ids"]
        return [*of_assistant, *(of_thread.get("vector_store_ids") or ())]


def _limit_reached(run: StoredObject) -> str | None:
    """Return which limit of its tokens a run has reached."""
    usage = (run.state or {})["usage"]
    for name in ("completion", "prompt"):
        limit = run.body[f"max_{name}_tokens"]
        if limit is not None and usage[f"{name}_tokens"] >= limit:
            return f"max_{name}_tokens"
    return None


def _with_usage(turn: Turn) -> dict[str, Any]:
    state = turn.run.state or {}
    total = {name: number + turn.answer.usage[name] for name, number in state["usage"].items()}
    return {**state, "usage": total, "num_turns": state["num_turns"] + 1}


def _with_calls(turn: Turn, outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """Return the state with what the model said, and what came of it so far."""
    state = _with_usage(turn)
    said = {
        "role": "assistant",
        "content": turn.text["text"]["value"] if turn.text else None,
        "tool_calls": [call.written() for call in turn.answer.calls],
    }
    told = [
        {"role": "tool", "tool_call_id": call_id, "content": outcome.output}
        for call_id, outcome in outcomes.items()
    ]
    sources = [asdict(source) for outcome in outcomes.values() for source in outcome.sources]
    state["turns"] = [*state["turns"], said, *told]
    state["sources"] = [*state["sources"], *sources]
    for outcome in outcomes.values():
        state["files"] = {**state["files"], **outcome.files}
    return state


def _with_details(
    step: StoredObject, calls: list[dict[str, Any]], *, has_passages: bool
) -> StoredObject:
    """Return a step with its calls, and beside what is shown all that is known."""
    shown = calls if has_passages else [without_passages(call) for call in calls]
    return replace(
        step,
        body={**step.body, "step_details": {"type": CALLS_STEP, CALLS_STEP: shown}},
        state={"step_details": {"type": CALLS_STEP, CALLS_STEP: calls}},
    )
