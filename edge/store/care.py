"""From rows to what a rule about medicine looks at. Runs on the writer's connection, inside the command's savepoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from edge.domain import care_commands as asked
from edge.domain.booking_commands import ErasePerson
from edge.domain.care_alerts import AlertState
from edge.domain.care_devices import DeviceState, NoteState
from edge.domain.care_plans import BACK_MS, PlanState, plan_in
from edge.domain.decision import Moment
from edge.domain.dosing import CareState
from edge.domain.erasing import ErasingState
from edge.domain.medication import AnnouncementState
from edge.store import care_rows, people
from edge.store.care_rows import Row
from shared.doses.guards import HISTORY_HOURS, Intake
from shared.doses.localtime import DAY_MS, HOUR_MS
from shared.doses.moving import LOOK_BACK_MS
from shared.doses.plan import Plan

BEHIND_MS: Final = 8 * DAY_MS
AHEAD_MS: Final = DAY_MS
OVER: Final = "('MISSED', 'SKIPPED', 'NOT_ANNOUNCED', 'UNKNOWN', 'HELD')"
CORRECTED_MS: Final = 62 * DAY_MS
"""How long ago a dose may have been due that somebody has corrected, for its intake to count for limits."""
_TAKEN: Final = """
select item_id, at, quantity from (
    select e.item_id as item_id, coalesce(d.taken_at, e.at) as at, coalesce(e.quantity, 1) as quantity
    from dose_events e left join doses d on d.id = e.dose_id
    where e.person_id = :person and e.at > :since and (e.act = 'taken_again' or (e.act = 'taken'
        and (e.dose_id is null or d.taken_at is not null)))
    union all
    select d.item_id, d.taken_at, d.quantity from doses d where d.person_id = :person and d.due_at > :due
        and d.taken_at > :since and not exists (select 1 from dose_events e where e.dose_id = d.id and e.act = 'taken')
) order by at
"""
"""What was taken, as it is known now: what somebody corrected counts as corrected."""


def of_person(conn: sqlite3.Connection, person_id: str | None, now: Moment, **more: Any) -> CareState:
    """Everything about a person's doses. more: fields of CareState that the caller knows better."""
    person = people.person(conn, person_id)
    plans = {row["id"]: plan_in(row) for row in _plans(conn, person_id)}
    doses = care_rows.doses(
        conn,
        "id in (select id from doses where person_id = ? and due_at between ? and ? union "
        "select id from doses where next_action_at <= ? and person_id = ?) order by due_at, id",
        (person_id, now.now_ms - BEHIND_MS, now.now_ms + AHEAD_MS, now.now_ms, person_id),
    )
    holds = care_rows.rows(conn, "holds", care_rows.HOLD_COLUMNS, "person_id = ? and ended_at is null", (person_id,))
    alerts = _alerts(conn, person_id)
    device = more.get("device") or device_of(conn, person_id)
    state = device_state(conn, device["id"]) if device else None
    language = (person or {}).get("language") or "en"
    values: Row = {
        "person": person, "plans": plans, "doses": doses, "holds": holds, "alerts": alerts, "stocks": _stocks(conn, person_id),
        "history": history_of(conn, person_id, now.now_ms), "meal_times": _meal_times(conn, person_id)[0], "device": device,
        "device_state": state, "language": language,
    }  # fmt: skip
    return CareState(**{**values, **more})


def _plans(conn: sqlite3.Connection, person_id: str | None) -> list[Row]:
    return care_rows.rows(
        conn, "care_plans", care_rows.PLAN_COLUMNS, "person_id = ? and status = 'active'", (person_id,)
    )


def device_of(conn: sqlite3.Connection, person_id: str | None) -> Row | None:
    """The person's device, if it has brought its key."""
    if person_id is None:
        return None
    return care_rows.one(conn, "devices", care_rows.DEVICE_COLUMNS, "person_id = ? and status = 'active'", (person_id,))


def device(conn: sqlite3.Connection, device_id: str) -> Row | None:
    """A device by id, also one that was removed."""
    return care_rows.one(conn, "devices", care_rows.DEVICE_COLUMNS, "id = ?", (device_id,))


def device_state(conn: sqlite3.Connection, device_id: str) -> Row | None:
    """How a device is, if it was ever heard."""
    return care_rows.one(conn, "device_states", care_rows.STATE_COLUMNS, "device_id = ?", (device_id,))


