"""Forms: one rule for names, lists and objects; files in memory, or one as it arrives.

A field is a list if its type is one, if its name ends with ``[]`` or has indexes (``a[0]``), or if
it may be a list and comes more than once; ``a[b]`` is the field ``b`` of the object ``a``. Lists
and objects may also be JSON. An empty field counts as absent, which a form cannot express
otherwise.
"""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from serve_app.http.json_size import check_small
from serve_app.http.multipart import (
    MultipartParser,
    Part,
    decode_filename,
    decode_parameter,
    decode_text,
    parse_header,
)
from serve_app.observability import RequestRecord
from wire.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    UnsupportedMediaError,
)
from wire.hints import find_hints
from wire.limits import MAX_FORM_FIELD_BYTES, MAX_FORM_FIELD_BYTES_BESIDE_FILE, MAX_FORM_FIELDS
from wire.requests import RequestBody
from wire.validation_errors import from_validation_errors

W = TypeVar("W", bound=RequestBody)

MULTIPART = "multipart/form-data"
URL_ENCODED = "application/x-www-form-urlencoded"


_BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,4})")
_KEY = re.compile(r"\[([^\]]*)\]")
_INDEX = re.compile(r"[0-9]{1,9}")


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
    received = list[tuple[_File, bytearray]]()
    async for part in form.read_parts(request, MAX_FORM_FIELD_BYTES):
        if isinstance(part, _File):
            received.append((part, bytearray()))
        else:
            received[-1][1].extend(part)
    uploads: dict[str, list[Upload]] = {name: [] for name in files}
    for file, data in received:
        if data:
            uploads[file.name].append(Upload(file.filename or file.name, bytes(data)))
        elif file.filename:
            raise InvalidRequestError(f"'{file.name}': the file is empty.", file.name)
    return form.validate(), uploads


