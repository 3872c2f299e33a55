"""Homeport itself: `make serve`, with configs/test.yaml and only the models that a table needs."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bench.accounting import role_on_serve
from bench.contenders import FIRST_TOKEN, Contender, Launch
from serve_app.config import API_KEYS_VARIABLE, DATABASE_URL_VARIABLE
from tests.support.server import LOCAL, Server, application


class Homeport(Contender):
    """The server of this project."""

    def __init__(
        self,
        name: str = "Homeport",
        kinds: tuple[str, ...] = ("chat",),
        config: dict[str, Any] = LOCAL,
        keys: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self._keys = keys
        self._config = config
        self._kinds = {"ingress", *kinds}

    def launch(self, directory: Path) -> Launch:
        """Return `make serve`."""
        server = Server(directory, self._only)
        server.config_path.write_text(yaml.safe_dump(server.config, sort_keys=False))
        return Launch(
            ["make", "--no-print-directory", "serve", f"CONFIG={server.config_path}"],
            server.url,
            {
                DATABASE_URL_VARIABLE: f"sqlite:///{directory}/homeport.db",
                API_KEYS_VARIABLE: ",".join(self._keys),
            },
            replace(FIRST_TOKEN, key=self._keys[0] if self._keys else ""),
        )

    def role(self, title: str) -> str:
        """Return which role a process has."""
        return role_on_serve(title, "Ingress")

    def _only(self, config: dict[str, Any]) -> None:
        config["applications"] = [
            copy.deepcopy(application(self._config, "chat")) if app["name"] == "chat" else app
            for app in config["applications"]
            if app["name"] in self._kinds
        ]
