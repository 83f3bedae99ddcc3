"""Rows of medicine, devices, notes and care alerts: columns, rows as dicts, and the statements rules ask for by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

import orjson

from edge.domain.dosing import ALERT_COLUMNS, DOSE_COLUMNS
from edge.store import projections
from shared.doses.localtime import DAY_MS

Row = dict[str, Any]
DEVICE_LOG_MS: Final = 90 * DAY_MS
"""How long the raw lines of devices are kept here; head office has them for longer."""

PLAN_COLUMNS: Final = ("id", "version", "person_id", "revision", "status", "body", "planned_until", "changed_at")
HOLD_COLUMNS: Final = ("id", "version", "person_id", "plan_id", "item_id", "from_at", "until_at", "reason", "ended_at")
DEVICE_COLUMNS: Final = (
    "id", "version", "device_kind", "name", "person_id", "status", "created_at", "claimed_at", "compartments", "claim_hash",
    "claim_until", "public_key_pem", "timezone",
)  # fmt: skip
STATE_COLUMNS: Final = (
    "device_id", "version", "online", "heard_at", "boot_id", "battery", "wifi_dbm", "firmware", "faults", "reported_at",
    "stock",
)  # fmt: skip
NOTE_COLUMNS: Final = (
    "id", "version", "person_id", "device_id", "recorded_at", "sha256", "bytes", "seconds", "media_type", "language", "purpose",
    "heard", "dose_id", "boot_id", "device_seq", "uploaded",
)  # fmt: skip
STOCK_COLUMNS: Final = (
    "id", "version", "person_id", "plan_id", "item_id", "medication", "device_id", "compartment", "units", "days_left",
)  # fmt: skip
EVENT_COLUMNS: Final = (
    "id", "dose_id", "person_id", "plan_id", "item_id", "act", "source", "at", "uncertainty_s", "quantity", "reason",
    "device_id", "boot_id", "device_seq", "note_id", "received_at", "supersedes",
)  # fmt: skip
LOG_COLUMNS: Final = (
    "device_id", "boot_id", "device_seq", "event", "at", "uncertainty_s", "dose_id", "quantity", "data",
)  # fmt: skip
_JSON: Final = {
    "care_plans": ("body",), "devices": ("compartments",), "device_states": ("faults", "stock"), "notes": ("heard",),
    "care_alerts": ("dose_ids", "says"), "device_log": ("data",), "meal_times": ("times",),
}  # fmt: skip
_FLAGS: Final = {
    "doses": ("critical", "caregiver_told", "pre_noticed"), "care_alerts": ("critical", "open"), "device_states": ("online",),
    "notes": ("uploaded",),
}  # fmt: skip


def rows(
    conn: sqlite3.Connection, table: str, columns: tuple[str, ...], where: str, values: tuple[Any, ...] = ()
) -> list[Row]:
    """Rows as dicts, JSON and truth values as such. `where`: what stands behind "where", order and limit too."""
    found = conn.execute(f"select {', '.join(columns)} from {table} where {where}", values)
    return [_dict(table, columns, row) for row in found]


def _dict(table: str, columns: tuple[str, ...], values: Iterable[Any]) -> Row:
    row: Row = dict(zip(columns, values, strict=True))
    for name in _JSON.get(table, ()):
        if row.get(name) is not None:
            row[name] = orjson.loads(row[name])
    for name in _FLAGS.get(table, ()):
        row[name] = bool(row[name])
    return row


def one(
    conn: sqlite3.Connection, table: str, columns: tuple[str, ...], where: str, values: tuple[Any, ...] = ()
) -> Row | None:
    """The first row, or None."""
    return next(iter(rows(conn, table, columns, f"{where} limit 1", values)), None)


def doses(conn: sqlite3.Connection, where: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """Doses."""
    return rows(conn, "doses", DOSE_COLUMNS, where, values)


def alerts(conn: sqlite3.Connection, where: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """Care alerts."""
    return rows(conn, "care_alerts", ALERT_COLUMNS, where, values)


def forget_device_log(conn: sqlite3.Connection, now_ms: int, limit: int = 5_000) -> int:
    """Delete at most `limit` raw lines of devices past their retention; returns how many went.

    What became of doses stays for ever.
    """
    return conn.execute(
        "delete from device_log where (device_id, boot_id, device_seq) in "
        "(select device_id, boot_id, device_seq from device_log where at < ? order by at limit ?)",
        (now_ms - DEVICE_LOG_MS, limit),
    ).rowcount  # fmt: skip


def _replace(table: str, columns: tuple[str, ...]) -> str:
    return f"insert or replace into {table}({', '.join(columns)}) values ({', '.join(':' + name for name in columns)})"


def _keep(table: str, columns: tuple[str, ...]) -> str:
    return _replace(table, columns).replace("or replace", "or ignore", 1)


projections.WRITES.update({
    "put_dose": _replace("doses", DOSE_COLUMNS),
    "put_plan": _replace("care_plans", PLAN_COLUMNS),
    "plan_ahead": "update care_plans set planned_until = max(planned_until, :until) where id = :id",
    "expand_again": "update care_plans set planned_until = min(planned_until, :now) where id = :id and status = 'active'",
    "void_following": (
        "update doses set status = 'VOIDED', status_since = :now, next_action_at = null where plan_id = :plan_id"
        " and item_id = :item_id and id <> :dose_id and status = 'PLANNED' and asked_n = 0 and due_at >= :now"
    ),
    "put_meal_times": "insert or replace into meal_times(person_id, version, times) values (:person_id, :version, :times)",
    "put_hold": _replace("holds", HOLD_COLUMNS),
    "log_dose_event": _keep("dose_events", EVENT_COLUMNS),
    "put_care_alert": _replace("care_alerts", ALERT_COLUMNS),
    "put_device": _replace("devices", DEVICE_COLUMNS),
    "put_device_state": _replace("device_states", STATE_COLUMNS),
    "log_device_event": _keep("device_log", LOG_COLUMNS),
    "put_note": _replace("notes", NOTE_COLUMNS),
    "put_stock": _replace("stocks", STOCK_COLUMNS),
    # of somebody who is erased: what has not been said yet, and whatever names them or was written about them
    "quiet_person": (
        "update effects set state = 'cancelled', reason = 'erased', ended_ms = :now where state in ('open', 'started')"
        " and kind = 'announce_dose' and state = 'open' and json_extract(body, '$.person_id') = :person_id"
    ),
    "blank_alerts": "update care_alerts set title = 'Erased', body = '', says = '{}' where person_id = :person_id",
    "blank_notes": "update notes set heard = null where person_id = :person_id",
    "blank_reasons": "update doses set reason = '' where person_id = :person_id and reason <> ''",
    "blank_log": "update dose_events set reason = '' where person_id = :person_id and reason <> ''",
})  # fmt: skip
