"""Reads the served models from Serve's details of its applications. Pure: makes no Ray calls."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from serve_app.models.wildcards import has_wildcard
from wire.card import CARD_KEY, ModelCard
from wire.logging import get_logger

logger = get_logger(__name__)

MODEL_IMPORT_PATH = "deployments.app:build"
"""Marks the application of a model, which has no card if it failed before its deployment."""

WAITS = "waits for resources"
"""How the reason of a model begins that the cluster has no room for."""

UPDATE = "another replica"
"""How the reason of a model begins that is ready: after a deploy, the replica that is to replace
the running one, which answers with the earlier configuration until then."""

ANSWERING = {"RUNNING", "RECOVERING"}
"""States of replicas that can answer. After a restart of Serve's controller all are recovering."""


class State(StrEnum):
    """Whether a model can answer now."""

    READY = "ready"
    """A replica is running."""
    IDLE = "idle"
    """No replica is running or should be: the next request starts one."""
    LOADING = "loading"
    """A replica is starting."""
    FAILED = "failed"
    """It could not be built or loaded, for ``reason``."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model and its state in Serve."""

    card: ModelCard
    application: str
    deployment: str
    """Empty if the application failed before it had deployments."""
    state: State
    reason: str = ""
    """Why it failed, or what it waits for while it loads. Of a model that is ready, the same of
    another replica."""
    running: int = 0
    """Replicas that can answer."""
    ending: int = 0
    """Replicas that take no more requests, and answer those that they have."""
    scales_to_zero: bool = False
    """Whether it may have no replica between requests."""
    created: int = 0
    """Unix time of the last deploy."""
    adapter: str = ""
    """The LoRA adapter of a request."""

    @property
    def id(self) -> str:
        """The name in answers."""
        return f"{self.card.id}:{self.adapter}" if self.adapter else self.card.id

    def with_adapters(self) -> "list[ServedModel]":
        """Return the model once for each adapter that its card names."""
        return [replace(self, adapter=adapter) for adapter in self.card.adapters]


def read_models(details: dict[str, Any]) -> tuple[dict[str, ServedModel], dict[str, str]]:
    """Return the models by id and the ids by name, from ``ServeInstanceDetails`` as a dict.

    Of applications with the same name the first one gets it; ids have precedence over aliases.
    Aliases with wildcards are not among the names.
    """
    models: dict[str, ServedModel] = {}
    for name, application in details.get("applications", {}).items():
        model = _read_model(name, application)
        if model is None:
            continue
        if model.card.id in models:
            logger.warning("Application %s repeats model id %s", name, model.card.id)
            continue
        models[model.card.id] = model
    names = {model_id: model_id for model_id in models}
    for model in models.values():
        for alias in model.card.aliases:
            if has_wildcard(alias):
                continue
            if names.setdefault(alias, model.card.id) != model.card.id:
                logger.warning("Alias %s of %s is taken by %s", alias, model.card.id, names[alias])
    return models, names


def _read_model(name: str, application: dict[str, Any]) -> ServedModel | None:
    if application["status"] == "DELETING":
        return None
    for deployment_name, deployment in application.get("deployments", {}).items():
        config = deployment.get("deployment_config") or {}
        card = _read_card((config.get("user_config") or {}).get(CARD_KEY))
        if card is not None:
            return _read_deployed(card, name, application, deployment_name, deployment, config)
    return _read_unbuilt(name, application)


