"""The clinic's program as people run it: start, first token, the small commands, stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from edge.web import door
from shared.clock import transport_s

PATIENCE_S = 30.0


def environment(folder: Path) -> dict[str, str]:
    ours = {"OUTPOST_EDGE_DATA": str(folder / "data"), "OUTPOST_EDGE_PORT": "0", "OUTPOST_EDGE_SITE_NAME": "Riverside"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTPOST_")}
    return {**kept, **ours, "PYTHONPATH": os.getcwd()}


async def edge(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run one command to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *words, env=environment(folder), cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, door.Door]]:
    """The program, once its door is open. Killed at the end if it still runs."""
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "run", env=environment(folder), cwd=folder, stderr=log
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await answers(folder):
                assert process.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.02)
        found = door.find(folder / "data")
        assert found is not None
        yield process, found
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(folder: Path) -> bool:
    found = door.find(folder / "data")
    if found is None:
        return False
    try:
        async with httpx.AsyncClient(base_url=found.url) as client:
            return (await client.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


async def test_it_gives_a_token_and_stops_within_three_seconds_with_a_live_page_open(tmp_path: Path) -> None:
    import websockets

    async with running(tmp_path) as (process, found):
        headers = {"Authorization": f"Bearer {found.key}"}
        async with httpx.AsyncClient(base_url=found.url, headers=headers) as client:
            async with asyncio.timeout(PATIENCE_S):
                while not (await client.get("/api/v1/kiosk")).json()["day_open"]:
                    await asyncio.sleep(0.02)
            kiosk = (await client.get("/api/v1/kiosk")).json()
            assert kiosk["services"][0]["name"] == "General" and kiosk["site_name"] == "Riverside"
            issued = await client.post("/api/v1/visits", json={})
            assert issued.json()["visit"]["token_number"] == "A-001"
            url = found.url.replace("http", "ws", 1) + "/api/v1/live"
            async with websockets.connect(url, additional_headers=headers) as socket:
                await socket.send('{"action":"watch","topic":"desk"}')
                assert json.loads(await socket.recv())["type"] == "state"
                began_s = transport_s()
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
                assert transport_s() - began_s < 3.0
        assert door.find(tmp_path / "data") is None
    async with running(tmp_path) as (process, found):
        async with httpx.AsyncClient(base_url=found.url, headers={"Authorization": f"Bearer {found.key}"}) as client:
            assert (await client.post("/api/v1/visits", json={})).json()["visit"]["token_number"] == "A-002"
        log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        assert [line["reason"] for line in log if line["event"] == "clinic_opens"] == ["start", "start"]
        assert len(log) < 40


async def test_after_a_kill_it_says_that_it_crashed_and_the_old_key_opens_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as (process, before):
        process.kill()
        await process.wait()
    async with running(tmp_path) as (_, after):
        assert before.key != after.key
        async with httpx.AsyncClient(base_url=after.url) as client:
            answer = await client.get("/api/v1/staff", headers={"Authorization": f"Bearer {before.key}"})
            assert answer.status_code == 401
    reasons = [json.loads(line).get("reason") for line in (tmp_path / "log").read_text().splitlines()]
    assert [reason for reason in reasons if reason in ("start", "crash")] == ["start", "crash"]


async def test_the_small_commands_work_beside_the_running_program_and_without_it(tmp_path: Path) -> None:
    code, password, _ = await edge(tmp_path, "staff", "add", "boss", "--role", "manager")
    assert code == 0
    code, told, _ = await edge(tmp_path, "health")
    assert code == 2 and "does not answer" in told
    async with running(tmp_path) as (_, found), httpx.AsyncClient(base_url=found.url) as client:
        login = {"username": "boss", "password": password.strip()}
        assert (await client.post("/api/v1/auth/login", json=login)).status_code == 200
        code, pairing, _ = await edge(tmp_path, "pair", "display")
        paired = await client.post("/api/v1/screens/pair", json={"code": pairing.strip()}, headers={"X-Outpost": "1"})
        assert code == 0 and paired.json()["kind"] == "display"
        code, fresh, _ = await edge(tmp_path, "staff", "reset-password", "boss")
        login["password"] = fresh.strip()
        assert code == 0 and (await client.post("/api/v1/auth/login", json=login)).status_code == 200
        code, told, _ = await edge(tmp_path, "health")
        assert code == 0 and "database: up" in told
        code, _, complaint = await edge(tmp_path, "run")
        assert code == 1 and "another edge program" in complaint
    code, fresh, _ = await edge(tmp_path, "staff", "reset-password", "boss")
    assert code == 0 and fresh != password


async def test_what_cannot_be_done_is_said_in_words_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("prot = 1\n")
    for words, said in (
        (("run", "--config", "bad.toml"), "prot"),
        (("run", "--config", "none.toml"), "There is no file"),
        (("pair", "printer"), "no screen 'printer'"),
        (("staff", "add", "bo", "--role", "king"), "Roles are some of"),
        (("claim", "ABCD-EFGH"), "Where is head office?"),
        (("claim", "ABCD-EFGH", "--cloud", "http://chain.example"), "plain http"),
    ):
        code, _, complaint = await edge(tmp_path, *words)
        assert code == 1 and said in complaint and "Traceback" not in complaint, (words, complaint)
        assert len(complaint.strip().splitlines()) >= 2, complaint
