"""Parses the URL of the database, and hides user, password and query in messages."""

import re
from dataclasses import dataclass, field
from pathlib import Path

SQLITE = "sqlite:///"
MEMORY = "sqlite://"

_POSTGRESQL = re.compile(
    r"postgres(?:ql)?://(?:[^:/?#@\s]+(?::(?P<password>[^:/?#@\s]*))?@)?"
    r"(?P<shown>[^/?#@\s]*(?:/[^/?#@\s]*)?)(?P<query>\?[^#\s]*)?"
)
_SECRET_OPTION = re.compile(r"[?&]password=", re.IGNORECASE)


@dataclass(frozen=True)
class DatabaseURL:
    """A parsed URL."""

    shown: str
    """The URL for logs and errors."""
    path: Path | None = None
    """The file of an SQLite database."""
    dsn: str | None = field(default=None, repr=False)
    """The URL for PostgreSQL's driver. Without path and dsn, the database is in memory."""
    has_password: bool = False


def parse_database_url(url: str) -> DatabaseURL:
    """Parse a URL.

    Raises:
        ValueError: describes valid URLs, without repeating this one.
    """
    if url == MEMORY:
        return DatabaseURL("memory")
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE)).expanduser()
        if not path.is_absolute():  # an ingress replica runs in a directory of Ray's choice
            raise ValueError(
                "database_url: the path of an SQLite database must be absolute or begin with ~, as "
                "in sqlite:////var/lib/homeport/homeport.db"
            )
        return DatabaseURL(f"{SQLITE}{path}", path=path)
    match = _POSTGRESQL.fullmatch(url)
    if match is None:
        raise ValueError(
            "database_url: must be like sqlite:////path/to/file.db or "
            "postgresql://user:password@host:5432/database, with the special characters of the "
            "password percent-encoded"
        )
    return DatabaseURL(
        f"postgresql://{match['shown']}",
        dsn=url,
        has_password=bool(match["password"] or _SECRET_OPTION.search(match["query"] or "")),
    )
