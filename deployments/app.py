"""Builds a model's Serve application from its ``args``: the import path of every model in the YAML.

The only module of this package that applies Serve's decorator.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from ray import serve
from ray.serve import Application
from ray.serve.config import RequestRouterConfig

from deployments.base import ModelDeployment, import_object
from deployments.chat.config import ChatConfig
from deployments.config import ModelConfig
from wire.calls import Kind

KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.CHAT: ("deployments.chat.config:ChatConfig", "deployments.chat.deployment:ChatDeployment"),
    Kind.SPEECH: (
        "deployments.speech.config:SpeechConfig",
        "deployments.speech.deployment:SpeechDeployment",
    ),
    Kind.TRANSCRIPTIONS: (
        "deployments.transcriptions.config:TranscriptionsConfig",
        "deployments.transcriptions.deployment:TranscriptionsDeployment",
    ),
    Kind.IMAGES: (
        "deployments.images.config:ImagesConfig",
        "deployments.images.deployment:ImagesDeployment",
    ),
    Kind.EMBEDDINGS: (
        "deployments.embeddings.config:EmbeddingsConfig",
        "deployments.embeddings.deployment:EmbeddingsDeployment",
    ),
    Kind.RERANK: (
        "deployments.rerank.config:RerankConfig",
        "deployments.rerank.deployment:RerankDeployment",
    ),
}
"""Kind → its config and its deployment, by path, so that a kind loads only its own modules."""

PREFIX_ROUTER = "serve_app.models.prefix_router:PrefixRouter"
"""By path: the ingress loads it, no replica does."""


class Root:
    """Stands above the model's deployment and is never started.

    Serve treats an application's root as an HTTP ingress even without a route: it would open a
    port per replica, drain for 30 s and may not have a request router of its own.
    """


def build(args: dict[str, Any]) -> Application:
    """Return the application of the model that ``args`` describe.

    Raises:
        ValueError: names the argument that is wrong and what is allowed.
    """
    config_type, deployment_type = kind_types(args.get("kind"))
    try:
        config = config_type.model_validate(args)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise ValueError(f"Model '{args.get('model_id')}' is misconfigured: {problems}") from None
    if isinstance(config, ChatConfig) and config.has_adapters:
        deployment_type = _with_adapters(deployment_type, config.max_adapters)
    model = serve.deployment(
        user_config=config.card().to_user_config(),
        max_ongoing_requests=10 * config.max_requests,
        max_queued_requests=10 * config.max_requests,
        health_check_period_s=1,  # requests wait for a replica that has ended until it is noticed
        health_check_timeout_s=30,
        graceful_shutdown_timeout_s=600,
        max_surge_percent=100,  # after a deploy, a replica answers until its successor can
        request_router_config=_router(config),
    )(deployment_type)
    root = serve.deployment(
        autoscaling_config={"min_replicas": 0, "initial_replicas": 0, "max_replicas": 1},
        ray_actor_options={"num_cpus": 0},
    )(Root)
    return root.bind(model.bind(config))


def _router(config: ModelConfig) -> RequestRouterConfig:
    """Return who chooses the replica: Serve's power of two choices, or the prompt's beginning."""
    if not isinstance(config, ChatConfig) or config.prefix_lead is None:
        return RequestRouterConfig()
    options: dict[str, Any] = {
        "request_router_class": PREFIX_ROUTER,
        "request_router_kwargs": {"lead": config.prefix_lead, "slots": config.max_requests},
    }
    return RequestRouterConfig(**options)


def _with_adapters(deployment_type: type[Any], max_adapters: int) -> type[ModelDeployment]:
    """Return the deployment with Serve keeping its adapters and routing their requests to them."""

    class WithAdapters(deployment_type):
        @serve.multiplexed(max_num_models_per_replica=max_adapters)
        async def load_adapter(self, name: str) -> Any:
            return await super().load_adapter(name)

    WithAdapters.__name__ = deployment_type.__name__
    return WithAdapters


def kind_types(kind: object) -> tuple[type[ModelConfig], type[ModelDeployment]]:
    """Return the config type and the deployment class of a kind."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind: {kind!r} is not one of {', '.join(sorted(KINDS))}")
    config_path, deployment_path = KINDS[Kind(kind)]
    return import_object(config_path), import_object(deployment_path)
