"""HTTP of what a patient's days come to: dashboard, days, weeks, insights, reports, and a report to be printed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from cloud.accounts.guards import Guards
from cloud.accounts.people import Account
from cloud.care import access, doses, printed, summaries
from cloud.care.access import Patient
from cloud.db.pool import Connection, Pool
from shared.clock import Clock, iso, local_date
from shared.doses import adherence
from shared.doses.localtime import DAY_MS
from shared.problems import Problem
from shared.sentences import LANGUAGES

Row = dict[str, Any]
Person = Annotated[str, Query(max_length=64, description="The patient's id.")]
Language = Annotated[str | None, Query(max_length=10, description="en, hi, es or ar; left out: the patient's.")]
LISTED_MAX: Final = 200


def summary_router(pool: Pool, guards: Guards, clock: Clock) -> APIRouter:
    """`/api/v1/summary/…`."""
    router = APIRouter(prefix="/api/v1/summary", tags=["summary"])
    anybody, care = Depends(guards.watcher), Depends(guards.care_or_office)

    @router.get("/dashboard")
    async def dashboard(
        account: Account = anybody, patient_id: Annotated[str | None, Query(max_length=64)] = None,
        site: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Row:  # fmt: skip
        """A patient today, or all patients of a site in numbers: doses by status, the next one, open alerts, devices, the last
        recording, and how much was taken in 7 and 30 days, with what nobody knows beside it."""
        async with pool.transaction() as conn:
            if patient_id is not None:
                patient = await access.patient(conn, account, patient_id)
                await access.seen(conn, clock, account, "care_seen", patient.site, patient.id)
                return await _patient(conn, patient, clock.now_ms())
            if site is None or access.only_theirs(account):
                raise Problem(422, "Name a patient or, for staff, a site.")
            account.require(site)
            return await _site(conn, site, clock.now_ms())

    @router.get("/daily")
    async def daily(
        patient_id: Person,
        account: Account = anybody,
        date: Annotated[date | None, Query()] = None,
        lang: Language = None,
    ) -> Row:
        """One day of a patient; yesterday where none is named. 404 until it is summed up."""
        async with pool.transaction() as conn:
            patient = await access.patient(conn, account, patient_id)
            today = local_date(clock.now_ms(), ZoneInfo(patient.timezone))
            return await _kept(conn, patient, "daily_patient_summaries", "day", date or today - timedelta(days=1), lang)

    @router.get("/weekly")
    async def weekly(
        patient_id: Person,
        account: Account = anybody,
        week: Annotated[date | None, Query()] = None,
        lang: Language = None,
    ) -> Row:
        """The week of a day (its Monday is enough); last week where none is named. 404 until it is summed up."""
        async with pool.transaction() as conn:
            patient = await access.patient(conn, account, patient_id)
            day = week or local_date(clock.now_ms(), ZoneInfo(patient.timezone)) - timedelta(days=7)
            monday = day - timedelta(days=day.weekday())
            return await _kept(conn, patient, "weekly_patient_summaries", "week", monday, lang)

    @router.get("/insights")
    async def insights(
        patient_id: Person, account: Account = care, from_: Annotated[date | None, Query(alias="from")] = None,
        to: Annotated[date | None, Query()] = None,
    ) -> list[Row]:  # fmt: skip
        """What stands out, the newest first."""
        async with pool.transaction() as conn:
            patient = await access.patient(conn, account, patient_id)
            found = await conn.execute(
                "select insight_id, period, starts_on, kind, severity, numbers, text, language, source, created_ms"
                " from health_insights where site = %s and person_id = %s and (%s::date is null or starts_on >= %s)"
                " and (%s::date is null or starts_on <= %s) order by starts_on desc, version desc, kind limit %s",
                (patient.site, patient.id, from_, from_, to, to, LISTED_MAX),
            )
            names = ("id", "period", "starts_on", "kind", "severity", "numbers", "text", "language", "source")
            return [
                {**dict(zip(names, row, strict=False)), "generated_at": iso(row[-1])} for row in await found.fetchall()
            ]

    @router.get("/reports")
    async def reports(
        patient_id: Person, account: Account = care, from_: Annotated[date | None, Query(alias="from")] = None,
        to: Annotated[date | None, Query()] = None,
    ) -> list[Row]:  # fmt: skip
        """Reports of a patient, the newest first; each also to be printed at `page`."""
        async with pool.transaction() as conn:
            patient = await access.patient(conn, account, patient_id)
            found = await conn.execute(
                "select report_id, from_day, until_day, version, numbers, text, language, source, created_ms"
                " from health_reports"
                " where site = %s and person_id = %s and (%s::date is null or until_day >= %s)"
                " and (%s::date is null or from_day <= %s) order by from_day desc, version desc limit %s",
                (patient.site, patient.id, from_, from_, to, to, LISTED_MAX),
            )
            names = ("id", "from", "to", "version", "numbers", "text", "language", "source")
            return [
                {
                    **dict(zip(names, row, strict=False)), "generated_at": iso(row[-1]),
                    "definition": adherence.DEFINITION[row[6] if row[6] in LANGUAGES else "en"],
                    "page": f"/api/v1/summary/reports/{row[0]}/page",
                }
                for row in await found.fetchall()
            ]  # fmt: skip

    @router.get("/reports/{report_id}/page", response_class=HTMLResponse)
    async def page(report_id: str, account: Account = care) -> HTMLResponse:
        """A report as a page to be printed."""
        async with pool.transaction() as conn:
            found = await conn.execute(
                "select person_id, from_day, until_day, numbers, text, language, created_ms from health_reports"
                " where report_id = %s",
                (report_id[:64],),
            )
            row = await found.fetchone()
            if row is None:
                raise Problem(404, "There is no such report.", hint="Choose one from the patient's page.")
            patient = await access.patient(conn, account, row[0])
            await access.seen(conn, clock, account, "report_seen", patient.site, patient.id)
        return HTMLResponse(printed.page(patient, row), headers=printed.HEADERS)

    return router


async def _patient(conn: Connection, patient: Patient, now_ms: int) -> Row:
    zone = ZoneInfo(patient.timezone)
    today = local_date(now_ms, zone)
    rows = await doses.of_person(conn, patient.site, patient.id, now_ms - 2 * DAY_MS, now_ms + 2 * DAY_MS, now_ms)
    days = [row for row in rows if row["nominal_local"][:10] == today.isoformat()]
    ahead = [row for row in rows if row["status"] in ("PLANNED", "ANNOUNCED", "SNOOZED") and row["miss_at_ms"] > now_ms]
    by: dict[str, int] = {}
    for row in days:
        by[row["status"]] = by.get(row["status"], 0) + 1
    found = await conn.execute(
        "select alert_id, topic, severity, title, raised_ms, acked_by from alerts_now where site = %s and person_id = %s"
        " and is_open"
        " order by critical desc, raised_ms desc limit 50",
        (patient.site, patient.id),
    )
    alerts = [
        {
            "id": one[0],
            "topic": one[1],
            "severity": one[2],
            "title": one[3],
            "raised_at": iso(one[4]),
            "acked_by": one[5],
        }
        for one in await found.fetchall()
    ]
    note = await conn.execute(
        "select interaction_id, recorded_ms, status, intent from interaction_logs where site = %s and person_id = %s"
        " order by recorded_ms desc limit 1",
        (patient.site, patient.id),
    )
    last = await note.fetchone()
    return {
        "patient": {"id": patient.id, "name": patient.name, "site": patient.site, "timezone": patient.timezone},
        "date": today.isoformat(), "by_status": by, "doses": [doses.shown(row) for row in days],
        "next_dose": doses.shown(ahead[0]) if ahead else None, "alerts": alerts,
        "devices": await _devices(conn, patient),
        "definition": adherence.DEFINITION.get(patient.language, adherence.DEFINITION["en"]),
        "last_note": None if last is None else
        {"id": last[0], "recorded_at": iso(last[1]), "status": last[2], "intent": last[3]},
        "adherence": {
            f"days_{days_}": await summaries.between(
                conn, patient.site, patient.id, today - timedelta(days=days_), today - timedelta(days=1), zone, now_ms
            )
            for days_ in (7, 30)
        },
    }  # fmt: skip


async def _devices(conn: Connection, patient: Patient) -> list[Row]:
    found = await conn.execute(
        "select d.device_id, d.name, d.status, h.online, h.heard_ms, h.battery from devices d left join lateral (select online,"
        " heard_ms, battery from device_heartbeats h where h.site = d.site and h.device_id = d.device_id"
        " order by ordinal desc, version desc limit 1) h on true"
        " where d.site = %s and d.person_id = %s and d.status <> 'removed'",
        (patient.site, patient.id),
    )
    return [
        {
            "id": row[0], "name": row[1], "status": row[2], "online": bool(row[3]), "battery": row[5],
            "heard_at": None if row[4] is None else iso(row[4]),
        }
        for row in await found.fetchall()
    ]  # fmt: skip


async def _site(conn: Connection, site: str, now_ms: int) -> Row:
    """All patients of a clinic: rows of what happened; what is only planned is not counted."""
    zone = await summaries.zone_of(conn, site)
    today = local_date(now_ms, zone)
    found = await conn.execute(
        "select status, count(*) from dose_occurrences where site = %s and left(nominal_local, 10) = %s and due_ms > %s"
        " group by 1",
        (site, today.isoformat(), now_ms - 2 * DAY_MS),
    )
    by: Row = dict(await found.fetchall())
    alerts = await conn.execute(
        "select count(*), count(*) filter (where critical), count(*) filter (where acked_ms is null) from alerts_now"
        " where site = %s and is_open",
        (site,),
    )
    row = await alerts.fetchone()
    assert row is not None
    patients = await conn.execute(
        "select count(distinct person_id) from medication_plans where site = %s and status = 'active'", (site,)
    )
    (count,) = await patients.fetchone() or (0,)
    return {
        "site": site, "date": today.isoformat(), "by_status": by, "patients_with_plans": count,
        "alerts": {"open": row[0], "critical": row[1], "nobody_has": row[2]},
    }  # fmt: skip


async def _kept(conn: Connection, patient: Patient, table: str, column: str, day: date, lang: str | None) -> Row:
    found = await conn.execute(
        f"select numbers, texts, source, generated_ms, version from {table}"
        f" where site = %s and person_id = %s and {column} = %s",
        (patient.site, patient.id, day),
    )
    row = await found.fetchone()
    if row is None:
        raise Problem(
            404, f"{day.isoformat()} is not summed up yet.", code="not_yet", hint="Come back when the day is over."
        )
    language = lang if lang in LANGUAGES else patient.language if patient.language in LANGUAGES else "en"
    return {
        "patient_id": patient.id, column if column == "week" else "date": day.isoformat(), **row[0],
        "definition": adherence.DEFINITION[language], "text": row[1].get(language) or row[1].get("en", ""),
        "language": language,
        "generated_at": iso(row[3]), "source": row[2], "version": row[4],
    }  # fmt: skip
