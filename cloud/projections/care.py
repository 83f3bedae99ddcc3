"""Plans, doses, holds, devices and recordings of every site, as their newest events say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db.pool import NOTES, Connection, notify
from cloud.feed import Kept
from cloud.projections.care_erasing import forget
from cloud.projections.rows import Fields, Table
from cloud.records import conversations, due
from shared.doses.states import Status
from shared.events import Lane


def _plan(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    body = f.maybe_object("plan")
    if body is None:
        raise ValueError(f"{kept.event.id}: a plan without its body")
    return f.text("person_id"), f.number("revision"), f.text("status"), body, f.text_or("reason", ""), kept.at_ms


def _dose(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("person_id"), f.text("plan_id"), f.text("item_id"), f.number("step"), f.number("revision"),
        f.text("medication"), f.amount("quantity"), f.text("unit"), f.text("policy_class"), f.flag("critical"),
        f.text("nominal_local"), f.text("tz"), f.number("due_at"), f.number("window_open"), f.number("on_time_until"),
        f.number("miss_at"), Status(f.text("status")).value, f.number("status_since"), f.number("announced_n"),
        f.maybe_number("taken_at"), f.maybe_text("source"), f.text_or("reason", ""), f.maybe_text("device_id"),
        f.maybe_number("compartment"), f.maybe_number("snoozed_until"),
    )  # fmt: skip


def _dose_event(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.maybe_text("dose_id"), f.maybe_text("person_id"), f.maybe_text("item_id"), f.text("act"), f.text("source"),
        f.number("at"), f.number_or("uncertainty_s", 0), f.maybe_amount("quantity"), f.text_or("reason", ""),
        f.maybe_text("device_id"), f.maybe_text("boot_id"), f.maybe_number("device_seq"), f.maybe_text("note_id"),
        f.number("received_at"), f.maybe_text("supersedes"),
    )  # fmt: skip


def _hold(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("person_id"), f.maybe_text("plan_id"), f.maybe_text("item_id"), f.number("from_at"), f.number("until_at"),
        f.text_or("reason", ""), f.maybe_number("ended_at"),
    )  # fmt: skip


def _meals(kept: Kept) -> tuple[Any, ...]:
    return (Fields(kept).maybe_object("times") or Jsonb({}),)


def _stock(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.maybe_text("person_id"), f.maybe_text("plan_id"), f.maybe_text("item_id"), f.text("medication"),
        f.maybe_text("device_id"), f.maybe_number("compartment"), f.amount("units"), f.maybe_amount("days_left"),
    )  # fmt: skip


def _device(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.text("device_kind"), f.text("name"), f.maybe_text("person_id"), f.text("status"), f.number("created_at"),
        f.maybe_number("claimed_at"), f.maybe_object("compartments") or Jsonb({}),
    )  # fmt: skip


def _note(kept: Kept) -> tuple[Any, ...]:
    f = Fields(kept)
    return (
        f.maybe_text("person_id"), f.maybe_text("device_id"), f.number("recorded_at"), f.maybe_text("sha256"),
        f.maybe_number("bytes"), f.maybe_amount("seconds"), f.text_or("media_type", "audio/wav"), f.maybe_text("language"),
        f.text_or("purpose", "note"), f.maybe_object("heard"), f.maybe_text("dose_id"), f.maybe_text("boot_id"),
        f.maybe_number("device_seq"), f.flag_or("uploaded", False),
    )  # fmt: skip


TABLES: Final = {
    "plan": Table("plan_states", "plan_id", ("person_id", "revision", "status", "body", "reason", "at_ms"), _plan),
    "dose": Table(
        "dose_occurrences", "dose_id",
        ("person_id", "plan_id", "item_id", "step", "revision", "medication", "quantity", "unit", "policy_class", "critical",
         "nominal_local", "tz", "due_ms", "window_open_ms", "on_time_until_ms", "miss_at_ms", "status", "status_since_ms",
         "announced_n", "taken_ms", "source", "reason", "device_id", "compartment", "snoozed_until_ms"),
        _dose, "t.owner = 'site'",
    ),
    "dose_event": Table(
        "dose_event_logs", "event_id",
        ("dose_id", "person_id", "item_id", "act", "source", "at_ms", "uncertainty_s", "quantity", "reason", "device_id",
         "boot_id", "device_seq", "note_id", "received_ms", "supersedes"),
        _dose_event,
    ),
    "hold": Table(
        "holds", "hold_id", ("person_id", "plan_id", "item_id", "from_ms", "until_ms", "reason", "ended_ms"), _hold
    ),
    "meal_times": Table("meal_times", "person_id", ("times",), _meals),
    "stock": Table(
        "stocks", "stock_id",
        ("person_id", "plan_id", "item_id", "medication", "device_id", "compartment", "units", "days_left"), _stock,
    ),
    "device": Table(
        "devices", "device_id",
        ("kind", "name", "person_id", "status", "created_ms", "claimed_ms", "compartments"), _device, "t.owner = 'site'",
    ),
    "note": Table(
        "interaction_logs", "interaction_id",
        ("person_id", "device_id", "recorded_ms", "sha256", "bytes", "seconds", "media_type", "language", "purpose", "heard",
         "dose_id", "boot_id", "device_seq", "uploaded"),
        _note,
    ),
}  # fmt: skip


class Care:
    """Reader of what clinics do about medicine."""

    name = "care"
    lanes = frozenset((int(Lane.CARE),))
    entities = frozenset((*TABLES, "person"))

    async def apply(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Upsert each; bring plans, conversations and the days to be counted to what the rows say."""
        of = {name: [kept for kept in events if kept.event.entity == name] for name in self.entities}
        for name, table in TABLES.items():
            await table.upsert(conn, site, of[name])
        await _follow(conn, site, sorted({kept.event.id for kept in of["plan"]}))
        await due.mark(
            conn, site, ((k.event.data["person_id"], k.event.data["nominal_local"][:10]) for k in of["dose"])
        )
        spoken = {(k.event.data.get("person_id"), k.event.data["recorded_at"]) for k in of["note"]}
        said = {
            (k.event.data.get("person_id"), k.event.data["at"])
            for k in of["dose_event"]
            if k.event.data["act"] == "announced"
        }
        for person_id, at_ms in sorted((str(who), when) for who, when in spoken | said if who is not None):
            await conversations.regroup(conn, site, person_id, at_ms)
        if of["note"]:
            await notify(conn, NOTES, site)
        await forget(conn, site, events)

    async def settle(self, conn: Connection, site: str) -> None:
        """Nothing is counted here: see summaries_due."""


async def _follow(conn: Connection, site: str, plan_ids: Sequence[str]) -> None:
    """Plans that head office does not have (it was restored, or the clinic wrote them) are taken over; one that the site
    has stopped is stopped."""
    if not plan_ids:
        return
    await conn.execute(
        "insert into medication_plans as p (site, plan_id, person_id, revision, status, owner, body, reason, created_by,"
        " created_ms, changed_ms) select site, plan_id, person_id, revision, case when status = 'active' then 'active' else"
        " 'stopped' end, 'site', body, reason, 'site', at_ms, at_ms from plan_states where site = %s and plan_id = any(%s)"
        " on conflict (site, plan_id) do update set revision = excluded.revision, status = excluded.status,"
        " body = excluded.body, changed_ms = excluded.changed_ms, reason = excluded.reason"
        " where p.owner = 'site' and (p.revision < excluded.revision"
        " or (p.revision = excluded.revision and p.status = 'active' and excluded.status = 'stopped'))",
        (site, list(plan_ids)),
    )
