"""Citations: marks in an answer that name its sources, and OpenAI's annotations for them.

The prompt instructs the model to write 【number†source】 after each statement from a passage. If an
answer has no marks, the passages whose words it repeats are cited at its end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PATH = "sandbox:/mnt/data/"
"""Prefix of the names of files that programs have written, in the model's text."""
MARK = re.compile(r"【(\d{1,4})(?::\d{1,4})?†[^【】\n]{0,200}】")
OPENING = "【"
MAX_MARK_CHARS = 220
"""Maximum length of a mark. Longer text without its closing bracket is not a mark."""
MAX_ADDED = 3
"""Maximum number of passages that are cited for an answer without marks."""
MIN_SHARE = 0.5
"""Minimum share of an answer's words that a cited passage contains."""
MAX_NAME = 100
"""Maximum length of a file's name in a mark: the model must repeat each character."""
_FORBIDDEN_IN_MARK = re.compile(r"[【】\n]")
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
        """The mark that cites it."""
        name = _FORBIDDEN_IN_MARK.sub("_", self.filename)[:MAX_NAME]
        return f"【{self.number}†{name}】"


class CitedText:
    """A text that arrives in pieces; its marks become annotations."""

    def __init__(self, sources: Sequence[Source], files: Mapping[str, str]) -> None:
        """``files``: ids of the files that programs have written, by name."""
        self._files = files
        self._sources = {source.number: source for source in sources}
        self.value = ""
        """The text that has been returned so far."""
        self.annotations: list[dict[str, Any]] = []
        self._withheld = ""

    def add(self, piece: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Add a piece and return the texts that can be published, each with its annotations.

        A possible beginning of a mark is withheld until it is a mark or cannot become one.
        """
        if not self._sources:
            return [self._add_text(piece)] if piece else []
        self._withheld += piece
        return self._flush()

    def finish(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return the withheld text, and the marks that are added to a text without any."""
        texts = [self._add_text(self._withheld)] if self._withheld else []
        self._withheld = ""
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
                "text": match[0],
                "start_index": match.start(),
                "end_index": match.end(),
                "file_path": {"file_id": file_id},
            }
            for name, file_id in self._files.items()
            for match in re.finditer(re.escape(PATH + name) + r"(?!\.?\w)", self.value)
        ]

    def _flush(self) -> list[tuple[str, list[dict[str, Any]]]]:
        texts: list[tuple[str, list[dict[str, Any]]]] = []
        while self._withheld:
            start = self._withheld.find(OPENING)
            if start:  # text before a mark, or without a mark
                text, self._withheld = _split(self._withheld, start)
                texts.append(self._add_text(text))
                continue
            mark = MARK.match(self._withheld)
            if mark is None and len(self._withheld) < MAX_MARK_CHARS and "】" not in self._withheld:
                break
            source = self._sources.get(int(mark[1])) if mark else None
            text, self._withheld = _split(self._withheld, mark.end() if mark else 1)
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
        """Return the passages whose words the text repeats: one per file, the closest first."""
        words = _words(self.value)
        shares: dict[str, tuple[float, Source]] = {}
        for source in self._sources.values():
            share = len(words & _words(source.text)) / len(words) if words else 0
            if share >= MIN_SHARE and share > shares.get(source.file_id, (0, source))[0]:
                shares[source.file_id] = share, source
        best = sorted(shares.values(), key=lambda each: -each[0])
        return [source for _, source in best[:MAX_ADDED]]


def _split(text: str, at: int) -> tuple[str, str]:
    return (text, "") if at < 0 else (text[:at], text[at:])


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
