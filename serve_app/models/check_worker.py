"""What the processes of :mod:`serve_app.models.checks` import: the checks, and nothing of HTTP."""

import wire.constraints
import wire.json_schema.checks  # noqa: F401  and those of schemas
from wire.deferred import compute

__all__ = ["compute"]
