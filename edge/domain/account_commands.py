"""What is asked about accounts, sessions and screens. They go through the dispatcher like every other command.

Moments (`at_ms`, `ends_ms`) are *real* wall time, brought along by the command: sign-in is transport time, so that a
scenario that runs faster signs nobody out. Secrets never come here: a command carries hashes only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shared.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AddStaff(Command):
    """Give a person an account. `password_hash` is argon2id, made before."""

    kind: ClassVar[str] = "add_staff"
    staff_id: str
    username: str
    name: str
    roles: tuple[str, ...]
    password_hash: str = field(repr=False)
    doctor_id: str | None = None
    """The doctor this account is; needed by the role doctor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStaff(Command):
    """Change what is not None. Taking roles or activity away ends the account's sessions."""

    kind: ClassVar[str] = "change_staff"
    staff_id: str
    roles: tuple[str, ...] | None = None
    doctor_id: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword(Command):
    """A new password: ends every session of the account but `keep_session`, and its lock-out."""

    kind: ClassVar[str] = "set_password"
    staff_id: str
    password_hash: str = field(repr=False)
    keep_session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFailedSignIn(Command):
    """A wrong password was given for `username` (folded), whether or not anybody has that name."""

    kind: ClassVar[str] = "note_failed_sign_in"
    username: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession(Command):
    """The password was right: begin a session. `password_version` is the one that was checked."""

    kind: ClassVar[str] = "open_session"
    session_id: str
    staff_id: str
    password_version: int
    secret_hash: str = field(repr=False)
    is_cookie: bool
    at_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSession(Command):
    """Trade a refresh token for the next one. One used before means it was copied: the session ends."""

    kind: ClassVar[str] = "refresh_session"
    secret_hash: str = field(repr=False)
    next_hash: str = field(repr=False)
    at_ms: int
    idle_ms: int
    """How long a session may lie unused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchSession(Command):
    """The session was used; it is not idle."""

    kind: ClassVar[str] = "touch_session"
    session_id: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession(Command):
    """Sign out."""

    kind: ClassVar[str] = "close_session"
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePairingCode(Command):
    """A code that pairs one screen, once, until `ends_ms`."""

    kind: ClassVar[str] = "make_pairing_code"
    code_hash: str = field(repr=False)
    screen: Literal["display", "kiosk"]
    at_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScreen(Command):
    """A screen shows its code and gets a credential of its own."""

    kind: ClassVar[str] = "pair_screen"
    code_hash: str = field(repr=False)
    screen_id: str
    secret_hash: str = field(repr=False)
    at_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveScreen(Command):
    """Take a screen's credential away."""

    kind: ClassVar[str] = "remove_screen"
    screen_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmClock(Command):
    """A person says that the time shown is right."""

    kind: ClassVar[str] = "confirm_clock"
    shown_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddServiceAccount(Command):
    """Give a program a key of its own. Without `roles` it may look but not act."""

    kind: ClassVar[str] = "add_service_account"
    account_id: str
    name: str
    roles: tuple[str, ...]
    key_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveServiceAccount(Command):
    """Take a program's key away."""

    kind: ClassVar[str] = "remove_service_account"
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSeen(Command):
    """Somebody looked at what is personal: `what` is "person", "visit", "list" or "feed", `which` its id or filter."""

    kind: ClassVar[str] = "note_seen"
    what: str
    which: str
