"""Builds the ingress's Serve application: the import path of the application at ``/``.

The only module of this package that applies Serve's decorators.
"""

from fastapi import FastAPI
from ray import serve
from ray.serve import Application

from serve_app.config import IngressConfig, check_exposure


def build(config: IngressConfig) -> Application:
    """Return the ingress application."""

    def create_in_replica() -> FastAPI:
        # Imported and built where it runs: nothing of the application is pickled.
        import ray

        from event_loop.monitor import EventLoopMonitor
        from serve_app.http.addresses import peer_proof
        from serve_app.ingress import create_api
        from serve_app.models.bus import Bus
        from serve_app.models.details import DetailsCache
        from serve_app.models.handles import (
            ServeModelHandle,
            controller,
            read_serve_details,
            read_serve_statuses,
        )
        from serve_app.models.registry import Registry
        from serve_app.sandbox.bubblewrap import check_sandbox
        from serve_app.services import Runtime
        from serve_app.storage.database import Database
        from serve_app.storage.migrate import check_database
        from wire.logging import configure_logging

        configure_logging()
        keys = config.api_keys()
        check_exposure(config, keys, ray.get(controller().get_serve_instance_details.remote()))
        database_url = config.database()
        check_database(database_url)
        if config.code_interpreter is not None:
            check_sandbox(config.code_interpreter)
        bus = Bus(ray.util.get_node_ip_address())
        registry = Registry(
            DetailsCache(read_serve_statuses, read_serve_details).read,
            lambda model: ServeModelHandle(model, bus),
            poll_interval_s=config.registry_poll_s,
            cold_start_timeout_s=config.cold_start_timeout_s,
            share_prompt_cache=config.share_prompt_cache,
        )
        return create_api(
            config,
            Runtime(
                registry=registry,
                database=Database(database_url),
                keys=keys,
                peer_proof=peer_proof(),
                bus=bus,
                monitor=EventLoopMonitor("ingress"),
            ),
        )

    ingress = serve.deployment(
        name="Ingress",
        max_ongoing_requests=10_000,
        health_check_period_s=2,
        health_check_timeout_s=30,
        graceful_shutdown_timeout_s=600,
        max_surge_percent=100,  # after a deploy, a replica answers until its successor can
    )(serve.ingress(create_in_replica)())
    return ingress.bind()
