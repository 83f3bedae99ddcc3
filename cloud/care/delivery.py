"""How far a plan is on its way to whoever carries it out."""

from __future__ import annotations

from typing import Any, NamedTuple

from cloud.db.pool import Connection

Row = dict[str, Any]


async def delivery(conn: Connection, row: Row) -> list[Row]:
    """How far the plan is: at the clinic, and at each device of the person. States: published, received, applied, failed."""
    site, person_id = row["site"], row["person_id"]
    found = await conn.execute(
        "select m.state, m.detail, coalesce(s.revision, 0), s.status from medication_plans p left join mailbox m"
        " on m.site = p.site and m.command_id = p.command_id left join plan_states s on s.site = p.site"
        " and s.plan_id = p.plan_id where p.site = %s and p.plan_id = %s",
        (site, row["plan_id"]),
    )
    state, detail, applied, status = (await found.fetchone()) or (None, None, 0, None)
    stopped = row["status"] == "stopped"
    is_applied = status == "stopped" if stopped else applied >= row["revision"] and status != "stopped"
    at_site = "applied" if is_applied else state or "published"
    devices = await conn.execute(
        "select device_id, name, owner, coalesce(schedule_revision, -1) from devices where site = %s and person_id = %s"
        " and status <> 'removed' order by device_id",
        (site, person_id),
    )
    wanted = (await revisions(conn, site, person_id)).plans
    told: list[Row] = []
    if row["owner"] == "site":
        told.append({"to": "site", "site": site, "device_id": None, "state": at_site, "detail": detail or "",
                         "revision_applied": applied or None})  # fmt: skip
    for device_id, name, owner, fetched in await devices.fetchall():
        direct = owner == "cloud" and row["owner"] == "cloud"
        state, has = at_site, applied or None
        if direct:
            state = "applied" if fetched >= wanted else "published"
            has = row["revision"] if state == "applied" else None
        told.append({
            "to": "device", "site": site, "device_id": device_id, "name": name, "state": state, "detail": "",
            "revision_applied": has,
        })  # fmt: skip
    return told


class Revisions(NamedTuple):
    """Two numbers of a person. plans: grows with every change of any plan.  schedule: grows with every change of what is due,
    also where no plan changed; what a device compares with the one it has."""

    plans: int
    schedule: int


async def revisions(conn: Connection, site: str, person_id: str | None) -> Revisions:
    """As they are now; zeros for nobody."""
    found = await conn.execute(
        "select coalesce(sum(revision + (status = 'stopped')::int), 0)::bigint, coalesce(sum(moves), 0)::bigint"
        " from medication_plans where site = %s and person_id = %s",
        (site, person_id),
    )
    row = await found.fetchone()
    plans, moves = (int(row[0]), int(row[1])) if row else (0, 0)
    return Revisions(plans, plans + moves)
