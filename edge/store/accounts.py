"""Rows of staff, their sessions and paired screens: what the rules look at, and what pages look up.

Moments are *real* wall time in ms, not domain time: see `edge/domain/accounts.py`. Hashes only; no secret is kept.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final, NamedTuple

import orjson

from edge.domain import account_commands as commands
from edge.domain.accounts import AccountState, Person, ScreenState, SessionState, SignInState, folded
from edge.domain.decision import Moment
from edge.domain.programs import ProgramState
from edge.store.projections import WRITES
from shared import passwords

WRITES.update({
    "staff_insert": "insert into staff values (:id, :username, :name, :roles, :doctor_id, :password_hash, 1, 1)",
    "staff_change": "update staff set roles = :roles, doctor_id = :doctor_id, is_active = :is_active where id = :id",
    "staff_password":
        "update staff set password_hash = :password_hash, password_version = password_version + 1 where id = :id",
    "failure_insert": "insert into sign_in_failures values (:username, :at_ms)",
    "failures_thin":
        "delete from sign_in_failures where username = :username and rowid not in (select rowid from sign_in_failures"
        " where username = :username order by rowid desc limit :kept)",
    "failures_prune": "delete from sign_in_failures where abs(at_ms - :at_ms) > 3600000",
    "failures_forget": "delete from sign_in_failures where username = :username",
    "session_insert": "insert into sessions values (:id, :staff_id, :secret_hash, :is_cookie, :at_ms, :ends_ms)",
    "session_touch": "update sessions set seen_ms = max(seen_ms, :at_ms) where id = :id",
    "session_rotate": "update sessions set secret_hash = :next_hash, seen_ms = max(seen_ms, :at_ms) where id = :id",
    "session_spend": "insert into spent_secrets values (:secret_hash, :id)",
    "session_end": "delete from sessions where id = :id",
    "sessions_end_of_staff": "delete from sessions where staff_id = :staff_id and id <> :keep",
    "sessions_prune": "delete from sessions where ends_ms <= :at_ms",
    "codes_prune": "delete from pairing_codes where ends_ms <= :at_ms",
    "code_insert": "insert into pairing_codes values (:code_hash, :screen, :ends_ms)",
    "code_use": "delete from pairing_codes where code_hash = :code_hash",
    "screens_prune": "delete from screens where ends_ms <= :at_ms",
    "screen_insert": "insert into screens values (:id, :kind, :secret_hash, :at_ms, :ends_ms)",
    "screen_delete": "delete from screens where id = :id",
    "program_insert": "insert into service_accounts values (:id, :name, :roles, :key_hash, :at_ms, 1)",
    "program_delete": "delete from service_accounts where id = :id",
})  # fmt: skip

_PERSON: Final = "id, username, name, roles, doctor_id, is_active, password_version"


class SessionRow(NamedTuple):
    """A session with its account, as a request finds it."""

    id: str
    staff_id: str
    username: str
    name: str
    roles: tuple[str, ...]
    doctor_id: str | None
    is_active: bool
    is_cookie: bool
    seen_ms: int
    ends_ms: int


class ScreenRow(NamedTuple):
    """A paired screen."""

    id: str
    kind: str
    paired_ms: int
    ends_ms: int


def account(
    conn: sqlite3.Connection, command: commands.AddStaff | commands.ChangeStaff | commands.SetPassword, now: Moment
) -> AccountState:
    """The account the command is about, and what it could collide with."""
    person = _person(conn, "id = ?", command.staff_id)
    taken = isinstance(command, commands.AddStaff) and bool(_person(conn, "username = ?", folded(command.username)))
    doctor_id = None if isinstance(command, commands.SetPassword) else command.doctor_id
    known = doctor_id is None or bool(conn.execute("select 1 from doctors where id = ?", (doctor_id,)).fetchone())
    (managers,) = conn.execute(
        "select count(*) from staff where is_active and ' ' || roles || ' ' like '% manager %'"
    ).fetchone()
    return AccountState(person, taken, known, managers)


def sign_in(
    conn: sqlite3.Connection, command: commands.OpenSession | commands.NoteFailedSignIn, now: Moment
) -> SignInState:
    """Whom a sign-in is about, whether the name is locked, and the sessions there are."""
    if isinstance(command, commands.NoteFailedSignIn):
        person = _person(conn, "username = ?", command.username)
        return SignInState(person, locked_until_ms(conn, command.username, command.at_ms) is not None)
    person = _person(conn, "id = ?", command.staff_id)
    if person is None:
        return SignInState(None, False)
    held = conn.execute("select id from sessions where staff_id = ? order by seen_ms", (person.id,)).fetchall()
    locked = locked_until_ms(conn, person.username, command.at_ms) is not None
    return SignInState(person, locked, tuple(row[0] for row in held))


def session_by_secret(conn: sqlite3.Connection, command: commands.RefreshSession, now: Moment) -> SessionState | None:
    """The session whose refresh token this is or was. A page's cookie is no refresh token."""
    found = session(conn, "s.secret_hash = ? and not s.is_cookie", command.secret_hash)
    if found is not None:
        return _as_state(found, spent=False)
    row = conn.execute("select session_id from spent_secrets where secret_hash = ?", (command.secret_hash,)).fetchone()
    found = session(conn, "s.id = ?", row[0]) if row else None
    return _as_state(found, spent=True) if found else None


