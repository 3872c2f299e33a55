"""Extracts the text of PDF files: of pages, of what is written on them, and of forms.

What cannot be read has a note in its place. The order of the text is the file's.
"""

import ctypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from pypdfium2 import raw

from serve_app.documents.errors import invalid_file

HYPHEN = "\ufffe"
"""What PDFium returns for a hyphen at the end of a line, with the line's end."""
WORD_OF_TWO_LINES = re.compile(rf"(?<=[^\W\d_]){HYPHEN}(?=[^\W\d_])")
UNKNOWN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
"""Codes of a font that does not describe its characters."""
UNCHECKED = "Off"
UNREAD = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_TEXT]
CHOICES = (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
NOT_NOTES = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_WIDGET)
HIDDEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW


def read_pdf(path: Path) -> str:
    """Return the text of a PDF file.

    Raises:
        DocumentError: it is damaged, needs a password or has no text.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise invalid_file("The PDF file needs a password.") from error
        raise invalid_file("The PDF file is damaged.") from error
    document.init_forms()
    texts, blocks = list[str](), list[str]()
    for number in range(len(document)):
        try:
            page = list(_read_page(document, number))
        except pypdfium2.PdfiumError:
            blocks.append(f"[Page {number + 1} is damaged and not read.]")
            continue
        texts.extend(page)
        blocks.extend(page or _note_unread(document, number))
    if not texts:
        raise invalid_file("The PDF file contains no text. Pictures, such as scans, are not read.")
    for place in range(document.count_attachments()):
        name = document.get_attachment(place).get_name()
        blocks.append(f"[An attached file is not read: {name}]")
    return "\n\n".join(blocks)


def _read_page(document: pypdfium2.PdfDocument, number: int) -> Iterator[str]:
    """Yield the text of a page, of the notes on it and of its fields."""
    page = document[number]
    if page.get_rotation():  # PDFium takes the lines of turned pages in another order
        page.set_rotation(0)
        page.close()
        page = document[number]
    text_page = page.get_textpage()
    if text := _clean(_read_characters(text_page)):
        yield text
    fields: dict[str, str] = {}
    for place in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, place)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        if raw.FPDFAnnot_GetFlags(annotation) & HIDDEN:
            pass
        elif kind == raw.FPDF_ANNOT_WIDGET and document.formenv:
            name = _string(raw.FPDFAnnot_GetFormFieldName, document.formenv, annotation)
            value = _read_field(document.formenv, annotation)
            if value not in ("", UNCHECKED):
                fields[name] = value
        elif kind not in NOT_NOTES and (
            note := _string(raw.FPDFAnnot_GetStringValue, annotation, b"Contents").strip()
        ):
            yield note
        raw.FPDFPage_CloseAnnot(annotation)
    if fields:
        yield "\n".join(f"{name}: {value}" for name, value in fields.items())
    text_page.close()
    page.close()


def _read_characters(text_page: pypdfium2.PdfTextPage) -> str:
    text, count = text_page.get_text_range(), text_page.count_chars()
    if len(text) >= count:
        return text
    # The text as a whole has none of the characters beyond 16 bits, whole or in two halves.
    characters = "".join(
        HYPHEN
        if raw.FPDFText_IsHyphen(text_page, place) == 1
        else chr(raw.FPDFText_GetUnicode(text_page, place))
        for place in range(count)
    )
    return characters.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _clean(text: str) -> str:
    text = WORD_OF_TWO_LINES.sub("", text.replace("\r\n", "\n")).replace(HYPHEN, "-")
    return UNKNOWN.sub("\ufffd", text).strip()


def _read_field(form: Any, annotation: Any) -> str:
    if raw.FPDFAnnot_GetFormFieldType(form, annotation) in CHOICES:
        selected = [
            _string(raw.FPDFAnnot_GetOptionLabel, form, annotation, place)
            for place in range(raw.FPDFAnnot_GetOptionCount(form, annotation))
            if raw.FPDFAnnot_IsOptionSelected(form, annotation, place)
        ]
        if selected:
            return ", ".join(selected)
    return _string(raw.FPDFAnnot_GetFormFieldValue, form, annotation).strip()


def _note_unread(document: pypdfium2.PdfDocument, number: int) -> Iterator[str]:
    """Yield a note if a page of which nothing is read is not empty."""
    page = document[number]
    if next(page.get_objects(filter=UNREAD), None):
        yield f"[Page {number + 1} is not read: it has pictures or unknown characters.]"
    page.close()


def _string(function: Callable[..., int], *arguments: Any) -> str:
    """Return a string that a function writes into a buffer in UTF-16."""
    size = function(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
