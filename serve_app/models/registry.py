"""Finds the card and the handle of a model by its id or alias.

Serve is the source of truth: a background task reads its details, so that added, removed, scaled
and failed models appear within seconds. No replica is called for this, which would wake models
that are scaled to zero.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from typing import Any, TypeVar

from serve_app.concurrency import cancel_all
from serve_app.models.discovery import ServedModel, State, keep_deployed, read_models
from serve_app.models.handles import ModelHandle
from serve_app.models.wildcards import Wildcards, matches
from wire.calls import Call, Kind, Reply, Usage
from wire.card import ADAPTER_NAME
from wire.errors import (
    LOADING_RETRY_AFTER_S,
    ModelFailedError,
    ModelLoadingError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelUnavailableError,
    ReplicaLostError,
)
from wire.logging import get_logger

logger = get_logger(__name__)

MISS_INTERVAL_S = 0.5
"""Minimum time between two refreshes because of unknown models."""

CHECK_S = 0.25
"""How often requests that wait look whether the model still has a replica."""
WATCH_S = 3
"""For so long the state is read as often after a replica was lost: Serve notices its end within a
second or two."""

T = TypeVar("T")
ReadDetails = Callable[[], Awaitable[dict[str, Any]]]
MakeHandle = Callable[[ServedModel], ModelHandle]


class Registry:
    """The models that Serve has."""

    def __init__(
        self,
        read_details: ReadDetails,
        make_handle: MakeHandle,
        *,
        poll_interval_s: float,
        cold_start_timeout_s: float,
        share_prompt_cache: bool = False,
    ) -> None:
        self.share_prompt_cache = share_prompt_cache
        self._read_details = read_details
        self._make_handle = make_handle
        self._poll_interval_s = poll_interval_s
        self._cold_start_timeout_s = cold_start_timeout_s
        self._models: dict[str, ServedModel] = {}
        self._names: dict[str, str] = {}
        self._wildcards = Wildcards()
        self._details: dict[str, Any] | None = None
        self._handles: dict[tuple[str, str], ModelHandle] = {}
        self._refreshing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._refreshed_at = float("-inf")

    @property
    def models(self) -> list[ServedModel]:
        """All models, in the order of their first deployment."""
        return list(self._models.values())

    async def poll(self) -> None:
        """Refresh until cancelled. After a failure the last state stays."""
        while True:
            try:
                await self.refresh()
            except Exception:
                logger.exception("Serve's details could not be read")
            await asyncio.sleep(self._poll_interval_s)

    async def refresh(self) -> None:
        """Read Serve's details; concurrent callers share one read."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        await asyncio.shield(self._refreshing)

    async def close(self) -> None:
        """Stop reading the details."""
        await cancel_all([task for task in (self._watching, self._refreshing) if task])

    async def resolve(
        self, name: str | None, kind: Kind | None, param: str = "model"
    ) -> ServedModel:
        """Return the model of this kind with this id or alias, or the first of the kind for None.

        Without ``kind``, a model of any. ``param`` is the request's parameter that errors name.

        Raises:
            ModelNotFoundError: there is none.
        """
        model = self._find(name, kind)
        if model is None and self._may_refresh():
            await self.refresh()
            model = self._find(name, kind)
        if model is None:
            raise self._not_found_error(name, kind, param)
        return model

    def find_all(self, name: str | None, kind: Kind) -> list[ServedModel]:
        """Return every model of this kind with this id or alias, or all of the kind for None.

        Where only one is needed, the first is used.
        """
        return [
            model
            for model in self.models
            if model.card.kind == kind
            and (
                name is None
                or any(matches(alias, name) for alias in (model.card.id, *model.card.aliases))
            )
        ]

    async def get(self, name: str) -> ServedModel:
        """Return the model with this id or alias, of any kind.

        Raises:
            ModelNotFoundError: there is none.
        """
        return await self.resolve(name, None)

    async def run(self, model: ServedModel, call: Call) -> Reply:
        """Return a replica's whole answer."""
        self._check_available(model)
        handle = self._handle(model)
        return await self._call(model, lambda: handle.run(call))

    async def stream(self, model: ServedModel, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Yield a replica's answer in pieces. The first ``anext`` raises earlier errors."""
        self._check_available(model)
        handle = self._handle(model)
        async with AsyncExitStack() as streams:

            async def begin() -> tuple[bytes | Usage, AsyncGenerator[bytes | Usage]]:
                pieces = await streams.enter_async_context(aclosing(handle.stream(call)))
                return await anext(pieces), pieces

            first, pieces = await self._call(model, begin)
            yield first
            try:
                async for piece in pieces:
                    yield piece
            except ReplicaLostError:
                self._refresh_often()
                raise

    async def _call(self, model: ServedModel, begin: Callable[[], Awaitable[T]]) -> T:
        """Call a replica, and once more if it refuses or has ended and the model has several.

        Serve's router learns how busy a replica is from what the replica reports as it accepts a
        call, and forgets the calls that are on their way to it meanwhile. So it sometimes chooses
        a full replica beside one with room. The refusal corrects its count.
        """
        try:
            return await self._wait_for(model, begin())
        except (ModelOverloadedError, ModelUnavailableError) as error:
            if isinstance(error, ReplicaLostError):
                self._refresh_often()
            if self._models.get(model.card.id, model).running < 2:
                raise
        return await self._wait_for(model, begin())

    def _refresh_often(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        for _ in range(int(WATCH_S / CHECK_S)):
            with suppress(Exception):  # reported by the next poll
                await self.refresh()
            await asyncio.sleep(CHECK_S)

    def _handle(self, model: ServedModel) -> ModelHandle:
        key = (model.application, model.deployment)
        if key not in self._handles:
            self._handles[key] = self._make_handle(model)
        return self._handles[key]

    async def _wait_for(self, model: ServedModel, work: Awaitable[T]) -> T:
        """Await ``work``, for a limited time while the model has no replica."""
        task = asyncio.ensure_future(work)
        pause_s = min(self._poll_interval_s, CHECK_S)
        waited = 0.0
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=pause_s)
                model = self._models.get(model.card.id, model)
                waited = 0.0 if model.running else waited + pause_s
                if not (model.running or task.done()):
                    self._check_starting(model, waited)
            return task.result()
        finally:
            if not task.done():
                await cancel_all([task])

    def _check_starting(self, model: ServedModel, waited_s: float) -> None:
        if model.state == State.FAILED:
            raise ModelFailedError(_failure_message(model))
        # What no replica holds waits for one that is just being loaded.
        is_queued = not model.ending
        if waited_s >= self._cold_start_timeout_s or (is_queued and not model.scales_to_zero):
            raise _loading_error(model)

    def _check_available(self, model: ServedModel) -> None:
        """Raise at once what waiting does not change.

        A model that may be scaled to zero is always called: the request starts a replica.
        """
        if model.state == State.FAILED:
            raise ModelFailedError(_failure_message(model))
        if model.state == State.LOADING and not model.scales_to_zero:
            raise _loading_error(model)
        if not model.deployment:
            raise ModelUnavailableError(f"Model '{model.card.id}' has no deployment.")

    def _find(self, name: str | None, kind: Kind | None) -> ServedModel | None:
        if name is None:
            return next((model for model in self.models if model.card.kind == kind), None)
        model = self._find_named(name, kind) or self._find_with_adapter(name, kind)
        return model if model is not None and kind in (None, model.card.kind) else None

    def _find_named(self, name: str, kind: Kind | None) -> ServedModel | None:
        model_id = self._names.get(name) or self._wildcards.find(name, kind)
        return self._models.get(model_id) if model_id else None

    def _find_with_adapter(self, name: str, kind: Kind | None) -> ServedModel | None:
        """Return the model that ``base:adapter`` names."""
        base, _, adapter = name.rpartition(":")
        model = self._find_named(base, kind)
        if model is None or not adapter:
            return None
        may_exist = model.card.finds_adapters and re.fullmatch(ADAPTER_NAME, adapter)
        known = adapter in model.card.adapters or may_exist
        return replace(model, adapter=adapter) if known else None

    def _not_found_error(
        self, name: str | None, kind: Kind | None, param: str
    ) -> ModelNotFoundError:
        of_kind = [m.card.id for m in self.models if kind is None or m.card.kind == kind]
        there = f"Available: {', '.join(of_kind)}." if of_kind else "There are none."
        what = f"{kind} model" if kind else "model"
        if name is None:
            return ModelNotFoundError(f"No {what} is served.", param)
        other = self._find_named(name, kind)
        if other is not None:
            return ModelNotFoundError(
                f"Model '{name}' is for {other.card.kind}, not for {kind}. {there}", param
            )
        return ModelNotFoundError(f"No {what} '{name[:200]}'. {there}", param)

    def _may_refresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._refreshed_at > MISS_INTERVAL_S

    async def _refresh(self) -> None:
        try:
            details = await self._read_details()
        except ModelUnavailableError as error:
            logger.warning("Serve's controller does not respond: %s", error)
            return
        finally:
            self._refreshed_at = asyncio.get_running_loop().time()
        if details is not self._details:  # the same object means no change
            models, self._names = read_models(details)
            self._models = {
                model_id: keep_deployed(model, self._models.get(model_id))
                for model_id, model in models.items()
            }
            self._wildcards = Wildcards(model.card for model in self.models)
            self._details = details


def _loading_error(model: ServedModel) -> ModelLoadingError:
    obstacle = f": it {model.reason}" if model.reason else ""
    return ModelLoadingError(
        f"Model '{model.card.id}' is loading{obstacle}. Retry after {LOADING_RETRY_AFTER_S} s.",
        "model",
    )


def _failure_message(model: ServedModel) -> str:
    return f"Model '{model.card.id}' could not be loaded: {model.reason}"
