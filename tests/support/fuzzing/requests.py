"""Requests as recorded from the SDKs' suite and the docs' examples, and their mutations."""

import gzip
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from tests.support.fuzzing.mutations import (
    RAW,
    STRINGS,
    Pool,
    collect_members,
    mutate,
    odd_value,
    write_json,
)

BOUNDARY = re.compile(rb"boundary=\"?([^\";]+)")
NAME = re.compile(rb'(?<=[; ]name=")[^"]*')
FILENAME = re.compile(rb'; filename="[^"]*"')
ID = re.compile(r"[a-z_]{2,20}[-_][0-9A-Za-z_-]{6,}")

HEADERS: Mapping[str, Sequence[bytes]] = {
    "content-type": [
        *(b"", b"text/plain", b"application/json; charset=utf-16", b"multipart/form-data"),
        *(b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=", b"\xff"),
        b"application/json;" * 200,
    ],
    "content-encoding": [b"gzip", b"zstd", b"br", b"identity", b"x", b"gzip, gzip", b"\xff"],
    "accept": [b"", b"text/html", b"*/*;q=x", b"text/event-stream", b"\xff"],
    "authorization": [b"", b"Bearer", b"Bearer \xff", b"Basic eDp5", b"Bearer " + b"x" * 5000],
    "x-request-id": [b"x" * 500, b"a b", b"\xff", b"{}"],
    "openai-beta": [b"assistants=v1", b"assistants=v9", b"", b"\xff"],
    "anthropic-version": [b"", b"x", b"2023-06-01", b"\xff"],
    "xi-api-key": [b"", b"\xff"],
    "range": [b"bytes=0-0", b"bytes=9-1", b"bytes=x", b"bytes=-99999999999999999999"],
    "idempotency-key": [b"", b"x" * 3000],
    "accept-language": [b"x" * 1000],
    "cookie": [b"a=b; " * 200 + b"a=b"],
    "x-forwarded-for": [b"1.2.3.4, x", b"\xff"],
}
PATH_PARTS = ["..", ".", "%00", "%2e%2e", "x", "é", "a%2Fb", "x" * 3000, "\u202e", "0", " ", "{id}"]
QUERIES = {
    "limit": ["0", "-1", "999999999999999999999", "x", "1.5", "", "true"],
    "order": ["up", "", "\0", "asc"],
    "after": ["x", "\0", "\ud800", "", "x" * 2000],
    "before": ["x", "é"],
    "include": ["x", ""],
    "include[]": ["message.output_text.logprobs", "x"],
    "purpose": ["x", "\0"],
    "filter": ["x", "completed"],
    "stream": ["true", "x"],
    "starting_after": ["-1", "x", "9" * 30],
    "output_format": ["x", "mp3_44100_128", "pcm_999"],
    "optimize_streaming_latency": ["x", "9"],
    "enable_logging": ["x"],
    "page_size": ["0", "x"],
    "metadata[a]": ["b"],
    "x": ["y"],
}


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire."""

    method: str
    path: str
    """As text, to be encoded."""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, bytes] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def json(self) -> Any:
        """The body's JSON; None: it is none."""
        if not self.body or not self.headers.get("content-type", b"").startswith(
            b"application/json"
        ):
            return None
        return json.loads(self.body)

    @property
    def target(self) -> str:
        """Path and query, encoded."""
        text = quote(self.path, safe="/%:~", errors="replace")
        text = re.sub("%(?![0-9A-Fa-f]{2})", "%25", text)
        return f"{text}?{urlencode(self.query, errors='replace')}" if self.query else text

    @property
    def template(self) -> str:
        """Method and path with its ids replaced by a word."""
        return f"{self.method} {ID.sub('ID', self.path)}"

    def __str__(self) -> str:
        headers = {name: value[:80] for name, value in self.headers.items()}
        return f"{self.method} {self.target[:300]} {headers} {self.body[:1500]!r}"


KEPT_HEADERS = ("authorization", "content-type", "x-api-key", "xi-api-key", "openai-beta")
MORE_HEADERS = ("anthropic-version", "anthropic-beta")


def from_request(request: Any) -> Sent:
    """Return what a client of httpx or httpx2 sends."""
    query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    headers = {
        name: request.headers[name].encode("latin-1")
        for name in (*KEPT_HEADERS, *MORE_HEADERS)
        if name in request.headers
    }
    return Sent(request.method, request.url.path, tuple(query), headers, request.content)


class Mutator:
    """Makes odd requests of recorded ones."""

    def __init__(self, recorded: Sequence[Sent], seed: int) -> None:
        self._seed = seed
        by_template: dict[str, list[Sent]] = {}
        for each in recorded:
            same = by_template.setdefault(each.template, [])
            if each not in same:
                same.append(each)
        self._by_template = by_template
        self._pools: dict[str, Pool] = {
            template: collect_members([each.json for each in same if each.json is not None])
            for template, same in by_template.items()
        }

    @property
    def templates(self) -> list[str]:
        """The operations that are mutated."""
        return list(self._by_template)

    def make(self, number: int) -> Sent:
        """Return the request of this number."""
        chance = random.Random(f"{self._seed}:{number}")
        weights = [1 + min(len(same), 20) / 4 for same in self._by_template.values()]
        (template,) = chance.choices(list(self._by_template), weights)
        sent = chance.choice(self._by_template[template])
        roll = chance.random()
        if roll < 0.06 or (sent.method == "DELETE" and roll < 0.9):
            return _with_odd_path(chance, sent)
        if roll < 0.12 or (not sent.body and roll < 0.7):
            return _with_odd_query(chance, sent)
        if roll < 0.18 or not sent.body:
            return _with_odd_header(chance, sent)
        if roll < 0.24:
            return _with_odd_bytes(chance, sent)
        return self._with_odd_fields(chance, sent)

    def _with_odd_fields(self, chance: random.Random, sent: Sent) -> Sent:
        if sent.json is not None:
            return replace(
                sent, body=write_json(mutate(chance, sent.json, self._pools[sent.template]))
            )
        found = BOUNDARY.search(sent.headers.get("content-type", b""))
        return _with_odd_form(chance, sent, found[1]) if found else _with_odd_bytes(chance, sent)


def _with_odd_path(chance: random.Random, sent: Sent) -> Sent:
    parts = sent.path.split("/")
    ids = [index for index, part in enumerate(parts) if ID.fullmatch(part)]
    at = chance.choice(ids) if ids else chance.randrange(1, len(parts))
    odd = [parts[at][:-1], parts[at] + "x", parts[at].upper(), *PATH_PARTS]
    parts[at] = chance.choice(odd)
    return replace(sent, path="/".join(parts))


def _with_odd_query(chance: random.Random, sent: Sent) -> Sent:
    query = list(sent.query)
    for _ in range(chance.choice((1, 1, 2))):
        known = [name for name, _ in query] or list(QUERIES)
        name = chance.choice([*known, *QUERIES])
        query.append((name, chance.choice(QUERIES.get(name, STRINGS[:30]))))
    return replace(sent, query=tuple(query))


def _with_odd_header(chance: random.Random, sent: Sent) -> Sent:
    name = chance.choice(list(HEADERS))
    value = chance.choice(HEADERS[name])
    body = gzip.compress(sent.body) if value == b"gzip" and chance.random() < 0.5 else sent.body
    return replace(sent, headers={**sent.headers, name: value}, body=body)


def _with_odd_bytes(chance: random.Random, sent: Sent) -> Sent:
    at = chance.randrange(len(sent.body) + 1)
    body = chance.choice(
        (
            sent.body[:at],
            sent.body[:at] + bytes(chance.randrange(256) for _ in range(3)) + sent.body[at:],
            sent.body + sent.body,
            b"\xef\xbb\xbf" + sent.body,
            sent.body.replace(b"\r\n", b"\n"),
            sent.body.decode("latin-1").encode("utf-16"),
            b"",
            b"[" * 100_000,
            b"null",
            b'"x"',
            b"[]",
            b"{" + sent.body,
            _with_doubled_member(chance, sent),
        )
    )
    return replace(sent, body=body)


def _with_doubled_member(chance: random.Random, sent: Sent) -> bytes:
    if not isinstance(sent.json, dict) or not sent.json:
        return b"{}"
    name = chance.choice(list(sent.json))
    return b'{"%s": %s, %s' % (name.encode(), write_json(odd_value(chance)), sent.body[1:])


def _set(pattern: re.Pattern[bytes], value: bytes, head: bytes) -> bytes:
    return pattern.sub(lambda _: value, head)


def _with_odd_form(chance: random.Random, sent: Sent, boundary: bytes) -> Sent:
    mark = b"--" + boundary
    parts = [part.strip(b"\r\n").partition(b"\r\n\r\n") for part in sent.body.split(mark)[1:-1]]
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(parts))
        head, gap, data = parts[at]
        match chance.randrange(10):
            case 0:
                parts[at : at + 1] = [parts[at]] * 2
            case 1 if len(parts) > 1:
                del parts[at]
            case 2:
                parts[at] = (FILENAME.sub(b"", head), gap, data)
            case 3:
                odd = chance.choice(
                    (b"x", b"", b"file[]", b"model[a][b]", b"a[999999999]", b"\xff", b"image[0]")
                )
                parts[at] = (_set(NAME, odd, head), gap, data)
            case 4:
                odd = chance.choice((b"", b"\xff\xfe", b"../x", b"a\0b.wav", b"x" * 3000))
                given = b'; filename="%s"' % odd
                head = _set(FILENAME, given, head) if b"filename" in head else head + given
                parts[at] = (head, gap, data)
            case 5:
                parts[at] = (head + b"\r\nContent-Type: text/plain; charset=utf-16", gap, data)
            case 6:
                parts[at] = (head, gap, chance.choice((b"", b"\xff\xfe\xfd", data * 50, data[:-3])))
            case _:
                value = odd_value(chance)
                odd = write_json(value) if not isinstance(value, str) else b""
                if isinstance(value, str):
                    odd = value.removeprefix(RAW).encode(errors="surrogatepass")
                parts[at] = (head, gap, odd)
    text = b"".join(mark + b"\r\n" + b"".join(part) + b"\r\n" for part in parts)
    return replace(sent, body=text + mark + b"--\r\n")
