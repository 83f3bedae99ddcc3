"""Who may do what: the levels of `interfaces.md`, and the checks every request passes before its route does anything.

A route says ``who = await guards.need(request, KIOSK)``. It gets an `Identity` or the caller gets a problem: 401 without
a credential, 403 with one that is not enough or for a change by cookie that another site may have asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection, Request

from edge.web.audit import Audit
from edge.web.credentials import Credentials, Identity
from shared import tokens
from shared.limits import RateLimit
from shared.problems import Problem


@dataclass(frozen=True, slots=True)
class Level:
    """Kinds of credential that are enough; of staff, only with one of `roles` where there are any."""

    name: str
    kinds: frozenset[str]
    roles: frozenset[str] = frozenset()
    hint: str = ""

    def admits(self, who: Identity) -> bool:
        """Whether this identity is enough. The operator, who owns the data folder, may whatever a manager may.

        A program counts as staff with its roles; what it may do without any is only to look, see `Guards.need`.
        """
        if who.kind not in self.kinds:
            return False
        return who.kind not in ("staff", "program") or not self.roles or bool(self.roles & who.roles)


_STAFF: Final = frozenset(("staff", "operator", "program"))
STAFF: Final = Level("staff", _STAFF, hint="Sign in at the desk.")
MANAGER: Final = Level("manager", _STAFF, frozenset(("manager",)), "Ask a manager to do it.")
RECEPTION: Final = Level("reception", _STAFF, frozenset(("reception", "manager")), "Ask the reception or a manager.")
DESK: Final = Level(
    "reception or nurse",
    _STAFF,
    frozenset(("reception", "nurse", "manager")),
    "Ask the reception, a nurse or a manager.",
)
CLINICAL: Final = Level(
    "reception, nurse or doctor", _STAFF, frozenset(("reception", "nurse", "doctor", "manager")), "Sign in at the desk."
)
DOCTOR: Final = Level("doctor", _STAFF, frozenset(("doctor", "manager")), "Ask the doctor or a manager.")
"""With `doctor_or_manager`, once it is known which doctor is meant."""
CARE: Final = Level(
    "nurse, doctor or manager", _STAFF, frozenset(("nurse", "doctor", "manager")), "Ask a nurse, a doctor or a manager."
)
DEVICE: Final = Level(
    "device", frozenset(("device", "operator")), hint="A device signs its requests with its own key, see /docs."
)
"""A device for medicine. With the API opened on this machine, whoever asks counts as the device named."""
CARE_OR_DEVICE: Final = Level("nurse, doctor, manager or device", CARE.kinds | {"device"}, CARE.roles, CARE.hint)
DISPLAY: Final = Level("display", _STAFF | {"display"}, hint="Pair this screen with a code from the desk.")
KIOSK: Final = Level("kiosk", _STAFF | {"kiosk"}, hint="Pair this screen with a code from the desk.")


class Guards:
    """Judges requests. `public`: the bucket that callers without a credential draw from, by address.

    audit: where a route notes who is about to be shown what is personal.
    """

    def __init__(self, credentials: Credentials, public: RateLimit, audit: Audit) -> None:
        self.audit = audit
        self._credentials = credentials
        self._public = public

    async def need(self, request: Request, level: Level) -> Identity:
        """Whoever asks, if that is enough. Raises Problem."""
        who = await self._credentials.identify(request)
        if who is None:
            self.draw(self._public, request)
            raise Problem(401, "This needs a sign-in or a paired screen.", code="unauthorized", hint=level.hint)
        if who.by_cookie:
            why = tokens.cookie_write_refused(request.method, request.headers)
            if why is not None:
                raise Problem(403, why, code="csrf", hint="Use the clinic's own page, or a Bearer token.")
        self.enough(who, level)
        if who.kind == "program" and not who.roles and request.method not in ("GET", "HEAD"):
            raise Problem(403, "This program may look, not act.", hint="Ask a manager for a key with a role.")
        return who

    def anybody(self, request: Request) -> None:
        """Nobody need say who they are, but as often as callers without a credential may. Raises Problem 429."""
        self.draw(self._public, request)

    def enough(self, who: Identity, level: Level) -> None:
        """Raises Problem 403 when `who` is not of that level."""
        if not level.admits(who):
            raise Problem(403, f"This is for: {level.name}.", hint=level.hint)

    def draw(self, bucket: RateLimit, connection: HTTPConnection) -> None:
        """Take one from the caller's bucket. Raises Problem 429."""
        wait_s = bucket.wait_s(address_of(connection))
        if wait_s:
            raise Problem(429, "Too many requests from this address.", retry_after_s=wait_s)


def own(who: Identity, doctor_id: str | None) -> None:
    """A doctor acts on the own queue; other roles, and doctors who also have one, on any. Raises Problem 403.

    doctor_id: of the visit or the path. The doctor of a called visit never changes, so looking before the act is enough.
    """
    if who.only_doctor and (doctor_id is None or doctor_id != who.doctor_id):
        raise Problem(403, "This is another doctor's.", hint="Ask that doctor, the reception or a manager.")


def doctor_or_manager(who: Identity, doctor_id: str) -> None:
    """What the doctor named does, nobody does in that doctor's place but a manager. Raises Problem 403."""
    if "manager" not in who.roles and doctor_id != who.doctor_id:
        raise Problem(403, "This is another doctor's.", hint="Ask that doctor, or a manager.")


def address_of(connection: HTTPConnection) -> str:
    """The network address of the caller. Headers of proxies are not believed."""
    return connection.client.host if connection.client else "unknown"
