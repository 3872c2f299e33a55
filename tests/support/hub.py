"""A model hub on loopback: the calls of huggingface_hub's client, answered from directories.

Run as ``HF_ENDPOINT``. Weights are redirected as the hub redirects to its storage.
"""

import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".safetensors", ".bin", ".onnx", ".pt")
"""Files that the hub keeps elsewhere."""


@dataclass
class Repository:
    """One model."""

    directory: Path
    revisions: dict[str, Path] = field(default_factory=dict[str, Path])
    """Further branches and tags."""
    token: str | None = None
    """Gated: only this token may read it."""

    def files(self, revision: str) -> Path | None:
        """Return the directory of a branch, tag or commit."""
        known = {"main": self.directory, **self.revisions}
        known |= {commit_of(directory): directory for directory in known.values()}
        return known.get(revision)


def commit_of(directory: Path) -> str:
    """Return the commit of a directory."""
    return hashlib.sha1(str(directory).encode(), usedforsecurity=False).hexdigest()


class Hub:
    """What the server has and what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        """Method, path and range of each request."""
        self.cut_after: dict[str, int] = {}
        """Files whose next answer ends after so many bytes."""
        self.missing: set[str] = set()
        """Files that are listed but not there."""

    def ranges_of(self, name: str) -> list[str | None]:
        """Return the ranges in which a file was fetched."""
        return [part for method, path, part in self.requests if method == "GET" and name in path]


@contextmanager
def run_hub() -> Generator[Hub]:
    """Run a hub until the block ends."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.hub = Hub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Handler.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.hub.requests.append((self.command, path, self.headers.get("Range")))
        if path.startswith("/api/models/"):
            self._answer_api(path.removeprefix("/api/models/"), parse_qs(url.query))
        elif path.startswith("/storage/"):
            self._send_file(Path(path.removeprefix("/storage")))
        elif "/resolve/" in path:
            self._resolve(*path.strip("/").split("/resolve/", 1))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "RepoNotFound")

    def _answer_api(self, path: str, query: dict[str, list[str]]) -> None:
        name, action, rest = self._split(path)
        if (repository := self._open(name)) is None:
            return
        revision, _, below = rest.partition("/")
        directory = repository.files(revision or "main")
        if directory is None:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        elif action == "tree":
            entries = _entries(directory, below, recursive="true" in _values(query, "recursive"))
            self._send_json(entries)
        else:
            siblings = [{"rfilename": path} for path in _paths(directory)]
            self._send_json(
                {
                    "id": name,
                    "modelId": name,
                    "sha": commit_of(directory),
                    "private": False,
                    "gated": "manual" if repository.token else False,
                    "tags": [],
                    "siblings": siblings,
                }
            )

    @staticmethod
    def _split(path: str) -> tuple[str, str, str]:
        """Return a repository's name, what is done with it, and the rest of the path."""
        owner, name, *rest = path.split("/", 3)
        action = rest[0] if rest else ""
        return f"{owner}/{name}", action, rest[1] if len(rest) > 1 else ""

    def _resolve(self, name: str, path: str) -> None:
        if (repository := self._open(name)) is None:
            return
        revision, _, file = path.partition("/")
        directory = repository.files(revision)
        if directory is None:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
            return
        commit = {"X-Repo-Commit": commit_of(directory)}
        found = directory / file
        if file in self.hub.missing or not found.is_file():
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound", commit)
        elif file.endswith(LARGE):
            self._redirect(found, commit)
        else:
            self._send_file(found, commit)

    def _redirect(self, found: Path, headers: dict[str, str]) -> None:
        self.send_response(HTTPStatus.FOUND)
        # Storage is another host to the client, which is not given the token.
        storage = self.hub.url.replace("127.0.0.1", "localhost")
        self.send_header("Location", f"{storage}/storage{found}")
        self.send_header("X-Linked-Size", str(found.stat().st_size))
        self.send_header("X-Linked-Etag", _etag(found))
        self._end(headers)

    def _open(self, name: str) -> Repository | None:
        repository = self.hub.repositories.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        if repository is None:
            # The hub does not reveal to anyone without a token whether there is such a model.
            status = HTTPStatus.NOT_FOUND if token else HTTPStatus.UNAUTHORIZED
            self._refuse(status, "RepoNotFound")
            return None
        # Who may not read the files of a gated model may see that it exists and what it has.
        is_refused = repository.token not in (None, token)
        if is_refused and not self.path.startswith("/api/"):
            status = HTTPStatus.FORBIDDEN if token else HTTPStatus.UNAUTHORIZED
            self._refuse(status, "GatedRepo")
            return None
        return repository

    def _send_json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self._end({}, body)

    def _send_file(self, path: Path, headers: dict[str, str] | None = None) -> None:
        data, start = path.read_bytes(), 0
        if (wanted := self.headers.get("Range")) is not None:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(HTTPStatus.OK)
        self.send_header("ETag", _etag(path))
        self.send_header("Accept-Ranges", "bytes")
        is_cut = self.command == "GET" and path.name in self.hub.cut_after
        cut = self.hub.cut_after.pop(path.name) if is_cut else None
        self._end(headers or {}, data[start:], cut)

    def _refuse(self, status: HTTPStatus, code: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self._end(headers or {}, json.dumps({"error": code}).encode())

    def _end(self, headers: dict[str, str], body: bytes = b"", cut: int | None = None) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True


def _paths(directory: Path) -> list[str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.relative_to(directory).as_posix() for path in files)


def _entries(directory: Path, below: str, *, recursive: bool) -> list[dict[str, Any]]:
    paths = [path for path in _paths(directory) if not below or path.startswith(f"{below}/")]
    prefix = f"{below}/" if below else ""
    return [
        {
            "type": "file",
            "path": path,
            "size": (directory / path).stat().st_size,
            "oid": _etag(directory / path).strip('"'),
        }
        for path in paths
        if recursive or "/" not in path.removeprefix(prefix)
    ]


def _etag(path: Path) -> str:
    return f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"'


def _values(query: dict[str, list[str]], name: str) -> list[str]:
    return [value.lower() for value in query.get(name, [])]