def _read_deployed(
    card: ModelCard,
    name: str,
    application: dict[str, Any],
    deployment_name: str,
    deployment: dict[str, Any],
    config: dict[str, Any],
) -> ServedModel:
    states = [replica["state"] for replica in deployment.get("replicas", ())]
    running = sum(state in ANSWERING for state in states)
    scales_to_zero = (config.get("autoscaling_config") or {}).get("min_replicas") == 0
    failed = "DEPLOY_FAILED" in (application["status"], deployment["status"]) or (
        deployment["status"] == "UNHEALTHY"
        and deployment.get("status_trigger") == "REPLICA_STARTUP_FAILED"
    )
    reason = ""
    message = deployment.get("message") or ""
    has_place = all(replica.get("node_id") for replica in deployment.get("replicas", ()))
    if running:
        state = State.READY
        if failed:
            reason = f"{UPDATE} could not be loaded: {find_last_cause(message)}"
        elif obstacle := find_obstacle(message, has_place=has_place):
            reason = f"{UPDATE} {obstacle}"
    elif failed:
        state = State.FAILED
        reason = find_last_cause(message or application.get("message") or "")
    elif scales_to_zero and not deployment.get("target_num_replicas"):
        state = State.IDLE
    else:
        state = State.LOADING
        reason = find_obstacle(message, has_place=has_place)
    return ServedModel(
        card=card,
        application=name,
        deployment=deployment_name,
        state=state,
        reason=reason,
        running=running,
        ending=states.count("STOPPING"),
        scales_to_zero=scales_to_zero,
        created=int(application.get("last_deployed_time_s") or 0),
    )


def _read_unbuilt(name: str, application: dict[str, Any]) -> ServedModel | None:
    """Return a model whose application has no deployment."""
    config = application.get("deployed_app_config") or {}
    arguments = config.get("args") or {}
    if config.get("import_path") != MODEL_IMPORT_PATH:
        return None
    card = _read_card(
        {
            "id": arguments.get("model_id") or name,
            "kind": arguments.get("kind"),
            "aliases": arguments.get("aliases") or (),
        }
    )
    if card is None:
        return None
    failed = application["status"] == "DEPLOY_FAILED"
    return ServedModel(
        card=card,
        application=name,
        deployment="",
        state=State.FAILED if failed else State.LOADING,
        reason=find_last_cause(application.get("message") or "") if failed else "",
        created=int(application.get("last_deployed_time_s") or 0),
    )


def keep_deployed(model: ServedModel, before: ServedModel | None) -> ServedModel:
    """Return the model as it was before, while Serve builds its application anew.

    Until the build has ended, and after one that failed, Serve's details list no deployment, but
    the replicas that there are answer as before.
    """
    if model.deployment or not (before and before.deployment):
        return model
    if before.application != model.application or before.state not in (State.READY, State.IDLE):
        return model
    if model.state != State.FAILED:
        return before
    # Whether they still are there is not known any more, so requests wait for a limited time.
    reason = f"{UPDATE} could not be loaded: {model.reason}"
    return replace(before, reason=reason, running=0, scales_to_zero=True)


def _read_card(value: Any) -> ModelCard | None:
    if value is None:
        return None
    try:
        return ModelCard.model_validate(value)
    except ValidationError:
        logger.warning("A deployment has a model card that cannot be read")
        return None


def find_obstacle(message: str, *, has_place: bool) -> str:
    """Return why a replica has not started yet by Serve's message; empty if nothing is wrong.

    Serve's message about resources stays for a while after a replica has found its place.
    """
    if match := _UNSCHEDULED.search(message):
        if has_place:
            return ""
        with suppress(ValueError):  # another version of Serve writes it otherwise
            return f"{WAITS}: {_describe_missing(*match.groups())}"
        return WAITS
    causes = _CAUSE.findall(_ANSI.sub("", message))
    return f"failed to start and is tried again: {causes[-1].strip()}" if causes else ""


def _describe_missing(needed: str, available: str) -> str:
    """Compare the resources of a replica, or of its bundles, with what is free, all in JSON."""
    required, free = json.loads(needed), json.loads(available)
    if isinstance(required, list):  # Serve does not report what is free for bundles
        return f"needs bundles of {needed} in the cluster"
    lacking = {name: amount for name, amount in required.items() if free.get(name, 0) < amount}
    return ", ".join(
        f"needs {amount:g} {name}, {free.get(name, 0):g} free"
        for name, amount in (lacking or required).items()
    )


def find_last_cause(message: str) -> str:
    """Return the last exception of the traceback in Serve's message."""
    text = _ANSI.sub("", message)
    causes = _CAUSE.findall(text)
    if causes:
        return causes[-1].strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CAUSE = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit): (.+)$", re.MULTILINE)
_UNSCHEDULED = re.compile(
    r"required for each replica: ([\[{].*?[\]}]), total resources available: ({.*?})\."
)
"""Serve's message about a replica that has no place in the cluster."""
