"""Whose call the current task answers. Whatever waits inside an engine takes turns by it."""

from contextvars import ContextVar

OWNER = ContextVar("OWNER", default="")
"""The short name of the owner; the same for every call on a server without keys."""