def session_by_id(conn: sqlite3.Connection, command: commands.CloseSession, now: Moment) -> SessionState | None:
    """The session to be closed."""
    found = session(conn, "s.id = ?", command.session_id)
    return _as_state(found, spent=False) if found else None


def _as_state(row: SessionRow, *, spent: bool) -> SessionState:
    return SessionState(row.id, row.staff_id, row.username, row.is_active, row.seen_ms, row.ends_ms, spent)


def nothing(conn: sqlite3.Connection, command: commands.TouchSession | commands.ConfirmClock, now: Moment) -> None:
    """Some commands look at nothing."""


def screen(
    conn: sqlite3.Connection,
    command: commands.MakePairingCode | commands.PairScreen | commands.RemoveScreen,
    now: Moment,
) -> ScreenState:
    """What a code or an id names, and how many there are."""
    if isinstance(command, commands.RemoveScreen):
        row = conn.execute("select kind from screens where id = ?", (command.screen_id,)).fetchone()
        return ScreenState(row[0] if row else None)
    (codes,) = conn.execute("select count(*) from pairing_codes where ends_ms > ?", (command.at_ms,)).fetchone()
    (screens,) = conn.execute("select count(*) from screens where ends_ms > ?", (command.at_ms,)).fetchone()
    if isinstance(command, commands.MakePairingCode):
        return ScreenState(None, codes, screens)
    row = conn.execute(
        "select screen from pairing_codes where code_hash = ? and ends_ms > ?", (command.code_hash, command.at_ms)
    ).fetchone()
    return ScreenState(row[0] if row else None, codes, screens)


def session(conn: sqlite3.Connection, where: str, value: str) -> SessionRow | None:
    """One session with its account. `where` is one of this package's own conditions on `s`, never a caller's text."""
    row = conn.execute(
        "select s.id, s.staff_id, t.username, t.name, t.roles, t.doctor_id, t.is_active, s.is_cookie, s.seen_ms,"
        f" s.ends_ms from sessions s join staff t on t.id = s.staff_id where {where}",
        (value,),
    ).fetchone()
    if row is None:
        return None
    session_id, staff_id, username, name, roles, doctor_id, is_active, is_cookie, seen_ms, ends_ms = row
    words = tuple(roles.split())
    return SessionRow(
        session_id, staff_id, username, name, words, doctor_id, bool(is_active), bool(is_cookie), seen_ms, ends_ms
    )


