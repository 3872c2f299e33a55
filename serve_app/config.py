"""``args`` of the ingress application, and its secrets from the environment."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator

from serve_app.http.limits import MAX_FILE_BYTES, MAX_UPLOAD_BYTES
from serve_app.storage.database_url import parse_database_url

API_KEYS_VARIABLE = "HOMEPORT_API_KEYS"
DATABASE_URL_VARIABLE = "HOMEPORT_DATABASE_URL"
PUBLIC_URL = re.compile(r"https?://[^\s/?#@\"\\<>]+(/[A-Za-z0-9._~-]+)*/?")


class ModerationConfig(BaseModel):
    """The model of ``/v1/moderations``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    """Id or alias of a chat model that follows instructions. None: the path is a 404, since a
    meaningless answer would be worse."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Score from which a text is flagged. At 0.5, "yes" is as likely as "no"."""


class VectorStoresConfig(BaseModel):
    """How files of vector stores are read and searched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    embedding_model: str | None = None
    """Id or alias of the embeddings model of new vector stores. None: the first that is served. A
    store keeps the model that made its first vectors."""
    index_memory_bytes: int = Field(default=512 * 2**20, ge=2**20)
    """Memory of an ingress replica for the vectors of recently searched stores. A vector of 384
    numbers takes 800 bytes; a store that does not fit is read from the database by each search."""
    reading_memory_bytes: int = Field(default=2**30, ge=256 * 2**20)
    """Memory (address space) of a process that reads a file. Large PDF files need some hundred
    MiB."""
    reading_timeout_s: float = Field(default=120, gt=0)
    """Longest time to read a file: a thousand pages take about half of it."""
    files_at_once: int = Field(default=2, ge=1)
    """Files that an ingress replica reads at once. Each takes a core while it is parsed."""


class CodeInterpreterConfig(BaseModel):
    """The sandbox for code that models write: bubblewrap, without a network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bwrap: str = "bwrap"
    """The bubblewrap program: a name on the PATH, or a path."""
    python: str | None = None
    """The Python that runs the code, with the packages that it may import. None: the server's own,
    whose environment the code can then read."""
    timeout_s: float = Field(default=60, gt=0)
    """Maximum duration of a program. A client waits for it."""
    memory_bytes: int = Field(default=2**30, ge=64 * 2**20)
    """Memory (address space) of each process of a program. A GiB holds a table of some million
    rows."""
    disk_bytes: int = Field(default=256 * 2**20, ge=2**20)
    """Maximum size of a program's folder, and again of /tmp and /dev/shm, which are in memory."""
    processes: int = Field(default=32, ge=1)
    """Maximum number of processes of a program."""
    at_once: int = Field(default=2, ge=1)
    """Programs that an ingress replica runs at once. Each takes a core or more."""


