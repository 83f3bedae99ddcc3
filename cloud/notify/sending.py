"""What is sent, and how a service says no: the port between the courier and those who speak the services' protocols."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

AGAIN: Final = "It is tried again by itself; if it stays, look whether the service is up and the account is good."
CHECK: Final = "Check the address of the channel and the account behind it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one channel.

    id: unique for ever; who is asked twice with one id may keep one.  repeat: it may have been sent before, and says so.
    link: where to acknowledge; empty for none.  receipt_url: where a gateway tells that it was delivered.
    facts: the same for programs (webhooks); nothing in it that the text does not say.
    """

    id: str
    title: str
    text: str
    language: str
    repeat: bool
    expires_ms: int
    link: str = ""
    receipt_url: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def whole(self) -> str:
        """Title, text and link as one text."""
        return "\n".join(part for part in (self.title, self.text, self.link) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """url: whole, of a scheme of `cloud.notify.addresses`.  to: the plain target behind a webhook that is a gateway.

    secret: what a webhook's signatures are made with.
    """

    kind: str
    url: str
    to: str = ""
    secret: bytes = b""


class NotSent(Exception):
    """A service did not take a message.

    passing: trying again may help.  begun: it may have arrived all the same, so the next try is a marked repeat.
    gone: the address will never take one again.  retry_after_s: how long the service wants to be left alone.
    The message holds no address and no text of the message.
    """

    def __init__(
        self,
        message: str,
        *,
        passing: bool = True,
        begun: bool = False,
        gone: bool = False,
        retry_after_s: float = 0.0,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.passing, self.begun, self.gone, self.retry_after_s = passing, begun, gone, retry_after_s
        self.hint = hint or (AGAIN if passing else CHECK)


class Sender(Protocol):
    """Speaks the protocol of some services."""

    async def send(self, target: Target, message: Message) -> str | None:
        """Return the service's own id of the message (None: it gives none) once it was taken. Raises NotSent."""
