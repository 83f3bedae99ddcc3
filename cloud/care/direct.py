"""What is asked for patients whose device reaches head office: carried out here at once, not sent to the clinic."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.care import dose_moves, dose_planning, dose_rows, dose_rules
from cloud.db.pool import Connection
from shared.problems import Problem

Row = dict[str, Any]
APPLIED: Final = "applied"


async def is_direct(conn: Connection, site: str, person_id: str) -> bool:
    """Whether head office carries out this patient's plans."""
    found = await conn.execute(
        "select 1 from devices where site = %s and person_id = %s and owner = 'cloud' and status <> 'removed' limit 1",
        (site, person_id),
    )
    return await found.fetchone() is not None


async def carry_out(conn: Connection, site: str, person_id: str, kind: str, body: Row, now_ms: int) -> None:
    """kind: of `shared.care_commands`. Raises Problem 409 where the dose's state does not allow a correction."""
    if kind == "set_meal_times":
        await conn.execute(
            "insert into meal_times as m (site, person_id, version, times) values (%s, %s, 1, %s)"
            " on conflict (site, person_id) do update set times = excluded.times, version = m.version + 1",
            (site, person_id, Jsonb(body["times"])),
        )
        await _expand_all(conn, site, person_id, now_ms)
    elif kind == "set_hold":
        await conn.execute(
            "insert into holds (site, hold_id, version, person_id, plan_id, item_id, from_ms, until_ms, reason)"
            " values (%s, %s, 1, %s, %s, %s, %s, %s, %s)",
            (site, body["hold_id"], person_id, body.get("plan_id"), body.get("item_id"), body["from_ms"], body["until_ms"],
             body["reason"]),
        )  # fmt: skip
        await dose_moves.hold(conn, site, person_id, now_ms)
    elif kind == "end_hold":
        await conn.execute(
            "update holds set ended_ms = %s, version = version + 1 where site = %s and hold_id = %s and ended_ms is null",
            (now_ms, site, body["hold_id"]),
        )
        await dose_moves.hold(conn, site, person_id, now_ms)
    else:
        await _correct(conn, site, body, now_ms)


async def hand_over(conn: Connection, site: str, person_id: str, now_ms: int) -> list[tuple[str, Row]]:
    """What was set here and the clinic does not know, as commands for it: (kind, body)."""
    meals = await conn.execute(
        "select times from meal_times where site = %s and person_id = %s and ordinal = 0", (site, person_id)
    )
    commands: list[tuple[str, Row]] = [
        ("set_meal_times", {"person_id": person_id, "times": row[0]}) for row in await meals.fetchall()
    ]
    holds = await conn.execute(
        "select hold_id, from_ms, until_ms, plan_id, item_id, reason from holds where site = %s and person_id = %s"
        " and ordinal = 0 and ended_ms is null and until_ms > %s order by from_ms",
        (site, person_id, now_ms),
    )
    names = ("hold_id", "from_ms", "until_ms", "plan_id", "item_id", "reason")
    for row in await holds.fetchall():
        given = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        commands.append(("set_hold", {"person_id": person_id, **given}))
    return commands


async def _expand_all(conn: Connection, site: str, person_id: str, now_ms: int) -> None:
    found = await conn.execute(
        "select plan_id from medication_plans where site = %s and person_id = %s and status = 'active' and owner = 'cloud'"
        " order by plan_id",
        (site, person_id),
    )
    for (plan_id,) in await found.fetchall():
        await dose_planning.expand_now(conn, site, plan_id, now_ms)


async def _correct(conn: Connection, site: str, body: Row, now_ms: int) -> None:
    taken_ms = body.get("taken_ms")
    if taken_ms is not None and taken_ms > now_ms:
        raise Problem(422, "It cannot have been taken in the future.", hint="Correct the time.")
    for row in await dose_rows.rows(
        conn, "site = %(site)s and dose_id = %(dose)s", {"site": site, "dose": body["dose_id"]}
    ):
        outcome = dose_rules.corrected(row, body["status"], taken_ms, now_ms, body["reason"])
        if not outcome.changes:
            raise Problem(409, f"This dose is {row['status']}.", code="wrong_state", hint="Read the list again.")
        await dose_rows.apply(
            conn, site, row, outcome, now_ms, at_ms=taken_ms or now_ms, source="nurse", reason=body["reason"]
        )
