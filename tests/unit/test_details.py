from typing import Any

import pytest

from serve_app.models import details as module
from serve_app.models.details import DetailsCache
from tests.support.serve_details import application, details
from wire.calls import Kind
from wire.card import ModelCard

CARD = ModelCard(id="small", kind=Kind.CHAT)


class Controller:
    """Counts how often it has to tell everything."""

    def __init__(self, **kwargs: Any) -> None:
        self.statuses = [b"chat: running"]
        self.whole = details(chat=application(CARD, **kwargs))
        self.times = 0
        self.now_s = 0.0
        self.takes_s = 0.0

    async def read_statuses(self) -> list[bytes]:
        return list(self.statuses)

    async def read_whole(self) -> dict[str, Any]:
        self.times += 1
        self.now_s += self.takes_s
        return dict(self.whole)

    def details(self) -> DetailsCache:
        return DetailsCache(self.read_statuses, self.read_whole, lambda: self.now_s)


async def test_details_are_made_once_while_the_statuses_stay() -> None:
    controller = Controller()
    reader = controller.details()

    first = await reader.read()

    assert [await reader.read() for _ in range(5)] == [first] * 5
    assert await reader.read() is first
    assert controller.times == 1


async def test_changed_status_is_followed_by_the_details() -> None:
    controller = Controller()
    reader = controller.details()
    await reader.read()
    controller.statuses = [b"chat: running", b"other: deploying"]
    controller.whole = details(
        chat=application(CARD), other=application(CARD, replicas=("STARTING",))
    )

    assert set((await reader.read())["applications"]) == {"chat", "other"}


@pytest.mark.parametrize("status", ["UPDATING", "UPSCALING", "DOWNSCALING", "UNHEALTHY"])
async def test_replicas_on_their_way_are_seen_though_the_status_stays(status: str) -> None:
    controller = Controller(deployment_status=status, replicas=("STARTING",))
    reader = controller.details()
    await reader.read()
    controller.whole = details(chat=application(CARD, deployment_status=status))

    deployment = (await reader.read())["applications"]["chat"]["deployments"]["ChatDeployment"]
    assert deployment["replicas"] == [{"state": "RUNNING"}]


async def test_details_are_made_anew_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_S", 0)
    controller = Controller()
    reader = controller.details()

    await reader.read()
    await reader.read()

    assert controller.times == 2


async def test_slow_controller_is_asked_less_whatever_happens() -> None:
    controller = Controller(deployment_status="UPSCALING", replicas=("STARTING",))
    controller.takes_s = 0.02
    reader = controller.details()

    for number in range(5):
        controller.statuses = [b"chat: %d" % number]
        await reader.read()
    assert controller.times == 1

    controller.now_s += module.PAUSE_CHANGED * controller.takes_s
    await reader.read()
    assert controller.times == 2
