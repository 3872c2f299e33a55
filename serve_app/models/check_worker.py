"""What the processes of :mod:`serve_app.models.checks` import: the checks, and nothing of HTTP."""

from wire import constraints
from wire.deferred import compute
from wire.json_schema import checks

DEFINED_BY = (constraints, checks)
"""Imported because they define the checks."""

__all__ = ["DEFINED_BY", "compute"]
