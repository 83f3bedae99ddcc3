"""Who is asking: a member of staff, a paired screen, or whoever owns the data folder. And how people sign in.

Every request looks its credential up in the database (a primary key, some 20 µs), so that a session that was ended, an
account that was closed or a screen that was removed is out with its next request; there is no cache to forget.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.requests import HTTPConnection

from edge.app.dispatcher import Accepted, NotDone
from edge.domain.account_commands import NoteFailedSignIn, OpenSession, RefreshSession, TouchSession
from edge.domain.accounts import Person, folded
from edge.store import accounts, face_002
from edge.web.wiring import Submits, Wiring
from shared import device_tokens, passwords, tokens
from shared.clock import wall_s
from shared.ids import new_id
from shared.problems import Problem

SESSION_COOKIE: Final = "outpost_session"
SCREEN_COOKIE: Final = "outpost_screen"
SCREEN_LIFETIME_S: Final = 365 * 24 * 3600
TOUCH_EVERY_MS: Final = 60_000
"""A session's last use is kept to the minute: one small write a minute, not one a request."""
SIGN_INS_WAITING_MAX: Final = 32
"""Sign-ins that may wait for a password check; each check takes 22 ms and 19 MiB."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody with a credential."""

    kind: Literal["staff", "display", "kiosk", "operator", "program", "device"]
    id: str
    name: str = ""
    username: str = ""
    roles: frozenset[str] = frozenset()
    doctor_id: str | None = None
    session_id: str | None = None
    by_cookie: bool = False

    @property
    def actor(self) -> str:
        """As events name it."""
        return f"{self.kind}:{self.id}"

    @property
    def only_doctor(self) -> bool:
        """A doctor acts on the own queue; other roles, and doctors who also have one, on any."""
        return self.roles == {"doctor"}

    @property
    def device(self) -> str:
        """Where commands are given, as the log of a visit names it."""
        if self.kind in ("kiosk", "display"):
            return f"{self.kind}:{self.id}"
        return "page" if self.by_cookie else "api"


OPEN: Final = Identity("operator", "open", roles=frozenset(("manager",)))
"""Everybody on this machine, while the documented switch is on."""
KEY_PREFIX: Final = "opk_"
"""Begins the key of a program."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new or renewed session. `secret` is the cookie's value or the refresh token."""

    user: dict[str, Any]
    secret: str
    access_token: str


def wall_ms() -> int:
    """Real time: sign-in is transport time."""
    return int(wall_s() * 1000)


def is_loopback(connection: HTTPConnection) -> bool:
    """Whether the caller is on this very machine."""
    try:
        return connection.client is not None and ipaddress.ip_address(connection.client.host).is_loopback
    except ValueError:
        return False


def is_open_to(connection: HTTPConnection) -> bool:
    """Whether the open switch covers a caller: of this machine, asking for this machine, and no page of another site."""
    host = connection.headers.get("host", "")
    origin = connection.headers.get("origin")
    return is_loopback(connection) and _names_loopback(host) and (origin is None or tokens.same_origin(origin, host))


def _names_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


