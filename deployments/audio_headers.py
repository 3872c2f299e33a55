"""Opens audio files whose headers have a wrong size, so that FFmpeg reads them to the end.

Recorders write sizes last: one that stopped working leaves 0, a placeholder or the size of an
earlier moment. FFmpeg would read that little, or nothing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO


@dataclass(frozen=True, slots=True)
class _Chunks:
    """How a format spells its chunks: name, size, content."""

    first: int
    """Where the first chunk begins."""
    sound: bytes
    """The name of the chunk with the samples."""
    header: struct.Struct
    unknown: int
    """The size that makes FFmpeg read to the end."""
    alignment: int = 2


_RIFF = _Chunks(12, b"data", struct.Struct("<4sI"), 0xFFFFFFFF)
_FORMATS = {
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"BW64": _RIFF,
    b"FORM": _Chunks(12, b"SSND", struct.Struct(">4sI"), 0xFFFFFFFF),
    b"caff": _Chunks(8, b"data", struct.Struct(">4sq"), -1, alignment=1),
}


def open_to_end(data: bytes) -> BytesIO:
    """Return the file with corrected headers. It shares the memory of one that needs no change."""
    file = BytesIO(data)
    for position, correction in _corrections(data):
        file.seek(position)
        file.write(correction)
    file.seek(0)
    return file


def _corrections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield bytes, and where they belong."""
    magic = data[:4]
    if magic[:3] == b"ID3" and _id3_size(data) > len(data):
        yield 6, bytes(4)
    if magic == b"FORM" and int.from_bytes(data[4:8], "big") < len(data) // 2:
        yield 4, (len(data) - 8).to_bytes(4, "big")
    chunks = _FORMATS.get(magic)
    position = _find_wrong_size(data, chunks) if chunks else None
    if chunks is None or position is None:
        return
    if chunks is _RIFF:  # FFmpeg ignores the size in the chunk ds64 under this name
        yield 0, b"RIFF"
    yield position, chunks.header.pack(chunks.sound, chunks.unknown)


def _id3_size(data: bytes) -> int:
    """Return the size of the tag before an MP3, whose bytes have seven bits."""
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return size


def _find_wrong_size(data: bytes, chunks: _Chunks) -> int | None:
    """Return where the sound's chunk begins, if its size is wrong."""
    position, long_size = chunks.first, None
    while position + chunks.header.size <= len(data):
        name, size = chunks.header.unpack_from(data, position)
        begin = position + chunks.header.size
        if name == b"ds64":
            long_size = int.from_bytes(data[begin + 8 : begin + 16], "little")
        if name == chunks.sound:
            if size == chunks.unknown:
                size = long_size
            return position if size is not None and _is_wrong(data, begin, size) else None
        if size < 0:
            return None
        position = begin + size + size % chunks.alignment
    return None


def _is_wrong(data: bytes, begin: int, size: int) -> bool:
    """Return whether the sound goes on after its end, or would end after the file."""
    end = begin + size
    if end + 1 >= len(data):
        return end > len(data) + 1
    follows = data[end : end + 5]  # a chunk, perhaps after one byte of padding
    is_chunk = follows[:4].isalnum() or follows[1:].isalnum()
    return not is_chunk and len(data) - end > size
