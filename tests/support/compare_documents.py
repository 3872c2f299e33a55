"""Compares the text that is read of DOCX files with LibreOffice's.

``make compare-documents`` runs it. Its words must be in ours in the same order; ours may be more.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from serve_app.documents.word import read_word
from tests.support.word_documents import CONTAINERS
from tests.support.word_files import build_word_file

CONVERT = ("soffice", "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir")
WORD = re.compile(r"[^\W\d_]+")
"""Of letters: LibreOffice's numbers of notes are other ones."""


def main() -> int:
    """Print the documents of which something is missing; return how many there are."""
    missing = list(_compare_word_files())
    for line in missing:
        print(line)
    print(f"{len(CONTAINERS)} DOCX files, {len(missing)} differ.")
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


def _are_in_order(words: list[str], text: list[str]) -> bool:
    """Return whether the words are in a text in this order."""
    rest = iter(text)
    return all(word in rest for word in words)


if __name__ == "__main__":
    sys.exit(main())
