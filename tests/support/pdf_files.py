"""Builds PDF files, and the fonts and streams in them, from their syntax."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
SHOWN = "The price is not final."
CATALOG, PAGES, PAGE, FONT, CONTENT, FIRST = range(1, 7)
"""Numbers of the objects that each file has, and of the first one beside."""


def same(data: bytes) -> bytes:
    """Return a file as it is."""
    return data


@dataclass(frozen=True)
class Container:
    """A file with a text in one kind of container or encoding."""

    name: str
    content: str | bytes
    """The stream of the page's operators."""
    text: str
    """What a reader shows."""
    font: str = HELVETICA
    """Of the name F1."""
    resources: str = ""
    page: str = ""
    catalog: str = ""
    """More entries of the three dictionaries."""
    objects: dict[int, str | bytes] = field(default_factory=dict[int, "str | bytes"])
    """More objects by their numbers."""
    change: Callable[[bytes], bytes] = same
    """Changes the file as a whole."""
    beside: str = ""
    """What pdftotext shows that is not to be read."""

    def build(self) -> bytes:
        """Return the file."""
        media = "" if "/MediaBox" in self.page else "/MediaBox [0 0 612 792]"
        resources = (
            ""
            if "/Resources" in self.page
            else f"/Resources << /Font << /F1 {FONT} 0 R >> {self.resources} >>"
        )
        contents = "" if "/Contents" in self.page else f"/Contents {CONTENT} 0 R"
        objects: dict[int, str | bytes] = {
            CATALOG: f"<< /Type /Catalog /Pages {PAGES} 0 R {self.catalog} >>",
            PAGES: f"<< /Type /Pages /Kids [{PAGE} 0 R] /Count 1 >>",
            PAGE: f"<< /Type /Page /Parent {PAGES} 0 R {media} {resources} {contents} "
            f"{'' if self.page == '/Resources' else self.page} >>",
            FONT: self.font,
            CONTENT: stream(self.content),
            **self.objects,
        }
        return self.change(build_pdf_file(objects))


def to_bytes(text: str | bytes) -> bytes:
    """Return the bytes of a part of a file."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def build_pdf_file(objects: dict[int, str | bytes]) -> bytes:
    """Return a file of objects with a table of them."""
    body, size = b"%PDF-1.7\n", max(objects) + 1
    table = [b"0000000000 65535 f \n"] * size
    for number, content in objects.items():
        table[number] = b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, to_bytes(content))
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /ID [<00> <00>] >>\n" % size
    return b"%bxref\n0 %d\n%b%bstartxref\n%d\n%%%%EOF\n" % (
        *(body, size, b"".join(table), trailer),
        len(body),
    )


def build_pages(contents: list[str], page: str = "") -> bytes:
    """Return a file with a page of each stream of operators."""
    first = FONT + 1
    kids = " ".join(f"{first + 2 * place} 0 R" for place in range(len(contents)))
    objects: dict[int, str | bytes] = {
        CATALOG: f"<< /Type /Catalog /Pages {PAGES} 0 R >>",
        PAGES: f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} /MediaBox [0 0 612 792] "
        f"/Resources << /Font << /F1 {FONT} 0 R >> >> >>",
        FONT: HELVETICA,
    }
    for place, content in enumerate(contents):
        number = first + 2 * place
        objects[number] = f"<< /Type /Page /Parent {PAGES} 0 R /Contents {number + 1} 0 R {page} >>"
        objects[number + 1] = stream(content)
    return build_pdf_file(objects)


def pack(objects: dict[int, str]) -> bytes:
    """Return a file whose objects are in a compressed stream, as is their table."""
    numbers, offset, index, texts = sorted(objects), 0, list[str](), list[str]()
    for number in numbers:
        index.append(f"{number} {offset}")
        texts.append(objects[number])
        offset += len(objects[number]) + 1
    head = " ".join(index) + " "
    packed, rows = head + " ".join(texts), list[bytes]()
    container = CONTENT + 10
    entries = f"/Type /ObjStm /N {len(numbers)} /First {len(head)}"
    body = b"%PDF-1.7\n"
    places = {CONTENT: len(body)}
    body += b"%d 0 obj\n%b\nendobj\n" % (CONTENT, stream(show("(The price is not final.) Tj")))
    places[container] = len(body)
    body += b"%d 0 obj\n%b\nendobj\n" % (container, deflate(packed, entries))
    places[container + 1] = len(body)
    for number in range(container + 2):
        if number in objects:
            rows.append(bytes([2, *container.to_bytes(2), numbers.index(number)]))
        elif number in places:
            rows.append(bytes([1, *places[number].to_bytes(2), 0]))
        else:
            rows.append(bytes([0, 0, 0, 0]))
    table = deflate(b"".join(rows), f"/Type /XRef /Size {len(rows)} /W [1 2 1] /Root 1 0 R")
    return body + b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        *(container + 1, table),
        places[container + 1],
    )


def stream(content: str | bytes, entries: str = "") -> bytes:
    """Return a stream, with more entries of its dictionary."""
    data = to_bytes(content)
    head = f"<< /Length {len(data)} {entries} >>\nstream\n"
    return head.encode() + data + b"\nendstream"


def deflate(content: str | bytes, entries: str = "") -> bytes:
    """Return a compressed stream."""
    return stream(zlib.compress(to_bytes(content)), f"/Filter /FlateDecode {entries}")


def show(operators: str, place: str = "72 700") -> str:
    """Return a text object with operators in the font F1."""
    return f"BT /F1 12 Tf {place} Td {operators} ET\n"


def lines(*texts: str, x: int = 72, y: int = 700) -> str:
    """Return a text object with a line of each text."""
    return show(" ".join(f"({each}) Tj 0 -14 Td" for each in texts), f"{x} {y}")


def form(content: str, entries: str = "") -> bytes:
    """Return a form that pages draw."""
    return stream(content, f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] {entries}")


def to_unicode(*sections: str) -> bytes:
    """Return the map from a font's codes to texts."""
    return stream(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        f"1 begincodespacerange <0000> <ffff> endcodespacerange {' '.join(sections)} "
        "endcmap end end"
    )


def utf16(text: str) -> str:
    """Return a text as a string of hexadecimal UTF-16."""
    return f"<{text.encode('utf-16-be').hex()}>"


def composite_font(encoding: str, collection: str = "Identity", more: str = "") -> str:
    """Return a font whose codes have several bytes."""
    kind = "CIDFontType2" if collection == "Identity" else "CIDFontType0"
    return (
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Some /Encoding /{encoding} {more} "
        f"/DescendantFonts [<< /Type /Font /Subtype /{kind} /BaseFont /Some /DW 1000 "
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering ({collection}) /Supplement 0 >> "
        "/FontDescriptor << /Type /FontDescriptor /FontName /Some /Flags 4 /ItalicAngle 0 "
        "/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /FontBBox [0 -200 1000 800] >> >>] >>"
    )


def identity_font(direction: str = "H") -> str:
    """Return a font of which only the map in the first object beside gives the texts."""
    return composite_font(f"Identity-{direction}", more=f"/ToUnicode {FIRST} 0 R")


def differing_font(differences: str, subtype: str = "Type1") -> str:
    """Return a font of characters by their names."""
    return (
        f"<< /Type /Font /Subtype /{subtype} /BaseFont /Helvetica /Encoding "
        f"<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [{differences}] >> >>"
    )


def annotation(subtype: str, entries: str) -> str:
    """Return an annotation."""
    return f"<< /Type /Annot /Subtype /{subtype} /Rect [72 500 400 530] /F 4 {entries} >>"
