"""The loggers of every process: children of Ray Serve's."""

import logging


def get_logger(name: str) -> logging.Logger:
    """Return a logger below Serve's, whose handlers add the replica's and request's ids."""
    return logging.getLogger(f"ray.serve.homeport.{name}")
