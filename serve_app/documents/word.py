"""Extracts the text of DOCX files: everything that WordprocessingML's containers show.

Elements that are not listed here are searched for text, so that an unknown container is read and
not left out. Insertions are read and deletions are not, as if all changes were accepted. Comments
are not part of the text. What cannot be read has a note in its place.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from serve_app.documents.text import decode_text, read_html
from serve_app.documents.word_numbers import Numbering
from serve_app.documents.word_package import (
    Element,
    Package,
    attribute,
    children,
    find,
    find_all,
    local_name,
    value_at,
)
from serve_app.documents.word_symbols import decode_symbols

UNREAD = frozenset(
    {
        *("del", "moveFrom", "delText", "instrText", "delInstrText", "annotationRef"),
        *("rPr", "pPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr"),
        *("rubyPr", "fldData", "binData"),
    }
)
"""Elements without text of the document: what was deleted, instructions and properties."""
CHARACTERS = {
    "tab": "\t",
    "ptab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "\u2011",
    "softHyphen": "\u00ad",
}
MAX_DEPTH = 4
"""Documents within documents that are read."""


def read_word(file: Path | io.BytesIO, depth: int = 0) -> str:
    """Return the text of a DOCX file: headers, the body with its notes, footers.

    Raises:
        ValueError: it is not one.
    """
    with zipfile.ZipFile(file) as archive:
        package = Package(archive)
        main = package.find_main()
        root = package.parse(main)
        body = list(Story(package, main, depth).read_blocks(root))
        headers, footers = (
            _read_edges(package, main, root, f"{kind}Reference", depth)
            for kind in ("header", "footer")
        )
    return "\n\n".join([*headers, *body, *footers])


def _read_edges(
    package: Package, main: str, root: Element, reference: str, depth: int
) -> list[str]:
    """Return the texts of the headers or the footers of all sections, each once."""
    relations = package.relations(main)
    texts: dict[str, None] = {}
    for section in root.iter("{*}sectPr"):
        for each in find_all(section, reference):
            relation = relations.get(attribute(each, "id") or "")
            if relation and package.read(relation.target) is not None:
                story = Story(package, relation.target, depth)
                edge = package.parse(relation.target)
                texts["\n\n".join(story.read_blocks(edge))] = None
    return [text for text in texts if text.strip()]


@dataclass(slots=True)
class Line:
    """The text of a paragraph as it is read."""

    pieces: list[str] = field(default_factory=list[str])
    anchored: list[str] = field(default_factory=list[str])
    """Blocks that belong to a place in the paragraph and follow it: text boxes, notes."""
    fields: list[bool] = field(default_factory=list[bool])
    """The open fields, and whether their instruction has not ended."""

    def write(self, text: str) -> None:
        """Add text, unless it belongs to a field's instruction."""
        if not any(self.fields):
            self.pieces.append(text)


