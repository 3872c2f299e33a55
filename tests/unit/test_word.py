"""The text of DOCX files, in each container that WordprocessingML has."""

import io

import pytest

from serve_app.documents.word import MAX_DEPTH, read_word
from tests.support.word_documents import CONTAINERS
from tests.support.word_files import Container, Part, build_word_file, paragraph, run, to_strict


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda each: each.name)
def test_text_of_each_container_is_read(container: Container) -> None:
    file = io.BytesIO(build_word_file(container.body, container.parts))

    assert read_word(file) == container.text


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda each: each.name)
def test_text_of_each_container_is_read_in_the_strict_namespaces(container: Container) -> None:
    file = io.BytesIO(to_strict(build_word_file(container.body, container.parts)))

    assert read_word(file) == container.text


def test_containers_in_one_document_are_read_together() -> None:
    alone = [each for each in CONTAINERS if not each.parts]
    body = paragraph(run("~")).join(each.body for each in alone)

    text = read_word(io.BytesIO(build_word_file(body)))

    assert text == "\n\n~\n\n".join(each.text for each in alone)


def test_document_in_a_document_is_read_to_a_depth() -> None:
    data = build_word_file(paragraph(run("innermost")))
    for number in range(MAX_DEPTH + 1):
        body = paragraph(run(f"level {number}")) + '<w:altChunk r:id="part"/>'
        data = build_word_file(body, {"part.docx": Part("aFChunk", "application/x", data)})

    text = read_word(io.BytesIO(data))

    assert text.startswith("level 4\n\nlevel 3")
    assert text.endswith("[An inserted file is not read: part.docx]")
