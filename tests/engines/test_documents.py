"""Real files of every format, and files that are made to hurt, in the process that reads them."""

import json
import os
from pathlib import Path

import pytest

from serve_app.documents.errors import DocumentError
from serve_app.documents.reader import DocumentReader
from tests.support.documents import encrypt, pdf, swollen, word_file
from tests.support.pdf_documents import SCAN
from tests.support.pdf_files import FIRST, Container, build_pages, deflate, form
from tests.support.word_documents import CONTAINERS
from tests.support.word_files import build_word_file
from wire.limits import MAX_DOCUMENT_CHARS

MEMORY_BYTES = 512 * 2**20
LINE = "The quick brown fox."
DOCX = word_file(LINE, "The end.", table=(("a", "b"), ("c", "d")))
LONG = b"x" * (MAX_DOCUMENT_CHARS + 1)
PRICE = "Цена не является окончательной. Оплата производится в течение тридцати дней."
FINAL = "これは価格に関する契約書です。価格は最終的なものではありません。"
TRACKED = next(build_word_file(each.body) for each in CONTAINERS if each.name == "insertion")
LOADED = Container("", "", "", objects={5: deflate(b" " * 900 * 2**20)}).build()
REPEATED = Container(
    "",
    "/Fm Do",
    "",
    resources=f"/XObject << /Fm {FIRST} 0 R >>",
    objects={
        FIRST + depth: form(
            "/Fm Do " * 30, f"/Resources << /XObject << /Fm {FIRST + depth + 1} 0 R >> >>"
        )
        for depth in range(12)
    },
).build()
"""Forms that draw forms, in all 30 to the power of 12."""
PAGE = (
    "<!DOCTYPE html><html><head><title>Title</title><style>p{}</style></head><body>"
    "<script>alert(1)</script><!-- hidden --><p>One   <b>bold</b>word\n here.</p>"
    "<ul><li>First</li><li>Second</li></ul><pre>a\n  b</pre></body></html>"
)


async def read(
    folder: Path, name: str, data: bytes, *, timeout_s: float = 60, memory: int = MEMORY_BYTES
) -> str:
    path = folder / "content"
    path.write_bytes(data)
    reader = DocumentReader(memory_bytes=memory, timeout_s=timeout_s)
    chunks = await reader.read(path, name, max_tokens=4096, overlap=0, part_tokens=4096)
    return "\n".join(cut.text for cut in chunks)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"\xef\xbb\xbfna\xc3\xafve", "naïve"),
        ("a.txt", "naïve Ω".encode("utf-16"), "naïve Ω"),
        ("a.txt", "plain words".encode("utf-16-be"), "plain words"),
        ("a.txt", b"na\xefve", "naïve"),
        ("code.py", b"def f():\n    return 1\n", "def f():\n    return 1"),
        ("a.json", b'{"a":[1,"\xc3\xa9"]}', '{\n "a": [\n  1,\n  "é"\n ]\n}'),
        ("a.json", b'{"a": nonsense', '{"a": nonsense'),
        ("a.json", b"[" * 100_000, None),
        ("a.csv", b"name;age\nBob;3\n;\nEve;\n", "name, age\nname: Bob, age: 3\nname: Eve"),
        ("a.csv", b'name,say\nBob,"a\nb"\n', "name, say\nname: Bob, say: a\nb"),
        ("no-suffix", pdf(LINE, "Second page."), f"{LINE}\n\nSecond page."),
        ("a.txt", PRICE.encode("cp1251"), PRICE),
        ("a.txt", FINAL.encode("shift_jis"), FINAL),
        ("a.docx", TRACKED, "The price is not final."),
        ("a.docx", DOCX, f"{LINE}\n\na\tb\nc\td\n\nThe end."),
    ],
)
async def test_file_says_what_is_in_it(
    tmp_path: Path, name: str, data: bytes, expected: str | None
) -> None:
    text = await read(tmp_path, name, data)

    assert text == expected or (expected is None and text)


async def test_page_says_what_a_reader_sees(tmp_path: Path) -> None:
    text = await read(tmp_path, "page", PAGE.encode())

    assert [line for line in text.splitlines() if line.strip()] == [
        "Title",
        "One boldword here.",
        "First",
        "Second",
        "a",
        "  b",
    ]


@pytest.mark.parametrize(
    ("name", "data", "code", "said"),
    [
        ("a.bin", bytes(range(256)) * 9, "unsupported_file", "neither text"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "unsupported_file", "before 2007"),
        ("a.txt", b"", "invalid_file", "no text"),
        ("a.txt", b"nul\xff\xfe bytes", "invalid_file", "not certain"),
        (
            "a.txt",
            b"x" * (MAX_DOCUMENT_CHARS + 1),
            "invalid_file",
            f"{MAX_DOCUMENT_CHARS} are allowed",
        ),
        ("a.pdf", pdf(LINE)[:200], "invalid_file", "PDF"),
        ("a.pdf", pdf(""), "invalid_file", "no text"),
        ("a.pdf", build_pages([SCAN]), "invalid_file", "scans, are not read"),
        ("a.pdf", LOADED, "invalid_file", "limit of memory"),
        ("a.pdf", b"not one", "invalid_file", "is none"),
        ("a.pdf", encrypt(pdf(LINE), "secret"), "invalid_file", "password"),
        ("a.docx", DOCX[:2000], "invalid_file", "archive"),
        ("a.docx", DOCX.replace(b"document.xml", b"document.xmx"), "invalid_file", "DOCX"),
        ("a.docx", swollen(DOCX, 300 * 2**20), "invalid_file", "unpacks to"),
        ("a.docx", swollen(DOCX, 100 * 2**20), "invalid_file", "too large"),
    ],
)
async def test_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, data: bytes, code: str, said: str
) -> None:
    with pytest.raises(DocumentError, match=said) as raised:
        await read(tmp_path, name, data)

    assert raised.value.code == code


async def test_pdf_with_an_empty_password_is_read(tmp_path: Path) -> None:
    assert await read(tmp_path, "a.pdf", encrypt(pdf(LINE), "")) == LINE


async def test_pdf_that_repeats_itself_without_end_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="longer than"):
        await read(tmp_path, "a.pdf", REPEATED, timeout_s=2)


async def test_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="longer than"):
        await read(tmp_path, "a.html", b"<p>" * 5_000_000, timeout_s=1)


async def test_process_that_reads_has_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A package in the way shows what is in the process's environment.
    folder = tmp_path / "serve_app" / "documents"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    show = (
        "import json, os; print(json.dumps({'chunk': 0, 'text': dict(os.environ), 'starts': [0]}))"
    )
    (folder / "program.py").write_text(show + "\nprint(json.dumps({'done': 1}))")
    monkeypatch.setattr("serve_app.documents.reader.ROOT", tmp_path)
    monkeypatch.setenv("HOMEPORT_API_KEYS", "sk-secret")
    monkeypatch.setenv("HOMEPORT_DATABASE_URL", "postgresql://u:secret@h/d")
    reader = DocumentReader(memory_bytes=MEMORY_BYTES, timeout_s=60)

    chunks = await reader.read(tmp_path / "x", "x", max_tokens=100, overlap=0, part_tokens=100)

    assert "secret" not in json.dumps(chunks[0].text)
    assert "HOMEPORT_API_KEYS" in os.environ