def screen_by_secret(conn: sqlite3.Connection, secret_hash: str) -> ScreenRow | None:
    """The screen that holds a credential."""
    row = conn.execute(
        "select id, kind, paired_ms, ends_ms from screens where secret_hash = ?", (secret_hash,)
    ).fetchone()
    return ScreenRow(*row) if row else None


def screens(conn: sqlite3.Connection) -> list[ScreenRow]:
    """All paired screens, oldest first."""
    rows = conn.execute("select id, kind, paired_ms, ends_ms from screens order by paired_ms, id")
    return [ScreenRow(*row) for row in rows]


def credentials(conn: sqlite3.Connection, username: str) -> tuple[Person, str] | None:
    """The account of a folded name, with its password hash."""
    person = _person(conn, "username = ?", username)
    if person is None:
        return None
    (password_hash,) = conn.execute("select password_hash from staff where id = ?", (person.id,)).fetchone()
    return person, password_hash


def find(conn: sqlite3.Connection, wanted: str) -> Person | None:
    """An account by its id or its user name."""
    return _person(conn, "id = ?", wanted) or _person(conn, "username = ?", folded(wanted))


def staff(conn: sqlite3.Connection) -> list[Person]:
    """All accounts, by name."""
    return [_as_person(row) for row in conn.execute(f"select {_PERSON} from staff order by username")]


def locked_until_ms(conn: sqlite3.Connection, username: str, at_ms: int) -> int | None:
    """Until when a folded name may not sign in, or None. One in the future (the clock was set back) is left out."""
    rows = conn.execute("select at_ms from sign_in_failures where username = ? and at_ms <= ?", (username, at_ms))
    return passwords.locked_until_ms([row[0] for row in rows], at_ms)


def _person(conn: sqlite3.Connection, where: str, value: str) -> Person | None:
    row = conn.execute(f"select {_PERSON} from staff where {where}", (value,)).fetchone()
    return _as_person(row) if row else None


def _as_person(row: tuple[Any, ...]) -> Person:
    return Person(row[0], row[1], row[2], tuple(row[3].split()), row[4], bool(row[5]), row[6])


class ProgramRow(NamedTuple):
    """A program with a key of its own."""

    id: str
    name: str
    roles: tuple[str, ...]
    created_ms: int


def program(
    conn: sqlite3.Connection, command: commands.AddServiceAccount | commands.RemoveServiceAccount, now: Moment
) -> ProgramState:
    """The account named, and how many there are."""
    (count,) = conn.execute("select count(*) from service_accounts").fetchone()
    row = conn.execute("select name from service_accounts where id = ?", (command.account_id,)).fetchone()
    return ProgramState(row[0] if row else None, count)


def program_by_key(conn: sqlite3.Connection, key_hash: str) -> ProgramRow | None:
    """The program that holds a key."""
    query = "select id, name, roles, created_ms from service_accounts where key_hash = ? and is_active"
    row = conn.execute(query, (key_hash,)).fetchone()
    return ProgramRow(row[0], row[1], tuple(row[2].split()), row[3]) if row else None


def programs(conn: sqlite3.Connection) -> list[ProgramRow]:
    """All programs, oldest first."""
    rows = conn.execute("select id, name, roles, created_ms from service_accounts order by created_ms, id")
    return [ProgramRow(row[0], row[1], tuple(row[2].split()), row[3]) for row in rows]


def audit(conn: sqlite3.Connection, before_gseq: int, limit: int) -> list[dict[str, Any]]:
    """The newest facts about who did and saw what, older than a number."""
    rows = conn.execute(
        "select gseq, at_ms, actor, data from events where kind = 'staff_acted' and gseq < ? order by place desc limit ?",
        (before_gseq, limit),
    )
    return [{"id": gseq, "at_ms": at_ms, "actor": actor, **orjson.loads(data)} for gseq, at_ms, actor, data in rows]