class IngressConfig(BaseModel):
    """Settings of the ingress. The defaults suit a laptop and a small team."""

    # Errors do not contain values, which may be a URL with a password.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_keys_file: Path | None = None
    """File with one API key per line; ``#`` starts a comment. It is read again every second. Keys
    also come from the environment variable HOMEPORT_API_KEYS, separated by commas."""
    allow_unauthenticated: bool = False
    """Start without keys on an address other than loopback. For networks that authenticate in front
    of Homeport."""
    max_body_bytes: int = Field(default=32 * 2**20, ge=1024)
    """Largest request body. 32 MiB holds a long chat with some images in it."""
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=1024)
    """Largest file of ``/v1/files``. OpenAI's limit."""
    max_upload_bytes: int = Field(default=MAX_UPLOAD_BYTES, ge=1024)
    """Largest file of ``/v1/uploads``. OpenAI's limit."""
    cold_start_timeout_s: float = Field(default=300, gt=0)
    """Longest wait for a model that is scaled to zero. Large models load for minutes."""
    share_prompt_cache: bool = False
    """Let all keys share the cached beginnings of prompts, which saves time where they send the
    same ones. By default each key has its own: the time of an answer and its ``cached_tokens``
    would show what others have sent."""
    registry_poll_s: float = Field(default=2, gt=0)
    """Interval at which the ingress looks for added, changed and removed models. Each time costs
    Serve's controller some milliseconds."""
    strict_fields: bool = False
    """Refuse fields without effect (``store``, ``verbosity`` …). By default they are accepted, as
    by the service for which a client was written, and named in the header x-homeport-ignored."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may send requests from a browser (CORS)."""
    files_url: str = "~/.local/share/homeport/files"
    """The file store, which all ingress replicas share: a directory, on a cluster one that all
    nodes mount, or a URL for fsspec (``s3://bucket/prefix``). The default suits one machine."""
    database_url: str = "sqlite:///~/.local/share/homeport/homeport.db"
    """The database of stored objects, which all ingress replicas share: an SQLite file on a local
    disk, which suits one machine, or PostgreSQL (``postgresql://user@host:5432/database``). Without
    a password, because Serve shows ``args`` in its dashboard: a URL with one must come from
    ``database_url_file`` or HOMEPORT_DATABASE_URL."""
    database_url_file: Path | None = None
    """File that holds the URL instead."""
    batch_requests_at_once: int = Field(default=4, ge=1)
    """Concurrent requests of batches per ingress replica. The default suits a model on CPUs, where
    each slows down other requests; a GPU has room for more."""
    image_url_ttl_s: float = Field(default=3600, gt=0)
    """Lifetime of the URL of a generated image. An hour, as in OpenAI."""
    public_url: str | None = None
    """Base of URLs in answers. None: the address that the client used."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks (CIDR) of proxies in front of Homeport whose X-Forwarded-Proto, -Host and -Prefix
    headers are used. By default none are trusted, since any client can send these headers."""
    remote_file_hosts: tuple[str, ...] = ()
    """Hosts whose http and https URLs requests may name as a file, ``*`` for any part of a name.
    None by default, since clients could make this server request any URL. Addresses that are not
    public are always refused."""
    remote_file_timeout_s: float = Field(default=30, gt=0)
    """Longest time to fetch such a file."""
    vector_stores: VectorStoresConfig = VectorStoresConfig()
    """How files of vector stores are read and searched."""
    code_interpreter: CodeInterpreterConfig | None = None
    """The sandbox for code that models write. None: assistants with a code interpreter are refused,
    since not every machine allows a sandbox."""
    moderation: ModerationConfig = ModerationConfig()
    """The model of ``/v1/moderations``. None by default, since a small model would guess."""

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str | None) -> str | None:
        if url is not None and not PUBLIC_URL.fullmatch(url):
            raise ValueError(
                "must be like https://models.example.com or https://example.com/models"
            )
        return url

    def api_keys(self) -> frozenset[str]:
        """Read the keys.

        Raises:
            OSError: the key file cannot be read.
            ValueError: the key file holds no key.
        """
        keys = {key.strip() for key in os.environ.get(API_KEYS_VARIABLE, "").split(",")}
        if self.api_keys_file is not None:
            lines = self.api_keys_file.expanduser().read_text(encoding="utf-8").splitlines()
            from_file = {line.split("#", 1)[0].strip() for line in lines} - {""}
            if not from_file:
                raise ValueError(f"api_keys_file {self.api_keys_file} holds no key")
            keys |= from_file
        return frozenset(keys - {""})

    def database(self) -> str:
        """Return the URL of the database: the file's, the environment's, or the one that is set.

        Raises:
            OSError: the file cannot be read.
            ValueError: the URL is not one of a supported database, or has a password.
        """
        if self.database_url_file is not None:
            url = self.database_url_file.expanduser().read_text(encoding="utf-8").strip()
        else:
            url = os.environ.get(DATABASE_URL_VARIABLE) or self.database_url
        if parse_database_url(url).has_password and url == self.database_url:
            raise ValueError(
                "database_url: Serve would show its password in the dashboard. Put the URL into "
                f"database_url_file or {DATABASE_URL_VARIABLE}."
            )
        return url


LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def check_exposure(config: IngressConfig, keys: frozenset[str], details: dict[str, Any]) -> None:
    """Refuse to start without keys on an address other than loopback.

    ``details`` are Serve's details, which include the address of its proxy.

    Raises:
        ValueError: names the settings that solve it.
    """
    host = (details.get("http_options") or {}).get("host") or "0.0.0.0"
    if keys or config.allow_unauthenticated or host in LOOPBACK_HOSTS:
        return
    raise ValueError(
        f"Homeport would listen on {host} without any API key. Set {API_KEYS_VARIABLE} or "
        "api_keys_file, or http_options.host: 127.0.0.1, or allow_unauthenticated: true."
    )
