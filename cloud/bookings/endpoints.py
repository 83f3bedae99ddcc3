"""HTTP of bookings: the two tracking paths of seed 003, and the appointments of seed 004 for head office."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from cloud.accounts.guards import Guards, client_address
from cloud.accounts.people import Account
from cloud.accounts.repeats import Key
from cloud.bookings.appointments import Appointments, NewAppointment
from cloud.bookings.tracking import Clinics, Tracking, queue_data, track_data
from shared.limits import RateLimit
from shared.problems import Problem

Token = Annotated[str, Path(max_length=2000, description="The tracking token of a slip or a booking.")]
Language = Annotated[
    str | None, Query(max_length=35, description="en, hi, es or ar; without one, or another, the visit's own.")
]
Uuid = Annotated[str, Path(max_length=40, description="The appointment's id.")]

TOKEN_BURST: Final = 20
TOKEN_PER_MINUTE: Final = 30.0
"""Of one link; a page asks six times a minute."""
ADDRESS_BURST: Final = 300
ADDRESS_PER_MINUTE: Final = 1_200.0
"""Of one address: all phones of a waiting room may have the same."""


def tracking_router(tracking: Tracking, clinics: Clinics) -> APIRouter:
    """`/api/appointments/track/…` and `/refresh-queue/…`: the token is the credential."""
    router = APIRouter(prefix="/api/appointments", tags=["seed 003"])
    by_token = RateLimit(TOKEN_BURST, TOKEN_PER_MINUTE)
    by_address = RateLimit(ADDRESS_BURST, ADDRESS_PER_MINUTE)

    def slow_down(request: Request, token: str) -> None:
        wait_s = by_address.wait_s(client_address(request)) or by_token.wait_s(token[-64:])
        if wait_s:
            raise Problem(429, "This link is asked for too often.", retry_after_s=wait_s)

    @router.get("/track/{token}")
    async def track(request: Request, token: Token, lang: Language = None) -> dict[str, Any]:
        """One visit with its place in the queue, for whoever holds its tracking token. No name, phone or reason.

        `asOf`: up to when the clinic's queue is known here; `stale`: that is more than POSITION_TTL (300 s) ago.
        """
        slow_down(request, token)
        return {"success": True, "data": track_data(await tracking.find(token), lang)}

    @router.get("/refresh-queue/{token}")
    async def refresh(request: Request, token: Token, lang: Language = None) -> dict[str, Any]:
        """The part of `track` that changes. The clinic is asked first, and has two seconds to answer."""
        slow_down(request, token)
        known = await tracking.find(token)
        await clinics.ask(known.site.id)
        return {"success": True, "data": queue_data(await tracking.find(token), lang)}

    return router


def appointments_router(appointments: Appointments, guards: Guards) -> APIRouter:
    """`/api/v1/appointments` for head office."""
    router = APIRouter(prefix="/api/v1", tags=["seed 004"])
    office = Depends(guards.office)

    @router.post("/appointments", status_code=202)
    async def book(
        body: NewAppointment, response: Response, account: Account = office, idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Ask a clinic for an appointment. The clinic decides: its answer stands at the address in `Location`.

        202 with `status: "requested"`. What the clinic would refuse (the slot is full, a second visit that day) is told
        there, not here, for only the clinic knows how it stands now.
        """
        answer = await appointments.request(body, account, idempotency_key)
        response.headers["Location"] = f"/api/v1/appointments/{answer['appointment_id']}"
        return answer

    @router.get("/appointments/{appointment_id}")
    async def appointment(appointment_id: Uuid, account: Account = office) -> dict[str, Any]:
        """An appointment head office has asked for: `requested`, `declined` (with `detail`), or as the clinic has it."""
        return await appointments.find(appointment_id, account)

    return router
