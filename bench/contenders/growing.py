"""Homeport that grows while it runs: more ingress replicas, model replicas, models; then chat."""

import copy
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ray.dashboard.modules.serve.sdk import ServeSubmissionClient

from bench.accounting import role_on_serve
from bench.contenders import Contender, Launch, Probe
from serve_app.config import DATABASE_URL_VARIABLE
from tests.support.server import Server, application, wait_until

CONTROLLER = "controller"
"""Serve's controller, one per cluster; in other tables it counts as one of Ray's daemons."""

SPEECH = Probe(
    "/v1/audio/speech",
    {"model": "tts-1", "voice": "alloy", "input": "Yes.", "response_format": "pcm"},
)
"""A request with little work: half a second of espeak-ng's voice, not encoded."""

MOST_STREAMS = 512
POLL_S = 0.5
"""Serve's details cost its controller up to some hundred milliseconds."""
CHANGE_S = 300
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of replicas and models."""

    ingresses: int = 1
    replicas: int = 1
    """Replicas of the one model that is running."""
    models: int = 1
    """All but one are scaled to zero."""
    chat: bool = False


class GrowingHomeport(Contender):
    """`make serve` with the speech model; its shape changes by deploying other configurations."""

    name = "Homeport, growing"

    def launch(self, directory: Path) -> Launch:
        """Return `make serve` with the smallest shape."""
        self._server = Server(directory, lambda _: None)
        self._all: list[dict[str, Any]] = self._server.config["applications"]
        config = self._config(Shape())
        self._server.config_path.write_text(yaml.safe_dump(config, sort_keys=False))
        return Launch(
            ["make", "--no-print-directory", "serve", f"CONFIG={self._server.config_path}"],
            self._server.url,
            {DATABASE_URL_VARIABLE: f"sqlite:///{directory}/homeport.db"},
            SPEECH,
        )

    def role(self, title: str) -> str:
        """Return which role a process has."""
        return role_of_growing(title)

    def change(self, shape: Shape) -> float:
        """Change the server's shape; return the seconds that it took.

        Raises:
            TimeoutError: it took too long.
        """
        began = time.monotonic()
        serve = self._serve()
        serve.deploy_applications(self._config(shape))
        while not has_shape(serve.get_serve_details()["applications"], shape):
            if time.monotonic() - began > CHANGE_S:
                raise TimeoutError(f"The server has not become {shape} within {CHANGE_S} s.")
            time.sleep(POLL_S)
        return time.monotonic() - began

    def _config(self, shape: Shape) -> dict[str, Any]:
        return {**self._server.config, "applications": applications(self._all, shape)}

    def _serve(self) -> ServeSubmissionClient:
        wait_until(lambda: "dashboard: " in self._server.output, TIMEOUT_S)
        headers = {"Authorization": f"Bearer {_token()}"}
        return ServeSubmissionClient(self._server.dashboard, headers=headers)


def applications(every: Sequence[dict[str, Any]], shape: Shape) -> list[dict[str, Any]]:
    """Return the applications of a shape, derived from configs/test.yaml."""
    config = {"applications": copy.deepcopy(list(every))}
    ingress, speech, chat = (application(config, name) for name in ("ingress", "speech", "chat"))
    ingress["deployments"][0]["num_replicas"] = shape.ingresses
    speech["deployments"][0]["num_replicas"] = shape.replicas
    chat["args"]["engine_kwargs"]["max_num_seqs"] = MOST_STREAMS
    chat["args"]["max_requests"] = 2 * MOST_STREAMS
    sleeping = [_make_sleeper(speech, number) for number in range(1, shape.models)]
    return [ingress, speech, *sleeping, *([chat] if shape.chat else [])]


def _make_sleeper(speech: dict[str, Any], number: int) -> dict[str, Any]:
    model = copy.deepcopy(speech)
    model["name"] = f"sleeper-{number}"
    model["args"] |= {"model_id": f"sleeper-{number}", "aliases": [f"alias-of-{number}"]}
    (deployment,) = model["deployments"]
    del deployment["num_replicas"]
    deployment["autoscaling_config"] = {"min_replicas": 0, "initial_replicas": 0, "max_replicas": 1}
    return model


def has_shape(details: dict[str, Any], shape: Shape) -> bool:
    """Return whether Serve's details have exactly the expected applications and replicas."""
    names = {"ingress", "speech", *(f"sleeper-{n}" for n in range(1, shape.models))}
    wanted = Counter({"ingress": shape.ingresses, "speech": shape.replicas})
    if shape.chat:
        names.add("chat")
        wanted["chat"] = 1
    if set(details) != names or any(app["status"] != "RUNNING" for app in details.values()):
        return False
    states = {
        name: [
            replica["state"]
            for deployment in app["deployments"].values()
            for replica in deployment["replicas"]
        ]
        for name, app in details.items()
    }
    return all(found == ["RUNNING"] * wanted[name] for name, found in states.items())


def role_of_growing(title: str) -> str:
    """Return the role of a process, the controller apart from Ray's daemons."""
    if title.startswith("ray::ServeController"):
        return CONTROLLER
    return role_on_serve(title, "Ingress")


def _token() -> str:
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token"
    return Path(path).read_text().strip()