class StreamedForm(Generic[W]):
    """A form of ``wire`` and one large file, which passes through as it arrives."""

    def __init__(self, request: Request, file: str, wire: type[W], max_file_bytes: int) -> None:
        """Read nothing yet."""
        self.filename = ""
        self._name = file
        self._max_file_bytes = max_file_bytes
        self._form = _Form(request, wire, {file: 1})
        self._parts = self._form.read_parts(request, MAX_FORM_FIELD_BYTES_BESIDE_FILE)

    async def open(self) -> None:
        """Read on until the file begins.

        Raises:
            UnsupportedMediaError: the body is no such form.
            InvalidRequestError: there is no file, or the form is broken.
        """
        async for part in self._parts:
            assert isinstance(part, _File)
            self.filename = part.filename
            return
        raise InvalidRequestError(f"Missing required parameter: '{self._name}'.", self._name)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the file, and read the fields that come after it.

        Raises:
            InvalidRequestError: the file is empty or too large, a field is wrong, or the form is
                broken.
        """
        size = 0
        async for part in self._parts:
            assert isinstance(part, bytes)
            size += len(part)
            if size > self._max_file_bytes:
                raise RequestTooLargeError(
                    f"'{self._name}': the file has more than {self._max_file_bytes} bytes, "
                    "which is the most that is allowed.",
                    self._name,
                )
            yield part
        if not size:
            raise InvalidRequestError(f"'{self._name}': the file is empty.", self._name)
        self.fields()

    def fields(self) -> W:
        """Return the fields, once all have been read.

        Raises:
            InvalidRequestError: one is wrong.
        """
        return self._form.validate()


@dataclass(frozen=True, slots=True)
class _File:
    """The beginning of a file, whose bytes follow."""

    name: str
    """Of the field, without brackets."""
    filename: str
    """Empty: the client sent an empty name, as browsers do where no file was chosen."""


class _Form(Generic[W]):
    """What has arrived of a form: its fields, and how many files."""

    def __init__(self, request: Request, wire: type[W], files: Mapping[str, int]) -> None:
        self._record: RequestRecord = request.state.record
        self._content_type = request.headers.get("content-type", "none")
        self.media_type, self._options = parse_header(self._content_type)
        self._charset = decode_parameter(self._options.get("charset", b""), "latin-1") or "utf-8"
        self._wire = wire
        self._most_files = files
        self._num_files = Counter[str]()
        self._fields: dict[tuple[str, ...], list[str]] = {}
        self._lists = set[tuple[str, ...]]()
        self._num_fields = 0

    async def read_parts(
        self, request: Request, max_field_bytes: int
    ) -> AsyncGenerator[_File | bytes]:
        """Keep the fields, and yield beginnings of files and the bytes of these as they arrive.

        Raises:
            UnsupportedMediaError: the body is no multipart form.
            InvalidRequestError: the form is broken, or a field is wrong or too large.
        """
        boundary = self._options.get("boundary")
        if self.media_type != MULTIPART or not isinstance(boundary, bytes) or not boundary:
            raise UnsupportedMediaError(
                f"Content-Type must be {MULTIPART} with a boundary, "
                f"received {self._content_type[:100]}."
            )
        parser = MultipartParser(boundary)
        field: Part | None = None
        value = bytearray()
        async for chunk in request.stream():
            for part in parser.feed(chunk):
                if isinstance(part, Part):
                    field = None if self._is_file(part) else part
                    if field is None:
                        yield self._add_file(part)
                elif field is None:
                    if part.data:
                        yield part.data
                else:
                    value += part.data
                    self._check_length(field, value, max_field_bytes)
                    if part.is_last:
                        self.add_field(field.name, bytes(value), field.charset)
                        value.clear()
        if not parser.has_ended:
            raise InvalidRequestError(
                "The form ends before its last boundary: not all of it has arrived, or the "
                "boundary is not the one that Content-Type names."
            )

    def add_field(self, raw_name: bytes | str, value: bytes, charset: str | None = None) -> None:
        """Keep a field, whose own charset takes precedence over the form's."""
        path = _split_name(self._decode_name(raw_name))
        plain = path[0]
        if plain in self._most_files:
            raise InvalidRequestError(
                f"'{plain}' must be an uploaded file, received a text field.", plain
            )
        is_list = path[-1] == ""
        if is_list:
            path = path[:-1]
        if path in self._fields and not is_list and not {list, Any} & set(self._types(path)):
            raise InvalidRequestError(f"'{plain}' comes twice, but takes one value.", plain)
        self._num_fields += 1
        if self._num_fields > MAX_FORM_FIELDS:
            raise InvalidRequestError(f"The form has more than {MAX_FORM_FIELDS} fields.", plain)
        self._fields.setdefault(path, []).append(self._decode(value, plain, charset))
        if is_list:
            self._lists.add(path)

    def validate(self) -> W:
        """Return the fields as their wire type.

        Raises:
            InvalidRequestError: one is wrong.
        """
        fields = self._nest()
        self._record.ignore(find_hints(fields, self._wire.hints))
        try:
            return self._wire.model_validate(fields)
        except ValidationError as error:
            raise from_validation_errors(error.errors(include_url=False), fields) from None

    def _is_file(self, part: Part) -> bool:
        """Return whether a part is a file. Some clients send one without its name."""
        if part.filename is not None:
            return True
        return part.is_file and _split_name(self._decode_name(part.name))[0] in self._most_files

    def _add_file(self, part: Part) -> _File:
        name, *index = _split_name(self._decode_name(part.name))
        most = self._most_files.get(name)
        if most is None or not all(each.isdigit() or not each for each in index):
            raise InvalidRequestError(f"'{name}' must be a text field, received a file.", name)
        self._num_files[name] += 1
        if self._num_files[name] > most:
            raise InvalidRequestError(f"'{name}': at most {most} file(s) are allowed.", name)
        if part.filename is None:
            return _File(name, name)
        return _File(name, decode_filename(part.filename, self._charset))

    def _nest(self) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        for path, values in self._fields.items():
            if values == [""]:
                continue
            *outer, last = path
            within: Any = nested
            for key in outer:
                within = within.setdefault(key, {}) if isinstance(within, dict) else None
            if not isinstance(within, dict) or last in within:
                raise InvalidRequestError(f"'{path[0]}' is both a value and an object.", path[0])
            within[last] = self._value(path, values)
        return {
            name: _join_indexes(value, is_list=bool({list, Any} & set(self._types((name,)))))
            for name, value in nested.items()
        }

    def _value(self, path: tuple[str, ...], values: list[str]) -> Any:
        types = self._types(path)
        is_list = path in self._lists or len(values) > 1
        if not is_list and values[0].lstrip()[:1] in ("[", "{") and not {str, Any} & set(types):
            check_small(values[0].encode())
            try:
                return from_json(values[0])
            except ValueError:
                pass
        return values if is_list or types == [list] else values[0]

    def _types(self, path: tuple[str, ...]) -> list[Any]:
        """Return the types that a field may have; one that is unknown here may have any."""
        field = self._wire.model_fields.get(path[0]) if len(path) == 1 else None
        annotation = Any if field is None else field.annotation
        is_union = get_origin(annotation) in (Union, UnionType)
        members = get_args(annotation) if is_union else [annotation]
        return [get_origin(member) or member for member in members if member is not NoneType]

    def _check_length(self, field: Part, value: bytearray, max_bytes: int) -> None:
        if len(value) > max_bytes:
            name = self._decode_name(field.name)
            raise InvalidRequestError(f"'{name}' has more than {max_bytes} bytes.", name)

    def _decode_name(self, raw: bytes | str) -> str:
        name = decode_parameter(raw, self._charset)
        if name is None:
            raise InvalidRequestError(f"A name in the form is not of its charset {self._charset}.")
        if not name:
            raise InvalidRequestError("A part of the form has no name.")
        return name

    def _decode(self, raw: bytes, name: str, charset: str | None) -> str:
        charset = charset or self._charset
        text = decode_text(raw, charset)
        if text is None:
            is_utf_8 = charset.lower() in ("utf-8", "utf8")
            problem = "must be UTF-8" if is_utf_8 else f"is not of its charset {charset[:40]}"
            raise InvalidRequestError(f"'{name}' {problem}.", name)
        return text


def _split_name(name: str) -> tuple[str, ...]:
    """Return the parts of a name such as ``a[0][b]``; a last ``[]`` is an empty part."""
    found = _BRACKETED.fullmatch(name)
    return (found[1], *_KEY.findall(found[2])) if found else (name,)


def _join_indexes(value: Any, *, is_list: bool = True) -> Any:
    """Return objects whose keys are all indexes as lists, at all levels or below the first."""
    if not isinstance(value, dict):
        return value
    fields = {key: _join_indexes(each) for key, each in cast("dict[str, Any]", value).items()}
    if not is_list or not all(map(_INDEX.fullmatch, fields)):
        return fields
    return [fields[key] for key in sorted(fields, key=int)]


def _url_encoded_fields(body: bytes) -> list[tuple[bytes, bytes]]:
    try:
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise InvalidRequestError(f"The form has more than {MAX_FORM_FIELDS} fields.") from None


def require_file(uploads: Mapping[str, Sequence[Upload]], name: str) -> bytes:
    """Return the first file of this name.

    Raises:
        InvalidRequestError: there is none.
    """
    if not uploads[name]:
        raise InvalidRequestError(f"Missing required file: '{name}'.", name)
    return uploads[name][0].data
