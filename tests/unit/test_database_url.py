"""Which database is meant, and that its password is nobody's to see."""

from pathlib import Path

import pytest

from serve_app.config import DATABASE_URL_VARIABLE, IngressConfig
from serve_app.storage.database import Database
from serve_app.storage.database_url import parse_database_url


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE_URL_VARIABLE, raising=False)


def test_default_is_a_file_in_the_users_home() -> None:
    url = parse_database_url(IngressConfig().database())

    assert url.path == Path.home() / ".local/share/homeport/homeport.db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db/homeport", "postgresql://db/homeport"),
        ("postgres://me:hush@db:5432/homeport?sslmode=require", "postgresql://db:5432/homeport"),
        ("postgresql://me@one:1,two:2/x?password=hush", "postgresql://one:1,two:2/x"),
        ("postgresql://me:h%40%2Fush@[::1]:5432/x", "postgresql://[::1]:5432/x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x"),
        ("sqlite:////var/x y.db", "sqlite:////var/x y.db"),
        ("sqlite://", "memory"),
    ],
)
def test_only_host_and_database_of_a_url_are_shown(url: str, shown: str) -> None:
    parsed = parse_database_url(url)

    assert parsed.shown == shown
    assert "hush" not in repr(parsed)
    assert parsed.has_password == ("ush" in url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://me:hush@db/x",
        "postgresql+asyncpg://me:hush@db/x",
        "postgresql://me:hu/sh@db/x",
        "postgresql://me:hu@sh@db/x",
        "postgresql://me:hu#sh@db/x",
        "postgresql://me:hush@db/x\n",
        "sqlite:///hush.db",
        "sqlite:hush.db",
    ],
)
def test_url_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        Database(url)

    assert "database_url: " in str(raised.value)
    assert "hu" not in str(raised.value)


def test_password_in_the_arguments_is_refused_and_not_repeated() -> None:
    config = IngressConfig(database_url="postgresql://me:hush@db/x")

    with pytest.raises(ValueError, match="database_url_file or HOMEPORT_DATABASE_URL") as raised:
        config.database()

    assert "hush" not in str(raised.value)


def test_mistyped_setting_is_not_repeated_either() -> None:
    with pytest.raises(ValueError) as raised:
        IngressConfig.model_validate({"databse_url": "postgresql://me:hush@db/x"})

    assert "databse_url" in str(raised.value)
    assert "hush" not in str(raised.value)


def test_file_goes_before_the_environment_and_that_before_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "database-url"
    path.write_text("postgresql://me:hush@file/x\n")
    assert IngressConfig(database_url="sqlite:////a").database() == "sqlite:////a"

    monkeypatch.setenv(DATABASE_URL_VARIABLE, "postgresql://me:hush@environment/x")

    assert "@environment/" in IngressConfig(database_url="sqlite:////a").database()
    assert IngressConfig(database_url_file=path).database() == "postgresql://me:hush@file/x"


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        IngressConfig(database_url_file=tmp_path / "no-such-file").database()
