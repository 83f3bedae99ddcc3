"""Messages to people's phones leave by head office's door: each is handed over by HTTPS, once for each key.

Head office keeps a notice before it answers, and the same key again changes nothing, so a notice that is handed over twice
(an answer was lost, the clinic was killed) is sent once. While the link is away the effect waits and is tried again until
it would only confuse; the queue goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import httpx

from edge.app.ports import DeviceError, NoRoute, Notice
from edge.sync.asking import Asking, Refused
from edge.sync.identity import Identity
from edge.sync.links import LinkDown, NotWelcome

ANSWER_S: Final = 15.0
PATH: Final = "/api/v1/site"


class Away(DeviceError):
    """Head office is not reached; the notice waits."""

    code = "offline"
    hint = "Check the link to head office; messages wait and go by themselves."


class CloudMessenger:
    """A `Messenger`. identity: the clinic's credential, once it has one.  trusted: whether this machine knows the time."""

    def __init__(
        self, identity: Callable[[], Identity | None], trusted: Callable[[], bool], answer_s: float = ANSWER_S
    ) -> None:
        self._identity, self._trusted, self._answer_s = identity, trusted, answer_s
        self._asking: Asking | None = None
        self._lock = asyncio.Lock()

    async def send(self, notice: Notice) -> None:
        """Return when head office has kept it. Raises Away (passing), NoRoute."""
        async with self._lock:
            asking = await self._connected()
        try:
            await asking.request("POST", "/notices", json=body_of(notice))
        except Refused as error:
            raise NoRoute(str(error), hint=error.hint or None) from error
        except NotWelcome as error:
            raise Away(str(error), hint=error.hint or None) from error
        except LinkDown as error:
            raise Away(str(error), hint=error.hint or None, begun=False) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Away(f"head office is not reached ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            raise Away(f"head office did not answer ({type(error).__name__})") from error

    async def close(self) -> None:
        """Close its connections."""
        if self._asking is not None:
            await self._asking.close()
            self._asking = None

    async def _connected(self) -> Asking:
        """The client for the credential as it is now: a renewed one gets a client of its own."""
        identity = self._identity()
        if identity is None:
            raise Away("this clinic is not connected to head office", hint="Enter a claim code of head office.")
        if self._asking is None or self._asking.identity is not identity:
            await self.close()
            try:
                self._asking = Asking(identity, PATH, check_time=self._trusted(), answer_s=self._answer_s)
            except (OSError, ValueError) as error:
                raise Away(f"the credential cannot be used ({type(error).__name__})") from error
        return self._asking


def body_of(notice: Notice) -> dict[str, Any]:
    """What head office is told."""
    return {
        "key": notice.key, "topic": notice.topic, "phone": notice.phone, "language": notice.language,
        "token": notice.token, "values": notice.values, "visit_id": notice.visit_id, "due_ms": notice.due_ms,
        "expires_ms": notice.expires_ms, "repeat": notice.repeat,
    }  # fmt: skip