def dose(conn: sqlite3.Connection, dose_id: str | None) -> Row | None:
    """A dose by id."""
    return next(iter(care_rows.doses(conn, "id = ?", (dose_id,))), None) if dose_id else None


def _alerts(conn: sqlite3.Connection, person_id: str | None) -> list[Row]:
    return care_rows.alerts(conn, "person_id = ? and open order by raised_at", (person_id,))


def _meal_times(conn: sqlite3.Connection, person_id: str | None) -> tuple[Mapping[str, str], int]:
    row = conn.execute("select times, version from meal_times where person_id = ?", (person_id,)).fetchone()
    return (orjson.loads(row[0]), row[1]) if row else ({}, 0)


def history_of(conn: sqlite3.Connection, person_id: str | None, now_ms: int) -> dict[str, list[Intake]]:
    """What a person took of each item, as far back as the longest limit looks."""
    found: dict[str, list[Intake]] = {}
    values = {"person": person_id, "since": now_ms - HISTORY_HOURS * HOUR_MS, "due": now_ms - CORRECTED_MS}
    for item_id, at_ms, quantity in conn.execute(_TAKEN, values):
        found.setdefault(item_id, []).append(Intake(at_ms, quantity))
    return found


# --- what each command looks at ------------------------------------------------------------------------------------------


def for_dose_timer(conn: sqlite3.Connection, command: asked.DoseTimer, now: Moment) -> CareState:
    """The person's doses."""
    return of_person(conn, command.person_id, now)


def for_answer(conn: sqlite3.Connection, command: asked.AnswerDose, now: Moment) -> CareState:
    """The dose, and the doses of its person; or of the device's person."""
    meant = dose(conn, command.dose_id)
    person_id = meant["person_id"] if meant else command.person_id
    if person_id is None and command.device_id is not None:
        person_id = (device(conn, command.device_id) or {}).get("person_id")
    return of_person(conn, person_id, now, dose=meant)


def for_correction(conn: sqlite3.Connection, command: asked.CorrectDose | asked.TellDose, now: Moment) -> CareState:
    """The dose and its person's doses."""
    meant = dose(conn, command.dose_id)
    return of_person(conn, meant["person_id"] if meant else None, now, dose=meant)


def for_as_needed(conn: sqlite3.Connection, command: asked.TakeAsNeeded, now: Moment) -> CareState:
    """The person of the plan."""
    row = conn.execute("select person_id from care_plans where id = ?", (command.plan_id,)).fetchone()
    return of_person(conn, row[0] if row else None, now)


def for_device_told(conn: sqlite3.Connection, command: asked.DeviceTold, now: Moment) -> CareState:
    """The device, its person, and the dose it names if that is its person's."""
    mine = device(conn, command.device_id)
    mine = mine if mine and mine["status"] == "active" else None
    meant = dose(conn, command.dose_id)
    if mine is None or meant is None or meant["person_id"] != mine["person_id"]:
        meant = None
    ahead = None
    if mine is not None and mine["person_id"] is not None and command.event == "clock_set":
        ahead = _plan_state(conn, mine["person_id"], now.now_ms - LOOK_BACK_MS)
    state = of_person(conn, mine["person_id"] if mine else None, now, device=mine, dose=meant, ahead=ahead)
    return state._replace(alerts=_with_those_of(conn, state.alerts, command.device_id))


def for_device_state(
    conn: sqlite3.Connection, command: asked.DeviceHeard | asked.DeviceSilent, now: Moment
) -> CareState:
    """The device and its person."""
    mine = device(conn, command.device_id)
    mine = mine if mine and mine["status"] == "active" else None
    state = of_person(conn, mine["person_id"] if mine else None, now, device=mine)
    if mine is None:
        return state._replace(device=None, device_state=None)
    lid = _lid(conn, command) if isinstance(command, asked.DeviceHeard) else None
    return state._replace(alerts=_with_those_of(conn, state.alerts, mine["id"]), lid=lid)


def _with_those_of(conn: sqlite3.Connection, alerts: Sequence[Row], device_id: str) -> list[Row]:
    """Open alerts about a device too, of whoever had it before."""
    known = {alert["id"] for alert in alerts}
    return [*alerts, *(one for one in _about_device(conn, device_id) if one["id"] not in known)]


def _about_device(conn: sqlite3.Connection, device_id: str) -> list[Row]:
    return care_rows.alerts(
        conn, "open and device_id = ? and topic in ('device_fault', 'device_offline') order by raised_at", (device_id,)
    )


