"""What requests leave in the log: a line each, with nothing that a client wrote into it."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.api.conftest import CreateApi
from tests.support.log_output import log_output
from tests.support.scripted_model import ScriptedModel, connect

MARK = "xylophone-of-the-north"
FORGED = "\nINFO 2026-11-30 ingress -- 200 GET / id=forged"
KEY = "sk-team-0123456789"
LINE = re.compile(
    r"INFO (?P<id>\S+) -- \d{3} [A-Z]+ \S+ kind=\S+ model=(\S+|\".*\") ms=\d+ "
    r"(\w+=[\d.]+ )*error=\S+ id=(?P=id)"
)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of the log, which are complete when the test reads them."""
    with log_output() as output:

        class Lines(list[str]):
            def __iter__(self) -> Iterator[str]:
                return iter(output.getvalue().splitlines())

        yield Lines()


async def test_no_request_writes_more_than_its_line(
    create: CreateApi, model: ScriptedModel, lines: list[str]
) -> None:
    model.script = [b"{}"]
    odd = f"small:x{FORGED}"
    chat = {"messages": [{"role": "user", "content": MARK + FORGED}], "user": odd}
    api = create(frozenset({KEY}))
    async with api.router.lifespan_context(api), connect(api) as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        for body in (
            chat,
            chat | {"model": odd},
            chat | {"model": MARK, odd: odd},
            chat | {"stop": odd, "temperature": odd},
            chat | {"messages": MARK},
        ):
            await client.post("/v1/chat/completions", json=body)
        await client.post("/v1/embeddings", json={"model": odd, "input": MARK})
        await client.post("/v1/audio/speech", json={"model": odd, "input": MARK, "voice": odd})
        await client.post("/v1/chat/completions", content=MARK.encode() * 100)
        await client.post("/v1/files", files={"file": (odd, MARK.encode())}, data={"purpose": odd})
        await client.get(f"/v1/models/{quote(odd)}", params={"signature": MARK})
        await client.get(
            f"/v1/{quote(odd)}", headers={"x-request-id": "a b\tc", "user-agent": MARK}
        )
        await client.request("FORGE", "/v1/models", headers={"x-request-id": "id=200"})
        await client.get("/v1/models", headers={"authorization": f"Bearer {MARK}-{KEY}"})

    written = list(lines)
    assert len(written) == 13
    assert not [line for line in written if not LINE.fullmatch(line)]
    assert MARK not in "".join(written)
    assert KEY not in "".join(written)


async def test_lines_of_an_unexpected_error_have_its_requests_id(
    create: CreateApi, model: ScriptedModel, lines: list[str]
) -> None:
    model.script = [RuntimeError(f"at https://bucket.example/key?signature={MARK}{FORGED}")]
    async with connect(create()) as client:
        response = await client.post(
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": MARK}]},
            headers={"x-request-id": "req-of-a-client"},
        )

    assert response.status_code == 500
    written = list(lines)
    assert len(written) > 10
    assert all("req-of-a-client" in line for line in written)
    assert MARK not in "".join(written)


async def test_model_with_blanks_cannot_pass_for_further_fields(
    create: CreateApi, lines: list[str]
) -> None:
    async with connect(create()) as client:
        await client.post("/v1/embeddings", json={"model": 'x ms=1 id="y', "input": "a"})

    assert [line for line in lines if LINE.fullmatch(line)] == list(lines)
