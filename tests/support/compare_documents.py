"""Compares the text that is read of DOCX files with LibreOffice's, and of PDF with pdftotext's.

``make compare-documents`` runs it. Their words must be in ours, of DOCX in the same order; ours
may be more.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from serve_app.documents.pdf import read_pdf
from serve_app.documents.word import read_word
from tests.support import pdf_documents
from tests.support.word_documents import CONTAINERS
from tests.support.word_files import build_word_file

CONVERT = ("soffice", "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir")
READ_PDF = ("pdftotext", "-q", "-enc", "UTF-8")
WORD = re.compile(r"[^\W\d_]+")
"""Of letters: LibreOffice's numbers of notes are other ones."""


def main() -> int:
    """Print the documents of which something is missing; return how many there are."""
    missing = [*_compare_word_files(), *_compare_pdf_files()]
    for line in missing:
        print(line)
    total = len(CONTAINERS) + len(pdf_documents.CONTAINERS)
    print(f"{total} files, {len(missing)} differ.")
    return len(missing)


def _compare_word_files() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        data = {f"{n}.docx": each for n, each in enumerate(CONTAINERS) if each.opens_elsewhere}
        for name, container in data.items():
            (Path(folder) / name).write_bytes(build_word_file(container.body, container.parts))
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [*CONVERT, folder, profile, *data]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for name, container in data.items():
            converted = (Path(folder) / name).with_suffix(".txt")
            theirs = converted.read_text("utf-8-sig")
            ours = read_word(io.BytesIO((Path(folder) / name).read_bytes()))
            shown = theirs.replace(container.beside, " ") if container.beside else theirs
            if not _are_in_order(WORD.findall(shown), WORD.findall(ours)):
                yield f"{container.name}: {ours!r} lacks something of {theirs!r}"


def _compare_pdf_files() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.pdf"
        for container in pdf_documents.CONTAINERS:
            path.write_bytes(container.build())
            run = subprocess.run([*READ_PDF, path, "-"], capture_output=True, check=False)
            theirs = run.stdout.decode()
            shown = theirs.replace(container.beside, " ") if container.beside else theirs
            ours = read_pdf(path)
            if Counter(WORD.findall(shown)) - Counter(WORD.findall(ours)):
                yield f"{container.name}: {ours!r} lacks something of {theirs!r}"


def _are_in_order(words: list[str], text: list[str]) -> bool:
    """Return whether the words are in a text in this order."""
    rest = iter(text)
    return all(word in rest for word in words)


if __name__ == "__main__":
    sys.exit(main())
