"""Seed 001's daily report over HTTP: a service-day in numbers, in all and by doctor."""

from __future__ import annotations

from pathlib import Path

from tests.desk_001 import NOBODY, Desk, Json, desk

TOTALS = {
    "slots", "tokens", "by_category", "by_status", "waiting_list", "promoted", "emergencies_over_capacity", "no_show_rate",
    "average_wait_minutes", "p90_wait_minutes", "capacity", "places_taken", "capacity_used",
}  # fmt: skip


async def seen_by_doctor(it: Desk, number: int) -> None:
    called = await it.ask("POST", f"/doctors/{number}/call-next")
    await it.ask("POST", f"/visits/{called['visit']['id']}/start")
    await it.ask("POST", f"/visits/{called['visit']['id']}/complete")


async def a_day(it: Desk) -> Json:
    """Dr. Rao: three places, one cancelled and given on, one missed, two seen after 10 and 20 minutes, one waits; an
    emergency beyond the places. Dr. Ode: one place of four taken."""
    other = await it.doctor()
    slot, theirs = await it.slot(capacity=3, minutes=60), await it.slot(capacity=4, minutes=60, doctor=other["id"])
    cancelled, missed, here = await it.token(slot), await it.token(slot), await it.token(slot, "WALKIN")
    promoted, waits = await it.token(slot, "FOLLOWUP", 202), await it.token(slot, status=202)
    await it.emergency(slot)
    await it.ask("DELETE", f"/tokens/{cancelled['id']}/")
    it.site.it.pass_time(600)
    await seen_by_doctor(it, 1)
    it.site.it.pass_time(600)
    await seen_by_doctor(it, 1)
    await it.token(theirs, "PRIORITY_PAID")
    await it.slot(minutes=2000)
    return {"slot": slot, "other": other, "missed": missed, "here": here, "promoted": promoted, "waits": waits}


async def test_get_reports_daily_counts_the_day_in_all_and_by_doctor(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        day = await a_day(it)
        await it.ask("POST", f"/tokens/{day['missed']['id']}/no_show/")
        report = await it.ask("GET", "/reports/daily/")
        assert report.keys() == {"date", "totals", "doctors"} and report["date"] == "2026-11-20"
        totals = report["totals"]
        assert totals.keys() == TOTALS
        assert totals["tokens"] == 7 and totals["waiting_list"] == 0 and totals["promoted"] == 2
        assert totals["by_category"] == {"EMERGENCY": 1, "PRIORITY_PAID": 1, "FOLLOWUP": 1, "ONLINE": 3, "WALKIN": 1}
        assert totals["by_status"] == {"CONFIRMED": 3, "CANCELLED": 1, "NO_SHOW": 1, "COMPLETED": 2}
        assert totals["emergencies_over_capacity"] == 1 and totals["no_show_rate"] == round(1 / 6, 3)
        assert (totals["average_wait_minutes"], totals["p90_wait_minutes"]) == (15.0, 20.0)
        assert (totals["slots"], totals["capacity"], totals["places_taken"]) == (2, 7, 4)
        assert totals["capacity_used"] == round(4 / 7, 3)
        rao, ode = report["doctors"]
        assert rao.keys() == ode.keys() == TOTALS | {"doctor_id", "name"}
        assert (rao["name"], rao["tokens"], rao["slots"], rao["capacity_used"]) == ("Dr. Rao", 6, 1, 1.0)
        assert (ode["name"], ode["tokens"], ode["slots"], ode["capacity_used"]) == ("Dr. Ode", 1, 1, 0.25)
        assert (ode["average_wait_minutes"], ode["no_show_rate"]) == (None, 0.0)
        for name in ("tokens", "waiting_list", "promoted", "capacity", "places_taken", "slots"):
            assert rao[name] + ode[name] == totals[name], name


async def test_get_reports_daily_of_one_doctor_and_404_for_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        day = await a_day(it)
        whole = await it.ask("GET", "/reports/daily/?date=2026-11-20")
        ode = await it.ask("GET", f"/reports/daily/?doctor_id={day['other']['id']}")
        assert ode["doctors"] == [whole["doctors"][1]] and ode["totals"]["tokens"] == 1
        assert {name: ode["doctors"][0][name] for name in TOTALS} == ode["totals"]
        assert await it.ask("GET", "/reports/daily/?doctor_id=2") == ode
        for unknown in (NOBODY, "x", "99"):
            assert (await it.raw("GET", f"/reports/daily/?doctor_id={unknown}")).status_code == 404


async def test_get_reports_daily_of_another_day_and_422_for_no_date(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await a_day(it)
        empty = await it.ask("GET", "/reports/daily/?date=2020-01-01")
        assert empty["date"] == "2020-01-01" and empty["totals"]["tokens"] == 0
        assert empty["totals"]["no_show_rate"] is None and empty["totals"]["capacity_used"] is None
        assert [doctor["tokens"] for doctor in empty["doctors"]] == [0, 0]
        coming = await it.ask("GET", "/reports/daily/?date=2026-11-21")
        assert coming["totals"]["slots"] == 1 and coming["totals"]["capacity"] == 2
        for wrong in ("today", "2026-02-30", "20261120", ""):
            assert (await it.raw("GET", f"/reports/daily/?date={wrong}")).status_code == 422


async def test_the_report_counts_a_wait_until_the_first_call_and_none_of_who_gave_up(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.site.it.issue()
        gave_up = await it.site.it.issue()
        it.site.it.pass_time(300)
        called = await it.ask("POST", "/doctors/1/call-next")
        it.site.it.pass_time(300)
        await it.ask("POST", f"/visits/{called['visit']['id']}/recall")
        await it.ask("DELETE", f"/tokens/{gave_up['id']}/")
        assert (await it.ask("GET", "/reports/daily/"))["totals"]["average_wait_minutes"] == 5.0


async def test_the_report_skips_a_call_that_was_taken_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.site.it.issue()
        it.site.it.pass_time(300)
        wrong = await it.ask("POST", "/doctors/1/call-next")
        await it.ask("POST", "/visits/undo", json={"undo_id": wrong["undo_id"]})
        it.site.it.pass_time(300)
        await it.ask("POST", "/doctors/1/call-next")
        assert (await it.ask("GET", "/reports/daily/"))["totals"]["average_wait_minutes"] == 10.0


async def test_a_cancelled_slot_is_no_capacity_and_a_visit_without_a_doctor_is_in_the_totals(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        slot = await it.slot(capacity=9)
        await it.ask("PUT", f"/slots/{slot['id']}/", json={"status": "CANCELLED"})
        await it.site.it.issue()
        report = await it.ask("GET", "/reports/daily/")
        assert (report["totals"]["slots"], report["totals"]["capacity"], report["totals"]["tokens"]) == (0, 0, 1)
        assert report["doctors"][0]["tokens"] == 0
