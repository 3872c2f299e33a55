import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from serve_app.models.discovery import ServedModel, State
from serve_app.models.registry import Registry
from tests.support.serve_details import application, details, not_built
from tests.support.waiting import until
from wire.calls import Call, Kind, Operation, Reply, Usage
from wire.card import ModelCard
from wire.errors import (
    ModelFailedError,
    ModelLoadingError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelUnavailableError,
    ReplicaLostError,
)

CARD = ModelCard(id="small", kind=Kind.CHAT, aliases=("gpt-4o",))
CALL = Call(Operation.CHAT_COMPLETION, b"{}", "req_1")
SLEEPING: dict[str, Any] = {"min_replicas": 0, "target": 0, "replicas": ()}


class Handle:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.cancelled = False

    async def run(self, call: Call) -> Reply:
        self.called.set()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Reply(call.body, Usage())

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        yield (await self.run(call)).body


class FullReplicas(Handle):
    """Replicas of which the first that are asked have no room."""

    def __init__(self, full: int) -> None:
        super().__init__()
        self.may_answer.set()
        self.full = full
        self.calls = 0

    async def run(self, call: Call) -> Reply:
        self.calls += 1
        if self.calls <= self.full:
            raise ModelOverloadedError("Full.", None, 1)
        return await super().run(call)


class Serve:
    """What Serve would say, changed by the test."""

    def __init__(self, **applications: Any) -> None:
        self.details = details(**applications)
        self.looks = 0
        self.handle = Handle()

    async def read(self) -> dict[str, Any]:
        self.looks += 1
        if not self.details:
            raise ModelUnavailableError("The controller is gone.")
        return self.details

    def registry(self, *, cold_start_timeout_s: float = 60) -> Registry:
        def make_handle(_: ServedModel) -> Handle:
            return self.handle

        return Registry(
            self.read,
            make_handle,
            poll_interval_s=0.01,
            cold_start_timeout_s=cold_start_timeout_s,
        )


async def test_alias_and_missing_name_lead_to_the_model() -> None:
    registry = Serve(chat=application(CARD)).registry()

    assert (await registry.resolve("gpt-4o", Kind.CHAT)).card == CARD
    assert (await registry.resolve(None, Kind.CHAT)).card == CARD


async def test_wildcard_leads_to_the_model_after_exact_names() -> None:
    wide = ModelCard(id="wide", kind=Kind.CHAT, aliases=("gpt-*",), adapters=("ada",))
    narrow = ModelCard(id="narrow", kind=Kind.CHAT, aliases=("gpt-4*",), backend="other")
    registry = Serve(a=application(wide), b=application(narrow), c=application(CARD)).registry()

    async def resolve(name: str) -> str:
        return (await registry.resolve(name, Kind.CHAT)).id

    assert await resolve("gpt-4o") == "small"
    assert await resolve("gpt-4o-mini") == "narrow"
    assert await resolve("gpt-5") == "wide"
    assert await resolve("gpt-5:ada") == "wide:ada"
    assert [model.id for model in registry.find_all("gpt-4.1", Kind.CHAT)] == ["wide", "narrow"]
    for unknown in ("gpt-5:bob", "gpt", "llama-3"):
        with pytest.raises(ModelNotFoundError):
            await resolve(unknown)


async def test_wildcard_of_another_kind_is_named() -> None:
    voice = ModelCard(id="voice", kind=Kind.SPEECH, aliases=("gpt-*-tts",))
    registry = Serve(a=application(voice), c=application(CARD)).registry()

    with pytest.raises(ModelNotFoundError, match="is for speech, not for chat"):
        await registry.resolve("gpt-4o-tts", Kind.CHAT)


async def test_unknown_model_names_those_there_are() -> None:
    registry = Serve(chat=application(CARD)).registry()

    with pytest.raises(ModelNotFoundError) as raised:
        await registry.resolve("other", Kind.CHAT)

    assert raised.value.param == "model"
    assert "'other'" in raised.value.message
    assert "small" in raised.value.message


