# ruff: noqa: E501 (operators stay whole)
"""PDF files with a text in each container and encoding that PDF has, and the text to read."""

import base64
import io
import zlib

from pypdf import PdfReader, PdfWriter

from tests.support.pdf_files import (
    CATALOG,
    CONTENT,
    FIRST,
    FONT,
    PAGE,
    PAGES,
    SHOWN,
    Container,
    annotation,
    build_pages,
    form,
    lines,
    pack,
    show,
    stream,
)
from tests.support.pdf_fonts import FONTS

LINE = show(f"({SHOWN}) Tj")
SCAN = "q 600 0 0 700 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID 0 EI Q"
"""The operators of a page without text."""
OFF = f"/OCProperties << /OCGs [{FIRST} 0 R] /D << /OFF [{FIRST} 0 R] >> >>"
GROUP = "<< /Type /OCG /Name (Layer) >>"


def encrypt(algorithm: str) -> Container:
    """Return a file that opens with an empty password."""

    def change(data: bytes) -> bytes:
        writer = PdfWriter(PdfReader(io.BytesIO(data)))
        writer.encrypt("", "owner", algorithm=algorithm)
        file = io.BytesIO()
        writer.write(file)
        return file.getvalue()

    return Container(f"encrypted with {algorithm}", LINE, SHOWN, change=change)


def filtered(name: str, data: bytes, more: str = "") -> Container:
    """Return a file whose operators are encoded."""
    encoded = stream(data, f"/Filter {name} {more}")
    return Container(f"filter {name}", "", SHOWN, objects={CONTENT: encoded})


def field_of(entries: str, *, with_picture: bool = False) -> dict[int, str | bytes]:
    """Return the objects of a form's field."""
    picture = f"/AP << /N {FIRST + 1} 0 R >>" if with_picture else ""
    return {
        FIRST: annotation("Widget", f"{entries} /DA (/F1 12 Tf) {picture}"),
        FIRST + 1: form(
            "/Tx BMC BT /F1 12 Tf 2 5 Td (Filled in) Tj ET EMC",
            f"/BBox [0 0 300 30] /Resources << /Font << /F1 {FONT} 0 R >> >>",
        ),
    }


def update(data: bytes, objects: dict[int, bytes]) -> bytes:
    """Return a file with changed objects at its end, as a program that saves again makes."""
    previous = int(data.split(b"startxref\n")[1].split()[0])
    table = b""
    for number, content in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    trailer = b"trailer\n<< /Size 30 /Root 1 0 R /Prev %d >>" % previous
    return data + b"xref\n%b%b\nstartxref\n%d\n%%%%EOF\n" % (table, trailer, len(data))


FIELDS = f"/AcroForm << /Fields [{FIRST} 0 R] /DR << /Font << /F1 {FONT} 0 R >> >> >>"
ANNOTATED = f"/Annots [{FIRST} 0 R]"

