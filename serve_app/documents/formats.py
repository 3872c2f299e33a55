"""Extracts the text of PDF and DOCX files. Detects the format by content, not by name.

Without limits of its own: a hostile file may use all that its process may.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from serve_app.documents.errors import DocumentError, invalid_file, unsupported_file
from serve_app.documents.text import read_text

if TYPE_CHECKING:
    from docx.blkcntnr import BlockItemContainer
    from docx.document import Document
    from docx.table import Table

UNPACKED_BYTES = 200 * 2**20
"""Largest size of an unpacked DOCX file, above that of any usual document."""
OFFICE = {
    "ppt/": "PowerPoint files are not read; save it as PDF.",
    "xl/": "Excel files are not read; save it as CSV.",
    "mimetype": "OpenDocument and EPUB files are not read; save it as DOCX or PDF.",
}
READ = "Read are text, Markdown, code, HTML, PDF, DOCX, JSON and CSV."


def read_document(path: Path, filename: str) -> str:
    """Return the text of a file.

    Raises:
        DocumentError: it cannot be read.
    """
    with path.open("rb") as file:
        beginning = file.read(1024)
    if b"%PDF-" in beginning:
        return _read_pdf(path)
    if beginning.startswith(b"PK\x03\x04"):
        return _read_zip(path)
    if beginning.startswith(b"\xd0\xcf\x11\xe0"):
        raise unsupported_file("Files of Word, Excel and PowerPoint before 2007 are not read.")
    name = filename.lower()
    if name.endswith((".pdf", ".docx")):
        raise invalid_file(f"The file is named {name[name.rindex('.') :]}, but is none.")
    try:
        return read_text(path.read_bytes(), name)
    except DocumentError as error:
        raise DocumentError(error.code, f"{error.message} {READ}") from None


def _read_pdf(path: Path) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise invalid_file("The PDF file needs a password.")
        return "\n\n".join(page.extract_text() for page in reader.pages)
    except (DocumentError, MemoryError):
        raise
    except PyPdfError as error:
        raise invalid_file(f"The PDF file is damaged: {error}") from error
    except Exception as error:  # whatever the library raises on a damaged file
        raise invalid_file(f"The PDF file cannot be read: {type(error).__name__}.") from error


def _read_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise invalid_file(f"The file is a damaged archive: {error}") from error
    if not any(name.startswith("word/") for name in names):
        for beginning, reason in OFFICE.items():
            if any(name.startswith(beginning) for name in names):
                raise unsupported_file(reason)
        raise unsupported_file(f"Archives are not read. {READ}")
    if unpacked > UNPACKED_BYTES:
        raise invalid_file(
            f"The DOCX file unpacks to {unpacked} bytes; {UNPACKED_BYTES} are allowed."
        )
    return _read_docx(path)


def _read_docx(path: Path) -> str:
    import docx

    try:
        return "\n\n".join(_blocks(docx.Document(str(path))))
    except MemoryError:
        raise
    except Exception as error:  # whatever the library raises on a damaged file
        raise invalid_file("The DOCX file is damaged, or too large to be read.") from error


def _blocks(document: "Document") -> Iterator[str]:
    from docx.table import Table

    for block in document.iter_inner_content():
        yield "\n".join(_rows(block)) if isinstance(block, Table) else block.text


def _rows(table: "Table") -> Iterator[str]:
    for row in table.rows:
        cells = dict[int, str]()
        for cell in row.cells:  # a cell that spans columns is repeated
            cells.setdefault(id(cell), _cell_text(cell))
        yield "\t".join(cells.values())


def _cell_text(cell: "BlockItemContainer") -> str:
    from docx.table import Table

    return "\n".join(
        "\n".join(_rows(block)) if isinstance(block, Table) else block.text
        for block in cell.iter_inner_content()
    )
