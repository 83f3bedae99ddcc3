"""One command: judge, load, decide, number, keep. Loading only reads. Runs on the writer's thread only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from edge.domain import clinic
from edge.domain.commands import Command, SettleCommand
from edge.domain.decision import Change, Decision, Moment, Refusal
from edge.domain.decision import Verdict as Answer
from edge.store import projections
from edge.store.outbox import place_of
from shared.codec import crc_of
from shared.events import KINDS, Event
from shared.stream import Place, Verdict, judge

Load = Callable[[sqlite3.Connection, Any, Moment], Any]
Decide = Callable[[Any, Any, Moment], Answer]

_NUMBER = [
    f"update heads set gseq = gseq + 1, lane{lane} = lane{lane} + 1 where one = 1 returning lane{lane}, gseq"
    for lane in range(3)
]
"""Numbers the next event of a lane: its seq and gseq."""
_KEPT = "insert into effects(key, kind, body, cause, created_ms, next_ms, expires_ms, state, attempts, reason) "
_EFFECT = _KEPT + "values (?, ?, ?, ?, ?, ?, ?, 'open', 0, '') on conflict(key) do update set "
_EFFECT += "state = 'open', body = excluded.body, next_ms = excluded.next_ms, expires_ms = excluded.expires_ms "
_EFFECT += "where effects.state = 'cancelled'"  # taken back before it began, and asked for again
_NOTICE = (
    _KEPT + "select ?, ?, ?, ?, ?, ?, ?, 'open', 0, '' where exists (select 1 from persons where id = ? and notify "
    "and not erased and phone <> '') on conflict(key) do nothing"
)
"""A notice is kept only for somebody who agreed and can be reached."""
RESULTS_KEPT_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rules said yes and it is on disk. `repeated`: it was done before; this is the answer of then."""

    command_id: str
    result: dict[str, Any]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule said no, and that is on disk too: the same command gets the same answer."""

    command_id: str
    code: str
    detail: str
    hint: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Something before this number is missing: tell the sender `upto`."""

    upto: int


Outcome = Accepted | Refused | Gap


class Order(NamedTuple):
    """A command with what is needed to carry it out.

    place: its number in its sender's stream, if it has one.
    key: the beginning of its command_id that names its sender's own key; the rest is a digest of what is asked (see
    `kept_of_key`). Empty for a command that has none.
    """

    command: Command
    place: Place | None
    source: str
    load: Load
    decide: Decide
    key: str = ""


class Carried(NamedTuple):
    """What became of one job: the answer (of an order its Outcome), the facts that were made, and the kinds of effects that
    were asked for."""

    outcome: Any
    events: list[Event]
    effects: frozenset[str] = frozenset()


