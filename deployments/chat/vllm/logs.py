# pyright: standard
"""vLLM's log in a replica goes to Serve's log.

vLLM configures logging when it is imported and when an engine starts, by ``dictConfig``, which
closes every handler of the process. Serve's log would end there, and Serve's next line into it
would raise: so a restart of Serve's controller used to end healthy replicas.
"""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from wire.logging import configure_logging

LOADED_WITHOUT = {"VLLM_CONFIGURE_LOGGING": "0", "VLLM_LOGGING_CONFIG_PATH": None}
"""Only while vLLM is imported here. Its own processes configure their logging as the operator set
it: what they print is in Ray's log of the replica."""


class _ForwardToServe(logging.Handler):
    """Passes records to whatever handlers Serve's logger has when they come."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger("ray.serve").handle(record)


def import_logger() -> None:
    """Import vLLM's logger, and with it nothing heavy, before anything else imports it."""
    with _environment(LOADED_WITHOUT):
        import vllm.logger  # noqa: F401
    logger = logging.getLogger("vllm")
    logger.handlers = [_ForwardToServe()]
    logger.propagate = False


def leave_logging_to_serve(arguments: Any) -> None:
    """Have an engine with these arguments leave this process's logging as it is."""
    config = arguments.create_logging_config()
    logging.getLogger("vllm").setLevel(config.log_level)
    arguments.logging_config = replace(config, configure_logging=False, pylogging_config_file=None)


def configure_own_logging(config: Any) -> None:
    """Have a process of vLLM's own, which has no log of Serve's, configure its logging."""
    config.logging_config.configure_logging = True
    configure_logging()


@contextmanager
def _environment(values: dict[str, str | None]) -> Generator[None]:
    before = {name: os.environ.pop(name, None) for name in values}
    os.environ.update({name: value for name, value in values.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
