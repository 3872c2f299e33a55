"""Every operation, from what the ingress encodes to the method of each engine that takes it."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter

from deployments.app import KINDS, kind_types
from deployments.base import OperationEngine, import_object
from deployments.chat.vllm.engine import VLLMEngine
from tests.support.operation_bodies import BODIES
from wire.bodies import Body
from wire.calls import Call, Kind, Operation
from wire.operations import OPERATIONS, decode_body, encode_body


def engines(kind: Kind) -> Iterator[Any]:
    """Yield the engine class of each backend, for speech that of all synthesizers."""
    _, deployment = kind_types(kind)
    for path in deployment.engines.values():
        loader = import_object(path)
        yield loader if hasattr(loader, "run") else get_type_hints(loader.load)["return"]


def methods(engine: Any, operation: Operation) -> list[Any]:
    """Return the methods that an engine has for an operation."""
    if issubclass(engine, VLLMEngine):
        return [engine.handlers[operation]]
    assert issubclass(engine, OperationEngine)
    contract = OPERATIONS[operation]
    assert (operation in engine.whole) == (contract.whole is not None)
    assert (operation in engine.streamed) == (contract.streamed is not None)
    return [table[operation] for table in (engine.whole, engine.streamed) if operation in table]


def test_every_operation_has_a_contract_and_every_kind_an_operation() -> None:
    assert set(OPERATIONS) == set(Operation) == set(BODIES)
    assert {contract.kind for contract in OPERATIONS.values()} == set(Kind) == set(KINDS)
    assert all(contract.whole or contract.streamed for contract in OPERATIONS.values())


@pytest.mark.parametrize("operation", Operation)
def test_body_survives_the_handle(operation: Operation) -> None:
    body = BODIES[operation]

    decoded = decode_body(Call(operation, encode_body(body, "small"), "r"))

    if isinstance(body, Body):
        assert isinstance(decoded, OPERATIONS[operation].body)
        assert decoded == body
    else:
        assert decoded == {**body, "model": "small"}


@pytest.mark.parametrize("operation", Operation)
def test_every_engine_of_the_kind_takes_the_body(operation: Operation) -> None:
    contract = OPERATIONS[operation]
    for engine in engines(contract.kind):
        for method in methods(engine, operation):
            assert list(inspect.signature(method).parameters)[:2] == ["self", "body"]
            read = get_type_hints(method)["body"]
            if issubclass(contract.body, Body):
                assert issubclass(contract.body, read), (engine, operation)
            else:
                assert_reads(read, operation)


def assert_reads(read: Any, operation: Operation) -> None:
    """Fail unless a library's own type has the fields that the ingress writes."""
    types = [each for each in (get_args(read) or (read,)) if issubclass(each, BaseModel)]
    fields = {name for each in types for name in each.model_fields}
    assert set(OPERATIONS[operation].body.__annotations__) <= fields, operation
    body = encode_body(BODIES[operation], "small")
    decoded = decode_body(Call(operation, body, "r"), TypeAdapter(read))
    assert isinstance(decoded, tuple(types))


@pytest.mark.parametrize("kind", Kind)
def test_engine_has_no_method_beyond_the_operations_of_its_kind(kind: Kind) -> None:
    known = {operation for operation, contract in OPERATIONS.items() if contract.kind == kind}
    for engine in engines(kind):
        is_vllm = issubclass(engine, VLLMEngine)
        tables = (engine.handlers,) if is_vllm else (engine.whole, engine.streamed)
        assert {operation for table in tables for operation in table} == known