CONTAINERS = [
    # Operators.
    Container("Tj", LINE, SHOWN),
    Container("TJ with kerning", show("[(The pr) 20 (ice is ) -15 (not fi) 10 (nal.)] TJ"), SHOWN),
    Container(
        "TJ with gaps", show("[(The) -300 (price) -300 (is) -300 (not) -280 (final.)] TJ"), SHOWN
    ),
    Container(
        "new lines with ' and \"", show("14 TL (One) Tj (two) ' 0 0 (three) \""), "One\ntwo\nthree"
    ),
    Container(
        "new lines with T* and TD",
        show("(One) Tj 0 -14 TD (two) Tj T* (three) Tj"),
        "One\ntwo\nthree",
    ),
    Container(
        "matrix",
        "BT /F1 1 Tf 12 0 0 12 72 700 Tm (The price is ) Tj 12 0 0 12 140 700 Tm (not final.) Tj ET",
        SHOWN,
    ),
    Container(
        "words by place",
        "".join(
            show(f"({word}) Tj", f"{x} 700")
            for word, x in (("The", 72), ("price", 95), ("is", 125), ("not", 137), ("final.", 157))
        ),
        SHOWN,
    ),
    Container(
        "characters by place",
        "".join(
            show(f"({char}) Tj", f"{72 + 7 * place} 700")
            for place, char in enumerate("not now")
            if char != " "
        ),
        "not now",
    ),
    Container("spaced characters", show(f"4 Tc ({SHOWN}) Tj"), SHOWN),
    Container("stretched", show(f"50 Tz ({SHOWN}) Tj"), SHOWN),
    Container(
        "superscript",
        show("(Water is H) Tj -4 Ts /F1 8 Tf (2) Tj 0 Ts /F1 12 Tf (O.) Tj"),
        "Water is H2O.",
    ),
    Container("hexadecimal", show("<54 6865207072696365206973206E6F742066696E616C2E> Tj"), SHOWN),
    Container(
        "escapes",
        show("(The \\160rice \\(net\\) is\\\n not \\\\ final.) Tj"),
        "The price (net) is not \\ final.",
    ),
    Container("transformed", f"q 2 0 0 2 0 0 cm {show(f'({SHOWN}) Tj', '36 350')} Q", SHOWN),
    Container(
        "operators in inline image",
        f"q 9 0 0 9 0 0 cm BI /W 4 /H 1 /BPC 8 /CS /G ID ET)( EI Q {LINE}",
        SHOWN,
    ),
    Container("invisible, as of recognized scans", show(f"3 Tr ({SHOWN}) Tj"), SHOWN),
    Container("clipped", show(f"7 Tr ({SHOWN}) Tj"), SHOWN),
    Container("white", f"1 g {LINE}", SHOWN),
    Container("drawn twice as bold", LINE + show(f"({SHOWN}) Tj", "72.3 700"), SHOWN),
    # Streams and forms.
    Container(
        "several streams",
        "",
        SHOWN,
        page=f"/Contents [{FIRST} 0 R {FIRST + 1} 0 R {FIRST + 2} 0 R]",
        objects={
            FIRST: stream("BT /F1 12 Tf 72 700"),
            FIRST + 1: stream(" Td (The price is ) Tj"),
            FIRST + 2: stream("(not final.) Tj ET"),
        },
    ),
    Container(
        "form",
        "/Fm Do",
        SHOWN,
        resources=f"/XObject << /Fm {FIRST} 0 R >>",
        objects={FIRST: form(LINE, f"/Resources << /Font << /F1 {FONT} 0 R >> >>")},
    ),
    Container(
        "form with the page's resources",
        "/Fm Do",
        SHOWN,
        resources=f"/XObject << /Fm {FIRST} 0 R >>",
        objects={FIRST: form(LINE)},
    ),
    Container(
        "form in a form",
        "/Fm Do",
        SHOWN,
        resources=f"/XObject << /Fm {FIRST} 0 R >>",
        objects={
            FIRST: form(
                "q 1 0 0 1 5 5 cm /Inner Do Q",
                f"/Resources << /XObject << /Inner {FIRST + 1} 0 R >> >>",
            ),
            FIRST + 1: form(
                LINE, f"/Matrix [1 0 0 1 9 9] /Resources << /Font << /F1 {FONT} 0 R >> >>"
            ),
        },
    ),
    Container(
        "form that draws itself",
        f"{LINE} /Fm Do",
        SHOWN,
        resources=f"/XObject << /Fm {FIRST} 0 R >>",
        objects={FIRST: form("/Fm Do", f"/Resources << /XObject << /Fm {FIRST} 0 R >> >>")},
    ),
    Container(
        "form drawn after text",
        f"{lines('One')} /Fm Do {lines('three', y=600)}",
        "One\ntwo\nthree",
        resources=f"/XObject << /Fm {FIRST} 0 R >>",
        objects={FIRST: form(lines("two", y=650))},
    ),
    Container(
        "inherited resources",
        LINE,
        SHOWN,
        page="/Resources",
        objects={
            PAGES: f"<< /Type /Pages /Kids [{PAGE} 0 R] /Count 1 /Resources << /Font << /F1 {FONT} 0 R >> >> >>"
        },
    ),
    Container(
        "tree of pages",
        LINE,
        SHOWN,
        objects={
            PAGES: f"<< /Type /Pages /Kids [{FIRST} 0 R] /Count 1 >>",
            FIRST: f"<< /Type /Pages /Parent {PAGES} 0 R /Kids [{PAGE} 0 R] /Count 1 >>",
        },
    ),
    *FONTS,
    # Marks.
    Container(
        "marked content",
        show(
            "/P << /MCID 0 >> BDC (The price is ) Tj EMC /Span << /MCID 1 >> BDC (not final.) Tj EMC"
        ),
        SHOWN,
    ),
    Container("artifact", show("/Artifact BMC (Page 1) Tj EMC 0 -20 Td (Text) Tj"), "Page 1\nText"),
    Container(
        "actual text",
        show("(The price is ) Tj /Span << /ActualText (not) >> BDC (nicht) Tj EMC ( final.) Tj"),
        SHOWN,
    ),
    Container(
        "actual text in UTF-16",
        show(f"/Span << /ActualText <feff{'Жя'.encode('utf-16-be').hex()}> >> BDC (xx) Tj EMC"),
        "Жя",
    ),
    Container(
        "actual text of properties",
        show("/Span /Pr BDC (xx) Tj EMC"),
        "yes",
        beside="xx",
        resources="/Properties << /Pr << /ActualText (yes) >> >>",
    ),
    Container(
        "hidden layer",
        show("(One ) Tj /OC /Layer BDC (two ) Tj EMC (three) Tj"),
        "One two three",
        catalog=OFF,
        resources=f"/Properties << /Layer {FIRST} 0 R >>",
        objects={FIRST: GROUP},
    ),
    Container(
        "shown layer",
        show("(One ) Tj /OC /Layer BDC (two ) Tj EMC (three) Tj"),
        "One two three",
        catalog=OFF.replace("/OFF", "/ON"),
        resources=f"/Properties << /Layer {FIRST} 0 R >>",
        objects={FIRST: GROUP},
    ),
    # Beside the page.
    Container(
        "text on the page",
        LINE,
        f"{SHOWN}\n\nA remark",
        page=ANNOTATED,
        objects={
            FIRST: annotation(
                "FreeText", f"/Contents (A remark) /DA (/F1 12 Tf) /AP << /N {FIRST + 1} 0 R >>"
            ),
            FIRST + 1: form(
                "BT /F1 12 Tf 2 5 Td (A remark) Tj ET",
                f"/BBox [0 0 300 30] /Resources << /Font << /F1 {FONT} 0 R >> >>",
            ),
        },
    ),
    Container(
        "text on the page without appearance",
        LINE,
        f"{SHOWN}\n\nA remark",
        page=ANNOTATED,
        objects={FIRST: annotation("FreeText", "/Contents (A remark) /DA (/F1 12 Tf)")},
    ),
    Container(
        "note",
        LINE,
        f"{SHOWN}\n\nA remark",
        page=ANNOTATED,
        objects={FIRST: annotation("Text", "/Contents (A remark)")},
    ),
    Container(
        "note in UTF-16",
        LINE,
        f"{SHOWN}\n\nЖя",
        page=ANNOTATED,
        objects={
            FIRST: annotation("Highlight", f"/Contents <feff{'Жя'.encode('utf-16-be').hex()}>")
        },
    ),
    Container(
        "link",
        LINE,
        SHOWN,
        page=ANNOTATED,
        objects={FIRST: annotation("Link", "/A << /S /URI /URI (https://example.org/) >>")},
    ),
    Container(
        "hidden note",
        LINE,
        SHOWN,
        page=ANNOTATED,
        objects={FIRST: annotation("Text", "/Contents (A remark) /F 2").replace("/F 4", "")},
    ),
    Container(
        "field of text",
        LINE,
        f"{SHOWN}\n\nname: Filled in",
        page=ANNOTATED,
        catalog=FIELDS,
        objects=field_of("/FT /Tx /T (name) /V (Filled in)"),
    ),
    Container(
        "field of text with appearance",
        LINE,
        f"{SHOWN}\n\nname: Filled in",
        page=ANNOTATED,
        catalog=FIELDS,
        objects=field_of("/FT /Tx /T (name) /V (Filled in)", with_picture=True),
    ),
    Container(
        "field of choice",
        LINE,
        f"{SHOWN}\n\ncity: Bern",
        beside="Basel",
        page=ANNOTATED,
        catalog=FIELDS,
        objects=field_of("/FT /Ch /T (city) /V (Bern) /Opt [(Bern) (Basel)]"),
    ),
    Container(
        "field of several choices",
        LINE,
        f"{SHOWN}\n\ncity: Bern, Basel",
        page=ANNOTATED,
        catalog=FIELDS,
        objects=field_of("/FT /Ch /T (city) /V [(Bern) (Basel)] /Opt [(Bern) (Basel)]"),
    ),
    Container(
        "checked box",
        LINE,
        f"{SHOWN}\n\nagreed: Yes",
        page=ANNOTATED,
        catalog=FIELDS,
        objects=field_of("/FT /Btn /T (agreed) /V /Yes /AS /Yes"),
    ),
    Container(
        "field below a field",
        LINE,
        f"{SHOWN}\n\nhome.city: Bern",
        page=f"/Annots [{FIRST + 1} 0 R]",
        catalog=FIELDS,
        objects={
            FIRST: f"<< /T (home) /FT /Tx /Kids [{FIRST + 1} 0 R] >>",
            FIRST + 1: annotation("Widget", f"/T (city) /Parent {FIRST} 0 R /V (Bern)"),
        },
    ),
    Container(
        "outline",
        LINE,
        SHOWN,
        catalog=f"/Outlines {FIRST} 0 R",
        objects={
            FIRST: f"<< /Type /Outlines /First {FIRST + 1} 0 R /Last {FIRST + 1} 0 R /Count 1 >>",
            FIRST + 1: f"<< /Title (Chapter) /Parent {FIRST} 0 R /Dest [{PAGE} 0 R /Fit] >>",
        },
    ),
    Container("labels of pages", LINE, SHOWN, catalog="/PageLabels << /Nums [0 << /S /r >>] >>"),
    Container(
        "attachment",
        LINE,
        f"{SHOWN}\n\n[An attached file is not read: terms.txt]",
        catalog=f"/Names << /EmbeddedFiles << /Names [(terms.txt) {FIRST} 0 R] >> >>",
        objects={
            FIRST: f"<< /Type /Filespec /F (terms.txt) /EF << /F {FIRST + 1} 0 R >> >>",
            FIRST + 1: stream("The terms", "/Type /EmbeddedFile"),
        },
    ),
    # Files.
    *(encrypt(each) for each in ("RC4-40", "RC4-128", "AES-128", "AES-256")),
    filtered("/FlateDecode", zlib.compress(LINE.encode())),
    filtered("/ASCIIHexDecode", LINE.encode().hex().encode() + b">"),
    filtered("/ASCII85Decode", base64.a85encode(LINE.encode()) + b"~>"),
    filtered(
        "[/ASCII85Decode /FlateDecode]", base64.a85encode(zlib.compress(LINE.encode())) + b"~>"
    ),
    filtered("/RunLengthDecode", bytes([len(LINE) - 1]) + LINE.encode() + b"\x80"),
    filtered(
        "/FlateDecode",
        zlib.compress(b"\2" + LINE.encode()),
        f"/DecodeParms << /Predictor 12 /Columns {len(LINE)} >>",
    ),
    Container(
        "stream cut short",
        "",
        SHOWN,
        objects={
            CONTENT: stream(
                zlib.compress((LINE + " " * 3000).encode())[:-6], "/Filter /FlateDecode"
            )
        },
    ),
    Container(
        "wrong length of a stream",
        LINE,
        SHOWN,
        change=lambda data: data.replace(b"/Length %d" % len(LINE), b"/Length 9"),
    ),
    Container(
        "wrong place of the table",
        LINE,
        SHOWN,
        change=lambda data: data.replace(b"startxref\n", b"startxref\n9"),
    ),
    Container(
        "wrong places in the table",
        LINE,
        SHOWN,
        change=lambda data: data.replace(b"%PDF-1.7\n", b"%PDF-1.7\n%moved\n"),
    ),
    Container(
        "no table",
        LINE,
        SHOWN,
        change=lambda data: data[: data.index(b"xref")] + data[data.index(b"trailer") :],
    ),
    Container("cut end", LINE, SHOWN, change=lambda data: data[: data.index(b"startxref")]),
    Container(
        "before the beginning", LINE, SHOWN, change=lambda data: b"From: a mail\r\n\r\n" + data
    ),
    Container("after the end", LINE, SHOWN, change=lambda data: data + b"\r\n" + b"\0" * 2000),
    Container("lines of old Macs", LINE, SHOWN, change=lambda data: data.replace(b"\n", b"\r")),
    Container(
        "compressed objects",
        LINE,
        SHOWN,
        change=lambda _: pack(
            {
                CATALOG: f"<< /Type /Catalog /Pages {PAGES} 0 R >>",
                PAGES: f"<< /Type /Pages /Kids [{PAGE} 0 R] /Count 1 >>",
                PAGE: f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 {FONT} 0 R >> >> /Contents {CONTENT} 0 R >>",
                FONT: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            }
        ),
    ),
    Container(
        "changed later",
        lines("Old"),
        SHOWN,
        change=lambda data: update(data, {CONTENT: stream(LINE)}),
    ),
    Container(
        "several pages",
        "",
        "One\n\ntwo",
        change=lambda _: build_pages([lines("One"), lines("two")]),
    ),
    Container(
        "page that is a picture",
        "",
        "One\n\n[Page 2 is not read: it has pictures or unknown characters.]",
        change=lambda _: build_pages([lines("One"), SCAN]),
    ),
]
