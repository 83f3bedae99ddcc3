"""Seed 003 in tests: the site's clock, links, and who is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests import book
from tests.clinic import DAY
from tests.edge_web import Web

MANAGER = {"Authorization": "Bearer operator-key"}


def at(clock: str, day: str = DAY) -> int:
    """A time of the site's clock (Asia/Kolkata) in ms. The tests begin at 13:30."""
    return int(datetime.fromisoformat(f"{day}T{clock}:00+05:30").timestamp() * 1000)


def token_of(site: Web, visit: dict[str, Any]) -> str:
    """The tracking token of a visit's slip."""
    return str(site.app.state.faces.tracking_token(book.row(site.it, visit)))


async def track(site: Web, visit: dict[str, Any], **params: str) -> dict[str, Any]:
    """What the phone of a visit shows."""
    answer = await site.http.get(f"/api/appointments/track/{token_of(site, visit)}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return answer.json()["data"]  # type: ignore[no-any-return]


async def look(site: Web, path: str, **params: Any) -> dict[str, Any]:
    """`data` of a path under /api/appointments, asked as a manager; the same with a slash behind."""
    answer = await site.http.get(f"/api/appointments{path}", params=params, headers=MANAGER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    assert (await site.http.get(f"/api/appointments{path}/", params=params, headers=MANAGER)).status_code == 200
    return answer.json()["data"]  # type: ignore[no-any-return]


async def refused(site: Web, method: str, path: str, *who: str) -> None:
    """Nobody without a credential, and none of these screens, gets an answer."""
    path = f"/api/appointments{path}"
    assert (await site.http.request(method, path)).status_code == 401
    for kind in who:
        screen = await site.screen(kind)
        assert (await screen.request(method, path)).status_code == 403, kind


async def hour(site: Web, clock: str, capacity: int = 4, **values: Any) -> dict[str, Any]:
    """Open an hour of the doctor, by the site's clock."""
    return await book.slot(site.it, capacity, at(clock), **values)


async def staff(site: Web, name: str, role: str, doctor_id: str | None = None) -> dict[str, str]:
    """A program that signed in as somebody of that role."""
    await site.add_staff(name, role, doctor_id=doctor_id)
    return await site.bearer(name)
