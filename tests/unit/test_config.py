import base64
import hashlib
from pathlib import Path

import pytest

from deployments.config import PROJECT_ROOT, check_package, resolve_model
from serve_app.config import IngressConfig, check_exposure
from wire.errors import ModelLoadError


def test_keys_come_from_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.write_text("# the team\nsk-a  # Ada\n\n sk-b\n")
    monkeypatch.setenv("HOMEPORT_API_KEYS", "sk-c, sk-d,")

    assert IngressConfig(api_keys_file=file).api_keys() == {"sk-a", "sk-b", "sk-c", "sk-d"}


def test_key_file_without_a_key_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# sk-a\n")

    with pytest.raises(ValueError, match="holds no key"):
        IngressConfig(api_keys_file=file).api_keys()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", None])
def test_open_server_beyond_loopback_must_be_wanted(host: str | None) -> None:
    details = {"http_options": {"host": host}}

    with pytest.raises(ValueError, match="without any API key"):
        check_exposure(IngressConfig(), frozenset(), details)
    check_exposure(IngressConfig(allow_unauthenticated=True), frozenset(), details)
    check_exposure(IngressConfig(), frozenset({"sk-a"}), details)


def test_model_under_the_project_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert resolve_model("embedded/chat") == str(PROJECT_ROOT / "embedded" / "chat")


def test_local_directory_goes_before_a_hub_id_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert resolve_model("org/name") == str(tmp_path / "org" / "name")
    assert resolve_model("other/name") == "other/name"


@pytest.mark.parametrize("path", ["/nowhere", "./nowhere", "~/nowhere-at-all", "embedded/nothing"])
def test_path_without_a_model_is_told(path: str) -> None:
    with pytest.raises(ModelLoadError, match=path):
        resolve_model(path)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a model, whose code must not run."""
    content = b"weights"
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    model = tmp_path / "some_weights" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise SystemExit('it was imported')")
    (model / "model.bin").write_bytes(content)
    information = tmp_path / "some_weights-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: some-weights\nVersion: 1.0\n")
    (information / "RECORD").write_text(
        f"some_weights/model/model.bin,sha256={digest},7\nsome_weights-1.0.dist-info/RECORD,,\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return model


def test_model_in_a_package_is_found_and_checked_without_its_code(package: Path) -> None:
    assert resolve_model("package:some_weights/model") == str(package)
    check_package("package:some_weights/model")
    check_package("package:wire")  # of a checkout: nothing is recorded
    check_package("org/name")


def test_file_of_a_package_that_differs_from_the_published_one_is_named(package: Path) -> None:
    (package / "model.bin").write_bytes(b"wei")

    with pytest.raises(ModelLoadError, match=r"model.bin' is not as the package 'some_weights'"):
        check_package("package:some_weights/model")
    (package / "model.bin").unlink()
    with pytest.raises(ModelLoadError, match=r"model.bin' cannot be read: No such file"):
        check_package("package:some_weights/model")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("package:nothing_of_this_name/m", "'nothing_of_this_name' is not installed"),
        ("package:some_weights/m", "the package has no such path"),
        ("package:some_weights/model/model.bin", "the package has no such path"),
        ("package:a.b/m", "'a.b' is not installed"),
    ],
)
def test_package_without_the_model_is_named(model: str, reason: str, package: Path) -> None:
    with pytest.raises(ModelLoadError, match=reason):
        resolve_model(model)
