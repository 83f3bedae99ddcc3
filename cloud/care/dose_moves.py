"""Doses of devices that reach head office at the moments at which they are really due: rules of `shared.doses`, over rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from cloud.care import dose_alerts, doses
from cloud.db.pool import Connection
from cloud.records import due
from shared.doses import jumps, moving
from shared.doses.expansion import Occurrence
from shared.doses.localtime import nominal
from shared.doses.moving import Ahead, Known
from shared.doses.plan import Plan
from shared.doses.states import Status


async def known(conn: Connection, site: str, plan_id: str, from_ms: int) -> dict[str, Known]:
    """The doses of a plan that are rows and some, due from `from_ms` on, by id. Of one that is UNKNOWN nobody can say that
    nobody was told."""
    found = await conn.execute(
        "select dose_id, item_id, step, status, due_ms, tz, taken_ms, announced_n > 0 or status = 'UNKNOWN'"
        " from dose_occurrences where site = %s and plan_id = %s and due_ms >= %s and status <> 'VOIDED'",
        (site, plan_id, from_ms),
    )
    return {
        id_: Known(item_id, step, Status(status), due_ms, tz, taken_ms, told)
        for id_, item_id, step, status, due_ms, tz, taken_ms, told in await found.fetchall()
    }


async def follow(conn: Connection, site: str, before: Mapping[str, Any], after: Mapping[str, Any], now_ms: int) -> None:
    """What follows a dose, and nobody was told of yet, is due so long after that was really taken.

    before, after: the dose's row as it was and as it is.
    """
    was_ms, is_ms = (
        moving.counts_from(Status(row["status"]), row["due_ms"], row["taken_ms"]) for row in (before, after)
    )
    if was_ms == is_ms:
        return
    for plan, _ in await doses.active(conn, site, before["person_id"], before["plan_id"]):
        if not moving.has_linked(plan):
            continue
        found = await conn.execute(
            "select dose_id, item_id, due_ms, tz, person_id, left(nominal_local, 10) from dose_occurrences where site = %s"
            " and plan_id = %s and owner = 'cloud' and status = 'PLANNED' and announced_n = 0 and due_ms between %s and %s",
            (site, plan.id, was_ms, was_ms + moving.reach_ms(plan)),
        )
        rows = await found.fetchall()
        ids = moving.following(plan, before["item_id"], was_ms, [Ahead(*row[:3]) for row in rows])
        days = []
        for id_, _, due_ms, tz, person_id, day in (row for row in rows if row[0] in ids):
            shown = nominal(due_ms + is_ms - was_ms, ZoneInfo(tz))[0]
            days += [(person_id, day), (person_id, shown[:10])]
            await conn.execute(
                "update dose_occurrences set version = version + 1, due_ms = due_ms + %(by)s, window_open_ms = window_open_ms"
                " + %(by)s, on_time_until_ms = on_time_until_ms + %(by)s, miss_at_ms = miss_at_ms + %(by)s,"
                " next_action_ms = next_action_ms + %(by)s, nominal_local = %(shown)s where site = %(site)s"
                " and dose_id = %(id)s",
                {"by": is_ms - was_ms, "shown": shown, "site": site, "id": id_},
            )
        if ids:
            await due.mark(conn, site, days)
            await rescheduled(conn, site, plan.id)
            await hold(conn, site, before["person_id"], now_ms)


async def rescheduled(conn: Connection, site: str, plan_id: str) -> None:
    """The device's schedule is another than before."""
    await conn.execute(
        "update medication_plans set moves = moves + 1 where site = %s and plan_id = %s and owner = 'cloud'",
        (site, plan_id),
    )


async def tell_jumps(
    conn: Connection, site: str, plan: Plan, wanted: Sequence[Occurrence], from_ms: int, now_ms: int
) -> None:
    """The clinic is told once of a time-critical medicine over an hour that a clock jumps. wanted: due from `from_ms` on,
    not kept yet."""
    if not any(item.policy_class == "TIME_CRITICAL" for item in plan.items):
        return
    found = await conn.execute(
        "select dose_id, item_id, due_ms, nominal_local, tz, status from dose_occurrences where site = %s and plan_id = %s"
        " and due_ms >= %s",
        (site, plan.id, from_ms),
    )
    rows = [(jumps.Stands(*row[:5]), row[5]) for row in await found.fetchall()]
    told: Collection[str] = {one.id for one, _ in rows}
    for jump in jumps.jumps(plan, wanted, [one for one, status in rows if status != Status.VOIDED], told):
        await dose_alerts.alert(
            conn, site, "time_critical_gap", plan.person_id, jumps.title(jump), now_ms, level=4, critical=False,
            dose_id=jump.dose_id, says=jumps.says(jump),
        )  # fmt: skip


async def hold(conn: Connection, site: str, person_id: str, now_ms: int) -> None:
    """Doses within a hold are held; held ones within none, that are not over, are planned again as if nobody had said them."""
    within = (
        "exists (select 1 from holds h where h.site = d.site and h.person_id = d.person_id and h.ended_ms is null"
        " and d.due_ms >= h.from_ms and d.due_ms < h.until_ms and (h.plan_id is null or h.plan_id = d.plan_id)"
        " and (h.item_id is null or h.item_id = d.item_id))"
    )
    for sets, condition in (
        ("status = 'HELD', next_action_ms = d.due_ms", f"status in ('PLANNED', 'ANNOUNCED', 'SNOOZED') and {within}"),
        (
            "status = 'PLANNED', next_action_ms = miss_at_ms, announced_n = 0, last_said_ms = null, caregiver_told = false,"
            " snoozed_until_ms = null",
            f"status = 'HELD' and miss_at_ms > %(now)s and not {within}",
        ),
    ):
        found = await conn.execute(
            f"update dose_occurrences d set {sets}, status_since_ms = %(now)s, version = version + 1"
            f" where site = %(site)s and person_id = %(person)s and owner = 'cloud' and {condition}"
            " returning person_id, left(nominal_local, 10), plan_id",
            {"site": site, "person": person_id, "now": now_ms},
        )
        changed = await found.fetchall()
        await due.mark(conn, site, [(row[0], row[1]) for row in changed])
        for plan_id in sorted({row[2] for row in changed}):
            await rescheduled(conn, site, plan_id)
