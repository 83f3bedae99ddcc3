"""FastAPI dependencies: who is asking. Every route that shows or changes something names one of them.

`guards.office` and `guards.office_admin` give the `Account` signed in, by bearer token or cookie (a change by cookie
passes the CSRF rule first). `guards.device` gives the `Sender` of a clinic's own token: ES256, ``sub`` =
``<site>.<epoch>``, at most five minutes long, verified against the keys certified for just that store. The site comes
from there and never from a payload.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import jwt
from fastapi import Request
from starlette.requests import HTTPConnection

from cloud.accounts.people import CARE_ROLES, CAREGIVER, OFFICE_ADMIN, ROLES, Account
from cloud.accounts.sessions import Sessions
from cloud.db.pool import Pool
from shared import tokens
from shared.clock import transport_s, wall_s
from shared.problems import Problem
from shared.topics import Sender, parse_name

COOKIE: Final = "outpost_office"
DEVICE_TOKEN_S_MAX: Final = 5 * 60
DEVICE_LEEWAY_S: Final = 60
DEVICE_KEYS_MAX: Final = 4
"""Keys of one store that are tried: the newest certificates that have not expired."""
KNOWN_S: Final = 15.0
"""A token that was good is believed this long without asking the database again; revocation shows within 60 s."""
KNOWN_MAX: Final = 4096


class Guards:
    """The guards of one cloud."""

    def __init__(self, pool: Pool, sessions: Sessions) -> None:
        self._pool = pool
        self._sessions = sessions
        self._known: OrderedDict[str, tuple[Sender, float]] = OrderedDict()

    async def signed_in(self, request: Request) -> Account:
        """Anybody with an account, for what is their own. Raises Problem 401, or 403 for a change by a foreign page."""
        account = await self.whoever(request)
        if account is None:
            raise Problem(401, "You are not signed in.")
        return account

    async def office(self, request: Request) -> Account:
        """Anybody signed in at head office. Raises Problem 401, or 403 for a change asked for by a foreign page."""
        account = await self.signed_in(request)
        if not account.roles & ROLES:
            raise Problem(403, "Your account has no role at head office.")
        return account

    async def care(self, request: Request) -> Account:
        """A nurse, doctor or manager; the route looks at the site. Raises Problem 401 or 403."""
        account = await self.signed_in(request)
        if not account.roles & CARE_ROLES:
            raise Problem(403, "This needs the role nurse, doctor or manager.", hint="Ask the clinic's manager.")
        return account

    async def manager(self, request: Request) -> Account:
        """A manager; the route looks at the site. Raises Problem 401 or 403."""
        account = await self.signed_in(request)
        if "manager" not in account.roles:
            raise Problem(403, "This needs the role manager.", hint="Ask the clinic's manager.")
        return account

    async def caregiver(self, request: Request) -> Account:
        """As `care`, and caregivers: of these the route lets through their own patients alone. Raises Problem 401 or 403."""
        account = await self.signed_in(request)
        if not account.roles & (CARE_ROLES | {CAREGIVER}):
            raise Problem(403, "This is for those who care for the patient.", hint="Ask the clinic to list you.")
        return account

    async def watcher(self, request: Request) -> Account:
        """As `caregiver`, and people of head office. Raises Problem 401 or 403."""
        account = await self.signed_in(request)
        if not account.roles & (CARE_ROLES | ROLES | {CAREGIVER}):
            raise Problem(403, "Your account has no role here.")
        return account

    async def care_or_office(self, request: Request) -> Account:
        """As `care`, and people of head office. Raises Problem 401 or 403."""
        account = await self.signed_in(request)
        if not account.roles & (CARE_ROLES | ROLES):
            raise Problem(403, "This needs the role nurse, doctor, manager or one of head office.")
        return account

    async def office_admin(self, request: Request) -> Account:
        """Somebody who may change things."""
        account = await self.office(request)
        if OFFICE_ADMIN not in account.roles:
            raise Problem(403, "This needs the role office_admin.", hint="Ask an administrator of head office.")
        return account

    async def whoever(self, connection: HTTPConnection) -> Account | None:
        """Who opens a request or a WebSocket; None for nobody.

        Raises Problem 403 where a cookie came along but the request was made by a page of another site.
        """
        bearer = tokens.bearer_of(connection.headers)
        if bearer is not None:
            return await self._sessions.by_access(bearer)
        secret = connection.cookies.get(COOKIE)
        if secret is None or len(secret) > tokens.BEARER_CHARS_MAX:
            return None
        if connection.scope["type"] == "websocket":
            foreign = not tokens.same_origin(connection.headers.get("origin"), connection.headers.get("host"))
            refused = "This connection was opened by a page of another site." if foreign else None
        else:
            refused = tokens.cookie_write_refused(connection.scope["method"], connection.headers)
        if refused:
            raise Problem(403, refused, code="csrf", hint="Open the page again from its own address.")
        return await self._sessions.by_cookie(secret)

    async def on_socket(self, connection: HTTPConnection) -> Account | None:
        """As `whoever`, and for programs whose WebSocket client can set no header: an access token as ``?token=``."""
        token = connection.query_params.get("token")
        if token is None:
            return await self.whoever(connection)
        return await self._sessions.by_access(token) if len(token) <= tokens.BEARER_CHARS_MAX else None

    async def still(self, account: Account) -> Account | None:
        """The account as it is now; None once the session it came with is over."""
        return await self._sessions.still(account)

    async def device(self, request: Request) -> Sender:
        """The clinic that asks. Raises Problem 401 (with `server_s`, to set a wrong clock by) or 403 revoked."""
        token = tokens.bearer_of(request.headers)
        if token is None or len(token) > tokens.BEARER_CHARS_MAX:
            raise _no_device("There is no device token.")
        known = self._known.get(token)
        if known is not None and transport_s() - known[1] < KNOWN_S:
            return known[0]
        try:
            unverified: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
            sender = parse_name(str(unverified.get("sub")))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise _no_device("This is not a device token.") from error
        state, keys = await self._store_of(sender)
        _verify(token, keys)
        if state == "revoked":
            raise Problem(403, "This clinic's certificate was revoked.", code="revoked", hint="Ask head office.")
        self._known[token] = (sender, transport_s())
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return sender

    async def _store_of(self, sender: Sender) -> tuple[str, list[str]]:
        async with self._pool.transaction() as conn:
            found = await conn.execute(
                "select e.state, c.public_key_pem from epochs e left join lateral (select public_key_pem from"
                " certificates c where c.site = e.site and c.epoch = e.epoch and c.expires_s > %s"
                " order by c.issued_s desc, c.serial limit %s) c on true where e.site = %s and e.epoch = %s",
                (int(wall_s()), DEVICE_KEYS_MAX, sender.site, sender.epoch),
            )
            rows = await found.fetchall()
        return (rows[0][0], [row[1] for row in rows if row[1]]) if rows else ("", [])


def client_address(connection: HTTPConnection) -> str:
    """The address of the other end, for limits and the audit."""
    return connection.client.host if connection.client else ""


def _verify(token: str, keys: list[str]) -> None:
    claims: dict[str, Any] | None = None
    for key in dict.fromkeys(keys):
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                options={
                    "require": ["sub", "iat", "exp"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
            break
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            raise _no_device("This is not a device token.") from error
    if claims is None:
        raise _no_device("No certified key of this store has signed this token.")
    issued, expires, now = claims["iat"], claims["exp"], wall_s()
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise _no_device("The token's times are not numbers.")
    if not issued <= expires <= issued + DEVICE_TOKEN_S_MAX:
        raise _no_device(f"A device token lasts at most {DEVICE_TOKEN_S_MAX} seconds.")
    if not issued - DEVICE_LEEWAY_S <= now <= expires + DEVICE_LEEWAY_S:
        raise _no_device("The token's time is not now; set the clock by server_s and sign another.", code="wrong_time")


def _no_device(detail: str, code: str = "not_a_device") -> Problem:
    return Problem(
        401, detail, code=code, hint="Claim this clinic again with a new claim code.", server_s=int(wall_s())
    )
