"""What ``make serve`` serves: the configuration, checked, and where the server answers."""

import fcntl
import http.client
import json
import os
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import yaml
from pydantic import BaseModel, Field, ValidationError

from serve_app.config import LOOPBACK_HOSTS, IngressConfig, check_exposure
from serve_app.models.discovery import MODEL_IMPORT_PATH
from serve_app.storage.database_url import parse_database_url

INGRESS_IMPORT_PATH = "serve_app.app:build"

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Requests to this machine use no proxy that the environment names."""


class IngressFailedError(Exception):
    """Serve has given up starting the ingress: it will never answer."""


class _HTTPOptions(BaseModel):
    host: str = "0.0.0.0"
    port: int = Field(default=8000, ge=1, le=65535)


class _Application(BaseModel):
    name: str = "default"
    import_path: str
    args: dict[str, Any] = Field(default_factory=dict)


class _ServeConfig(BaseModel):
    """The parts of a Serve config file that decide how it is started. Serve checks the rest."""

    applications: list[_Application]
    http_options: _HTTPOptions = _HTTPOptions()

    def check_names(self) -> None:
        """Refuse names that two applications or models have.

        Raises:
            ValueError: names both.
        """
        models = [
            application.model_copy(update={"name": application.args.get("model_id")})
            for application in self.applications
            if application.import_path == MODEL_IMPORT_PATH
        ]
        for what, names in {
            "applications: two have the name": [each.name for each in self.applications],
            "args.model_id: two models have the name": [each.name for each in models],
        }.items():
            repeated = {name for name in names if name and names.count(name) > 1}
            if repeated:
                raise ValueError(f"{what} '{min(repeated)}'")


@dataclass(frozen=True)
class Target:
    """What is to be served, where, and the key to look at it."""

    config: Path
    host: str
    port: int
    key: str | None = None
    database: Path | None = None
    """The SQLite file, if that is the database."""

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        host = "127.0.0.1" if self.host in LOOPBACK_HOSTS | {"0.0.0.0"} else self.host
        return f"http://{host}:{self.port}"

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON at a path, also of a refusal; nothing while there is no answer.

        Raises:
            IngressFailedError: there will never be one.
        """
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with DIRECTLY.open(request, timeout=5) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:  # not ready is a 503 with the same body
            body = error.read()
            if b"failed to deploy" in body:  # Serve's proxy, in the place of the ingress
                raise IngressFailedError from None
            with suppress(ValueError):
                return json.loads(body)
        except (OSError, ValueError, http.client.HTTPException):
            pass
        return {}


def read_target(path: Path) -> Target:
    """Read the configuration and check what would make the ingress refuse to start.

    Raises:
        ValueError: describes in one line what is wrong with it.
    """
    try:
        return _read_target(path)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        received = first["input"]
        value = f" (received {received!r})" if isinstance(received, int | str) else ""
        raise ValueError(f"{path}: {where}: {problem}{value}") from error
    except OSError as error:
        name = "" if error.filename in (None, str(path)) else f"{error.filename}: "
        raise ValueError(f"{path}: {name}{error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error


def _read_target(path: Path) -> Target:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or "applications" not in content:
        raise ValueError("not a Ray Serve config file: it lists no applications")
    details: dict[str, Any] = content
    config = _ServeConfig.model_validate({k: v for k, v in details.items() if v is not None})
    config.check_names()
    target = Target(path, config.http_options.host, config.http_options.port)
    for application in config.applications:
        if application.import_path == INGRESS_IMPORT_PATH:
            ingress = IngressConfig.model_validate(application.args)
            keys = ingress.api_keys()
            check_exposure(ingress, keys, details)
            return Target(
                path,
                target.host,
                target.port,
                min(keys, default=None),
                parse_database_url(ingress.database()).path,
            )
    return target


def lock_database(target: Target) -> TextIO | None:
    """Hold the SQLite database for this server until its file is closed.

    Another server on the same database would take its background jobs, which it may not be able
    to do: it can serve other models.

    Raises:
        ValueError: another server holds it.
    """
    if target.database is None:
        return None
    target.database.parent.mkdir(parents=True, exist_ok=True)
    file = target.database.with_name(f"{target.database.name}.server").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        other = file.read().strip()
        file.close()
        raise ValueError(
            f"{target.config}: another server ({other}) uses {target.database}. Stop it, or set "
            "database_url and files_url of the ingress."
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}, {target.config}")
    file.flush()
    return file
