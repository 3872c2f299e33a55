"""Finds booleans where a number is expected. Pydantic would take ``true`` for 1."""

from collections.abc import Mapping, Set
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel

NUMBERS = (int, float)


def find_boolean(names: Set[str], value: Mapping[str, Any]) -> tuple[str | int, ...] | None:
    """Return where members with these names have a boolean in place of a number; None: nowhere.

    Members of an object and entries of these are looked at; the objects below have their own types.
    """
    for name in names & value.keys():
        member = value[name]
        if type(member) is bool:
            return (name,)
        if isinstance(member, list) and bool in set(map(type, cast("list[Any]", member))):
            entries = cast("list[Any]", member)
            return name, next(i for i, each in enumerate(entries) if type(each) is bool)
        if isinstance(member, dict):
            for key, each in cast("dict[str, Any]", member).items():
                if type(each) is bool:
                    return name, key
    return None


@cache
def numeric_members(model: type[BaseModel]) -> frozenset[str]:
    """Return the members that take numbers and neither booleans nor texts, alone or as entries."""
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if _is_numeric(field.annotation)
    )


def _is_numeric(annotation: Any) -> bool:
    leaves = set(_leaves(annotation))
    return bool(leaves & {*NUMBERS}) and not leaves & {bool, str, Any, object}


def _leaves(annotation: Any) -> list[Any]:
    """Return the types of a member and, if it is a list or a mapping, of its entries."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _leaves(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [leaf for each in get_args(annotation) for leaf in _leaves(each)]
    if origin in (list, tuple, set):
        return [leaf for each in get_args(annotation) for leaf in _leaves(each)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _leaves(get_args(annotation)[1])
    return [] if annotation is NoneType else [annotation]
