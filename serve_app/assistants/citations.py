"""Citations: marks in an answer that name the passages it rests on, and OpenAI's annotations.

A model is instructed to write 【number†source】 after what it takes from a passage. Where a small
one does not, the passages whose words its answer repeats are cited at the answer's end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PATH = "sandbox:/mnt/data/"
"""How a model names a file that its program has written."""
MARK = re.compile(r"【(\d{1,4})(?::\d{1,4})?†[^【】\n]{0,200}】")
OPENING = "【"
LONGEST = 220
"""Characters of a mark. What is longer without an end is none."""
MOST_ADDED = 3
"""Passages that are named for a model that names none."""
SHARED = 0.5
"""Share of an answer's words from which it rests on a passage."""
MAX_NAME = 100
"""Characters of a file's name in a mark, of which a model must repeat each."""
_NOT_IN_A_MARK = re.compile(r"[【】\n]")
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that the model was shown."""

    number: int
    file_id: str
    filename: str
    text: str

    @property
    def mark(self) -> str:
        """What stands for it in an answer."""
        name = _NOT_IN_A_MARK.sub("_", self.filename)[:MAX_NAME]
        return f"【{self.number}†{name}】"


class CitedText:
    """A text that comes in pieces, whose marks become annotations."""

    def __init__(self, sources: Sequence[Source], files: Mapping[str, str]) -> None:
        """Take the passages, and the ids of the files that programs have written, by name."""
        self._files = files
        self._sources = {source.number: source for source in sources}
        self.value = ""
        """What has been returned so far."""
        self.annotations: list[dict[str, Any]] = []
        self._held = ""

    def add(self, piece: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Add a piece and return what can be published: texts, each with its annotations.

        The beginning of a mark is held back until its end, or until it is none.
        """
        if not self._sources:
            return [self._add_text(piece)] if piece else []
        self._held += piece
        return self._flush()

    def finish(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return what was held back, and marks for a text without any."""
        texts = [self._add_text(self._held)] if self._held else []
        self._held = ""
        if not self.annotations and self.value:
            texts += [
                self._add_citation(" " + source.mark, source) for source in self._find_repeated()
            ]
        if paths := self._find_paths():
            self.annotations += paths
            texts.append(("", paths))
        return texts

    def _find_paths(self) -> list[dict[str, Any]]:
        """Return the annotations of the files that the text names."""
        return [
            {
                "type": "file_path",
                "text": found[0],
                "start_index": found.start(),
                "end_index": found.end(),
                "file_path": {"file_id": file_id},
            }
            for name, file_id in self._files.items()
            for found in re.finditer(re.escape(PATH + name) + r"(?!\.?\w)", self.value)
        ]

    def _flush(self) -> list[tuple[str, list[dict[str, Any]]]]:
        texts: list[tuple[str, list[dict[str, Any]]]] = []
        while self._held:
            start = self._held.find(OPENING)
            if start:  # text before a mark, or without any
                text, self._held = _split(self._held, start)
                texts.append(self._add_text(text))
                continue
            mark = MARK.match(self._held)
            if mark is None and len(self._held) < LONGEST and "】" not in self._held:
                break
            source = self._sources.get(int(mark[1])) if mark else None
            text, self._held = _split(self._held, mark.end() if mark else 1)
            texts.append(self._add_citation(text, source) if source else self._add_text(text))
        return texts

    def _add_text(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        self.value += text
        return text, []

    def _add_citation(self, text: str, source: Source) -> tuple[str, list[dict[str, Any]]]:
        start = len(self.value) + len(text) - len(text.lstrip())
        self.value += text
        annotation = {
            "type": "file_citation",
            "text": text.strip(),
            "start_index": start,
            "end_index": len(self.value),
            "file_citation": {"file_id": source.file_id},
        }
        self.annotations.append(annotation)
        return text, [annotation]

    def _find_repeated(self) -> list[Source]:
        """Return the passages whose words the text repeats, one a file, the closest first."""
        words = _words(self.value)
        shares: dict[str, tuple[float, Source]] = {}
        for source in self._sources.values():
            share = len(words & _words(source.text)) / len(words) if words else 0
            if share >= SHARED and share > shares.get(source.file_id, (0, source))[0]:
                shares[source.file_id] = share, source
        closest = sorted(shares.values(), key=lambda each: -each[0])
        return [source for _, source in closest[:MOST_ADDED]]


def _split(text: str, at: int) -> tuple[str, str]:
    return (text, "") if at < 0 else (text[:at], text[at:])


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
