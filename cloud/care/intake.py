"""What devices tell head office: each event judged NEW, SEEN or GAP by (device, boot), kept and done in one commit."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.care import dose_alerts, dose_planning, dose_rows, dose_rules, doses, faults, heartbeats, stocks
from cloud.care.delivery import revisions
from cloud.care.devices import Asking
from cloud.db.pool import Connection, Pool
from shared.clock import Clock, iso
from shared.device_api import (
    SCHEDULE_DAYS,
    DeviceEvent,
    EventResult,
    Events,
    EventsAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Schedule,
    ScheduleDose,
    upto_of,
)
from shared.device_faults import EVENTS
from shared.device_times import Moment, moment_of
from shared.doses import guards
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.stream import Verdict, judge

LOOK_MS: Final = 36 * HOUR_MS
"""Doses around an event without a name that it may mean."""
ANSWERS: Final = {"taken": "taken", "button": "taken", "skipped": "skipped", "snoozed": "snoozed"}
SOURCES: Final = frozenset(("lid", "weight", "voice"))
_TAKEN: Final = """
select l.at_ms, coalesce(l.quantity, 1) from dose_event_logs l
    left join dose_occurrences d on d.site = l.site and d.dose_id = l.dose_id
    where l.site = %(site)s and l.person_id = %(person)s and l.item_id = %(item)s and l.at_ms > %(since)s
        and (d.plan_id is null or d.plan_id = %(plan)s)
        and (l.act in ('taken_again', 'taken_after_miss') or (l.act = 'taken'
            and (l.dose_id is null or d.taken_ms is not null or d.status = 'VOIDED')))
union all
select d.taken_ms, d.quantity from dose_occurrences d where d.site = %(site)s and d.plan_id = %(plan)s
    and d.item_id = %(item)s and d.taken_ms > %(since)s and not exists (select 1 from dose_event_logs l
        where l.site = d.site and l.dose_id = d.dose_id and l.act = 'taken')