async def test_model_of_another_kind_is_not_found() -> None:
    registry = Serve(chat=application(CARD)).registry()

    with pytest.raises(ModelNotFoundError, match="is for chat, not for images"):
        await registry.resolve("small", Kind.IMAGES)


async def test_unknown_models_do_not_make_the_registry_look_each_time() -> None:
    serve = Serve(chat=application(CARD))
    registry = serve.registry()

    for _ in range(20):
        with pytest.raises(ModelNotFoundError):
            await registry.resolve("other", Kind.CHAT)

    assert serve.looks == 1


async def test_failing_controller_leaves_the_last_view() -> None:
    serve = Serve(chat=application(CARD))
    registry = serve.registry()
    await registry.refresh()
    serve.details = {}

    await registry.refresh()

    assert [model.card.id for model in registry.models] == ["small"]


async def test_loading_model_is_refused_with_a_time_to_retry() -> None:
    registry = Serve(chat=application(CARD, replicas=("STARTING",))).registry()
    model = await registry.resolve("small", Kind.CHAT)

    with pytest.raises(ModelLoadingError) as raised:
        await registry.run(model, CALL)

    assert raised.value.retry_after_s


async def test_failed_model_is_refused_with_its_reason() -> None:
    broken = application(
        CARD, deployment_status="DEPLOY_FAILED", replicas=(), message="OSError: no such file"
    )
    registry = Serve(chat=broken).registry()
    model = await registry.resolve("small", Kind.CHAT)

    with pytest.raises(ModelFailedError, match="no such file"):
        await registry.run(model, CALL)


@pytest.mark.parametrize("operation", ["run", "stream"])
async def test_sleeping_model_is_woken_and_waited_for(operation: str) -> None:
    serve = Serve(chat=application(CARD, **SLEEPING))
    registry = serve.registry()
    model = await registry.resolve("small", Kind.CHAT)
    if operation == "run":
        answer = asyncio.ensure_future(registry.run(model, CALL))
    else:
        answer = asyncio.ensure_future(anext(registry.stream(model, CALL)))
    answers, _ = await asyncio.wait({answer}, timeout=0.05)
    assert not answers

    serve.details = details(chat=application(CARD, min_replicas=0))
    await registry.refresh()
    serve.handle.may_answer.set()

    assert await answer in (Reply(b"{}", Usage()), b"{}")


async def test_sleeping_model_that_does_not_wake_in_time_is_loading() -> None:
    serve = Serve(chat=application(CARD, **SLEEPING))
    registry = serve.registry(cold_start_timeout_s=0.05)
    model = await registry.resolve("small", Kind.CHAT)

    with pytest.raises(ModelLoadingError):
        await anext(registry.stream(model, CALL))

    assert serve.handle.cancelled


async def test_request_whose_replica_dies_and_never_returns_is_told() -> None:
    serve = Serve(chat=application(CARD))
    registry = serve.registry()
    model = await registry.resolve("small", Kind.CHAT)
    answer = asyncio.ensure_future(registry.run(model, CALL))
    await serve.handle.called.wait()
    serve.details = details(
        chat=application(CARD, deployment_status="DEPLOY_FAILED", replicas=(), message="gone")
    )
    await registry.refresh()

    with pytest.raises(ModelFailedError, match="gone"):
        await asyncio.wait_for(answer, 5)


async def test_request_whose_replica_is_gone_is_refused_instead_of_waiting_for_the_next_one() -> (
    None
):
    serve = Serve(chat=application(CARD))
    registry = serve.registry()
    model = await registry.resolve("small", Kind.CHAT)
    answer = asyncio.ensure_future(registry.run(model, CALL))
    await serve.handle.called.wait()
    serve.details = details(chat=application(CARD, replicas=("STARTING",)))
    await registry.refresh()

    with pytest.raises(ModelLoadingError) as raised:
        await asyncio.wait_for(answer, 5)
    assert raised.value.retry_after_s