def _lid(conn: sqlite3.Connection, command: asked.DeviceHeard) -> Row | None:
    return care_rows.one(
        conn, "device_log", ("event", "at"),
        "device_id = ? and boot_id = ? and event in ('lid_open', 'lid_close') order by device_seq desc",
        (command.device_id, command.boot_id),
    )  # fmt: skip


def for_device(
    conn: sqlite3.Connection, command: asked.AddDevice | asked.ChangeDevice | asked.RemoveDevice, now: Moment
) -> DeviceState:
    """The device named, and the person it is to be given to."""
    person_id = getattr(command, "person_id", None)
    owner = people.person(conn, person_id) if person_id else None
    (taken,) = conn.execute(
        "select count(*) from devices where person_id = ? and id <> ? and status <> 'removed'",
        (person_id, command.device_id),
    ).fetchone()
    (count,) = conn.execute("select count(*) from devices where status <> 'removed'").fetchone()
    return DeviceState(device(conn, command.device_id), owner is not None and not owner["erased"], taken > 0, count,
                       _about_device(conn, command.device_id))  # fmt: skip


def for_claim(conn: sqlite3.Connection, command: asked.ClaimDevice, now: Moment) -> DeviceState:
    """The device of that code."""
    found = care_rows.one(conn, "devices", care_rows.DEVICE_COLUMNS, "claim_hash = ?", (command.claim_hash,))
    return DeviceState(found, True, False, 0)


def for_note(conn: sqlite3.Connection, command: asked.RegisterNote | asked.NoteUploaded, now: Moment) -> NoteState:
    """The note, and the person of its device."""
    note = care_rows.one(conn, "notes", care_rows.NOTE_COLUMNS, "id = ?", (command.note_id,))
    device_id = getattr(command, "device_id", None)
    return NoteState(note, (device(conn, device_id) or {}).get("person_id") if device_id else None)


def for_plan(
    conn: sqlite3.Connection,
    command: asked.ApplyPlan | asked.StopPlan | asked.ExtendPlan | asked.SetMealTimes | asked.SetHold | asked.EndHold,
    now: Moment,
) -> PlanState:
    """The plan or hold named, its person, and the person's doses from half a day ago on; where doses are planned from
    further back, as what is due may depend on those."""
    plan_id = getattr(command, "plan_id", None)
    row = care_rows.one(conn, "care_plans", care_rows.PLAN_COLUMNS, "id = ?", (plan_id,)) if plan_id else None
    hold = None
    if isinstance(command, asked.EndHold):
        hold = care_rows.one(conn, "holds", care_rows.HOLD_COLUMNS, "id = ?", (command.hold_id,))
    person_id = getattr(command, "person_id", None) or (row or hold or {}).get("person_id")
    plans_doses = isinstance(command, asked.ApplyPlan | asked.ExtendPlan | asked.SetMealTimes)
    from_ms = min(now.now_ms - (LOOK_BACK_MS if plans_doses else BACK_MS), hold["from_at"] if hold else now.now_ms)
    return _plan_state(conn, person_id, from_ms, row, hold)


def _plan_state(
    conn: sqlite3.Connection, person_id: str | None, from_ms: int, row: Row | None = None, hold: Row | None = None
) -> PlanState:
    doses = care_rows.doses(
        conn, "person_id = ? and (due_at >= ? or next_action_at is not null) order by due_at", (person_id, from_ms)
    )  # what is seldom taken may be open for longer
    meals, version = _meal_times(conn, person_id)
    plans = _plans(conn, person_id)
    last_taken = _last_taken(conn, [plan_in(one) for one in plans])
    return PlanState(
        people.person(conn, person_id), row, {one["id"]: one for one in doses}, last_taken, meals, version, plans, hold,
        device_of(conn, person_id), _stocks(conn, person_id), _alerts(conn, person_id),
    )  # fmt: skip


def _stocks(conn: sqlite3.Connection, person_id: str | None) -> dict[str, Row]:
    found = care_rows.rows(conn, "stocks", care_rows.STOCK_COLUMNS, "person_id = ?", (person_id,))
    return {row["id"]: row for row in found}


