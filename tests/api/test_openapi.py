# pyright: standard
"""The OpenAPI document is true: whatever is sent, the answer is one that it declares."""

import os

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from serve_app.config import ModerationConfig
from tests.api.answering import answering_registry
from tests.support.application import create_test_api
from tests.support.scripted_model import KEY

EXAMPLES = int(os.environ.get("HOMEPORT_FUZZ_EXAMPLES", "5"))
"""Requests to each operation, beside its examples."""
IS_LONG = EXAMPLES > 100
"""Whether every field is tried at all its limits, too: some hundred requests to each operation."""

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.ignored_auth,
]
"""Not among them: that what the document forbids is refused, and what it allows accepted.

Bodies are read as leniently as clients write them ("5" is 5, and 0 is false), fields that are left
to engines are checked by engines, and rules between fields are in no schema.
"""

AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}


def locked_api() -> FastAPI:
    """Return a server that wants a key, with a model of each kind that answers everything."""
    registry, _ = answering_registry()
    return create_test_api(
        registry,
        frozenset({KEY}),
        moderation=ModerationConfig(model="small"),
    )


def published(api: FastAPI) -> OpenApiSchema:
    """Return what the server says of itself, and how it is fuzzed: always with the same data."""
    config = SchemathesisConfig()
    config.projects.default.generation = GenerationConfig(
        max_examples=EXAMPLES, deterministic=True, no_shrink=True
    )
    config.projects.default.phases.coverage.enabled = IS_LONG
    return schemathesis.openapi.from_asgi(
        "/openapi.json", api, config=config, headers=AUTHORIZATION
    )


schema = published(locked_api())


@schema.parametrize()
@pytest.mark.timeout(0)
def test_whatever_is_sent_the_answer_is_declared(case: Case) -> None:
    case.call_and_validate(headers=AUTHORIZATION, checks=CHECKS)