"""
"""What was taken of a medicine, as it is known now: what somebody corrected counts as corrected."""


def _source(event: DeviceEvent) -> str:
    """By what it was said. A device may write anything there."""
    said = (event.data or {}).get("source")
    return said if isinstance(said, str) and said in SOURCES else "button"


def act_of(event: DeviceEvent) -> str | None:
    """taken, skipped or snoozed; None for what is no answer. A button may mean any of them, as `data.act` says."""
    said = (event.data or {}).get("act")
    if event.kind == "answered":
        return said if said in ("taken", "skipped", "snoozed") else "taken"
    return ANSWERS.get(event.kind)


class Intake:
    """Takes what devices tell."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    async def events(self, device: Asking, body: Events) -> EventsAnswer:
        """All or nothing: when this returns, everything up to `upto` is kept. Events behind a gap have no result."""
        now_ms = self._clock.now_ms()
        newest, cursors, results = body.events[-1].boot_id, dict[str, int](), list[EventResult]()
        async with self._pool.transaction() as conn:
            await conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"device/{device.id}",))
            for event in body.events:
                if event.boot_id not in cursors:
                    cursors[event.boot_id] = await _upto(conn, device, event.boot_id)
                verdict = judge(cursors[event.boot_id], event.device_seq)
                if verdict is Verdict.SEEN:
                    results.append(await _again(conn, device, event))
                elif verdict is Verdict.NEW:
                    cursors[event.boot_id] = event.device_seq
                    when = moment_of(event, body.sent_mono_ms, newest, now_ms)
                    results.append(await self._take(conn, device, event, when, now_ms))
            for boot_id, upto in cursors.items():
                await conn.execute(
                    "insert into device_cursors values (%s, %s, %s, %s) on conflict (site, device_id, boot_id)"
                    " do update set upto = excluded.upto",
                    (device.site, device.id, boot_id, upto),
                )
        return EventsAnswer(upto=upto_of(cursors, body.events), results=results)

    async def heartbeat(self, device: Asking, beat: Heartbeat) -> HeartbeatAnswer:
        """How it is; the answer has the time, and what a device compares its schedule with."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            await heartbeats.keep(conn, device, beat, now_ms)
            revision = await revisions(conn, device.site, device.person_id)
        return HeartbeatAnswer(server_time=iso(now_ms), plan_revision=revision.schedule, commands=[])

    async def schedule(
        self, site: str, device_id: str, from_ms: int | None, until_ms: int | None, *, by_device: bool
    ) -> Schedule:
        """The doses of the next 14 days unless said otherwise, and those of the last day that are still open."""
        now_ms = self._clock.now_ms()
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select d.person_id, coalesce(p.language, 'en'), coalesce(nullif(s.timezone, ''), 'UTC') from devices d"
                " left join persons p on p.site = d.site and p.person_id = d.person_id left join site_state s"
                " on s.site = d.site where d.site = %s and d.device_id = %s",
                (site, device_id),
            )
            person_id, language, zone = (await found.fetchone()) or (None, "en", "UTC")
            begin = from_ms if from_ms is not None else now_ms - DAY_MS
            end = until_ms if until_ms is not None else max(begin, now_ms) + SCHEDULE_DAYS * DAY_MS
            rows = await doses.of_person(conn, site, person_id, begin, end, now_ms) if person_id else []
            revision = await revisions(conn, site, person_id)
            texts = {
                (plan.id, item.id): item.instructions.get(language) or item.instructions.get("en", "")
                for plan, _ in (await doses.active(conn, site, person_id) if person_id else [])
                for item in plan.items
            }
            if by_device:
                await conn.execute(
                    "update devices set schedule_revision = %s where site = %s and device_id = %s"
                    " and schedule_revision is distinct from %s",
                    (revision.plans, site, device_id, revision.plans),
                )
        wanted = [
            row for row in rows
            if row["status"] != "VOIDED" and (from_ms is not None or row["miss_at_ms"] > now_ms)
        ]  # fmt: skip
        return Schedule(
            device_id=device_id, patient_id=person_id, plan_revision=revision.schedule, generated_at=iso(now_ms), timezone=zone,
            doses=[_scheduled(row, texts.get((row["plan_id"], row["item_id"]), "")) for row in wanted],
        )  # fmt: skip

    async def _take(
        self, conn: Connection, device: Asking, event: DeviceEvent, when: Moment, now_ms: int
    ) -> EventResult:
        status, reason = None, None
        if event.kind == "announced" and event.occurrence_id:
            for row in await _named(conn, device, event.occurrence_id):
                outcome = dose_rules.announced(row, when.at_ms, now_ms)
                status = await self._done(conn, device, event, when, row, outcome, now_ms)
        elif (act := act_of(event)) is not None:
            status, reason = await self._answer(conn, device, event, when, act, now_ms)
        await conn.execute(
            "insert into device_events (site, event_id, device_id, boot_id, device_seq, kind, at_ms, uncertainty_s, dose_id,"
            " quantity, data, outcome, status, reason) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (device.site, _event_id(device, event), device.id, event.boot_id, event.device_seq, event.kind, when.at_ms,
             when.uncertainty_s, event.occurrence_id, event.quantity, Jsonb(event.data), "accepted", status, reason),
        )  # fmt: skip
        if event.kind in EVENTS:
            await faults.told(conn, device, event, now_ms)
        if event.kind == "refilled" and device.person_id is not None:
            await stocks.refilled(conn, device.site, device.person_id, event.data or {}, now_ms)
        if event.kind == "clock_set" and device.person_id is not None:
            await dose_planning.moved(conn, device.site, device.person_id)
        return EventResult(
            boot_id=event.boot_id, device_seq=event.device_seq, outcome="accepted", status=status, reason=reason
        )

    async def _answer(
        self, conn: Connection, device: Asking, event: DeviceEvent, when: Moment, act: str, now_ms: int
    ) -> tuple[str | None, str | None]:
        """An answer to the dose it names, or to what was said last."""
        if event.occurrence_id:
            meant: Any = await _named(conn, device, event.occurrence_id)
            if not meant:
                return None, "not_found"
        else:
            span = {
                "site": device.site,
                "person": device.person_id,
                "from": when.at_ms - LOOK_MS,
                "to": when.at_ms + LOOK_MS,
            }
            around = await dose_rows.rows(
                conn, "site = %(site)s and person_id = %(person)s and due_ms between %(from)s and %(to)s", span
            )
            meant = dose_rules.meant(around, when.at_ms, _source(event))
            if isinstance(meant, str):
                return None, meant
        status = reason = None
        for row in meant:
            data = event.data or {}
            source = _source(event)
            if act == "taken":
                outcome = dose_rules.taken(row, when.at_ms, now_ms, source, device.id)
            elif act == "skipped":
                outcome = dose_rules.skipped(row, now_ms, source, str(data.get("reason", "")))
            else:
                minutes = data.get("minutes", 10)
                outcome = dose_rules.snoozed(row, now_ms, minutes if type(minutes) is int else 10)
            if outcome.act == "taken" and outcome.answered:
                outcome = await guarded(conn, device.site, row, outcome, when.at_ms, event.quantity)
            status, reason = await self._done(conn, device, event, when, row, outcome, now_ms), outcome.reason or reason
        return status, reason

    async def _done(
        self, conn: Connection, device: Asking, event: DeviceEvent, when: Moment, row: Any, outcome: Any, now_ms: int
    ) -> str:
        source = "device" if event.kind == "announced" else _source(event)
        after = await dose_rows.apply(
            conn, device.site, row, outcome, now_ms, at_ms=when.at_ms, uncertainty_s=when.uncertainty_s, source=source,
            quantity=event.quantity or (row["quantity"] if outcome.act.startswith("taken") else None), device_id=device.id,
            boot_id=event.boot_id, device_seq=event.device_seq, reason=str((event.data or {}).get("reason", ""))[:200],
        )  # fmt: skip
        await dose_alerts.follow(conn, device.site, after, outcome, now_ms)
        return str(after["status"])


async def guarded(conn: Connection, site: str, row: Any, outcome: Any, at_ms: int, quantity: float | None) -> Any:
    """What was swallowed is kept; against a limit somebody is told."""
    for plan, _ in await doses.active(conn, site, row["person_id"], row["plan_id"]):
        item = next((one for one in plan.items if one.id == row["item_id"]), None)
        if item is None:
            continue
        found = await conn.execute(
            _TAKEN,
            {
                "site": site, "person": row["person_id"], "plan": plan.id, "item": item.id,
                "since": at_ms - guards.HISTORY_HOURS * HOUR_MS,
            },
        )  # fmt: skip
        history = [guards.Intake(*one) for one in await found.fetchall()]
        verdict = guards.check(item, history, at_ms, quantity or row["quantity"])
        if isinstance(verdict, guards.Blocked):
            says = "too_soon" if verdict.code == "min_gap" else "too_much"
            return outcome._replace(reason=verdict.code, alert="dose_limit", says=says)
    return outcome


async def _named(conn: Connection, device: Asking, dose_id: str) -> list[Any]:
    return await dose_rows.rows(
        conn, "site = %(site)s and dose_id = %(dose)s and person_id = %(person)s",
        {"site": device.site, "dose": dose_id, "person": device.person_id},
    )  # fmt: skip


async def _upto(conn: Connection, device: Asking, boot_id: str) -> int:
    found = await conn.execute(
        "select upto from device_cursors where site = %s and device_id = %s and boot_id = %s",
        (device.site, device.id, boot_id),
    )
    row = await found.fetchone()
    return int(row[0]) if row else 0


async def _again(conn: Connection, device: Asking, event: DeviceEvent) -> EventResult:
    found = await conn.execute(
        "select status, reason from device_events where site = %s and event_id = %s",
        (device.site, _event_id(device, event)),
    )
    status, reason = (await found.fetchone()) or (None, None)
    return EventResult(
        boot_id=event.boot_id, device_seq=event.device_seq, outcome="duplicate", status=status, reason=reason
    )


def _event_id(device: Asking, event: DeviceEvent) -> str:
    return f"{device.id}:{event.boot_id}:{event.device_seq}"


def _scheduled(row: Any, instructions: str) -> ScheduleDose:
    shown = doses.shown(row)
    names = ("occurrence_id", "due_at_utc", "due_at_local", "window_open", "on_time_until", "miss_at", "medication",
             "quantity", "unit", "compartment", "status")  # fmt: skip
    return ScheduleDose(**{name: shown[name] for name in names}, instructions=instructions)
