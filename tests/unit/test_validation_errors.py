"""An error names a member by its path in the request, what came, and what is allowed."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from wire.errors import InvalidRequestError
from wire.openai.chat import ChatCompletionRequest
from wire.openai.responses import ResponseRequest
from wire.openai.speech import SpeechRequest
from wire.validation_errors import from_validation_errors


class UserParam(TypedDict, total=False):
    role: Literal["user"]
    content: str | list["TextParam | PictureParam"]
    name: str


class ToolParam(TypedDict, total=False):
    role: Literal["tool"]
    content: str
    tool_call_id: str


class TextParam(TypedDict):
    type: Literal["text"]
    text: str


class PictureParam(TypedDict):
    type: Literal["picture"]
    url: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


class Body(BaseModel):
    messages: list[ToolParam | UserParam] = []
    stop: str | list[str] | None = None
    animal: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    labels: dict[str, int] = {}
    sizes: list[int] | dict[str, int] | None = None
    count: Annotated[int, Field(le=3)] | None = None


def convert(body: Any, wire: Any = Body) -> InvalidRequestError:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(wire).validate_python(body)
    return from_validation_errors(raised.value.errors(include_url=False), body)


def user(**members: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "hi", **members}]}


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        (user(name=None), "messages[0].name", "must be a string (received null)"),
        (user(content=5), "messages[0].content", "must be a string or a list (received 5)"),
        (
            user(content=[{"type": "video"}]),
            "messages[0].content[0].type",
            "must be 'text' or 'picture' (received 'video')",
        ),
        (user(content=[{}]), "messages[0].content[0].type", "Missing"),
        (user(content=[{"type": "text"}]), "messages[0].content[0].text", "Missing"),
        (user(content=[3]), "messages[0].content[0]", "must be an object (received 3)"),
        (
            {"messages": [{"role": "alien"}]},
            "messages[0].role",
            "must be 'tool' or 'user' (received 'alien')",
        ),
        ({"stop": 5}, "stop", "must be a string or a list (received 5)"),
        ({"stop": ["a", True]}, "stop[1]", "must be a string (received true)"),
        ({"animal": {"kind": "cow"}}, "animal.kind", "must be 'cat' or 'dog'"),
        ({"animal": {}}, "animal.kind", "Missing"),
        ({"animal": {"kind": "cat", "lives": "x"}}, "animal.lives", "must be an integer"),
        ({"animal": {"kind": "cat"}}, "animal.lives", "Missing"),
        ({"labels": {"Upper-Case": "x"}}, "labels.Upper-Case", "must be an integer"),
        ({"sizes": [1, 1.5]}, "sizes[1]", "must be an integer"),
        ({"sizes": {"int": "x"}}, "sizes.int", "must be an integer"),
        ({"count": 4}, "count", "must be less than or equal to 3 (received 4)"),
        ([], None, "Invalid request body: must be an object."),
    ],
)
def test_member_is_named_with_what_is_allowed(body: Any, param: str | None, message: str) -> None:
    error = convert(body)

    assert error.param == param
    assert message in error.message
    assert "Param" not in error.message


@pytest.mark.parametrize(
    ("wire", "body", "param", "message"),
    [
        (
            ChatCompletionRequest,
            {"messages": [{"role": "user", "content": 3}]},
            "messages[0].content",
            "must be a string or a list (received 3)",
        ),
        (
            ChatCompletionRequest,
            {"messages": [{"role": "user", "content": ["x"]}]},
            "messages[0].content[0]",
            "must be an object (received 'x')",
        ),
        (ResponseRequest, {"input": 3}, "input", "must be a string or a list (received 3)"),
        (ResponseRequest, {"input": "x", "conversation": {}}, "conversation.id", "Missing"),
        (
            SpeechRequest,
            {"input": "x", "voice": 3},
            "voice",
            "must be a string or an object (received 3)",
        ),
    ],
)
def test_request_types_are_never_named(wire: Any, body: Any, param: str, message: str) -> None:
    error = convert(body, wire)

    assert error.param == param
    assert message in error.message
