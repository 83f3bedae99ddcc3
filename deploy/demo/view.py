"""What is happening, asked of the two programs over their own HTTP twice a second and put into one small value."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.demo import care_view
from deploy.demo.care_view import CareView
from deploy.demo.devices import DevicesSilent
from deploy.demo.seed import signed_in
from deploy.demo.stage import Stage
from shared.clock import transport_s

EVERY_S = 0.5
CARE_EVERY = 4
"""Medicine is looked at each so many rounds."""
NEWS_KEPT = 6
SCREENS = ("kiosk", "display")


@dataclass
class View:
    """One look at the stage; None where nobody answered."""

    edge: str = "starting"
    last_token: str = ""
    waiting: int | None = None
    called: str = ""
    slips: int = 0
    last_slip: Path | None = None
    printer: str = ""
    link: str = ""
    unsent: int | None = None
    office: str = ""
    clock: str = ""
    care: CareView = field(default_factory=CareView)
    news: deque[str] = field(default_factory=lambda: deque(maxlen=NEWS_KEPT))

    def line(self) -> str:
        """The same in one line, without what changes all the time; for logs."""
        parts = [f"clinic {self.edge}", f"last token {self.last_token or '-'}", f"waiting {_shown(self.waiting)}"]
        parts += [f"called {self.called or '-'}", f"slips {self.slips}", f"printer {self.printer or '-'}", self.link]
        return f"{', '.join(parts)}; {self.care.line()}"


class Watcher:
    """Keeps `view` fresh. `step` is one round; it never raises for a program that is away."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.view = View()
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._heard_s = transport_s()
        self._slips_size = -1
        self._rounds = 0

    async def run(self) -> None:
        """Look twice a second until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(EVERY_S)

    async def step(self) -> None:
        """Look once."""
        clinic = self.stage.clinic
        desk, chain = await asyncio.gather(
            self._get(self.stage.edge_url, clinic.staff, "/api/v1/desk"),
            self._get(self.stage.cloud_url, clinic.office, "/api/v1/chain"),
        )
        self._desk(desk)
        self._chain(chain)
        self._slips()
        self.view.clock = care_view.clock_line(self.stage.time().now_ms(), clinic.ahead_s)
        if self._rounds % CARE_EVERY == 0:
            await care_view.look(self.view.care, self._get, self.stage, self.stage.inbox.messages())
        self._rounds += 1
        await self._devices()

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    async def call_next(self) -> str:
        """Have the first doctor who is free call the next patient; says what came of it."""
        desk = await self._get(self.stage.edge_url, self.stage.clinic.staff, "/api/v1/desk")
        if desk is None:
            return "the clinic does not answer"
        doctors = [doctor for doctor in desk["doctors"] if doctor["is_active"] and not doctor["is_on_break"]]
        if not doctors:
            return "no doctor is there"
        doctor = min(doctors, key=lambda one: (one["current"] is not None, len(one["called"]), one["number"]))
        client = await self._client(self.stage.edge_url, self.stage.clinic.staff)
        answer = await client.post(f"/api/v1/doctors/{doctor['id']}/call-next")
        body = answer.json()
        if answer.is_success:
            return f"{body['visit']['token_number']} is called to {doctor['room'] or doctor['name']}"
        return str(body.get("detail", answer.status_code))

    async def pairing_codes(self) -> dict[str, str]:
        """A fresh code for each kind of screen. Raises httpx.HTTPError when the clinic does not give one."""
        client = await self._client(self.stage.edge_url, self.stage.clinic.staff)
        codes = {}
        for kind in SCREENS:
            answer = await client.post("/api/v1/screens/codes", json={"kind": kind})
            codes[kind] = str(answer.raise_for_status().json()["code"])
        return codes

    async def _client(self, url: str, account: dict[str, str]) -> httpx.AsyncClient:
        key = f"{account['username']} {url}"
        if key not in self._clients:
            self._clients[key] = await signed_in(url, account)
        return self._clients[key]

    async def _get(self, url: str, account: dict[str, str], path: str) -> Any:
        """An answer's body; None when the program is away. A credential that ran out is renewed by signing in again."""
        try:
            answer = await (await self._client(url, account)).get(path)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                await self._clients.pop(f"{account['username']} {url}").aclose()
                answer = await (await self._client(url, account)).get(path)
            return answer.raise_for_status().json()
        except httpx.HTTPError:
            return None

    def _desk(self, desk: Any) -> None:
        view = self.view
        view.edge = "running" if desk is not None else "not answering"
        if desk is None:
            return
        view.waiting = len(desk["waiting"])
        called = [visit for doctor in desk["doctors"] for visit in doctor["called"]]
        view.called = ", ".join(visit["token_number"] for visit in called)
        rows = [*desk["waiting"], *called, *desk["finished"]]
        rows += [doctor["current"] for doctor in desk["doctors"] if doctor["current"]]
        newest = max(rows, key=lambda visit: (visit["created_at"], visit["number"]), default=None)
        view.last_token = newest["token_number"] if newest else ""
        unsent = desk["link"]["unsent"]
        view.unsent = sum(unsent) if isinstance(unsent, list) else unsent
        cable = "cut" if self.stage.link_is_cut else "whole"
        view.link = f"cable {cable}, sync {desk['link']['state']}"

    def _chain(self, chain: Any) -> None:
        tile = next((one for one in (chain or {}).get("sites", []) if one["site"] == self.stage.clinic.site), None)
        if tile is None:
            self.view.office = "not answering" if chain is None else "has not heard of it"
            return
        age_s = max(0, (chain["now_ms"] - tile["heard_ms"]) // 1000) if tile["heard_ms"] else None
        heard = "never heard" if age_s is None else f"heard {age_s // 60:02d}:{age_s % 60:02d} ago"
        path = f" by {tile['path']}" if tile["path"] and tile["state"] == "live" else ""
        self.view.office = f"{tile['state']}, {heard}{path}; waiting {tile['waiting']}, issued {tile['issued_today']}"

    def _slips(self) -> None:
        """Look into the printer's tray, only when something fell into it."""
        kept = self.stage.devices.folder / "slips.jsonl"
        size = kept.stat().st_size if kept.exists() else 0
        if size == self._slips_size:
            return
        self._slips_size = size
        self.view.slips = self.stage.devices.slips_printed()
        painted = [slip["png"] for slip in self.stage.devices.slips() if slip["png"]]
        self.view.last_slip = self.stage.devices.folder / painted[-1] if painted else None

    async def _devices(self) -> None:
        try:
            told = await self.stage.devices.do("status")
        except DevicesSilent:
            self.view.printer = "not answering"
            return
        self.view.printer = str(told["printer"]["state"]).replace("_", " ")


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)
