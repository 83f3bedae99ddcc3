"""What the routes of seed 002 share: who a device is, moments in queries, and rows as callers see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Request, Response

from edge.app.device_intake import DeviceIntake
from edge.app.voice_notes import VoiceNotes
from edge.store import face_002 as rows
from edge.store.states import Row
from edge.web.credentials import Identity
from edge.web.faces import UUID, Faces
from edge.web.guards import CARE, DEVICE, Guards
from edge.web.requests import Requests
from edge.web.wiring import Wiring
from shared.clock import iso, to_ms
from shared.commands import Command
from shared.device_api import MS_MAX, Device
from shared.problems import Problem

JSON: Final = "application/json"
LIMIT, LIMIT_MAX = 100, 1_000
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Person = Annotated[str | None, Query(alias="patient_id", max_length=64, description="UUID of a person.")]
From = Annotated[
    str | None, Query(alias="from", max_length=40, description="ISO 8601 with an offset, or ms since 1970.")
]
Until = Annotated[str | None, Query(alias="to", max_length=40, description="As `from`; this moment is not included.")]


@dataclass(frozen=True, slots=True)
class Care:
    """The parts, and what every route of 002 does with them."""

    wiring: Wiring
    guards: Guards
    requests: Requests
    faces: Faces

    @property
    def intake(self) -> DeviceIntake:
        """What takes in what devices tell. Raises Problem 503 where the program serves no devices."""
        if self.wiring.intake is None:
            raise Problem(503, "This program serves no devices.", hint="Start the clinic's program.")
        return self.wiring.intake

    @property
    def notes(self) -> VoiceNotes:
        """What keeps recordings. Raises Problem 503 likewise."""
        if self.wiring.notes is None:
            raise Problem(503, "This program keeps no recordings.", hint="Start the clinic's program.")
        return self.wiring.notes

    async def need(self, request: Request) -> Identity:
        """Somebody who cares for patients. Raises Problem."""
        return await self.guards.need(request, CARE)

    async def device(self, request: Request, device_id: str | None) -> str:
        """The device that asks; the one named in the path, where there is one. Raises Problem.

        With the API opened on this machine the caller counts as the device named.
        """
        who = await self.guards.need(request, DEVICE)
        if who.kind == "device":
            if device_id is not None and device_id.lower() != who.id:
                raise Problem(403, "This is another device's.", hint="A device speaks for itself only.")
            return who.id
        if device_id is None:
            raise Problem(422, "Name the device.", hint="Use /api/v1/devices/{id}/…")
        return str(self.known(device_id)["id"])

    def known(self, device_id: str) -> Row:
        """A device of this site. Raises Problem 404."""
        found = self.intake.device(device_id.lower()) if UUID.fullmatch(device_id) else None
        if found is None:
            raise Problem(404, "There is no such device.", hint="Read the list of devices again.")
        return found

    async def names(self, people: Iterable[str | None]) -> dict[str, str]:
        """Names of people, for staff."""
        wanted = {person_id for person_id in people if person_id is not None}
        return await self.faces.read(lambda conn: rows.names(conn, wanted)) if wanted else {}

    async def done(
        self, request: Request, who: Identity, raw: bytes, make: Callable[[str], Command],
        dress: Callable[[Row], Awaitable[Any]], status: int = 200,
    ) -> Response:  # fmt: skip
        """Carry out `make(command_id)` and answer what `dress` makes of its result; a repeat gets the same bytes."""

        async def work(known: Row | None) -> Any:
            return await dress(await self.requests.run(request, who, raw, make) if known is None else known)

        return Response(await self.requests.once(request, who, raw, work), status, media_type=JSON)

    def iso(self, ms: int | None) -> str | None:
        """A moment in the site's time."""
        return None if ms is None else iso(ms, self.faces.zone)

    def device_body(self, row: Row) -> dict[str, Any]:
        """A device as staff see it."""
        return Device(
            id=row["id"], kind=row["device_kind"], name=row["name"], patient_id=row["person_id"],
            site=self.wiring.site(), status=row["status"], online=row["online"],
            last_heartbeat_at=self.iso(row["heard_at"]), battery=row["battery"], wifi_dbm=row["wifi_dbm"],
            firmware=row["firmware"], faults=row["faults"], claim_until=self.iso(row["claim_until"]),
        ).model_dump(mode="json", exclude={"claim_code"})  # fmt: skip


def json(answer: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(orjson.dumps(answer), status, media_type=JSON)


def moment_of(text: str | None, name: str) -> int | None:
    """A moment from a query. Raises Problem 422."""
    if text is None:
        return None
    try:
        if text.isdecimal() and int(text) <= MS_MAX:
            return int(text)
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a "+" that nobody escaped arrives as a blank
        if moment.tzinfo is None:
            raise ValueError(text)
        return to_ms(moment)
    except (ValueError, OverflowError):
        hint = "Write it like 2026-11-20T08:00:00Z."
        errors = [{"field": name, "message": "not a moment"}]
        raise Problem(422, f"{name} is a moment with its offset from UTC.", hint=hint, errors=errors) from None


def person_id_of(text: str | None) -> str | None:
    """A person's id from a query. Raises Problem 422."""
    if text is not None and not UUID.fullmatch(text):
        raise Problem(422, "patient_id is a UUID.", errors=[{"field": "patient_id", "message": "not a UUID"}])
    return text.lower() if text is not None else None