class Story:
    """Reads the body, a header or a footer."""

    def __init__(self, package: Package, part: str, depth: int) -> None:
        self._package = package
        self._relations = package.relations(part)
        self._depth = depth
        self._numbering = Numbering(
            package.parse_related(part, "numbering"), package.parse_related(part, "styles")
        )
        self._notes = {
            kind: {
                attribute(each, "id"): each
                for each in find_all(package.parse_related(part, f"{kind}s"), kind)
            }
            for kind in ("footnote", "endnote")
        }
        self._num_notes = 0
        self._readers: dict[str, Callable[[Element, Line], None]] = {
            "t": self._read_text,
            "sym": self._read_symbol,
            "fldChar": self._read_field,
            "ruby": self._read_ruby,
            "AlternateContent": self._read_alternatives,
            "txbxContent": self._read_box,
            "textpath": self._read_text_path,
            "docPr": self._read_description,
            "chart": self._read_chart,
            "relIds": self._read_diagram,
            "OLEObject": self._note_object,
            "footnoteReference": self._read_note,
            "endnoteReference": self._read_note,
            "f": self._read_fraction,
            "sSup": self._read_scripts,
            "sSub": self._read_scripts,
            "sSubSup": self._read_scripts,
            "rad": self._read_root,
            "d": self._read_brackets,
            "nary": self._read_sum,
        }

    def read_blocks(self, parent: Element) -> Iterator[str]:
        """Yield the text of each paragraph and table, and of what is anchored in it."""
        line, mark = Line(), ""
        for block in _list_blocks(parent):
            name = local_name(block)
            if name == "p":
                mark = self._numbering.next_mark(block) or mark
                line.fields.clear()
                self._read_inline(block, line)
                if find(block, "pPr", "rPr", "del") is not None:
                    continue  # it is one with the next paragraph
            elif name == "tbl":
                line.write("\n".join(self._read_rows(block)))
            else:
                line.write(self._read_insert(block))
            yield from _end(line, mark)
            line, mark = Line(), ""
        yield from _end(line, mark)

    def _read_rows(self, table: Element) -> Iterator[str]:
        for row in _list_children(table, "tr"):
            if find(row, "trPr", "del") is None:
                cells = [
                    "\n".join(self.read_blocks(cell))
                    for cell in _list_children(row, "tc")
                    if find(cell, "tcPr", "cellDel") is None
                ]
                yield "\t".join(cells)

    def _read_insert(self, element: Element) -> str:
        """Return the text of another file that is inserted as a block."""
        relation = self._relations.get(attribute(element, "id") or "")
        data = None
        if relation and not relation.is_external:
            data = self._package.read(relation.target)
        name = relation.target.lower() if relation else ""
        if data is not None and data.startswith(b"PK") and self._depth < MAX_DEPTH:
            return read_word(io.BytesIO(data), self._depth + 1)
        if data is not None and name.endswith((".htm", ".html", ".xhtml")):
            return read_html(data).strip()
        if data is not None and name.endswith(".txt"):
            return decode_text(data)
        return f"[An inserted file is not read: {name.rpartition('/')[2]}]"

    def _read_inline(self, parent: Element, line: Line) -> None:
        for element in children(parent):
            name = local_name(element)
            if name in CHARACTERS:
                line.write(CHARACTERS[name])
            elif name in self._readers:
                self._readers[name](element, line)
            elif name not in UNREAD:
                self._read_inline(element, line)

    def _to_text(self, element: Element | None) -> str:
        line = Line()
        if element is not None:
            self._read_inline(element, line)
        return "".join(line.pieces)

    def _read_text(self, element: Element, line: Line) -> None:
        font = attribute(find(element.getparent(), "rPr", "rFonts"), "ascii")
        line.write(decode_symbols(element.text or "", font))

    def _read_symbol(self, element: Element, line: Line) -> None:
        code = int(attribute(element, "char") or "0", 16)
        code += 0xF000 if code < 0x100 else 0
        line.write(decode_symbols(chr(code), attribute(element, "font")))

    def _read_field(self, element: Element, line: Line) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            data = find(element, "ffData")
            options = [
                attribute(each, "val") for each in find_all(find(data, "ddList"), "listEntry")
            ]
            chosen = int(value_at(data, "ddList", "result") or 0)
            if chosen < len(options):
                line.write(options[chosen] or "")
            if (box := find(data, "checkBox")) is not None:
                state = (
                    find(box, "checked")
                    if find(box, "checked") is not None
                    else find(box, "default")
                )
                is_on = state is not None and attribute(state, "val") not in ("0", "false", "off")
                line.write("☒" if is_on else "☐")
            line.fields.append(True)
        elif line.fields and kind == "separate":
            line.fields[-1] = False
        elif line.fields and kind == "end":
            line.fields.pop()

    def _read_ruby(self, element: Element, line: Line) -> None:
        line.write(
            f"{self._to_text(find(element, 'rubyBase'))}({self._to_text(find(element, 'rt'))})"
        )

    def _read_alternatives(self, element: Element, line: Line) -> None:
        """Read the first of several forms of the same content that has any."""
        for form in children(element):
            before = len(line.pieces) + len(line.anchored)
            self._read_inline(form, line)
            if len(line.pieces) + len(line.anchored) > before:
                return

    def _read_box(self, element: Element, line: Line) -> None:
        line.anchored.extend(self.read_blocks(element))

    def _read_text_path(self, element: Element, line: Line) -> None:
        line.anchored.append(attribute(element, "string") or "")

    def _read_description(self, element: Element, line: Line) -> None:
        if description := attribute(element, "descr"):
            line.anchored.append(description)

    def _read_chart(self, element: Element, line: Line) -> None:
        self._read_drawn_part(attribute(element, "id"), line)

    def _read_diagram(self, element: Element, line: Line) -> None:
        self._read_drawn_part(attribute(element, "dm"), line)

    def _read_drawn_part(self, relation_id: str | None, line: Line) -> None:
        """Add the texts and values of a part in DrawingML."""
        relation = self._relations.get(relation_id or "")
        if relation and self._package.read(relation.target) is not None:
            root = self._package.parse(relation.target)
            texts = (each.text for each in root.iter("{*}t", "{*}v"))
            line.anchored.append("\n".join(text for text in texts if text and text.strip()))

    def _note_object(self, element: Element, line: Line) -> None:
        kind = attribute(element, "ProgID") or "unknown"
        line.anchored.append(f"[An embedded object is not read: {kind}]")

    def _read_note(self, element: Element, line: Line) -> None:
        kind = local_name(element).removesuffix("Reference")
        note = self._notes[kind].get(attribute(element, "id"))
        if note is not None:
            self._num_notes += 1
            mark = f"[{self._num_notes}]"
            line.write(mark)
            line.anchored.append(f"{mark} " + "\n".join(self.read_blocks(note)).strip())

    def _read_fraction(self, element: Element, line: Line) -> None:
        above, below = (self._to_text(find(element, name)) for name in ("num", "den"))
        line.write(f"{_bracket(above)}/{_bracket(below)}")

    def _read_scripts(self, element: Element, line: Line) -> None:
        line.write(self._to_text(find(element, "e")))
        for name, sign in (("sub", "_"), ("sup", "^")):
            if script := self._to_text(find(element, name)):
                line.write(sign + _bracket(script))

    def _read_root(self, element: Element, line: Line) -> None:
        degree = self._to_text(find(element, "deg"))
        line.write(f"{degree}√{_bracket(self._to_text(find(element, 'e')))}")

    def _read_brackets(self, element: Element, line: Line) -> None:
        begin, end = (value_at(element, "dPr", name) for name in ("begChr", "endChr"))
        inner = ", ".join(self._to_text(each) for each in find_all(element, "e"))
        line.write(f"{'(' if begin is None else begin}{inner}{')' if end is None else end}")

    def _read_sum(self, element: Element, line: Line) -> None:
        line.write(value_at(element, "naryPr", "chr") or "∫")
        for name, sign in (("sub", "_"), ("sup", "^")):
            if script := self._to_text(find(element, name)):
                line.write(sign + _bracket(script))
        line.write(" " + self._to_text(find(element, "e")))


def _end(line: Line, mark: str) -> Iterator[str]:
    """Yield the blocks of a paragraph that is complete."""
    if text := "".join(line.pieces):
        yield f"{mark} {text}" if mark else text
    yield from line.anchored


def _list_blocks(parent: Element) -> Iterator[Element]:
    """Yield the paragraphs, tables and inserted files of a story, out of their containers."""
    for element in children(parent):
        name = local_name(element)
        if name in ("p", "tbl", "altChunk", "subDoc"):
            yield element
        elif name == "AlternateContent":
            yield from _list_blocks(next(children(element)))
        elif name not in UNREAD:
            yield from _list_blocks(element)


def _list_children(parent: Element, wanted: str) -> Iterator[Element]:
    """Yield the rows of a table or the cells of a row, out of their containers."""
    for element in children(parent):
        name = local_name(element)
        if name == wanted:
            yield element
        elif name not in UNREAD:
            yield from _list_children(element, wanted)


def _bracket(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