class Credentials:
    """Finds out who asks, and opens and renews sessions."""

    def __init__(self, wiring: Wiring, reader: sqlite3.Connection) -> None:
        self._reader = reader
        self._dispatcher: Submits = wiring.dispatcher
        self._key = wiring.key
        self._audience = f"edge:{wiring.epoch}"
        self._operator_key = wiring.operator_key.encode()
        self._open = wiring.options.open_on_loopback
        self._idle_ms = wiring.options.session_idle_ms
        self._checks = asyncio.Semaphore(passwords.CHECKS_AT_ONCE)
        self._names: dict[str, tuple[asyncio.Lock, int]] = {}
        self._waiting = 0

    async def identify(self, connection: HTTPConnection, *, is_use: bool = True) -> Identity | None:
        """Who asks; None without a credential that holds. An Authorization header is never mixed with cookies. Where the API is
        open to the caller, one without a credential that holds counts as a manager: the documents' examples name tokens.

        is_use: whether this keeps a session from idling out.
        """
        found = await self._holder(connection, is_use)
        return found or (OPEN if self._open and is_open_to(connection) else None)

    async def _holder(self, connection: HTTPConnection, is_use: bool) -> Identity | None:
        headers: Mapping[str, str] = connection.headers
        at_ms = wall_ms()
        if "authorization" in headers:
            return await self._by_bearer(connection, at_ms, is_use)
        if (token := connection.query_params.get("token")) and connection.scope["type"] == "websocket":
            return await self._by_token(connection, token, at_ms, is_use)
        cookies = connection.cookies
        if secret := cookies.get(SESSION_COOKIE):
            found = accounts.session(self._reader, "s.secret_hash = ? and s.is_cookie", tokens.hash_secret(secret))
            if found and (staff := await self._staff(found, at_ms, is_use, by_cookie=True)):
                return staff
        if secret := cookies.get(SCREEN_COOKIE):
            screen = accounts.screen_by_secret(self._reader, tokens.hash_secret(secret))
            if screen and at_ms < screen.ends_ms:
                return Identity("kiosk" if screen.kind == "kiosk" else "display", screen.id, by_cookie=True)
        return None

    async def still(self, connection: HTTPConnection, who: Identity) -> Identity | None:
        """Who asked, as they are now; None when that does not hold any more. For connections that last: the session behind
        an access token outlives the token. No use of the session.
        """
        if who.session_id is None or who.by_cookie:
            return await self.identify(connection, is_use=False)
        found = accounts.session(self._reader, "s.id = ?", who.session_id)
        return await self._staff(found, wall_ms(), False, by_cookie=False) if found else None

    async def _by_bearer(self, connection: HTTPConnection, at_ms: int, is_use: bool) -> Identity | None:
        token = tokens.bearer_of(connection.headers)
        return None if token is None else await self._by_token(connection, token, at_ms, is_use)

    async def _by_token(self, connection: HTTPConnection, token: str, at_ms: int, is_use: bool) -> Identity | None:
        """Whoever holds a token or key. Browsers cannot set headers on a WebSocket, so there it may stand in the address."""
        if token.startswith(KEY_PREFIX):
            program = accounts.program_by_key(self._reader, tokens.hash_secret(token))
            return Identity("program", program.id, program.name, roles=frozenset(program.roles)) if program else None
        if self._operator_key and hmac.compare_digest(token.encode(), self._operator_key):
            return Identity("operator", "local", roles=frozenset(("manager",))) if is_loopback(connection) else None
        if (device_id := device_tokens.claimed_device(token)) is not None:
            return self._device(device_id, token)
        try:
            claims = tokens.read_access(self._key, token, self._audience)
        except tokens.BadToken:
            return None
        found = accounts.session(self._reader, "s.id = ?", str(claims["sid"]))
        return await self._staff(found, at_ms, is_use, by_cookie=False) if found else None

    def _device(self, device_id: str, token: str) -> Identity | None:
        """A device for medicine, by its own key. Raises Problem 401 with the time, where only that is wrong."""
        key = face_002.public_key(self._reader, device_id)
        if key is None:
            return None
        try:
            device_tokens.verify(key, device_id, token)
        except device_tokens.WrongTime as error:
            hint = "Sign by the time given here: server_s, seconds since 1970."
            raise Problem(401, f"{error}.", code="wrong_time", hint=hint, server_s=wall_s()) from error
        except tokens.BadToken:
            return None
        return Identity("device", device_id)

    async def _staff(self, row: accounts.SessionRow, at_ms: int, is_use: bool, *, by_cookie: bool) -> Identity | None:
        if not row.is_active or at_ms >= min(row.ends_ms, row.seen_ms + self._idle_ms):
            return None
        if is_use and at_ms - row.seen_ms >= TOUCH_EVERY_MS:
            touch = TouchSession(
                command_id=f"touch:{row.id}:{at_ms // TOUCH_EVERY_MS}", actor=f"staff:{row.staff_id}",
                session_id=row.id, at_ms=at_ms,
            )  # fmt: skip
            # When the disk refuses, reading goes on; whatever this request wants to write will say so itself.
            with contextlib.suppress(NotDone):
                await self._dispatcher.submit(touch)
        return Identity(
            "staff", row.staff_id, row.name, row.username, frozenset(row.roles), row.doctor_id, row.id, by_cookie
        )

    async def sign_in(self, username: str, password: str, *, cookie: bool) -> SignedIn:
        """Open a session. Raises Problem 401, 423 or 429. Wrong name and wrong password take and say the same."""
        name = folded(username)
        async with self._one_at_a_time(name):
            person = await self._checked(name, password)
            at_ms = wall_ms()
            secret, secret_hash = tokens.new_secret()
            lifetime_s = tokens.COOKIE_LIFETIME_S if cookie else tokens.REFRESH_LIFETIME_S
            opened = await self._dispatcher.submit(
                OpenSession(
                    command_id=new_id(), actor=f"staff:{person.id}", session_id=new_id(), staff_id=person.id,
                    password_version=person.password_version, secret_hash=secret_hash, is_cookie=cookie, at_ms=at_ms,
                    ends_ms=at_ms + lifetime_s * 1000,
                )
            )  # fmt: skip
        if not isinstance(opened, Accepted):
            self._refuse_locked(name, wall_ms())
            raise _wrong()
        return self._signed_in(opened.result["session_id"], secret)

    async def confirm(self, username: str, password: str) -> None:
        """Ask somebody who is signed in for the password once more. Raises Problem like `sign_in`."""
        name = folded(username)
        async with self._one_at_a_time(name):
            await self._checked(name, password)

    async def _checked(self, name: str, password: str) -> Person:
        """Whose password it is. A wrong one is noted before it is answered."""
        self._refuse_locked(name, wall_ms())
        found = accounts.credentials(self._reader, name)
        person, stored = found if found else (None, None)
        async with self._checks:
            checked = await asyncio.to_thread(passwords.check, password, stored)
        if checked.right and person is not None and person.is_active:
            return person
        failed = NoteFailedSignIn(command_id=new_id(), actor="public", username=name, at_ms=wall_ms())
        await self._dispatcher.submit(failed)
        self._refuse_locked(name, wall_ms())
        raise _wrong()

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Trade a refresh token for the next. Raises Problem 401."""
        secret, secret_hash = tokens.new_secret()
        traded = await self._dispatcher.submit(
            RefreshSession(
                command_id=new_id(), actor="public", secret_hash=tokens.hash_secret(refresh_token),
                next_hash=secret_hash, at_ms=wall_ms(), idle_ms=self._idle_ms,
            )
        )  # fmt: skip
        if not isinstance(traded, Accepted):
            raise _ended()
        if traded.result["reused"]:
            detail = "This refresh token was used before, so its session was ended."
            raise Problem(401, detail, code="token_reused", hint="Sign in again; if it was not you, tell a manager.")
        return self._signed_in(traded.result["session_id"], secret)

    def _signed_in(self, session_id: str, secret: str) -> SignedIn:
        row = accounts.session(self._reader, "s.id = ?", session_id)
        if row is None:
            raise _ended()
        access = tokens.sign_access(self._key, row.staff_id, row.id, self._audience)
        user = {"id": row.staff_id, "name": row.name, "username": row.username, "roles": list(row.roles)}
        return SignedIn({**user, "sites": [], "doctor_id": row.doctor_id}, secret, access)

    def _refuse_locked(self, name: str, at_ms: int) -> None:
        until_ms = accounts.locked_until_ms(self._reader, name, at_ms)
        if until_ms is not None:
            wait_s = (until_ms - at_ms) / 1000
            detail = f"Too many wrong passwords; locked for {int(wait_s // 60) + 1} more minutes."
            raise Problem(423, detail, hint="Wait, or ask a manager to set a new password.", retry_after_s=wait_s)

    @contextlib.asynccontextmanager
    async def _one_at_a_time(self, name: str) -> AsyncIterator[None]:
        """One sign-in per name at a time, so that guesses made at once cannot pass the lock-out together."""
        if self._waiting >= SIGN_INS_WAITING_MAX:
            raise Problem(429, "Too many people are signing in at once.", retry_after_s=2)
        self._waiting += 1
        lock, users = self._names.get(name, (asyncio.Lock(), 0))
        self._names[name] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            self._waiting -= 1
            lock, users = self._names.pop(name)
            if users > 1:
                self._names[name] = (lock, users - 1)


def _ended() -> Problem:
    return Problem(401, "This session has ended.", code="unauthorized", hint="Sign in again.")


def _wrong() -> Problem:
    return Problem(
        401,
        "The user name or the password is not right.",
        code="bad_login",
        hint="Check capital letters and try again.",
    )
