from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from serve_app.http import auth
from tests.api.conftest import CreateApi
from tests.support.scripted_model import KEY, connect
from tests.support.waiting import read_until


@pytest.fixture
async def locked(create: CreateApi) -> AsyncIterator[httpx2.AsyncClient]:
    api = create(frozenset({KEY, "sk-other"}))
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY} "},
        {"x-api-key": KEY},
        {"xi-api-key": "sk-other"},
    ],
)
async def test_key_in_any_of_the_sdks_headers_opens(
    locked: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await locked.get("/v1/models", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": "Bearer sk-wrong", "x-api-key": KEY},
        {"x-api-key": "sk-\xff"},
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/models",
        "/version",
        "/openapi.json",
        "/metrics",
        "/nope",
        "http://test//healthz",
        "/healthz//",
        "http://test//",
    ],
)
async def test_without_a_right_key_every_other_path_is_closed(
    locked: httpx2.AsyncClient, headers: dict[str, str], path: str
) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    answer = await locked.get(path, headers=encoded)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert KEY not in answer.text


async def test_health_needs_no_key_and_tells_no_reasons(locked: httpx2.AsyncClient) -> None:
    alive, ready = await locked.get("/healthz"), await locked.get("/readyz")

    assert (alive.status_code, ready.status_code) == (200, 503)
    assert ready.json()["models"]["broken"] == "failed"
    assert "Field required" not in ready.text


@pytest.mark.parametrize("path", ["/", "/health", "/healthz", "/healthz/", "/ping"])
async def test_page_and_health_need_no_key(locked: httpx2.AsyncClient, path: str) -> None:
    assert (await locked.get(path)).status_code == 200
    assert (await locked.head(path)).status_code == 200


async def test_keys_of_a_file_are_read_again(
    create: CreateApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "KEYS_POLL_S", 0.01)
    file = tmp_path / "keys"
    file.write_text("sk-first\n")
    api = create(frozenset({"sk-first"}), api_keys_file=file)
    async with api.router.lifespan_context(api), connect(api) as client:

        async def open_to() -> set[str]:
            keys = ("sk-first", "sk-second")
            answers = [await client.get("/v1/models", headers={"x-api-key": key}) for key in keys]
            return {key for key, answer in zip(keys, answers, strict=True) if answer.is_success}

        file.write_text("sk-first\nsk-second  # a colleague's\n")
        await read_until(open_to, lambda keys: keys == {"sk-first", "sk-second"})

        file.write_text("# nothing\n")  # neither closes the server nor opens it to everyone
        assert await open_to() == {"sk-first", "sk-second"}
        file.unlink()
        assert await open_to() == {"sk-first", "sk-second"}

        file.write_text("sk-second\n")
        await read_until(open_to, lambda keys: keys == {"sk-second"})