async def test_request_of_a_replica_that_is_ending_is_answered() -> None:
    serve = Serve(chat=application(CARD))
    registry = serve.registry()
    model = await registry.resolve("small", Kind.CHAT)
    answer = asyncio.ensure_future(registry.run(model, CALL))
    await serve.handle.called.wait()
    serve.details = details(chat=application(CARD, replicas=("STOPPING", "STARTING")))
    await registry.refresh()
    done, _ = await asyncio.wait({answer}, timeout=0.1)  # ten times as long as a look takes
    assert not done
    serve.handle.may_answer.set()

    assert (await asyncio.wait_for(answer, 5)).body == CALL.body


@pytest.mark.parametrize("operation", ["run", "stream"])
@pytest.mark.parametrize("error", [ReplicaLostError, ModelUnavailableError])
@pytest.mark.parametrize(
    ("replicas", "calls"), [(("RUNNING", "STARTING"), 1), (("RUNNING", "RUNNING"), 2)]
)
async def test_request_whose_replica_ends_before_its_first_piece_is_sent_once_to_another(
    operation: str, error: type[ModelUnavailableError], replicas: tuple[str, ...], calls: int
) -> None:
    class Dying(FullReplicas):
        async def run(self, call: Call) -> Reply:
            self.calls += 1
            raise error("The replica or its engine ended.")

    serve = Serve(chat=application(CARD, replicas=replicas))
    serve.handle = Dying(0)

    with pytest.raises(error):
        await answer_of(serve.registry(), operation)

    assert serve.handle.calls == calls


@pytest.mark.parametrize("operation", ["run", "stream"])
async def test_end_of_a_replica_is_looked_for_at_once(operation: str) -> None:
    class Dying(FullReplicas):
        async def run(self, call: Call) -> Reply:
            raise ReplicaLostError("The replica ended.")

        async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
            yield b"one"
            raise ReplicaLostError("The replica ended.")

    serve = Serve(chat=application(CARD))
    serve.handle = Dying(0)
    registry = serve.registry()
    with pytest.raises(ReplicaLostError):
        await answer_of(registry, operation)

    serve.details = details(chat=application(CARD, replicas=()))

    await until(lambda: registry.models[0].state == State.LOADING)  # nothing polls here
    await registry.close()


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        ("DEPLOYING", "", ""),
        ("DEPLOY_FAILED", "ValueError: no", "another replica could not be loaded: no"),
    ],
)
async def test_model_answers_while_its_application_is_built_anew(
    status: str, message: str, reason: str
) -> None:
    serve = Serve(chat=application(CARD))
    serve.handle.may_answer.set()
    registry = serve.registry()
    await registry.refresh()

    for _ in range(2):
        serve.details = details(
            chat=not_built(status, message, kind="chat", model_id="small", aliases=["gpt-4o"])
        )
        await registry.refresh()

        assert await answer_of(registry, "run") == CALL.body
        (model,) = registry.models
        assert (model.state, model.reason) == (State.READY, reason)
        assert model.card == CARD


async def test_model_that_did_not_answer_before_its_build_failed_has_failed() -> None:
    serve = Serve(chat=application(CARD, replicas=()))
    registry = serve.registry()
    await registry.refresh()
    serve.details = details(
        chat=not_built("DEPLOY_FAILED", "ValueError: no", kind="chat", model_id="small")
    )
    await registry.refresh()

    with pytest.raises(ModelFailedError, match="no"):
        await answer_of(registry, "run")


async def test_sleeping_model_that_cannot_start_fails_the_waiting_request() -> None:
    serve = Serve(chat=application(CARD, **SLEEPING))
    registry = serve.registry()
    model = await registry.resolve("small", Kind.CHAT)
    answer = asyncio.ensure_future(registry.run(model, CALL))
    serve.details = details(
        chat=application(
            CARD,
            min_replicas=0,
            deployment_status="UNHEALTHY",
            trigger="REPLICA_STARTUP_FAILED",
            message="MemoryError: too large",
            replicas=(),
        )
    )
    await registry.refresh()

    with pytest.raises(ModelFailedError, match="too large"):
        await answer


