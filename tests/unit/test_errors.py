import pickle

import pytest

from wire import errors
from wire.errors import APIError, error_body, error_headers


def subclasses(cls: type[APIError]) -> list[type[APIError]]:
    return [cls, *(below for child in cls.__subclasses__() for below in subclasses(child))]


@pytest.mark.parametrize("cls", subclasses(APIError))
def test_error_pickled_keeps_everything_a_client_sees(cls: type[APIError]) -> None:
    error = cls("What is wrong.", "messages[0]", 3)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is cls
    assert error_body(copy) == error_body(error)
    assert error_headers(copy) == error_headers(error)


@pytest.mark.parametrize("cls", subclasses(APIError))
def test_error_status_is_drawn_in_the_tree(cls: type[APIError]) -> None:
    assert f"{cls.__name__} " in str(errors.__doc__)
    assert str(cls.status) in str(errors.__doc__)


@pytest.mark.parametrize("cls", subclasses(APIError))
def test_error_with_another_field_or_message_is_a_new_one_of_its_class(cls: type[APIError]) -> None:
    error = cls("What is wrong.", None, 3)

    of_field, reworded = error.with_param("tools"), error.with_message("Something else.")

    assert (type(of_field), type(reworded)) == (cls, cls)
    assert of_field.args == ("What is wrong.", "tools", 3)
    assert reworded.args == ("Something else.", None, 3)
    assert error.args == ("What is wrong.", None, 3)


def test_authentication_error_says_how_to_authenticate() -> None:
    assert error_headers(errors.AuthenticationError("No."))["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("location", "written"),
    [
        (("messages", 0, "role"), "messages[0].role"),
        (("prompt", 3, 4), "prompt[3][4]"),
        ((), ""),
    ],
)
def test_parameter_path_is_written_as_openai_does(
    location: tuple[str | int, ...], written: str
) -> None:
    assert errors.parameter_path(location) == written


def test_long_rejected_value_is_shortened() -> None:
    assert len(errors.echo("x" * 10_000)) < 100
