"""Who may use the clinic's pages: staff, their sessions, and paired screens. Rules only.

Moments here (`at_ms`, `ends_ms`) are *real* wall time, brought along by the command: sign-in is transport time, so that
a scenario that runs faster signs nobody out. Secrets never come here: a command carries hashes, an event not even that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.domain.account_commands import (
    AddStaff,
    ChangeStaff,
    CloseSession,
    ConfirmClock,
    MakePairingCode,
    NoteFailedSignIn,
    OpenSession,
    PairScreen,
    RefreshSession,
    RemoveScreen,
    SetPassword,
    TouchSession,
)
from edge.domain.decision import Change, Decision, Moment, Refusal, Verdict, Write
from shared.commands import TEXT_MAX, Command

ROLES: Final = ("reception", "nurse", "doctor", "manager")
SCREEN_KINDS: Final = ("display", "kiosk")
FAILURES_KEPT: Final = 16
"""Newest wrong passwords kept per name; the lock-out rule looks at five."""
SESSIONS_MAX: Final = 20
"""Open sessions of one account; one more ends the one unused longest."""
CODES_MAX: Final = 20
"""Pairing codes open at once."""
SCREENS_MAX: Final = 200
CODE_LIFETIME_MS: Final = 12 * 3600 * 1000
USERNAME_MAX: Final = 64


def folded(username: str) -> str:
    """The form in which names are compared: case and surrounding spaces do not matter."""
    return username.strip().casefold()[:USERNAME_MAX]


class Person(NamedTuple):
    """An account as the rules see it."""

    id: str
    username: str
    name: str
    roles: tuple[str, ...]
    doctor_id: str | None
    is_active: bool
    password_version: int


class AccountState(NamedTuple):
    """What is known about the account a command is about."""

    person: Person | None = None
    username_taken: bool = False
    doctor_known: bool = True
    managers: int = 0
    """Active accounts with the role manager."""


class SignInState(NamedTuple):
    """What a sign-in is decided on."""

    person: Person | None
    is_locked: bool
    session_ids: tuple[str, ...] = ()
    """Open sessions, the one unused longest first."""


class SessionState(NamedTuple):
    """The session a secret or an id belongs to."""

    id: str
    staff_id: str
    username: str
    is_active: bool
    seen_ms: int
    ends_ms: int
    spent: bool = False
    """The secret was used before."""


class ScreenState(NamedTuple):
    """What a code or a screen id names."""

    kind: str | None = None
    open_codes: int = 0
    screens: int = 0


def audited(command: Command, act: str, who: str, detail: str = "") -> Change:
    """The fact that somebody did `act` to, or as, `who`."""
    return Change("staff_acted", command.command_id, 1, {"act": act, "who": who, "detail": detail})


def _wrong_roles(roles: Sequence[str], doctor_id: str | None, doctor_known: bool) -> Refusal | None:
    if not roles or any(role not in ROLES for role in roles) or len(set(roles)) != len(roles):
        return Refusal("wrong_shape", f"Roles are some of {', '.join(ROLES)}.", "Choose at least one of them.")
    if not doctor_known:
        return Refusal("not_found", "There is no such doctor.", "Add the doctor first.")
    if "doctor" in roles and doctor_id is None:
        return Refusal("wrong_shape", "An account with the role doctor names its doctor.", "Give the doctor's id.")
    return None


def _nobody() -> Refusal:
    return Refusal("not_found", "There is no such account.", "Look at the list of accounts.")


def add_staff(state: AccountState, command: AddStaff, now: Moment) -> Verdict:
    """Names are unique, folded."""
    username, name = folded(command.username), command.name.strip()
    if not username or not name or len(name) > TEXT_MAX or any(not sign.isprintable() for sign in username + name):
        return Refusal("wrong_shape", f"A name has 1 to {TEXT_MAX} printable characters.", "Choose another name.")
    if refused := _wrong_roles(command.roles, command.doctor_id, state.doctor_known):
        return refused
    if state.username_taken:
        return Refusal("taken", f"Somebody is called {username!r} already.", "Choose another user name.")
    row = {
        "id": command.staff_id, "username": username, "name": name, "roles": " ".join(command.roles),
        "doctor_id": command.doctor_id, "password_hash": command.password_hash,
    }  # fmt: skip
    return Decision(
        changes=[audited(command, "staff_added", username, ", ".join(command.roles))],
        writes=[Write("staff_insert", row)],
        result={"id": command.staff_id, "username": username},
    )


def change_staff(state: AccountState, command: ChangeStaff, now: Moment) -> Verdict:
    """The last manager stays one, or nobody could ever change anything again."""
    person = state.person
    if person is None:
        return _nobody()
    roles = person.roles if command.roles is None else command.roles
    doctor_id = person.doctor_id if command.doctor_id is None else command.doctor_id
    is_active = person.is_active if command.is_active is None else command.is_active
    if refused := _wrong_roles(roles, doctor_id, state.doctor_known):
        return refused
    was_manager = person.is_active and "manager" in person.roles
    if was_manager and not (is_active and "manager" in roles) and state.managers <= 1:
        return Refusal("wrong_state", "This is the last manager.", "Make somebody else manager first.")
    row = {"id": person.id, "roles": " ".join(roles), "doctor_id": doctor_id, "is_active": int(is_active)}
    writes = [Write("staff_change", row)]
    if not is_active or set(person.roles) - set(roles):
        writes.append(Write("sessions_end_of_staff", {"staff_id": person.id, "keep": ""}))
    detail = f"{', '.join(roles)}; {'active' if is_active else 'not active'}"
    return Decision(changes=[audited(command, "staff_changed", person.username, detail)], writes=writes,
                    result={"id": person.id})  # fmt: skip


def set_password(state: AccountState, command: SetPassword, now: Moment) -> Verdict:
    """Whoever held a session under the old password has to sign in again."""
    person = state.person
    if person is None:
        return _nobody()
    return Decision(
        changes=[audited(command, "password_set", person.username)],
        writes=[
            Write("staff_password", {"id": person.id, "password_hash": command.password_hash}),
            Write("sessions_end_of_staff", {"staff_id": person.id, "keep": command.keep_session or ""}),
            Write("failures_forget", {"username": person.username}),
        ],
        result={"id": person.id},
    )


def note_failed_sign_in(state: SignInState, command: NoteFailedSignIn, now: Moment) -> Verdict:
    """Attempts while locked do not prolong the lock. A name nobody has is not written into the audit: it may be a
    password typed into the wrong field."""
    if state.is_locked:
        return Decision(result={"locked": True})
    who = state.person.username if state.person else "(nobody)"
    return Decision(
        changes=[audited(command, "sign_in_failed", who)],
        writes=[
            Write("failure_insert", {"username": command.username, "at_ms": command.at_ms}),
            Write("failures_thin", {"username": command.username, "kept": FAILURES_KEPT}),
            Write("failures_prune", {"at_ms": command.at_ms}),
        ],
        result={"locked": False},
    )


def open_session(state: SignInState, command: OpenSession, now: Moment) -> Verdict:
    """Looks again at what may have changed while the password was being checked."""
    person = state.person
    if person is None or not person.is_active or person.password_version != command.password_version:
        return Refusal("not_signed_in", "The user name or the password is not right.", "Try again.")
    if state.is_locked:
        return Refusal("locked", "Too many wrong passwords.", "Wait 15 minutes, or ask a manager to set a new one.")
    writes = [Write("sessions_prune", {"at_ms": command.at_ms})]
    surplus = len(state.session_ids) - SESSIONS_MAX + 1
    writes += [Write("session_end", {"id": old}) for old in state.session_ids[: max(0, surplus)]]
    row = {
        "id": command.session_id, "staff_id": person.id, "secret_hash": command.secret_hash,
        "is_cookie": int(command.is_cookie), "at_ms": command.at_ms, "ends_ms": command.ends_ms,
    }  # fmt: skip
    writes += [Write("session_insert", row), Write("failures_forget", {"username": person.username})]
    how = "by page" if command.is_cookie else "by token"
    return Decision(changes=[audited(command, "signed_in", person.username, how)], writes=writes,
                    result={"session_id": command.session_id})  # fmt: skip


def refresh_session(state: SessionState | None, command: RefreshSession, now: Moment) -> Verdict:
    """Single use. The answer to a copied token is a decision, not a refusal, since it ends the session."""
    ended = Refusal("not_signed_in", "This session has ended.", "Sign in again.")
    if state is None:
        return ended
    if state.spent:
        return Decision(
            changes=[audited(command, "token_used_twice", state.username, "its session was ended")],
            writes=[Write("session_end", {"id": state.id})],
            result={"reused": True},
        )
    if not state.is_active or command.at_ms >= min(state.ends_ms, state.seen_ms + command.idle_ms):
        return ended
    values = {"id": state.id, "secret_hash": command.secret_hash, "next_hash": command.next_hash}
    return Decision(
        writes=[
            Write("session_spend", {"id": state.id, "secret_hash": command.secret_hash}),
            Write("session_rotate", {**values, "at_ms": command.at_ms}),
        ],
        result={"reused": False, "session_id": state.id, "staff_id": state.staff_id},
    )


def touch_session(state: None, command: TouchSession, now: Moment) -> Verdict:
    """No event: it says nothing a person would look for."""
    return Decision(writes=[Write("session_touch", {"id": command.session_id, "at_ms": command.at_ms})])


def close_session(state: SessionState | None, command: CloseSession, now: Moment) -> Verdict:
    """Signing out twice is signing out."""
    if state is None:
        return Decision()
    return Decision(changes=[audited(command, "signed_out", state.username)],
                    writes=[Write("session_end", {"id": state.id})])  # fmt: skip


def make_pairing_code(state: ScreenState, command: MakePairingCode, now: Moment) -> Verdict:
    """A bounded number of codes is open at a time, so that guessing one stays hopeless."""
    if state.open_codes >= CODES_MAX:
        return Refusal("too_many", f"{CODES_MAX} codes are waiting to be used.", "Use one of them first.")
    row = {"code_hash": command.code_hash, "screen": command.screen, "ends_ms": command.ends_ms}
    return Decision(
        changes=[audited(command, "code_made", command.actor, command.screen)],
        writes=[Write("codes_prune", {"at_ms": command.at_ms}), Write("code_insert", row)],
        result={"screen": command.screen, "ends_ms": command.ends_ms},
    )


def pair_screen(state: ScreenState, command: PairScreen, now: Moment) -> Verdict:
    """The code is gone with its first use. A wrong one is no event: anybody may type anything; the rate is limited."""
    if state.kind is None:
        return Refusal("bad_code", "This code is not right, was used, or is too old.", "Ask the desk for a new code.")
    if state.screens >= SCREENS_MAX:
        return Refusal("too_many", f"{SCREENS_MAX} screens are paired.", "Remove one that is gone.")
    row: dict[str, Any] = {
        "id": command.screen_id, "kind": state.kind, "secret_hash": command.secret_hash,
        "at_ms": command.at_ms, "ends_ms": command.ends_ms,
    }  # fmt: skip
    return Decision(
        changes=[audited(command, "screen_paired", f"{state.kind}:{command.screen_id}")],
        writes=[
            Write("screens_prune", {"at_ms": command.at_ms}),
            Write("code_use", {"code_hash": command.code_hash}),
            Write("screen_insert", row),
        ],
        result={"kind": state.kind, "id": command.screen_id},
    )


def remove_screen(state: ScreenState, command: RemoveScreen, now: Moment) -> Verdict:
    """A screen that is gone is gone."""
    if state.kind is None:
        return Refusal("not_found", "There is no such screen.", "Look at the list of screens.")
    return Decision(
        changes=[audited(command, "screen_removed", f"{state.kind}:{command.screen_id}")],
        writes=[Write("screen_delete", {"id": command.screen_id})],
        result={"id": command.screen_id},
    )


def confirm_clock(state: None, command: ConfirmClock, now: Moment) -> Verdict:
    """Who confirmed which time is kept: days and numbers hang on it."""
    return Decision(changes=[audited(command, "clock_confirmed", command.actor, str(command.shown_ms))])
