"""Extracts the text of PDF and DOCX files. Detects the format by content, not by name.

Without limits of its own: a hostile file may use all that its process may.
"""

import zipfile
from pathlib import Path

from serve_app.documents.errors import DocumentError, invalid_file, unsupported_file
from serve_app.documents.text import read_text

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
        from serve_app.documents.pdf import read_pdf

        return read_pdf(path)
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
    from serve_app.documents.word import read_word

    try:
        return read_word(path)
    except MemoryError:
        raise
    except Exception as error:  # whatever the library raises on a damaged file
        raise invalid_file("The DOCX file is damaged, or too large to be read.") from error
