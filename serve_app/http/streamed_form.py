"""How a form with one large file is read: the file goes through piece by piece, as it arrives.

Nothing of it stays here. :mod:`serve_app.http.form_body` reads forms whose files fit into memory.
"""

from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from wire.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    UnsupportedMediaError,
    from_validation_errors,
)
from wire.requests import RequestBody

W = TypeVar("W", bound=RequestBody)

FORM = "multipart/form-data"
MAX_FIELDS = 50
MAX_FIELD_BYTES = 2**16


class StreamedForm(Generic[W]):
    """The form of a request: a file called ``file``, and the fields of ``wire``."""

    def __init__(self, request: Request, file: str, wire: type[W], max_file_bytes: int) -> None:
        """Read nothing yet.

        Raises:
            UnsupportedMediaError: the body is no such form.
        """
        self.filename = ""
        self._file = file
        self._wire = wire
        self._max_file_bytes = max_file_bytes
        self._fields: dict[str, str] = {}
        self._body = request.stream()
        self._arrived: deque[bytes] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._field: str | None = None
        self._value = bytearray()
        self._has_file = self._has_ended = False
        self._parser = _parser(request.headers.get("content-type", "none"), self)

    async def open(self) -> None:
        """Read on until the file begins.

        Raises:
            InvalidRequestError: there is none, or the form is broken.
        """
        while not self._has_file and await self._read():
            pass
        if not self._has_file:
            raise InvalidRequestError(f"Missing required parameter: '{self._file}'.", self._file)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the file, and read the fields that come after it.

        Raises:
            InvalidRequestError: the file is empty or too large, a field is wrong, or the form is
                broken.
        """
        size = 0
        while True:
            while self._arrived:
                chunk = self._arrived.popleft()
                size += len(chunk)
                if size > self._max_file_bytes:
                    raise RequestTooLargeError(
                        f"'{self._file}': the file has more than {self._max_file_bytes} bytes, "
                        "which is the most that is allowed.",
                        self._file,
                    )
                yield chunk
            if not await self._read():
                break
        if not size:
            raise InvalidRequestError(f"'{self._file}': the file is empty.", self._file)
        self.fields()

    def fields(self) -> W:
        """Return the fields, once all have been read.

        Raises:
            InvalidRequestError: one is wrong.
        """
        try:
            return self._wire.model_validate(_nested(self._fields))
        except ValidationError as error:
            raise from_validation_errors(error.errors(include_url=False)) from None

    async def _read(self) -> bool:
        """Take in what has come of the body; whether there may be more."""
        chunk = await anext(self._body, None)
        if chunk is None:
            if not self._has_ended:
                raise InvalidRequestError("The form ends before its last boundary.")
            return False
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidRequestError(f"The form cannot be read: {error}.") from None
        return True

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Take in a part of a header's name."""
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Take in a part of a header's value."""
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        """Take in a header."""
        self._headers[bytes(self._header[0]).lower()] = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        """Begin a field or the file."""
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._headers = {}
        name = _text(options.get(b"name", b""), "name")
        filename = options.get(b"filename")
        if not name:
            raise InvalidRequestError("A part of the form has no name.")
        if name == self._file:
            if filename is None:
                raise InvalidRequestError(
                    f"'{name}' must be an uploaded file, received a text field.", name
                )
            if self._has_file:
                raise InvalidRequestError(f"'{name}': at most 1 file is allowed.", name)
            self.filename, self._has_file, self._field = _text(filename, name), True, None
            return
        if filename is not None:
            raise InvalidRequestError(f"'{name}' must be a text field, received a file.", name)
        if name in self._fields or len(self._fields) == MAX_FIELDS:
            raise InvalidRequestError(f"'{name}' comes twice, or there are too many fields.", name)
        self._field, self._value = name, bytearray()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take in a part of a field or of the file."""
        if self._field is None:
            self._arrived.append(data[start:end])
            return
        self._value.extend(data[start:end])
        if len(self._value) > MAX_FIELD_BYTES:
            raise InvalidRequestError(
                f"'{self._field}' has more than {MAX_FIELD_BYTES} bytes.", self._field
            )

    def on_part_end(self) -> None:
        """End a field or the file."""
        if self._field is not None:
            self._fields[self._field] = _text(self._value, self._field)

    def on_end(self) -> None:
        """End the form."""
        self._has_ended = True


def _parser(content_type: str, form: StreamedForm[Any]) -> MultipartParser:
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if media_type != FORM.encode() or not boundary:
        raise UnsupportedMediaError(
            f"Content-Type must be {FORM} with a boundary, received {content_type[:100]}."
        )
    try:
        return MultipartParser(
            boundary,
            {
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_end": form.on_end,
            },
        )
    except FormParserError as error:
        raise InvalidRequestError(f"The form cannot be read: {error}.") from None


def _text(data: bytes | bytearray, name: str) -> str:
    try:
        return data.decode()
    except UnicodeError:
        raise InvalidRequestError(f"'{name}' must be UTF-8.", name) from None


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    """Return ``a[b]`` as ``b`` within ``a``. An empty field is as if left out."""
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        if not value:
            continue
        outer, bracket, inner = name.removesuffix("]").partition("[")
        if not bracket:
            nested[name] = value
            continue
        within = nested.setdefault(outer, {})
        if not isinstance(within, dict):
            raise InvalidRequestError(f"'{outer}' is both a value and an object.", outer)
        within[inner] = value
    return nested
