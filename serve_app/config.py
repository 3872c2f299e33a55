"""``args`` of the ingress application, and its secrets from the environment."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator

from serve_app.storage.database_url import parse_database_url

API_KEYS_VARIABLE = "HOMEPORT_API_KEYS"
DATABASE_URL_VARIABLE = "HOMEPORT_DATABASE_URL"
PUBLIC_URL = re.compile(r"https?://[^\s/?#@\"\\<>]+(/[A-Za-z0-9._~-]+)*/?")


class ModerationConfig(BaseModel):
    """Who judges texts at ``/v1/moderations``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    """Id or alias of a chat model that follows instructions. None: nobody judges, and a request
    says so: an answer that means nothing would be worse."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Score from which a text is flagged. At a half the model would rather say yes than no."""


class IngressConfig(BaseModel):
    """What an operator may set for the ingress. The defaults suit a laptop and a small team."""

    # Errors do not repeat what was set: it may be a URL with a password.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_keys_file: Path | None = None
    """File with one API key a line; ``#`` starts a comment. Keys also come from the environment
    variable HOMEPORT_API_KEYS, separated by commas."""
    allow_unauthenticated: bool = False
    """Start without any key although the server listens beyond loopback. For networks that
    authenticate in front of Homeport."""
    max_body_bytes: int = Field(default=32 * 2**20, ge=1024)
    """Largest request body. 32 MiB holds a long chat with some images in it."""
    cold_start_timeout_s: float = Field(default=300, gt=0)
    """Longest wait for a model that is scaled to zero. Large models load for minutes."""
    registry_poll_s: float = Field(default=2, gt=0)
    """How often the ingress looks for added, changed and removed models. A look costs Serve's
    controller about 50 ms."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may call from a browser (CORS)."""
    files_url: str = "~/.cache/homeport/files"
    """Where files are kept that every ingress replica must find: a directory, which on a cluster is
    one that all nodes share, or a URL that fsspec knows (``s3://bucket/prefix``). The default suits
    one machine."""
    database_url: str = "sqlite:///~/.local/share/homeport/homeport.db"
    """The database of responses and conversations, which every ingress replica must reach: an
    SQLite file on a local disk, which suits one machine, or PostgreSQL
    (``postgresql://user@host:5432/database``). Without a password, because Serve shows ``args`` in
    its dashboard: a URL with one comes from ``database_url_file`` or HOMEPORT_DATABASE_URL."""
    database_url_file: Path | None = None
    """File that holds the URL instead."""
    image_url_ttl_s: float = Field(default=3600, gt=0)
    """How long the URL of a generated image works. An hour, as OpenAI's do."""
    public_url: str | None = None
    """The address that URLs in answers begin with. None: the one that the client used."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks (CIDR) of proxies in front of Homeport whose X-Forwarded-Proto, -Host and -Prefix
    count. None are trusted unasked: any client can send these headers."""
    remote_file_hosts: tuple[str, ...] = ()
    """Hosts whose http and https URLs requests may name as a file, ``*`` for any part of a name.
    None unasked: whoever may send a URL makes this server ask for it. Addresses that are not public
    are refused even then."""
    remote_file_timeout_s: float = Field(default=30, gt=0)
    """Longest time to fetch such a file."""
    moderation: ModerationConfig = ModerationConfig()
    """Who judges texts at ``/v1/moderations``. Nobody unasked: a small model would guess."""

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
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
            ValueError: the URL is not one of a database that Homeport knows, or shows a password.
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
    """Refuse to serve strangers: no keys and an address beyond loopback.

    ``details`` are Serve's details, which tell where its proxy listens.

    Raises:
        ValueError: says what to set.
    """
    host = (details.get("http_options") or {}).get("host") or "0.0.0.0"
    if keys or config.allow_unauthenticated or host in LOOPBACK_HOSTS:
        return
    raise ValueError(
        f"Homeport would listen on {host} without any API key. Set {API_KEYS_VARIABLE} or "
        "api_keys_file, or http_options.host: 127.0.0.1, or allow_unauthenticated: true."
    )
