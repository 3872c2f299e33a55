"""Serve's details of its applications, as the registry reads them, for tests without Ray."""

from typing import Any

from wire.card import ModelCard


def application(
    card: ModelCard,
    *,
    status: str = "RUNNING",
    deployment_status: str = "HEALTHY",
    trigger: str = "CONFIG_UPDATE_COMPLETED",
    message: str = "",
    replicas: tuple[str, ...] = ("RUNNING",),
    min_replicas: int | None = None,
    target: int = 1,
) -> dict[str, Any]:
    """Return the details of a model's application."""
    scaling = None if min_replicas is None else {"min_replicas": min_replicas}
    return {
        "status": status,
        "message": "",
        "last_deployed_time_s": 1_700_000_000.5,
        "deployments": {
            "Root": {"deployment_config": {}, "status": "HEALTHY"},
            "ChatDeployment": {
                "status": deployment_status,
                "status_trigger": trigger,
                "message": message,
                "target_num_replicas": target,
                "replicas": [{"state": state} for state in replicas],
                "deployment_config": {
                    "user_config": card.to_user_config(),
                    "autoscaling_config": scaling,
                },
            },
        },
    }


def not_built(status: str, message: str, **arguments: Any) -> dict[str, Any]:
    """Return the details of a model's application that has no deployment."""
    return {
        "status": status,
        "message": message,
        "last_deployed_time_s": 0,
        "deployments": {},
        "deployed_app_config": {"import_path": "deployments.app:build", "args": arguments},
    }


def details(**applications: dict[str, Any]) -> dict[str, Any]:
    """Return the details of a whole Serve instance."""
    return {"applications": applications}
