from typing import Any

import pytest

from serve_app.models.discovery import WAITS, State, find_last_cause, read_models
from tests.support.serve_details import application, details, not_built
from wire.calls import Kind
from wire.card import CARD_KEY, ModelCard

CARD = ModelCard(id="small", kind=Kind.CHAT, aliases=("gpt-4o",), context_length=512)

TRACEBACK = """The deployment failed to start 3 times in a row. Error:
\x1b[36mray::ServeReplica.initialize()\x1b[39m (pid=1)
  File "replica.py", line 1, in initialize
RuntimeError: Traceback (most recent call last):
  File "/x/deployments/config.py", line 60, in resolve_model
wire.errors.ModelLoadError: No model directory at '/nowhere'.
"""


def state_of(**kwargs: object) -> State:
    models, _ = read_models(details(chat=application(CARD, **kwargs)))  # pyright: ignore[reportArgumentType]
    return models["small"].state


def test_running_replica_makes_a_model_ready_whatever_else_happens() -> None:
    assert state_of() == State.READY
    assert state_of(status="DEPLOYING", replicas=("RUNNING", "STARTING")) == State.READY
    assert state_of(status="DEPLOYING", replicas=("RECOVERING",)) == State.READY
    assert state_of(status="UNHEALTHY", deployment_status="UNHEALTHY") == State.READY


def test_model_without_running_replica_is_loading() -> None:
    assert state_of(status="DEPLOYING", replicas=("STARTING",)) == State.LOADING
    assert state_of(deployment_status="UNHEALTHY", replicas=()) == State.LOADING


def test_model_scaled_to_zero_is_idle_until_it_is_wanted() -> None:
    assert state_of(min_replicas=0, target=0, replicas=()) == State.IDLE
    assert state_of(min_replicas=0, target=1, replicas=("STARTING",)) == State.LOADING


@pytest.mark.parametrize("status", ["DEPLOY_FAILED", "UNHEALTHY"])
def test_model_that_cannot_start_failed_and_says_why(status: str) -> None:
    broken = application(
        CARD,
        status="DEPLOY_FAILED",
        deployment_status=status,
        trigger="REPLICA_STARTUP_FAILED",
        message=TRACEBACK,
        replicas=(),
    )

    models, _ = read_models(details(chat=broken))

    assert models["small"].state == State.FAILED
    assert models["small"].reason == "No model directory at '/nowhere'."


def test_application_that_failed_to_build_is_a_failed_model() -> None:
    message = "Traceback\nValueError: Model 'x' is misconfigured: model: Field required\n"
    broken = not_built("DEPLOY_FAILED", message, kind="chat", model_id="x", aliases=["y"])

    models, names = read_models(details(broken=broken))

    assert models["x"].state == State.FAILED
    assert models["x"].reason == "Model 'x' is misconfigured: model: Field required"
    assert names["y"] == "x"


def test_application_being_deleted_is_no_model() -> None:
    assert read_models(details(chat=application(CARD, status="DELETING"))) == ({}, {})


def test_application_that_is_no_model_is_left_out() -> None:
    ingress = not_built("RUNNING", "")
    ingress["deployed_app_config"]["import_path"] = "serve_app.app:build"

    assert read_models(details(ingress=ingress)) == ({}, {})


def test_id_goes_before_another_models_alias() -> None:
    other = ModelCard(id="gpt-4o", kind=Kind.CHAT, aliases=("small",))

    _, names = read_models(details(a=application(CARD), b=application(other)))

    assert names == {"small": "small", "gpt-4o": "gpt-4o"}


def test_cause_of_an_unusual_message_is_its_last_line() -> None:
    assert find_last_cause("a\n\nb \n") == "b"
    assert find_last_cause("") == "no reason given"


@pytest.mark.parametrize("kind", ["telepathy", None, 3, ["chat"]])
def test_card_of_a_kind_that_is_not_known_hides_no_other_model(kind: object) -> None:
    newer = application(CARD)
    card: dict[str, Any] = newer["deployments"]["ChatDeployment"]["deployment_config"][
        "user_config"
    ]
    card[CARD_KEY] |= {"id": "newer", "kind": kind, "aliases": []}

    models, _ = read_models(details(newer=newer, small=application(CARD)))

    assert {model_id: model.card.kind for model_id, model in models.items()} == {
        "newer": None,
        "small": Kind.CHAT,
    }


UNSCHEDULED = (
    "Deployment 'ChatDeployment' in application 'chat' has 1 replicas that have taken more than "
    "30s to be scheduled. This may be due to waiting for the cluster to auto-scale or for a "
    "runtime environment to be installed. Resources required for each replica: {needed}, total "
    "resources available: {available}. Use `ray status` for more details."
)


@pytest.mark.parametrize(
    ("needed", "available", "reason"),
    [
        ('{"CPU": 1, "GPU": 1}', '{"CPU": 2.0}', "needs 1 GPU, 0 free"),
        ('{"CPU": 64}', '{"CPU": 1.5}', "needs 64 CPU, 1.5 free"),
        ('{"CPU": 1}', '{"CPU": 2.0}', "needs 1 CPU, 2 free"),
        ('[{"GPU": 1}, {"GPU": 1}]', "{}", 'needs bundles of [{"GPU": 1}, {"GPU": 1}]'),
    ],
)
def test_model_without_a_place_reports_what_it_needs(
    needed: str, available: str, reason: str
) -> None:
    message = UNSCHEDULED.format(needed=needed, available=available)
    loading = application(CARD, status="DEPLOYING", message=message, replicas=("STARTING",))

    models, _ = read_models(details(chat=loading))

    assert models["small"].state == State.LOADING
    assert models["small"].reason.startswith(f"{WAITS}: {reason}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"message": UNSCHEDULED.format(needed='{"GPU": 1}', available="{}")},
            "another replica waits for resources: needs 1 GPU, 0 free",
        ),
        (
            {"message": TRACEBACK, "status": "DEPLOY_FAILED"},
            "another replica could not be loaded: No model directory at '/nowhere'.",
        ),
        ({"message": "", "status": "DEPLOYING"}, ""),
    ],
)
def test_model_that_is_ready_reports_what_keeps_its_update_from_running(
    change: dict[str, Any], reason: str
) -> None:
    updated = application(CARD, replicas=("RUNNING", "STARTING"), **change)

    models, _ = read_models(details(chat=updated))

    assert (models["small"].state, models["small"].reason) == (State.READY, reason)


def test_model_that_is_tried_again_reports_why_it_failed() -> None:
    loading = application(CARD, status="DEPLOYING", message=TRACEBACK, replicas=("STARTING",))

    models, _ = read_models(details(chat=loading))

    assert models["small"].state == State.LOADING
    assert models["small"].reason == (
        "failed to start and is tried again: No model directory at '/nowhere'."
    )
