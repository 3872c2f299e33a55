"""The text of PDF files, in each container and encoding that PDF has."""

from pathlib import Path

import pytest

from serve_app.documents.errors import DocumentError
from serve_app.documents.pdf import read_pdf
from tests.support.pdf_documents import CONTAINERS, SCAN
from tests.support.pdf_files import Container, build_pages


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda each: each.name)
def test_text_of_each_container_is_read(tmp_path: Path, container: Container) -> None:
    path = tmp_path / "content"
    path.write_bytes(container.build())

    assert read_pdf(path) == container.text


def test_file_of_pictures_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(build_pages([SCAN, SCAN]))

    with pytest.raises(DocumentError, match="Pictures, such as scans, are not read"):
        read_pdf(path)
