"""Reads what a GGUF file states of its model: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

The ``gguf`` package's own reader makes an array of each token, which takes seconds; this one skips
them, so that a file that cannot be served is refused before a library is imported.
"""

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from wire.errors import ModelLoadError

ARCHITECTURES = frozenset(
    {
        "gemma2",
        "gemma3",
        "llama",
        "phi3",
        "qwen2",
        "qwen3",
        "starcoder2",
    }
)
"""Those of which a test compares the converted model with the one that the file was made of."""

QUANTIZATIONS = frozenset(
    {
        *("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"),
        *("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"),
    }
)
"""Types of tensors of which a test compares the converted values."""

LONGEST_LIST = 4096
"""Longer ones are vocabularies, of which only the length is kept."""

_SCALARS = dict(
    zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True)  # of struct
)
_STRING, _LIST = 8, 9


@dataclass(frozen=True)
class Tensor:
    """A tensor's description: its sizes, the slowest first, and where its bytes are."""

    shape: tuple[int, ...]
    type: str
    start: int
    size: int


@dataclass(frozen=True)
class Header:
    """The metadata of a file, with long lists as their length, and its tensors by name."""

    metadata: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def architecture(self) -> str:
        """The name of the model's architecture, in llama.cpp's words."""
        return str(self.metadata.get("general.architecture"))

    @property
    def num_weights(self) -> int:
        """How many numbers the tensors have together."""
        return sum(prod(tensor.shape) for tensor in self.tensors.values())

    def of_model(self, key: str) -> Any:
        """Return what the metadata has under the architecture's name, if anything."""
        return self.metadata.get(f"{self.architecture}.{key}")


def read_header(path: Path) -> Header:
    """Return the header of a complete file of a model that can be converted.

    Raises:
        ModelLoadError: what the file is instead.
    """
    with path.open("rb") as file:
        try:
            header = _read(file)
        except (struct.error, UnicodeDecodeError) as error:
            raise ModelLoadError(f"'{path}' is cut off or damaged: {error}.") from error
        except ValueError as error:
            raise ModelLoadError(f"'{path}': {error}.") from error
    _check(path, header)
    return header


def _check(path: Path, header: Header) -> None:
    parts = header.metadata.get("split.count", 1)
    if parts > 1:
        raise ModelLoadError(
            f"'{path}' is one of {parts} parts; llama-gguf-split --merge makes one file of them."
        )
    if header.architecture not in ARCHITECTURES:
        raise ModelLoadError(
            f"'{path}' has the architecture '{header.architecture}'; GGUF files of these can be "
            f"loaded: {', '.join(sorted(ARCHITECTURES))}."
        )
    others = {tensor.type for tensor in header.tensors.values()} - QUANTIZATIONS
    if others:
        raise ModelLoadError(
            f"'{path}' has tensors of the type {', '.join(sorted(others))}; these can be loaded: "
            f"{', '.join(sorted(QUANTIZATIONS))}."
        )
    end = max((tensor.start + tensor.size for tensor in header.tensors.values()), default=0)
    size = path.stat().st_size
    if size < end:
        raise ModelLoadError(f"'{path}' is cut off: it has {size:,} of {end:,} bytes.")


def _read(file: BinaryIO) -> Header:
    if file.read(4) != b"GGUF":
        raise ValueError("it is no GGUF file")
    version = _scalar(file, "<I")
    if version not in (2, 3):
        raise ValueError(f"it has version {version} of the format (2 and 3 can be loaded)")
    num_tensors, num_fields = _scalar(file, "<Q"), _scalar(file, "<Q")
    metadata: dict[str, Any] = {}
    for _ in range(num_fields):
        key = _string(file)
        metadata[key] = _value(file, _scalar(file, "<I"))
    described = [_describe(file) for _ in range(num_tensors)]
    alignment = metadata.get("general.alignment", 32)
    data = -(-file.tell() // alignment) * alignment
    tensors = {
        name: Tensor(shape, type_, data + offset, size)
        for name, shape, type_, offset, size in described
    }
    return Header(metadata, tensors)


def _describe(file: BinaryIO) -> tuple[str, tuple[int, ...], str, int, int]:
    name = _string(file)
    shape = tuple(_scalar(file, "<Q") for _ in range(_scalar(file, "<I")))[::-1]
    number, offset = _scalar(file, "<I"), _scalar(file, "<Q")
    try:
        type_ = GGMLQuantizationType(number)
    except ValueError:
        return name, shape, str(number), offset, 0
    values, size = GGML_QUANT_SIZES[type_]
    return name, shape, type_.name, offset, prod(shape) // values * size


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind != _LIST:
        return _scalar(file, _format(kind))
    of, length = _scalar(file, "<I"), _scalar(file, "<Q")
    if length <= LONGEST_LIST:
        return [_value(file, of) for _ in range(length)]
    if of == _STRING:
        for _ in range(length):
            file.seek(_scalar(file, "<Q"), 1)
    else:
        file.seek(length * struct.calcsize(_format(of)), 1)
    return length


def _format(kind: int) -> str:
    if kind not in _SCALARS:
        raise struct.error(f"a value has the unknown type {kind}")
    return f"<{_SCALARS[kind]}"


def _scalar(file: BinaryIO, form: str) -> Any:
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _string(file: BinaryIO) -> str:
    length = _scalar(file, "<Q")
    if length > 2**24:  # no text in a header is as long
        raise struct.error(f"a text of {length:,} bytes")
    return file.read(length).decode()
