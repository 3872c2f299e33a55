from pathlib import Path

import pytest

from deployments.config import PROJECT_ROOT, resolve_model
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
