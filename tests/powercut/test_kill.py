"""kill -9 in the middle of presses and slips, again and again on one store: one token a press, no silent second slip."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.powercut import clinic
from tests.powercut.clinic import Told

KILLS = 20
BOARDS = 3
KIOSKS = 8
WAIT_S = 20.0
PACE_S = 0.002
"""Between two presses of anybody: a queue takes 2,000 people, and this is not the test of that."""


class Child:
    """The core as a child process, and the people who press; all they know is what they were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, str | None] = {}
        senders = [f"board:b{n}" for n in range(BOARDS)] + [f"kiosk:k{n}" for n in range(KIOSKS)]
        self.next = dict.fromkeys(senders, 1)
        self.asked: set[str] = set()

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.powercut.core", str(self.folder),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert "ready" in await self._line()

    async def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        return answer

    def _ask(self, sender: str) -> None:
        """Send the sender's present press; the same one until it is answered."""
        assert self.process.stdin is not None
        number = self.next[sender]
        asked: dict[str, object] = {"id": f"{sender}:{number}"}
        if sender.startswith("board:"):
            stream = f"{int(sender[-1]):016x}"
            asked = {"id": f"{sender}:{stream}:{number}", "stream": stream, "number": number}
        self.asked.add(str(asked["id"]))
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")

    async def press(self, most: int | None) -> None:
        """Everybody presses, each again as soon as the last press was answered, until killed or `most` answers came."""
        for sender in self.next:
            self._ask(sender)
        came = 0
        while (most is None or came < most) and (answer := await self._line()):
            assert "failed" not in answer
            name = answer["id"]
            assert self.answers.setdefault(name, answer["token"]) == answer["token"], "another token for the same press"
            sender = ":".join(name.split(":")[:2])
            self.next[sender] += 1
            came += 1
            if most is None:
                await asyncio.sleep(PACE_S)
                self._ask(sender)

    async def kill_after(self, seconds: float) -> None:
        """Press for a while, then kill -9; what was already said is still heard."""
        pressing = asyncio.create_task(self.press(None))
        await asyncio.sleep(seconds)
        self.process.kill()
        await self.process.wait()
        await pressing


async def all_settled(folder: Path) -> None:
    """Wait until no slip is open."""
    with closing(sqlite3.connect(folder / "outpost.db")) as conn:
        async with asyncio.timeout(WAIT_S):
            while conn.execute("select 1 from effects where state in ('open', 'started')").fetchone():
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", [7])
async def test_twenty_kills_under_presses_give_one_token_a_press_and_mark_every_repeated_slip(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    child = Child(tmp_path)
    for _ in range(KILLS):
        await child.start()
        async with asyncio.timeout(WAIT_S):
            await child.kill_after(random.uniform(0.005, 0.15))
    await child.start()
    async with asyncio.timeout(WAIT_S):
        await child.press(len(child.next))  # everybody gets the answer they still wait for
        await all_settled(tmp_path)
    child.process.kill()
    await child.process.wait()

    assert set(child.answers) == child.asked, "a press without an answer"
    assert len(child.answers) > KILLS
    assert clinic.faults(tmp_path, Told()) == []
    with closing(sqlite3.connect(tmp_path / "outpost.db")) as conn:
        issued = dict(conn.execute("select cause, data ->> 'token' from events where kind = 'token_issued'"))
        outcomes = dict(conn.execute("select body ->> 'token', state from effects where kind = 'print_slip'"))
    assert issued == child.answers, "what people were told is what is on disk, press by press"

    papers = [json.loads(line) for line in (tmp_path / "paper.jsonl").read_text().splitlines()]
    unmarked = Counter(paper["token"] for paper in papers if not paper["repeat"])
    assert max(unmarked.values()) == 1, "a second slip that does not say so"
    marked = {paper["token"] for paper in papers if paper["repeat"]}
    assert set(unmarked) | marked == set(issued.values()), "a token without any slip"
    assert {token for token, state in outcomes.items() if state == "repeated"} == marked
