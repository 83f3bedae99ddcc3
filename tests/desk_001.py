"""Seed 001's paths for tests, in few words: a served clinic whose caller is a manager's program, on simulated time.

The clinic's day begins at 08:00 UTC, which is 13:30 in its own time (Asia/Kolkata).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from edge.domain.visits import Rules
from edge.store import states
from shared.clock import Clock
from shared.ids import new_id
from tests.clinic import MORNING
from tests.edge_web import Web, web

OPERATOR = {"Authorization": "Bearer operator-key"}
NOBODY = "00000000-0000-4000-8000-000000000000"
"""A UUID that belongs to nothing."""
Json = dict[str, Any]


@dataclass
class Desk:
    """Asks as a manager's program."""

    site: Web

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The answer's JSON; the status must be `status`."""
        answer = await self.raw(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer as it came."""
        headers = {**OPERATOR, **more.pop("headers", {})}
        return await self.site.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def doctor(self, name: str = "Dr. Ode", **more: Any) -> Json:
        """A new doctor."""
        made: Json = await self.ask("POST", "/doctors/", 201, json={"name": name, **more})
        return made

    async def person(self, name: str = "", **more: Any) -> Json:
        """A new person."""
        wanted = {"name": name or f"Person {new_id()[-8:]}", "phone": "+15550100", **more}
        made: Json = await self.ask("POST", "/patients/", 201, json=wanted)
        return made

    async def slot(
        self, capacity: int = 2, minutes: int = 60, doctor: str | None = None, lasts: int = 60, **more: Any
    ) -> Json:
        """A slot that begins so many minutes after 08:00 UTC."""
        wanted = {
            "doctor": doctor or self.site.it.doctor_id, "start_time": at(minutes), "end_time": at(minutes + lasts),
            "max_capacity": capacity, **more,
        }  # fmt: skip
        made: Json = await self.ask("POST", "/slots/", 201, json=wanted)
        return made

    async def token(self, slot: Json, category: str = "ONLINE", status: int = 201, **more: Any) -> Json:
        """A token of somebody new, unless `patient_id` says of whom."""
        person_id = more.pop("patient_id", None) or (await self.person())["id"]
        wanted = {"slot_id": slot["id"], "patient_id": person_id, "category": category, **more}
        made: Json = await self.ask("POST", "/tokens/", status, json=wanted)
        return made

    async def emergency(self, slot: Json, status: int = 201, patient_id: str | None = None) -> Json:
        """An emergency of somebody new, unless `patient_id` says of whom."""
        wanted = {"slot_id": slot["id"], "patient_id": patient_id or (await self.person())["id"]}
        made: Json = await self.ask("POST", "/tokens/emergency/", status, json=wanted)
        return made

    async def seen(self, what: Json) -> Json:
        """A token as it is now."""
        found: Json = await self.ask("GET", f"/tokens/{what['id']}/")
        return found

    async def slot_now(self, slot: Json) -> Json:
        """A slot as it is now."""
        found: Json = await self.ask("GET", f"/slots/{slot['id']}/")
        return found

    async def places(self, slot: Json) -> list[str]:
        """The ids of a slot's tokens that have a place, by place; the places must be 1…n."""
        listed = await self.ask("GET", f"/slots/{slot['id']}/tokens/")
        placed = [token for token in listed if token["token_number"] is not None]
        assert [token["token_number"] for token in placed] == list(range(1, len(placed) + 1))
        return [token["id"] for token in placed]

    async def rules(self, **changed: Any) -> None:
        """From now on the site's settings are these."""
        wanted = Rules(**{"timezone": "Asia/Kolkata", **changed})
        await self.site.it.dispatcher.writer.run(lambda conn: states.keep_rules(conn, wanted))


@contextlib.asynccontextmanager
async def desk(folder: Path, clock: Clock | None = None, **more: Any) -> AsyncIterator[Desk]:
    """A served clinic with one doctor of the service A, its day open."""
    async with web(folder, clock, **more) as site:
        it = Desk(site)
        await it.rules()
        yield it


def at(minutes: int) -> str:
    """So many minutes after 08:00 UTC of the clinic's day, as a caller writes it."""
    return (MORNING + timedelta(minutes=minutes)).isoformat()


def local(minutes: int) -> str:
    """The same moment as the clinic answers it."""
    moment = MORNING + timedelta(minutes=minutes, hours=5.5)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "+05:30"