class Ledger:
    """Carries out orders on the writer's connection. Holds no state that a failed batch could leave behind."""

    def __init__(self, epoch_no: int, boot_no: int) -> None:
        self._epoch_no = epoch_no
        self._boot_no = boot_no

    def execute(self, conn: sqlite3.Connection, order: Order, now: Moment) -> Carried:
        """Carry out one order in the open transaction. Raises what SQLite or a rule raises: whoever calls takes back what
        was written by then."""
        command, place = order.command, order.place
        if place is not None:
            row = conn.execute("select upto from cursors where stream = ?", (place.stream,)).fetchone()
            upto = row[0] if row else 0
            verdict = judge(upto, place.number)
            if verdict is Verdict.GAP:
                return Carried(Gap(upto), [])
            if verdict is Verdict.SEEN:
                seen = kept_result(conn, command.command_id) or Accepted(command.command_id, {}, repeated=True)
                return Carried(seen, [])
            self._move_cursor(conn, order, now)
        known = kept_of_key(conn, order.key, command.command_id)
        if known is not None:
            return Carried(known, [])
        return self._decide(conn, order, now)

    def _decide(self, conn: sqlite3.Connection, order: Order, now: Moment) -> Carried:
        command = order.command
        answer = order.decide(order.load(conn, command, now), command, now)
        if isinstance(answer, Refusal):
            body = {"code": answer.code, "detail": answer.detail, "hint": answer.hint}
            self._keep_result(conn, command, "refused", body, None, now)
            events = self._append(conn, command, self._told(order, "failed", answer.detail), now)
            return Carried(Refused(command.command_id, answer.code, answer.detail, answer.hint), events)
        changes = [*answer.changes, *self._told(order, "applied", "")]
        events = self._append(conn, command, changes, now)
        for name, values in answer.writes:
            projections.write(conn, name, values)
        self._keep_effects(conn, command, answer, now)
        self._keep_result(conn, command, "accepted", answer.result, _undo_of(answer), now)
        asked = frozenset(effect.kind for effect in answer.effects)
        return Carried(Accepted(command.command_id, answer.result), events, asked)

    def _move_cursor(self, conn: sqlite3.Connection, order: Order, now: Moment) -> None:
        if order.place is not None:
            conn.execute(
                "insert into cursors values (?, ?, ?, ?) on conflict(stream) do update set upto = excluded.upto, "
                "at_ms = excluded.at_ms", (order.place.stream, order.source, order.place.number, now.now_ms),
            )  # fmt: skip

    def _told(self, order: Order, outcome: str, detail: str) -> list[Change]:
        """A command from the cloud reports its outcome in the same commit; one settled by hand has done so already."""
        if order.source != "mailbox" or isinstance(order.command, SettleCommand):
            return []
        return [clinic.settled(order.command.command_id, order.command.kind, outcome, detail)]

    def _append(self, conn: sqlite3.Connection, command: Command, changes: list[Change], now: Moment) -> list[Event]:
        """Number the changes, keep them as events and show them in the rows."""
        events = []
        for change in changes:
            kind = KINDS[change.kind]
            lane = int(kind.lane)
            seq, gseq = conn.execute(_NUMBER[lane]).fetchone()
            event = Event(
                seq, gseq, now.now_ms, now.mono_ms, now.trust, change.kind, 1, command.actor, command.command_id,
                kind.entity, change.id, change.version, change.data,
            )  # fmt: skip
            crc = crc_of(event)
            conn.execute(
                "insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (place_of(self._epoch_no, lane, seq), self._epoch_no, lane, seq, gseq, self._boot_no, *event[2:12],
                 orjson.dumps(change.data).decode(), crc),
            )  # fmt: skip
            project = projections.PROJECTIONS.get(kind.entity)
            if project is not None:
                project(conn, change, projections.Source(command.actor, command.command_id, command.device), now)
            events.append(event)
        return events

    def _keep_effects(self, conn: sqlite3.Connection, command: Command, answer: Decision, now: Moment) -> None:
        for effect in answer.effects:
            query = _NOTICE if effect.kind == "notify" else _EFFECT
            values = (
                effect.key, effect.kind, orjson.dumps(effect.body).decode(), command.command_id, now.now_ms, now.now_ms,
                effect.expires_ms,
            )  # fmt: skip
            conn.execute(query, (*values, effect.body["person_id"]) if effect.kind == "notify" else values)
        for key in answer.cancel:
            conn.execute(
                "update effects set state = 'cancelled', reason = 'undone', ended_ms = ? where key = ? and state = 'open'",
                (now.now_ms, key),
            )

    def _keep_result(
        self,
        conn: sqlite3.Connection,
        command: Command,
        outcome: str,
        body: dict[str, Any],
        undo: str | None,
        now: Moment,
    ) -> None:
        conn.execute(
            "insert into results(command_id, kind, actor, outcome, body, undo, at_ms) values (?, ?, ?, ?, ?, ?, ?)",
            (command.command_id, command.kind, command.actor, outcome, orjson.dumps(body).decode(), undo, now.now_ms),
        )


def kept_result(conn: sqlite3.Connection, command_id: str) -> Accepted | Refused | None:
    """The answer a command got before, if it is still kept (7 days)."""
    row = conn.execute("select outcome, body from results where command_id = ?", (command_id,)).fetchone()
    if row is None:
        return None
    body = orjson.loads(row[1])
    if row[0] == "accepted":
        return Accepted(command_id, body, repeated=True)
    return Refused(command_id, body["code"], body["detail"], body["hint"], repeated=True)


def kept_of_key(conn: sqlite3.Connection, key: str, command_id: str) -> Accepted | Refused | None:
    """As `kept_result`; refused where `key` stands for another command: one that begins alike and is as long, its hex digits
    being a digest of something else. Such a refusal is kept nowhere."""
    if not key:
        return kept_result(conn, command_id)
    rows = conn.execute(
        "select command_id from results where command_id >= ? and command_id < ? and length(command_id) = ?",
        (key, key + "g", len(command_id)),
    ).fetchall()
    if not rows:
        return None
    if any(other != command_id for (other,) in rows):
        hint = "Use a new key for a new request."
        return Refused(command_id, "key_reused", "This Idempotency-Key was used for another request.", hint)
    return kept_result(conn, command_id)


def forget_results(conn: sqlite3.Connection, now_ms: int, limit: int = 5_000) -> int:
    """Delete at most `limit` results and settled effects past their 7 days; returns how many results went."""
    before_ms = now_ms - RESULTS_KEPT_MS
    conn.execute(
        "delete from effects where id in (select id from effects where created_ms < ? "
        "and state not in ('open', 'started') order by id limit ?)", (before_ms, limit),
    )  # fmt: skip
    return conn.execute(
        "delete from results where id in (select id from results order by id limit ?) and at_ms < ?", (limit, before_ms)
    ).rowcount


def _undo_of(answer: Decision) -> str | None:
    """What undo needs: the visits before, the versions they were left at, the effects asked for, and statements."""
    if answer.before is None:
        return None
    left = {change.id: change.version for change in answer.changes}
    kept = {
        "before": answer.before, "after": {visit["id"]: left[visit["id"]] for visit in answer.before},
        "effects": [effect.key for effect in answer.effects], "writes": [list(write) for write in answer.undo_writes],
    }  # fmt: skip
    return orjson.dumps(kept).decode()
