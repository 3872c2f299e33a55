"""What a process of Homeport's writes to its logs."""

import io
import logging
from collections.abc import Generator
from contextlib import contextmanager

from wire.logging import configure_logging

FORMAT = "%(levelname)s %(request_id)s -- %(message)s"


@contextmanager
def log_output() -> Generator[io.StringIO]:
    """Configure logging as a replica does, and collect what Serve's logger and the root write."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(logging.Formatter(FORMAT, defaults={"request_id": "-"}))
    serve, root = logging.getLogger("ray.serve"), logging.getLogger()
    before = (serve.handlers, serve.propagate, serve.level, root.handlers)
    factory = logging.getLogRecordFactory()
    serve.handlers, serve.propagate, root.handlers = [handler], False, []
    serve.setLevel(logging.INFO)
    configure_logging()
    for each in root.handlers:
        assert isinstance(each, logging.StreamHandler)
        each.setStream(output)
    try:
        yield output
    finally:
        serve.handlers, serve.propagate, level, root.handlers = before
        serve.setLevel(level)
        logging.captureWarnings(False)
        logging.setLogRecordFactory(factory)