async def test_adapter_is_asked_for_behind_its_models_name() -> None:
    card = CARD.model_copy(update={"adapters": ("loud",)})
    registry = Serve(chat=application(card)).registry()

    model = await registry.resolve("gpt-4o:loud", Kind.CHAT)

    assert (model.id, model.card, model.adapter) == ("small:loud", card, "loud")
    assert (await registry.get("small:loud")).adapter == "loud"
    assert (await registry.resolve("small", Kind.CHAT)).adapter == ""
    for name in ("small:quiet", "other:loud", "small:", ":loud"):
        with pytest.raises(ModelNotFoundError):
            await registry.resolve(name, Kind.CHAT)


async def test_adapter_that_only_replicas_can_find_is_passed_on() -> None:
    card = CARD.model_copy(update={"finds_adapters": True})
    registry = Serve(chat=application(card)).registry()

    assert (await registry.resolve("small:anything", Kind.CHAT)).adapter == "anything"
    for name in ("small:x\nINFO 200 POST /v1/files", "small:../x", "small:" + "x" * 101, "small:é"):
        with pytest.raises(ModelNotFoundError):
            await registry.resolve(name, Kind.CHAT)


async def test_name_with_a_colon_of_its_own_is_no_adapter() -> None:
    card = CARD.model_copy(update={"aliases": ("llama3:8b",), "finds_adapters": True})
    registry = Serve(chat=application(card)).registry()

    assert (await registry.resolve("llama3:8b", Kind.CHAT)).id == "small"
    assert (await registry.resolve("llama3:8b:loud", Kind.CHAT)).id == "small:loud"


async def answer_of(registry: Registry, operation: str) -> bytes:
    model = await registry.resolve("small", Kind.CHAT)
    if operation == "run":
        return (await registry.run(model, CALL)).body
    return b"".join(
        [piece async for piece in registry.stream(model, CALL) if isinstance(piece, bytes)]
    )


@pytest.mark.parametrize("operation", ["run", "stream"])
async def test_refusal_of_one_replica_leads_to_another(operation: str) -> None:
    serve = Serve(chat=application(CARD, replicas=("RUNNING", "RUNNING")))
    serve.handle = FullReplicas(1)

    assert await answer_of(serve.registry(), operation) == CALL.body
    assert serve.handle.calls == 2


@pytest.mark.parametrize("operation", ["run", "stream"])
@pytest.mark.parametrize(
    ("replicas", "calls"), [(("RUNNING",), 1), (("RUNNING", "STARTING"), 1), (("RUNNING",) * 3, 2)]
)
async def test_refusal_of_all_replicas_reaches_the_client_at_once(
    operation: str, replicas: tuple[str, ...], calls: int
) -> None:
    serve = Serve(chat=application(CARD, replicas=replicas))
    serve.handle = FullReplicas(100)

    with pytest.raises(ModelOverloadedError) as raised:
        await answer_of(serve.registry(), operation)

    assert raised.value.retry_after_s == 1
    assert serve.handle.calls == calls


async def test_refusal_behind_a_first_piece_ends_the_stream() -> None:
    class Refusing(FullReplicas):
        async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
            self.calls += 1
            yield b"one"
            raise ModelOverloadedError("Full.", None, 1)

    serve = Serve(chat=application(CARD, replicas=("RUNNING", "RUNNING")))
    serve.handle = Refusing(0)

    with pytest.raises(ModelOverloadedError):
        await answer_of(serve.registry(), "stream")

    assert serve.handle.calls == 1


async def test_client_that_leaves_as_the_first_piece_arrives_ends_the_stream() -> None:
    class Streaming(Handle):
        is_open = False

        async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
            self.is_open = True
            try:
                waiting.cancel()  # the registry learns of the piece and of this at once
                yield b"first"
                yield b"second"
            finally:
                self.is_open = False

    serve = Serve(small=application(CARD))
    serve.handle = handle = Streaming()
    registry = serve.registry()
    await registry.refresh()
    model = await registry.resolve("small", Kind.CHAT)
    waiting = asyncio.ensure_future(anext(registry.stream(model, CALL)))

    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert not handle.is_open
