"""The numbers and bullets of paragraphs, which WordprocessingML does not store but describes."""

from dataclasses import dataclass
from typing import Any

from serve_app.documents.word_package import Element, attribute, find, find_all, value_at

BULLET = "•"
"""Bullets are characters of symbol fonts, which all mean this."""
MAX_STYLES = 20
"""Styles that are based on each other."""
ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list."""

    start: int
    form: str
    text: str
    is_legal: bool
    """All numbers are decimal."""


class Numbering:
    """Counts the paragraphs of lists in the order of the document."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        abstract = {
            attribute(each, "abstractNumId"): each for each in find_all(numbering, "abstractNum")
        }
        self._lists: dict[str, tuple[str, dict[int, Level]]] = {}
        for num in find_all(numbering, "num"):
            base = value_at(num, "abstractNumId") or ""
            levels = _read_levels(abstract.get(base))
            overrides = list(find_all(num, "lvlOverride"))
            for override in overrides:
                place = _to_int(attribute(override, "ilvl"))
                levels |= _read_levels(override)
                if (start := value_at(override, "startOverride")) and place in levels:
                    old = levels[place]
                    levels[place] = Level(_to_int(start), old.form, old.text, old.is_legal)
            num_id = attribute(num, "numId") or ""
            # Lists of one description go on with its numbers unless they begin anew.
            self._lists[num_id] = (num_id if overrides else f"of {base}", levels)
        self._styles = {attribute(each, "styleId"): each for each in find_all(styles, "style")}
        self._counts: dict[str, dict[int, int]] = {}

    def next_mark(self, paragraph: Element) -> str:
        """Return the number or bullet of the next paragraph; empty: it has none."""
        num_id, place = self._find_list(find(paragraph, "pPr"))
        counter, levels = self._lists.get(num_id or "", ("", {}))
        if place not in levels:
            return ""
        counts = self._counts.setdefault(counter, {})
        counts[place] = counts.get(place, levels[place].start - 1) + 1
        for deeper in [each for each in counts if each > place]:
            del counts[deeper]
        level = levels[place]
        if level.form == "bullet":
            return BULLET
        text = level.text
        for each, one in levels.items():
            form = "decimal" if level.is_legal else one.form
            text = text.replace(f"%{each + 1}", _format_number(counts.get(each, one.start), form))
        return text.strip()

    def _find_list(self, properties: Element | None) -> tuple[str | None, int]:
        """Return a paragraph's list and level, its own or those of its style."""
        num_id = value_at(properties, "numPr", "numId")
        place = value_at(properties, "numPr", "ilvl")
        style = value_at(properties, "pStyle")
        for _ in range(MAX_STYLES):
            if num_id is not None or style not in self._styles:
                break
            described = self._styles[style]
            num_id = value_at(described, "pPr", "numPr", "numId")
            place = place or value_at(described, "pPr", "numPr", "ilvl")
            style = value_at(described, "basedOn")
        return num_id, _to_int(place)


def _read_levels(parent: Element | None) -> dict[int, Level]:
    levels: dict[int, Level] = {}
    for each in find_all(parent, "lvl"):
        levels[_to_int(attribute(each, "ilvl"))] = Level(
            start=_to_int(value_at(each, "start")),
            form=value_at(each, "numFmt") or "decimal",
            text=value_at(each, "lvlText") or "",
            is_legal=find(each, "isLgl") is not None,
        )
    return levels


def _to_int(value: Any) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0


def _format_number(number: int, form: str) -> str:
    """Return a number in one of the common forms; others are decimal."""
    if form == "none":
        return ""
    if form == "decimalZero":
        return f"{number:02}"
    if form in ("lowerLetter", "upperLetter") and number > 0:
        # After z come aa, bb, cc …
        letters = chr(ord("a") + (number - 1) % 26) * min(-(-number // 26), 100)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        written = ""
        for value, letters in ROMAN:
            written += letters * (number // value)
            number %= value
        return written.upper() if form == "upperRoman" else written
    return str(number)
