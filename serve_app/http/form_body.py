"""How multipart bodies (uploads) are read into a wire type and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from wire.errors import InvalidRequestError, UnsupportedMediaError, from_validation_errors
from wire.requests import RequestBody

W = TypeVar("W", bound=RequestBody)

MAX_FIELDS = 200
"""Far more than any API has; each costs memory before it is looked at."""
MAX_FIELD_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    filename: str
    data: bytes


async def read_form(
    request: Request, wire: type[W], files: Mapping[str, int]
) -> tuple[W, dict[str, list[Upload]]]:
    """Return the fields of a form as ``wire``, and its uploads by name.

    ``files`` are the names that carry files, each with the most that there may be. A name may end
    with ``[]``, as HTML forms and OpenAI's SDK write lists; a field that comes twice is a list. An
    empty field is as if left out: a form cannot say otherwise that it is.

    Raises:
        UnsupportedMediaError: the body is no form.
        InvalidRequestError: a field is wrong, a file is empty, or there are too many.
    """
    received = request.headers.get("content-type", "none")
    if not received.lower().startswith(
        ("multipart/form-data", "application/x-www-form-urlencoded")
    ):
        raise UnsupportedMediaError(
            f"Content-Type must be multipart/form-data, received {received[:100]}."
        )
    try:
        async with request.form(
            max_files=MAX_FIELDS, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
        ) as form:
            uploads = {name: await _uploads(form, name, most) for name, most in files.items()}
            fields = _fields(form, files)
    except UnicodeError:
        raise InvalidRequestError("The form's charset cannot be read.") from None
    try:
        return wire.model_validate(fields), uploads
    except ValidationError as error:
        raise from_validation_errors(error.errors(include_url=False)) from None


async def _uploads(form: FormData, name: str, most: int) -> list[Upload]:
    found = [*form.getlist(name), *form.getlist(f"{name}[]")]
    if len(found) > most:
        raise InvalidRequestError(
            f"'{name}': at most {most} file(s) are allowed, received {len(found)}.", name
        )
    uploads: list[Upload] = []
    for item in found:
        if not isinstance(item, UploadFile):
            raise InvalidRequestError(
                f"'{name}' must be an uploaded file, received a text field.", name
            )
        uploads.append(Upload(item.filename or name, await item.read()))
        if not uploads[-1].data:
            raise InvalidRequestError(f"'{name}': the file is empty.", name)
    return uploads


def _fields(form: FormData, files: Mapping[str, int]) -> dict[str, str | list[str]]:
    fields: dict[str, str | list[str]] = {}
    for key in form:
        name = key.removesuffix("[]")
        if name in files:
            continue
        values = form.getlist(key)
        if any(isinstance(value, UploadFile) for value in values):
            raise InvalidRequestError(f"'{name}' must be a text field, received a file.", name)
        texts = [str(value) for value in values]
        if texts == [""]:
            continue
        fields[name] = texts if key.endswith("[]") or len(texts) > 1 else texts[0]
    return fields
