"""A clinic's day in numbers: what counts, what does not, and that it is counted from the visits as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cloud.dashboard.statistics import count
from cloud.projections.waits import Line, waited_ms
from tests.office import DAY, Office, booked, doctor, running, until, visit

MINUTE = 60_000
UTC = ZoneInfo("UTC")


def row(status: str, **more: Any) -> dict[str, Any]:
    """A projected visit."""
    fields = ("due_ms", "arrived_ms", "started_ms", "ended_ms", "waited_ms", "promised_low_s", "promised_high_s")
    return dict.fromkeys(fields) | {"status": status, "created_ms": 0, "is_emergency": False, **more}


def test_a_day_counts_states_waits_no_shows_and_early_arrivals() -> None:
    hour = 60 * MINUTE
    found = count(
        [
            row("completed", arrived_ms=9 * hour, waited_ms=10 * MINUTE, started_ms=0, ended_ms=12 * MINUTE),
            row("completed", arrived_ms=9 * hour, waited_ms=30 * MINUTE, started_ms=0, ended_ms=18 * MINUTE),
            row("no_show", arrived_ms=10 * hour, waited_ms=90 * MINUTE),
            row("called", arrived_ms=10 * hour - 1, due_ms=10 * hour + 4 * MINUTE, waited_ms=20 * MINUTE, is_emergency=True),
            row("booked", due_ms=15 * hour),
            row("waitlisted", due_ms=15 * hour), row("cancelled", due_ms=15 * hour),
        ],
        UTC,
    )  # fmt: skip
    assert found["total"] == 5 and found["arrived"] == 4 and found["emergencies"] == 1
    assert {name: n for name, n in found["by_status"].items() if n} == {
        "completed": 2, "no_show": 1, "called": 1, "booked": 1, "waitlisted": 1, "cancelled": 1
    }  # fmt: skip
    assert found["wait"] == {"count": 3, "average": 20.0, "p90": 30.0, "longest": 30.0}
    assert (found["no_show_rate"], found["consultation_average"]) == (0.333, 15.0)
    assert found["early"] == {"count": 1, "rate": 1.0, "average": 4.0}
    assert found["hours"] == [{"hour": 9, "count": 2}, {"hour": 10, "count": 2}, {"hour": 15, "count": 1}]


def test_an_empty_day_says_nothing_rather_than_something_wrong() -> None:
    found = count([], UTC)
    assert found["wait"] == {"count": 0, "average": None, "p90": None, "longest": None}
    assert (found["no_show_rate"], found["promises"]["kept_share"], found["hours"]) == (None, None, [])


def test_a_promise_holds_when_the_wait_was_within_its_range() -> None:
    told = {"promised_low_s": 600, "promised_high_s": 1200}
    waits = [9, 10, 15, 20, 21]
    found = count([row("completed", waited_ms=minutes * MINUTE, **told) for minutes in waits], UTC)["promises"]
    assert (found["count"], found["kept"], found["kept_share"], found["mean_error"]) == (5, 3, 0.6, 4.4)
    silent = count([row("completed", waited_ms=MINUTE), row("waiting", **told)], UTC)["promises"]
    assert (silent["count"], silent["unpromised"]) == (0, 1)


@pytest.mark.parametrize(
    ("log", "waited"),
    [
        ([("token_issued", "waiting"), ("visit_called", "called")], 1),
        ([("token_issued", "waiting"), ("consultation_started", "in_consultation")], 1),
        ([("visit_booked", "booked"), ("visit_early", "booked"), ("visit_arrived", "waiting"), ("x", "called")], 1),
        ([("token_issued", "waiting"), ("visit_called", "called"), ("undone", "waiting"), ("x", "called")], 3),
        ([("token_issued", "waiting"), ("visit_called", "called"), ("skip", "waiting"), ("x", "called")], 1),
        ([("token_issued", "waiting"), ("visit_missed", "no_show"), ("visit_returned", "waiting"), ("x", "called")], 1),
        ([("token_issued", "waiting"), ("visit_parked", "parked"), ("x", "waiting"), ("x", "called")], None),
        ([("token_issued", "waiting")], None),
        ([("visit_booked", "booked"), ("visit_missed", "no_show")], None),
    ],
)
def test_a_wait_goes_from_joining_the_queue_to_the_first_call(log: list[tuple[str, str]], waited: int | None) -> None:
    lines = [Line(1, version, kind, status, 1000 * version) for version, (kind, status) in enumerate(log, 1)]
    assert waited_ms(lines) == (None if waited is None else 1000 * waited)


async def test_head_office_sees_the_day_of_a_clinic_and_of_no_other(pg_uri: str, tmp_path: Path) -> None:
    async with running(pg_uri, tmp_path) as office:
        await office.person("Asha", "office", ["alpha"])
        headers = await office.bearer("Asha")
        for site in ("alpha", "beta"):
            await office.site(site)
            await office.event(site, "day_opened", DAY["day"], DAY)
        await office.event("alpha", "doctor_added", "d1", doctor(1))
        await office.event("alpha", "visit_booked", "v1", booked(1, due_at=9 * 60 * MINUTE))
        told = {"promised_low_s": 0, "promised_high_s": 600}
        await office.event("alpha", "token_issued", "v2", visit(2, **told))
        await office.event("alpha", "visit_called", "v2", visit(2, "called", called_at=1, **told), 2)
        path = "/api/v1/sites/alpha/statistics"

        async def day(office: Office = office) -> dict[str, Any]:
            shown: dict[str, Any] = (await office.http.get(path, headers=headers)).json()
            return shown

        async def counted() -> bool:
            return (await day())["by_status"]["called"] == 1

        await until(counted)
        found = await day()
        assert (found["site"], found["date"], found["timezone"], found["total"]) == ("alpha", DAY["day"], "UTC", 2)
        assert found["promises"]["kept_share"] == 1.0 and found["clinic"]["heard_s_ago"] is None
        tile = await office.tile("alpha", headers)
        assert {name: tile[name] for name in ("booked_today", "arrived_today", "promised_today", "kept_today")} == {
            "booked_today": 1, "arrived_today": 1, "promised_today": 1, "kept_today": 1
        }  # fmt: skip

        async def scraped(*lines: str) -> bool:
            metrics = (await office.http.get("/metrics")).text
            return all(line in metrics for line in lines)

        await until(lambda: scraped(
            'outpost_appointments{site="alpha",status="called"} 1.0', 'outpost_promises_kept_rate{site="alpha"} 1.0',
            'outpost_appointments_by_hour{hour="09",site="alpha"} 1.0', 'outpost_connected_clients{door="websocket"} 0.0',
            'outpost_no_show_rate{site="beta"} 0.0',
        ))  # fmt: skip
        another = await office.http.get(path, params={"date": "2026-11-19"}, headers=headers)
        assert (another.status_code, another.json()["total"]) == (200, 0)
        assert (await office.http.get(path, params={"date": "yesterday"}, headers=headers)).status_code == 422
        assert (await office.http.get("/api/v1/sites/beta/statistics", headers=headers)).status_code == 404
        assert (await office.http.get(path)).status_code == 401
