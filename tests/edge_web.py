"""A clinic's web server for tests: the real application on a real uvicorn, on a free port of loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import websockets
from fastapi import FastAPI

from edge.app.device_intake import DeviceIntake
from edge.app.voice_notes import VoiceNotes
from edge.domain.account_commands import AddStaff
from edge.store.database import Store
from edge.web.app import create_app
from edge.web.server import listen, server_of
from edge.web.wiring import Facts, Options, Wiring
from shared import passwords
from shared.blobs import Blobs
from shared.clock import Clock
from shared.ids import new_id
from shared.tracking import TrackingKey
from tests import quick as quick
from tests.clinic import Clinic, clinic

PASSWORD = "correct-horse-battery"
PAGE = {"X-Outpost": "1"}


@dataclass
class Web:
    """A served clinic. `http` is a client without a credential."""

    it: Clinic
    app: FastAPI
    url: str
    http: httpx.AsyncClient
    facts: dict[str, Any]
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self) -> httpx.AsyncClient:
        """A browser on one of our pages, with no credential yet."""
        self.browsers.append(httpx.AsyncClient(base_url=self.url, headers=PAGE))
        return self.browsers[-1]

    async def add_staff(self, username: str, *roles: str, doctor_id: str | None = None) -> str:
        """Give somebody an account with PASSWORD; returns its id."""
        added = await self.it.accepted(
            AddStaff, staff_id=new_id(), username=username, name=username.title(), roles=roles, doctor_id=doctor_id,
            password_hash=await asyncio.to_thread(passwords.hash_password, PASSWORD),
        )  # fmt: skip
        return str(added["id"])

    async def page(self, username: str) -> httpx.AsyncClient:
        """A browser in which `username` signed in; sends X-Outpost as the pages do."""
        client = self.browser()
        answer = await client.post(
            "/api/v1/auth/login", json={"username": username, "password": PASSWORD, "cookie": True}
        )
        assert answer.status_code == 200, answer.text
        return client

    async def bearer(self, username: str) -> dict[str, str]:
        """The Authorization header of a program that signed in as `username`."""
        answer = await self.http.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def screen(self, kind: str) -> httpx.AsyncClient:
        """A paired screen's browser."""
        operator = {"Authorization": "Bearer operator-key"}
        code = (await self.http.post("/api/v1/screens/codes", json={"kind": kind}, headers=operator)).json()["code"]
        client = self.browser()
        answer = await client.post("/api/v1/screens/pair", json={"code": code})
        assert answer.status_code == 200, answer.text
        return client

    def live(self, client: httpx.AsyncClient | None = None, **headers: str) -> Any:
        """A live connection with the cookies of `client`."""
        if client is not None:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return websockets.connect(
            self.url.replace("http", "ws", 1) + "/api/v1/live", additional_headers=headers, compression=None
        )


@contextlib.asynccontextmanager
async def web(
    folder: Path,
    clock: Clock | None = None,
    change: Callable[[Wiring], Wiring] = lambda wiring: wiring,
    options: dict[str, Any] | None = None,
    **store: Any,
) -> AsyncIterator[Web]:
    """Serve the clinic in `folder`. `change` may exchange what the application is handed."""
    async with clinic(folder, clock, **store) as it:
        facts: dict[str, Any] = {"printer": "ok"}
        wiring = wiring_of(it.store, it, facts, options or {})
        app = create_app(change(wiring))
        listening = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = server_of(app)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                await asyncio.sleep(0.005)
                if serving.done():
                    await serving
            async with httpx.AsyncClient(base_url=url) as http:
                site = Web(it, app, url, http, facts)
                try:
                    yield site
                finally:
                    for browser in site.browsers:
                        await browser.aclose()
        finally:
            server.should_exit = True
            await serving


def wiring_of(store: Store, it: Clinic, facts: dict[str, Any], options: dict[str, Any]) -> Wiring:
    """What main would hand to the web server."""

    async def probe() -> None:
        await it.dispatcher.writer.run(lambda conn: conn.execute("insert or replace into meta values ('probe', '1')"))

    async def clip(token: str, room: str) -> bytes:
        return f"RIFF {token} {room}".encode()

    zone = ZoneInfo("Asia/Kolkata")
    intake = DeviceIntake(it.dispatcher, store.reader, store.clock, zone, "en")
    notes = VoiceNotes(it.dispatcher, store.reader, store.clock, Blobs(store.path.parent / "blobs"))
    given = {"version": "test", "site_name": "Riverside", "languages": ("en",), "zone": zone}
    return Wiring(
        dispatcher=it.dispatcher, bus=it.bus, clock=store.clock, open_reader=store.reader, probe=probe, clip=clip,
        options=Options(**{**given, **options}), key=b"k" * 32, operator_key="operator-key", epoch=store.epoch,
        facts=lambda: Facts(**facts), commits=it.dispatcher.writer.counted,
        tracking_key=TrackingKey.load_or_make(store.path.parent / "tracking.key"), intake=intake, notes=notes,
    )  # fmt: skip


async def hear(socket: Any, kind: str, where: Callable[[dict[str, Any]], bool] = lambda m: True) -> dict[str, Any]:
    """The next message of a kind that fits, within 5 s."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind and where(message):
                return message
