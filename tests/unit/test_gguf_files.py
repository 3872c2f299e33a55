"""What is wrong with a GGUF file is reported in one line, before a library is imported."""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from deployments.chat.vllm.gguf.cache import convert_once
from deployments.chat.vllm.gguf.files import find_gguf
from deployments.chat.vllm.gguf.header import ARCHITECTURES, QUANTIZATIONS, read_header
from wire.errors import ModelLoadError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEPORT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gguf"


def write(path: Path, architecture: str = "llama", **fields: int) -> Path:
    """Write a file with one tensor and a vocabulary of some length."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_token_list([f"t{index}" for index in range(5000)])
    writer.add_token_scores([0.5] * 5000)
    for key, value in fields.items():
        writer.add_uint32(key.replace("__", "."), value)
    writer.add_tensor("token_embd.weight", np.ones((4, 256), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def claim(path: Path, *, type_: int = 0, rows: int = 4) -> Path:
    """Write a file that states another type or another size of its tensor than it has."""
    data = write(path).read_bytes()
    before = b"token_embd.weight" + struct.pack("<IQ", 2, 256)
    at = data.index(before) + len(before)
    path.write_bytes(data[:at] + struct.pack("<QI", rows, type_) + data[at + 12 :])
    return path


def test_header_has_the_metadata_and_where_tensors_are(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", llama__block_count=3)

    header = read_header(path)

    tensor = header.tensors["token_embd.weight"]
    assert header.of_model("block_count") == 3
    assert header.metadata["tokenizer.ggml.tokens"] == 5000
    assert (tensor.shape, tensor.type, header.num_weights) == ((4, 256), "F32", 1024)
    assert path.read_bytes()[tensor.start :][: tensor.size] == np.ones(1024, np.float32).tobytes()


def test_every_prefix_of_a_file_is_cut_off(tmp_path: Path) -> None:
    data = write(tmp_path / "m.gguf").read_bytes()
    for length in (4, 10, 24, 30, 200, len(data) - 5000, len(data) - 1):
        cut = tmp_path / "cut.gguf"
        cut.write_bytes(data[:length])

        with pytest.raises(ModelLoadError, match=r"^'\S+cut.gguf' is cut off[^\n]+$"):
            read_header(cut)


UNSERVABLE: dict[str, Callable[[Path], object]] = {
    "it is no GGUF file": lambda path: path.write_bytes(b"PK\x03\x04 a zip"),
    "it is no GGUF": lambda path: path.write_bytes(b""),
    "version 1": lambda path: path.write_bytes(b"GGUF" + struct.pack("<I", 1)),
    "architecture 'clip'; .*llama, phi3, qwen2": lambda path: write(path, "clip"),
    "type TQ1_0; .*Q4_0, Q4_1": lambda path: claim(path, type_=34),
    "type 999; ": lambda path: claim(path, type_=999),
    "one of 2 parts; llama-gguf-split --merge": lambda path: write(path, split__count=2),
    "is cut off: it has [0-9,]+ of 4,": lambda path: claim(path, rows=4000),
}


@pytest.mark.parametrize("reason", UNSERVABLE)
def test_file_that_cannot_be_served_has_its_reason(reason: str, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    UNSERVABLE[reason](path)

    with pytest.raises(ModelLoadError, match=reason) as error:
        convert_once(path)

    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_full_disk_is_reported_before_the_conversion(cache: Path, tmp_path: Path) -> None:
    path = claim(tmp_path / "m.gguf", rows=2**32)
    with path.open("r+b") as file:
        file.truncate(2**32 * 1024 + 2**20)  # takes no room

    with pytest.raises(
        ModelLoadError, match=r"needs 2199\.1 GB in \S+ to be converted; [\d.]+ GB are free"
    ):
        convert_once(path)

    assert [each for each in cache.iterdir() if each.is_dir()] == []


def test_place_that_cannot_be_written_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOMEPORT_CACHE", str(tmp_path / "file"))

    with pytest.raises(ModelLoadError, match=r"cannot be converted: .*Not a directory"):
        convert_once(write(tmp_path / "m.gguf"))


def test_file_is_named_by_its_path_its_directory_or_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('it was imported')")
    path = write(package / "m.gguf")
    monkeypatch.syspath_prepend(tmp_path)

    assert find_gguf(str(path)) == path
    assert find_gguf(str(package)) == path
    assert find_gguf("package:some_weights/m.gguf") == path
    assert find_gguf("package:some_weights") == path
    assert find_gguf("org/name") is None
    assert find_gguf("embedded/chat") is None
    (package / "config.json").touch()
    assert find_gguf(str(package)) is None


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("package:no_such_package/m.gguf", "the package 'no_such_package' is not installed"),
        ("package:wire/m.gguf", "nor a file of .gguf: the package has no such path"),
        ("/nowhere/m.gguf", "No model directory at '/nowhere/m.gguf', nor a file of .gguf"),
        ("m.gguf", "No file at 'm.gguf'"),
    ],
)
def test_file_that_is_not_there_is_named(model: str, reason: str) -> None:
    with pytest.raises(ModelLoadError, match=reason):
        find_gguf(model)


def test_directory_with_several_files_lists_them(tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        write(tmp_path / name)

    with pytest.raises(ModelLoadError, match=r"name one of them: a.gguf, b.gguf"):
        find_gguf(str(tmp_path))


def test_file_of_the_hub_comes_from_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    repository = tmp_path / "models--org--name"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    path = write(snapshot / "m.gguf")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert find_gguf("org/name:m.gguf") == path
    with pytest.raises(ModelLoadError, match=r"^'other.gguf' of 'org/name' cannot be fetched: "):
        find_gguf("org/name:other.gguf")


def test_documentation_lists_what_is_loaded() -> None:
    text = (Path(__file__).parents[2] / "docs/guide/configuration.md").read_text()
    rows = dict(re.findall(r"^\| (architectures|types of tensors) \| (.*) \|$", text, re.MULTILINE))

    assert set(re.findall(r"`(\w+)`", rows["architectures"])) == ARCHITECTURES
    assert set(rows["types of tensors"].split(", ")) == QUANTIZATIONS
