"""Cuts a text that is still being written into sentences that can be spoken. Pure."""

import re

from wire.abbreviations import ABBREVIATION

MAX_CHARS = 300
"""A sentence that goes on is cut between words: somebody waits to hear it."""
FIRST_CLAUSE_CHARS = 24
"""The first words may be cut at a comma once they are this long: silence is worse than a pause."""

_END = re.compile(r"""[.!?…]+["'”’)\]*_]*(?=\s)|[。！？]+["”’」』）]*|\n""")
_CLAUSE = re.compile(r"[,;:—–](?=\s)|[，、；：]")
_ABBREVIATION = re.compile(rf"(?:{ABBREVIATION}|^\s*\d{{1,3}})\.$")
_MARKUP = re.compile(r"[*_`#>|~]+|\[([^\]]*)\]\([^)]*\)")
_FENCE = "```"


class SentenceCutter:
    """Takes a text in pieces and returns each sentence when it is complete."""

    def __init__(self) -> None:
        self._rest = ""
        self._is_first = True
        self._is_code = False

    def feed(self, text: str) -> list[str]:
        """Return the sentences that ``text`` completes."""
        self._rest += text
        sentences: list[str] = []
        while (end := self._cut_at()) is not None:
            sentence, self._rest = self._rest[:end], self._rest[end:]
            if self._is_spoken(sentence):
                sentences.append(sentence.strip())
                self._is_first = False
        return sentences

    def finish(self) -> list[str]:
        """Return what is left when the text ends."""
        rest, self._rest = self._rest.strip(), ""
        return [rest] if self._is_spoken(rest) else []

    def _is_spoken(self, sentence: str) -> bool:
        """Return whether it has words for a listener: code between fences has none."""
        if sentence.lstrip().startswith(_FENCE):
            self._is_code = not self._is_code
            return False
        return bool(sentence.strip()) and not self._is_code

    def _cut_at(self) -> int | None:
        if self._is_code or self._rest.lstrip().startswith(_FENCE):
            return self._rest.find("\n", len(self._rest) - len(self._rest.lstrip())) + 1 or None
        for match in _END.finditer(self._rest):
            end = match.end()
            if match[0].isspace() or not _ABBREVIATION.search(self._rest[: match.start() + 1]):
                return end
        if self._is_first:
            for match in _CLAUSE.finditer(self._rest):
                if match.end() >= FIRST_CLAUSE_CHARS:
                    return match.end()
        if len(self._rest) > MAX_CHARS:
            return self._rest.rfind(" ", 0, MAX_CHARS) + 1 or MAX_CHARS
        return None


def strip_markup(sentence: str) -> str:
    """Return a sentence without the marks of Markdown, which nobody wants to hear."""
    return _MARKUP.sub(lambda match: match[1] or "", sentence).strip()
