"""Forms: one parser and one rule for names and lists; files in memory, or one as it arrives.

A field is a list if its type is one, if its name ends with ``[]``, or if it may be a list and comes
more than once; ``a[b]`` is the field ``b`` of the object ``a``. An empty field counts as absent,
which a form cannot express otherwise.
"""

from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

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

MULTIPART = "multipart/form-data"
URL_ENCODED = "application/x-www-form-urlencoded"
MAX_FIELDS = 200
"""Far more than any API has; each costs memory before it is looked at."""
MAX_FIELD_BYTES = 2**20
MAX_FIELD_BYTES_BESIDE_STREAM = 2**16
"""Smaller, since a form with a large file may be far larger than what memory is for."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    filename: str
    data: bytes


async def read_form(
    request: Request, wire: type[W], files: Mapping[str, int]
) -> tuple[W, dict[str, list[Upload]]]:
    """Return the fields of a form as ``wire``, and its uploads by name, all in memory.

    ``files`` are the names that carry files, each with the largest number of them.

    Raises:
        UnsupportedMediaError: the body is no form.
        InvalidRequestError: a field is wrong, a file is empty, or there are too many.
    """
    form = _Form(request, wire, files)
    if form.media_type == URL_ENCODED:
        for name, value in _url_encoded_fields(await request.body()):
            form.add_field(name, value)
        return form.validate(), {name: [] for name in files}
    received = list[tuple[str, str, bytearray]]()
    async for part in _read_parts(request, MAX_FIELD_BYTES):
        if isinstance(part, _Field):
            form.add_field(part.name, part.value)
        elif isinstance(part, _File):
            name = form.add_file(part.name)
            received.append((name, form.decode_filename(part.filename) or name, bytearray()))
        else:
            received[-1][2].extend(part)
    uploads: dict[str, list[Upload]] = {name: [] for name in files}
    for name, filename, data in received:
        if not data:
            raise InvalidRequestError(f"'{name}': the file is empty.", name)
        uploads[name].append(Upload(filename, bytes(data)))
    return form.validate(), uploads


class StreamedForm(Generic[W]):
    """A form of ``wire`` and one large file, which passes through as it arrives."""

    def __init__(self, request: Request, file: str, wire: type[W], max_file_bytes: int) -> None:
        """Read nothing yet."""
        self.filename = ""
        self._name = file
        self._max_file_bytes = max_file_bytes
        self._form = _Form(request, wire, {file: 1})
        self._parts = _read_parts(request, MAX_FIELD_BYTES_BESIDE_STREAM)

    async def open(self) -> None:
        """Read on until the file begins.

        Raises:
            UnsupportedMediaError: the body is no such form.
            InvalidRequestError: there is no file, or the form is broken.
        """
        async for part in self._parts:
            if isinstance(part, _File):
                self._form.add_file(part.name)
                self.filename = self._form.decode_filename(part.filename)
                return
            if isinstance(part, _Field):
                self._form.add_field(part.name, part.value)
        raise InvalidRequestError(f"Missing required parameter: '{self._name}'.", self._name)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the file, and read the fields that come after it.

        Raises:
            InvalidRequestError: the file is empty or too large, a field is wrong, or the form is
                broken.
        """
        size = 0
        async for part in self._parts:
            if isinstance(part, bytes):
                size += len(part)
                if size > self._max_file_bytes:
                    raise RequestTooLargeError(
                        f"'{self._name}': the file has more than {self._max_file_bytes} bytes, "
                        "which is the most that is allowed.",
                        self._name,
                    )
                yield part
            elif isinstance(part, _Field):
                self._form.add_field(part.name, part.value)
            else:
                self._form.add_file(part.name)
        if not size:
            raise InvalidRequestError(f"'{self._name}': the file is empty.", self._name)
        self.fields()

    def fields(self) -> W:
        """Return the fields, once all have been read.

        Raises:
            InvalidRequestError: one is wrong.
        """
        return self._form.validate()


