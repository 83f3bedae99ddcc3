"""One press walks through all four programs: board, clinic, broker, head office. The root README tells it in prose."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
import websockets

from deploy.demo.ports import Ports
from deploy.demo.seed import signed_in
from deploy.demo.stage import Stage, short_folder
from firmware_sim import ledger
from shared.clock import transport_s

HAPPENS_S = 15.0


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    folder = short_folder()
    async with Stage(folder, ports=Ports.free()) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    """Look until it is as wanted; fails with the last thing seen."""
    ends_s = transport_s() + HAPPENS_S
    seen = await look()
    while not wanted(seen):
        assert transport_s() < ends_s, seen
        await asyncio.sleep(0.05)
        seen = await look()
    return seen


async def test_press_becomes_token_slip_screen_and_head_office_tile_within_a_second(stage: Stage) -> None:
    clinic, office = (
        await signed_in(stage.edge_url, stage.clinic.staff),
        await signed_in(stage.cloud_url, stage.clinic.office),
    )
    bearer = {"Authorization": office.headers["Authorization"]}
    live = stage.cloud_url.replace("http", "ws") + "/api/v1/live"
    async with aclosing(clinic), aclosing(office), websockets.connect(live, additional_headers=bearer) as feed:
        await feed.send(json.dumps({"action": "watch", "topic": "chain"}))
        pressed_s = transport_s()
        await stage.devices.do("press", button=1)

        async with asyncio.timeout(HAPPENS_S):  # head office sees it, over MQTT, without asking
            async for words in feed:
                told = json.loads(words)
                if told["type"] == "state" and told["state"]["sites"][0]["issued_today"] == 1:
                    break
        assert transport_s() - pressed_s < 1.0
        tile = told["state"]["sites"][0]
        assert (tile["site"], tile["state"], tile["waiting"]) == ("riverside", "live", 1)
        assert tile["path"] == ("mqtt" if stage.has_broker else "https")

        async def display() -> dict[str, Any]:
            answer: dict[str, Any] = (await clinic.get("/api/v1/display")).raise_for_status().json()
            return answer

        assert (await display())["next"] == ["A-001"]

        async def slips() -> list[dict[str, Any]]:
            file = stage.devices.folder / "slips.jsonl"
            return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

        (slip,) = await eventually(slips, lambda found: len(found) == 1)  # paper, as the printer itself read it
        assert "A-001" in json.dumps(slip) and not slip["repeat"]

        doctor = stage.clinic.doctors[0]
        called = (await clinic.post(f"/api/v1/doctors/{doctor}/call-next")).raise_for_status().json()
        assert called["visit"]["token_number"] == "A-001"
        shown = await display()
        assert shown["now_calling"][0]["token"] == "A-001" and shown["now_calling"][0]["room"] == "Room 1"

        async def chain() -> dict[str, Any]:
            sites: list[dict[str, Any]] = (await office.get("/api/v1/chain")).raise_for_status().json()["sites"]
            return sites[0]

        await eventually(chain, lambda one: one["called"] == 1 and one["last_call"]["token"] == "A-001")


async def test_everything_pressed_while_the_link_is_cut_arrives_afterwards_and_both_sides_agree(stage: Stage) -> None:
    clinic, office = (
        await signed_in(stage.edge_url, stage.clinic.staff),
        await signed_in(stage.cloud_url, stage.clinic.office),
    )
    async with aclosing(clinic), aclosing(office):

        async def tile() -> dict[str, Any]:
            sites: list[dict[str, Any]] = (await office.get("/api/v1/chain")).raise_for_status().json()["sites"]
            return sites[0]

        stage.cut_link()
        for _ in range(5):
            await stage.devices.do("press", button=1)

        async def waiting() -> int:
            return len((await clinic.get("/api/v1/desk")).raise_for_status().json()["waiting"])

        await eventually(waiting, lambda count: count == 5)  # the clinic goes on
        silent = await eventually(tile, lambda one: one["state"] == "silent")  # and head office says what it knows
        assert silent["issued_today"] == 0
        stage.restore_link()
        await eventually(tile, lambda one: one["state"] == "live" and one["issued_today"] == 5)
        words = ["--edge-db", str(stage.edge_database), "--database-url", stage.database_url]

        async def agreed() -> int:
            return await asyncio.to_thread(ledger.main, words)

        await eventually(agreed, lambda code: code == 0)
