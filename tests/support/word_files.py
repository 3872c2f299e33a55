# ruff: noqa: E501 (elements stay whole)
"""Builds DOCX files and the elements of their XML."""

import io
import zipfile
from dataclasses import dataclass, field

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": W,
        "r": R,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "wpg": "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    }.items()
)
WHO = 'w:id="9" w:author="A" w:date="2026-01-01T00:00:00Z"'


@dataclass(frozen=True)
class Part:
    """A part beside the document: its type of relationship, its content type and content."""

    kind: str
    content_type: str
    content: str | bytes


@dataclass(frozen=True)
class Container:
    """A document with a text in one kind of container."""

    name: str
    body: str
    text: str
    """What a reader shows."""
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    beside: str = ""
    """What LibreOffice shows that is not to be read: deletions, other numbers, raw symbols."""
    opens_elsewhere: bool = True
    """Whether it is complete enough for LibreOffice."""


def run(text: str, properties: str = "") -> str:
    """Return a run."""
    begin = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{begin}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """Return a paragraph."""
    begin = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p>{begin}{content}</w:p>"


def table(*rows: str) -> str:
    """Return a table of rows."""
    return (
        '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="2000"/>'
        f'<w:gridCol w:w="2000"/></w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def row(*cells: str) -> str:
    """Return a row of cells with these blocks."""
    return f"<w:tr>{''.join(f'<w:tc>{each}</w:tc>' for each in cells)}</w:tr>"


def cell(text: str) -> str:
    """Return a cell with a paragraph."""
    return f"<w:tc>{paragraph(run(text))}</w:tc>"


def build_word_file(body: str, parts: dict[str, Part] | None = None) -> bytes:
    """Return a DOCX file."""
    parts = parts or {}
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = "".join(
        f'<Override PartName="/word/{name}" ContentType="{part.content_type}"/>'
        for name, part in {"document.xml": Part("", main, ""), **parts}.items()
    )
    relations = "".join(
        f'<Relationship Id="{name.split(".")[0]}" Type="{R}/{part.kind}" Target="{name}"/>'
        for name, part in parts.items()
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
        f'Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f"{relations}</Relationships>",
        **{f"word/{name}": part.content for name, part in parts.items()},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def to_strict(data: bytes) -> bytes:
    """Return a DOCX file with the namespaces of ISO 29500 Strict."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            for namespace, strict in (
                (W, "wordprocessingml/main"),
                (R, "officeDocument/relationships"),
            ):
                text = text.replace(namespace, f"http://purl.oclc.org/ooxml/{strict}")
            new.writestr(name, text)
    return file.getvalue()


def wml(kind: str, root: str, content: str) -> Part:
    """Return a part of WordprocessingML."""
    content_type = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml"
    return Part(kind, content_type, f"<w:{root} {NAMESPACES}>{content}</w:{root}>")


def notes(kind: str, text: str) -> Part:
    """Return the part of foot- or endnotes with one."""
    name = kind.removesuffix("s")
    special = "".join(
        f'<w:{name} w:type="{each}" w:id="{number}"><w:p><w:r><w:{each}/></w:r></w:p></w:{name}>'
        for number, each in ((-1, "separator"), (0, "continuationSeparator"))
    )
    note = f'<w:{name} w:id="2">{paragraph(f"<w:r><w:{name}Ref/></w:r>{run(text)}")}</w:{name}>'
    return wml(kind, kind, special + note)


def shape(content: str) -> str:
    """Return a drawn text box."""
    return (
        '<wp:inline><wp:extent cx="2000000" cy="900000"/><wp:docPr id="1" name="Box"/><a:graphic>'
        '<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
        f'<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="2000000" '
        'cy="900000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></wps:spPr><wps:txbx>'
        f"<w:txbxContent>{content}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData>"
        "</a:graphic></wp:inline>"
    )


def graphic(kind: str, content: str) -> str:
    """Return a drawing of another part."""
    uri = f"http://schemas.openxmlformats.org/drawingml/2006/{kind}"
    return (
        '<w:r><w:drawing><wp:inline><wp:extent cx="9" cy="9"/><wp:docPr id="1" name="G"/><a:graphic>'
        f'<a:graphicData uri="{uri}">{content}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )


def vml(content: str) -> str:
    """Return a text box in VML."""
    return (
        '<w:pict><v:shape id="s1" style="width:150pt;height:60pt" type="#_x0000_t202"><v:textbox>'
        f"<w:txbxContent>{content}</w:txbxContent></v:textbox></v:shape></w:pict>"
    )


def complex_field(instruction: str, result: str, data: str = "") -> str:
    """Return a field with its instruction and result."""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r><w:r><w:instrText '
        f'xml:space="preserve"> {instruction} </w:instrText></w:r><w:r><w:fldChar '
        f'w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def numbering(*levels: tuple[str, str]) -> Part:
    """Return the part of lists, whose second begins at five."""
    made = "".join(
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for place, (form, text) in enumerate(levels)
    )
    return wml(
        "numbering",
        "numbering",
        f'<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>{made}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2">'
        '<w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        "</w:lvlOverride></w:num>",
    )


def numbered(text: str, level: int = 0, num: int = 1) -> str:
    """Return a paragraph of a list."""
    properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>'
    return paragraph(run(text), properties)


def around(content: str) -> str:
    """Return a paragraph with content in its middle."""
    return paragraph(f"{run('The price is ')}{content}{run('final.')}")