def _last_taken(conn: sqlite3.Connection, plans: list[Plan]) -> dict[str, int]:
    """For medicines that count from the last one: when it was taken, or was due where it was not."""
    found: dict[str, int] = {}
    for plan in plans:
        for item in plan.items:
            if any(step.mode == "from_last_taken" for step in item.steps):
                (taken,) = conn.execute(
                    "select max(at) from (select at from dose_events where item_id = :item and plan_id = :plan"
                    " and act = 'taken' and dose_id is null"
                    " union all select taken_at from doses where plan_id = :plan and item_id = :item)",
                    {"item": item.id, "plan": plan.id},
                ).fetchone()
                (due,) = conn.execute(
                    f"select max(due_at) from doses where plan_id = ? and item_id = ? and status in {OVER}",
                    (plan.id, item.id),
                ).fetchone()
                if taken is not None or due is not None:
                    found[item.id] = max(taken or 0, due or 0)
    return found


def for_erasing(conn: sqlite3.Connection, command: ErasePerson, now: Moment) -> ErasingState:
    """The person, and what is still to come for them."""
    of = (command.person_id,)
    return ErasingState(
        people.for_person(conn, command, now),
        _plans(conn, command.person_id),
        care_rows.doses(
            conn,
            "person_id = ? and (next_action_at is not null or (status = 'HELD' and miss_at > ?))",
            (*of, now.now_ms),
        ),
        care_rows.rows(conn, "holds", care_rows.HOLD_COLUMNS, "person_id = ? and ended_at is null", of),
        _alerts(conn, command.person_id),
        care_rows.rows(conn, "devices", care_rows.DEVICE_COLUMNS, "person_id = ? and status <> 'removed'", of),
    )


def for_alert(
    conn: sqlite3.Connection, command: asked.AcknowledgeCareAlert | asked.CareAlertTimer, now: Moment
) -> AlertState:
    """The alert named."""
    return AlertState(next(iter(care_rows.alerts(conn, "id = ?", (command.alert_id,))), None))


def for_red_flag(conn: sqlite3.Connection, command: asked.RaiseCareAlert, now: Moment) -> CareState:
    """The person and the alerts about them."""
    return of_person(conn, command.person_id, now)


def for_announcement(conn: sqlite3.Connection, command: asked.SettleAnnouncement, now: Moment) -> AnnouncementState:
    """The effect that is still to be settled, and its doses."""
    row = conn.execute(
        "select body from effects where id = ? and kind = 'announce_dose' and state in ('open', 'started')",
        (command.effect_id,),
    ).fetchone()
    if row is None:
        return AnnouncementState(None, ())
    body = orjson.loads(row[0])
    ids = [item["dose_id"] for item in body["items"]]
    marks = ", ".join("?" * len(ids))
    return AnnouncementState({"body": body}, care_rows.doses(conn, f"id in ({marks})", tuple(ids)))


# --- what the clock asks -------------------------------------------------------------------------------------------------

DUE_MAX: Final = 200
"""People, plans, devices or alerts acted on at one look; the rest at the next."""


def due_people(conn: sqlite3.Connection, now_ms: int) -> list[tuple[str, int]]:
    """(person, moment) of people about whose doses something is due, the oldest first."""
    return conn.execute(
        "select person_id, min(next_action_at) from doses where next_action_at is not null and next_action_at <= ? "
        "group by person_id order by 2 limit ?", (now_ms, DUE_MAX),
    ).fetchall()  # fmt: skip


def due_plans(conn: sqlite3.Connection, until_ms: int) -> list[tuple[str, int]]:
    """(plan, planned until) of plans whose days ahead have grown short."""
    return conn.execute(
        "select id, planned_until from care_plans where status = 'active' and planned_until < ? order by planned_until limit ?",
        (until_ms, DUE_MAX),
    ).fetchall()


def due_alerts(conn: sqlite3.Connection, now_ms: int) -> list[tuple[str, int]]:
    """(alert, moment) of alerts nobody has taken upon themselves in time."""
    return conn.execute(
        "select id, next_action_at from care_alerts where next_action_at is not null and next_action_at <= ? "
        "order by next_action_at limit ?", (now_ms, DUE_MAX),
    ).fetchall()  # fmt: skip


def silent_devices(conn: sqlite3.Connection, before_ms: int) -> list[tuple[str, int]]:
    """(device, when it was heard last) of devices that count as on and were not heard since."""
    return conn.execute(
        "select device_id, heard_at from device_states where online and heard_at < ? order by heard_at limit ?",
        (before_ms, DUE_MAX),
    ).fetchall()
