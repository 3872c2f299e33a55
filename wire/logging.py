"""Loggers of all processes: children of Ray Serve's logger."""

import logging


def get_logger(name: str) -> logging.Logger:
    """Return a child of Serve's logger, whose handlers add the ids of replica and request."""
    return logging.getLogger(f"ray.serve.homeport.{name}")
