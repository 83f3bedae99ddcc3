"""Which path is taken when: MQTT is looked at again soon after it failed, then ever more rarely, whatever HTTPS does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.sync.links import Inbox, LinkDown
from edge.sync.paths import Paths
from edge.sync.state import SyncSettings
from shared.api import Hello, HelloAnswer
from shared.clock import Clock
from tests.unit.edge_sync.test_identity import EPOCH, identity

SETTINGS = SyncSettings("http://127.0.0.1:1", mqtt=("127.0.0.1", 1))


class Line:
    """Links over which the cloud answers at once, on the paths that are open; `at_s` is transport time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = {"mqtt", "https"}
        self.at_s = 1000.0
        self.tried: list[str] = []
        keeper, self.mine = identity(folder)
        self.paths = Paths(SETTINGS, keeper, Clock.life(), asyncio.Event(), self._hello)
        monkeypatch.setattr("edge.sync.paths.transport_s", lambda: self.at_s)
        monkeypatch.setattr(self.paths, "_mqtt_link", lambda *_: Wire("mqtt", self))
        monkeypatch.setattr(self.paths, "_https_link", lambda *_: Wire("https", self))

    async def path(self) -> str:
        """The path of the next session."""
        return (await self.paths.connect(self.mine))[0].path

    @staticmethod
    async def _hello() -> Hello:
        return Hello.model_validate(
            {"session": "a" * 16, "epoch": EPOCH, "boot": "c" * 16, "lanes": [{"first": 0, "last": 0}] * 3,
             "clock": {"now_ms": 1, "mono_ms": 1, "trust": "s"}}
        )  # fmt: skip


class Wire:
    """One link."""

    def __init__(self, path: Any, line: Line) -> None:
        self.path, self._line, self.inbox = path, line, Inbox(asyncio.Event())

    async def open(self, wait_s: float) -> None:
        self._line.tried.append(self.path)
        if self.path not in self._line.open:
            raise LinkDown("blocked")

    def say(self, hello: Hello) -> None:
        answer = HelloAnswer.model_construct(session=hello.session, server_ms=0)
        self.inbox.put(answer, self._line.at_s)

    async def close(self) -> None:
        """Nothing is left."""


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(tmp_path, monkeypatch)


async def test_an_internet_line_that_breaks_every_second_does_not_keep_the_clinic_off_mqtt(line: Line) -> None:
    line.open.remove("mqtt")
    assert await line.path() == "https"
    line.open.add("mqtt")
    paths = []
    for _ in range(int(SETTINGS.probe_s) + 1):
        line.at_s += 1.0
        paths.append(await line.path())
    assert paths[-1] == "mqtt", f"two seconds after it was blocked MQTT is looked at again: {paths}"


async def test_a_port_that_stays_blocked_is_looked_at_ever_more_rarely(line: Line) -> None:
    line.open.remove("mqtt")
    for _ in range(3600):
        line.at_s += 1.0
        assert await line.path() == "https"
    assert 10 < line.tried.count("mqtt") < 100


async def test_once_mqtt_was_there_again_the_next_hiccup_is_followed_by_a_look_within_two_seconds(line: Line) -> None:
    line.open.remove("mqtt")
    for _ in range(600):
        line.at_s += 1.0
        await line.path()
    line.open.add("mqtt")
    line.at_s += SETTINGS.probe_max_s
    assert await line.path() == "mqtt"
    line.open.remove("mqtt")
    assert await line.path() == "https"
    line.open.add("mqtt")
    line.at_s += SETTINGS.probe_s
    assert await line.path() == "mqtt"


async def test_an_outage_of_everything_does_not_make_looks_rarer(line: Line) -> None:
    line.open.clear()
    for _ in range(50):
        with pytest.raises(LinkDown):
            await line.path()
    assert line.tried.count("mqtt") == 50
    line.open = {"mqtt", "https"}
    assert await line.path() == "mqtt"


async def test_beside_a_session_over_https_mqtt_is_looked_at_until_it_is_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        line.at_s += seconds
        if len(waits) == 5:
            line.open.add("mqtt")

    line.open.remove("mqtt")
    await line.path()
    monkeypatch.setattr(asyncio, "sleep", sleep)
    link, _ = await line.paths.mqtt_again(line.mine)
    assert link.path == "mqtt" and len(waits) == 5
    assert all(wait <= SETTINGS.probe_s * 2**look for look, wait in enumerate(waits))
