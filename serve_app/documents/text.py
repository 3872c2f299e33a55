"""Extracts the text of text files in any encoding: prose, code, HTML, JSON, tables."""

import csv
import io
import json
import re
from typing import Any

from serve_app.documents.encodings import decode_text

SAMPLE_CHARACTERS = 65_536
TABLES = (".csv", ".tsv")
PAGES = (".html", ".htm", ".xhtml")
BLOCKS = (
    *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption"),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav"),
    *("ol", "p", "pre", "section", "table", "title", "ul"),
)
LINES = ("br", "li", "tr", "option")
CELLS = ("td", "th")
INVISIBLE_TAGS = ("script", "style", "noscript", "template", "svg")


def read_text(data: bytes, name: str) -> str:
    """Return the text of a file.

    Raises:
        DocumentError: it is not a text file.
    """
    if _is_page(data, name):
        return read_html(data)
    text = decode_text(data)
    if name.endswith(TABLES):
        return read_table(text)
    return read_json(text) if name.endswith(".json") else text


def _is_page(data: bytes, name: str) -> bool:
    beginning = data[:1024].lstrip().lower()
    return name.endswith(PAGES) or beginning.startswith((b"<!doctype html", b"<html"))


def read_html(data: bytes) -> str:
    """Return the visible text of a page.

    Raises:
        DocumentError: its encoding is not certain.
    """
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString

    soup = BeautifulSoup(decode_text(data), "html.parser")  # no limit of nesting, unlike lxml's
    for tag in soup.find_all(INVISIBLE_TAGS):
        tag.decompose()
    for string in soup.find_all(string=True):
        if isinstance(string, PreformattedString):  # comments, declarations
            string.extract()
        elif string.find_parent("pre") is None:
            string.replace_with(re.sub(r"\s+", " ", string))
    for names, border in ((BLOCKS, "\n\n"), (LINES, "\n"), (CELLS, "\t")):
        for tag in soup.find_all(names):
            tag.insert_before(border)
            if names is BLOCKS:
                tag.insert_after(border)
    return soup.get_text()


def read_json(text: str) -> str:
    """Return JSON with each value on its own line, so that it can be split between values."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def read_table(text: str) -> str:
    """Return a table as rows with the name of its column before each value, for search."""
    csv.field_size_limit(2**31 - 1)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:SAMPLE_CHARACTERS], ",;\t|")
    except csv.Error:
        dialect = "excel"
    try:
        rows = csv.reader(io.StringIO(text, newline=""), dialect)
        header = next(rows, [])
        lines = [", ".join(header), *(_row(header, row) for row in rows if any(row))]
    except csv.Error:
        return text
    return "\n".join(lines)


def _row(header: list[str], row: list[str]) -> str:
    names = header + [""] * (len(row) - len(header))
    pairs = zip(names, row, strict=False)
    return ", ".join(f"{name}: {value}" if name else value for name, value in pairs if value)