class _Form(Generic[W]):
    """What has arrived of a form: its fields, and how many files."""

    def __init__(self, request: Request, wire: type[W], files: Mapping[str, int]) -> None:
        media_type, options = parse_options_header(request.headers.get("content-type", ""))
        self.media_type = media_type.decode()
        self._charset = options.get(b"charset", b"utf-8").decode("latin-1")
        self._wire = wire
        self._most_files = files
        self._num_files = Counter[str]()
        self._fields: dict[str, list[str]] = {}
        self._lists = set[str]()
        self._num_fields = 0

    def add_field(self, raw_name: bytes, value: bytes) -> None:
        """Keep a field."""
        name = self._decode_name(raw_name)
        plain = name.removesuffix("[]")
        if plain in self._most_files:
            raise InvalidRequestError(
                f"'{plain}' must be an uploaded file, received a text field.", plain
            )
        if plain in self._fields and not {list, Any} & set(_types(self._wire, plain)):
            raise InvalidRequestError(f"'{plain}' comes twice, but takes one value.", plain)
        self._num_fields += 1
        if self._num_fields > MAX_FIELDS:
            raise InvalidRequestError(f"The form has more than {MAX_FIELDS} fields.", plain)
        self._fields.setdefault(plain, []).append(self._decode(value, plain))
        if name != plain:
            self._lists.add(plain)

    def add_file(self, raw_name: bytes) -> str:
        """Count a file and return its name without brackets."""
        name = self._decode_name(raw_name).removesuffix("[]")
        most = self._most_files.get(name)
        if most is None:
            raise InvalidRequestError(f"'{name}' must be a text field, received a file.", name)
        self._num_files[name] += 1
        if self._num_files[name] > most:
            raise InvalidRequestError(f"'{name}': at most {most} file(s) are allowed.", name)
        return name

    def decode_filename(self, raw: bytes) -> str:
        """Return a file's name; one that cannot be decoded is no reason to refuse the file."""
        return raw.decode("utf-8", "replace")

    def validate(self) -> W:
        """Return the fields as their wire type.

        Raises:
            InvalidRequestError: one is wrong.
        """
        try:
            return self._wire.model_validate(self._nest())
        except ValidationError as error:
            raise from_validation_errors(error.errors(include_url=False)) from None

    def _nest(self) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        for name, values in self._fields.items():
            if values == [""]:
                continue
            is_list = name in self._lists or len(values) > 1 or _types(self._wire, name) == [list]
            value = values if is_list else values[0]
            outer, bracket, inner = name.removesuffix("]").partition("[")
            within = nested.setdefault(outer, {}) if bracket else nested
            if not isinstance(within, dict) or (not bracket and name in nested):
                raise InvalidRequestError(f"'{outer}' is both a value and an object.", outer)
            within[inner if bracket else name] = value
        return nested

    def _decode_name(self, raw: bytes) -> str:
        name = self._decode(raw, "name")
        if not name:
            raise InvalidRequestError("A part of the form has no name.")
        return name

    def _decode(self, raw: bytes, name: str) -> str:
        try:
            return raw.decode(self._charset)
        except (UnicodeError, LookupError):
            if self._charset.lower() == "utf-8":
                raise InvalidRequestError(f"'{name}' must be UTF-8.", name) from None
            raise InvalidRequestError("The form's charset cannot be read.") from None


@dataclass(frozen=True, slots=True)
class _Field:
    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class _File:
    """The beginning of a file, whose bytes follow."""

    name: bytes
    filename: bytes


async def _read_parts(
    request: Request, max_field_bytes: int
) -> AsyncGenerator[_Field | _File | bytes]:
    """Yield fields, beginnings of files and the bytes of these, as they arrive.

    Raises:
        UnsupportedMediaError: the body is no multipart form.
        InvalidRequestError: the form is broken, or a field is too large.
    """
    content_type = request.headers.get("content-type", "none")
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if media_type != MULTIPART.encode() or not boundary:
        raise UnsupportedMediaError(
            f"Content-Type must be {MULTIPART} with a boundary, received {content_type[:100]}."
        )
    try:
        parser = _Parser(boundary, max_field_bytes)
        async for chunk in request.stream():
            parser.write(chunk)
            while parser.parts:
                yield parser.parts.popleft()
    except FormParserError as error:
        raise InvalidRequestError(f"The form cannot be read: {error}.") from None
    if not parser.has_ended:
        raise InvalidRequestError("The form ends before its last boundary.")


class _Parser:
    """Turns the callbacks of the multipart parser into parts."""

    def __init__(self, boundary: bytes, max_field_bytes: int) -> None:
        self.parts: deque[_Field | _File | bytes] = deque()
        self.has_ended = False
        self._max_field_bytes = max_field_bytes
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._field: bytes | None = None
        self._value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def write(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header[0]).lower()] = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._headers = {}
        name = options.get(b"name", b"")
        filename = options.get(b"filename")
        if filename is None:
            self._field, self._value = name, bytearray()
        else:
            self._field = None
            self.parts.append(_File(name, filename))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self.parts.append(data[start:end])
            return
        self._value.extend(data[start:end])
        if len(self._value) > self._max_field_bytes:
            name = self._field.decode("utf-8", "replace")
            raise InvalidRequestError(
                f"'{name}' has more than {self._max_field_bytes} bytes.", name
            )

    def _on_part_end(self) -> None:
        if self._field is not None:
            self.parts.append(_Field(self._field, bytes(self._value)))

    def _on_end(self) -> None:
        self.has_ended = True


def _url_encoded_fields(body: bytes) -> list[tuple[bytes, bytes]]:
    try:
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise InvalidRequestError(f"The form has more than {MAX_FIELDS} fields.") from None


def _types(wire: type[RequestBody], name: str) -> list[Any]:
    """Return the types that a field may have; one that is unknown here may have any."""
    field = wire.model_fields.get(name)
    annotation = Any if field is None else field.annotation
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
    return [get_origin(member) or member for member in members if member is not NoneType]


def require_file(uploads: Mapping[str, Sequence[Upload]], name: str) -> bytes:
    """Return the first file of this name.

    Raises:
        InvalidRequestError: there is none.
    """
    if not uploads[name]:
        raise InvalidRequestError(f"Missing required file: '{name}'.", name)
    return uploads[name][0].data
