"""How somebody is reached: what may be entered for each kind of channel, and as much of it as may be shown. Pure.

An address is either *whole*, one URL that names service, account and target, or *plain*, a phone number, an e-mail
address or a chat's id, which goes through the gateway of the clinic: a URL of its own with `{to}` where the target
stands. Only schemes of the table are taken, and of each only the parameters that can neither point elsewhere nor attach
a file. Nothing here asks the network; `cloud.notify.hosts` judges what a name leads to when something is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson

ADDRESS_CHARS_MAX: Final = 2_000
TO: Final = "{to}"
KINDS: Final = ("sms", "whatsapp", "email", "telegram", "webhook", "push")
WEB: Final = frozenset(("https", "http"))


@dataclass(frozen=True, slots=True)
class Scheme:
    """A service. own_host: the host in the URL is where the connection goes.  hosts: parameters that name a host too.

    anybody: people may enter it for themselves; else only a gateway may be so.
    """

    kinds: frozenset[str]
    own_host: bool = False
    parameters: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    anybody: bool = True


def _fixed(*kinds: str, parameters: tuple[str, ...] = ()) -> Scheme:
    return Scheme(frozenset(kinds), parameters=frozenset(parameters))


_MAIL: Final = Scheme(
    frozenset({"email"}), own_host=True, parameters=frozenset({"user", "pass", "smtp", "from", "name", "to", "mode"}),
    hosts=frozenset({"smtp"}), anybody=False,
)  # fmt: skip
SCHEMES: Final[dict[str, Scheme]] = {
    "twilio": _fixed("sms", "whatsapp", parameters=("from", "to", "method")),
    "vonage": _fixed("sms", parameters=("from", "to")),
    "nexmo": _fixed("sms", parameters=("from", "to")),
    "clicksend": _fixed("sms", parameters=("to",)),
    "messagebird": _fixed("sms", parameters=("from", "to")),
    "d7sms": _fixed("sms", parameters=("from", "to")),
    "whatsapp": _fixed("whatsapp", parameters=("token", "from", "to", "template", "lang")),
    "tgram": _fixed("telegram", parameters=("silent", "preview", "topic", "to")),
    "mailto": _MAIL,
    "mailtos": _MAIL,
    "https": Scheme(frozenset({"webhook"}), own_host=True),
    "http": Scheme(frozenset({"webhook"}), own_host=True),
}
"""Scheme -> what it is. Those of apprise but the last two, which `cloud.notify.webhook` speaks itself."""

_PHONE: Final = re.compile(r"\+?\d{6,15}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_CHAT: Final = re.compile(r"-?\d{4,20}|@[A-Za-z]\w{4,31}", re.ASCII)
_PLAIN: Final = {"sms": _PHONE, "whatsapp": _PHONE, "email": _EMAIL, "telegram": _CHAT}
_SAMPLE: Final = {"sms": "+34600000000", "whatsapp": "+34600000000", "email": "a@example.org", "telegram": "12345678"}
_WANTED: Final = {
    "sms": "a phone number with its country code, e.g. +34600000000",
    "whatsapp": "a phone number with its country code, e.g. +34600000000",
    "email": "an e-mail address",
    "telegram": "the number of a chat, or @name",
    "webhook": "an address that begins with https://",
    "push": "the subscription that the browser made",
}


class BadAddress(ValueError):
    """The address cannot be used; the message never repeats it. `hint`: what to enter instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Address(NamedTuple):
    """url: whole, or the plain target.  plain: it needs a gateway.  shown: as much of it as may be shown."""

    kind: str
    url: str
    plain: bool
    shown: str


class Subscription(NamedTuple):
    """A browser's subscription to web push (W3C Push API): where to post, and the keys of RFC 8291, base64url."""

    endpoint: str
    p256dh: str
    auth: str


def read(kind: str, text: str, *, staff: bool = False) -> Address:
    """What somebody entered for themselves, or staff for them. Raises BadAddress."""
    text = text.strip()
    if kind not in KINDS or not text or len(text) > ADDRESS_CHARS_MAX or not text.isprintable():
        raise _bad(kind)
    if kind == "push":
        found = subscription(text)
        return Address(kind, text, plain=False, shown=f"push via {urlsplit(found.endpoint).hostname}")
    pattern = _PLAIN.get(kind)
    plain = re.sub(r"[\s()./-]", "", text) if pattern is _PHONE else text
    if pattern is not None and pattern.fullmatch(plain):
        return Address(kind, plain, plain=True, shown=masked(plain))
    scheme = _checked(kind, text)
    if not (scheme.anybody or staff):
        raise BadAddress("Only a clinic's gateway may be a mail server.", f"Enter {_WANTED[kind]}.")
    return Address(kind, text, plain=False, shown=_shown_url(text))


def read_gateway(kind: str, text: str) -> Address:
    """The URL template of a clinic's gateway: it holds `{to}` once, or is a webhook, which is told `to`. Raises BadAddress."""
    text = text.strip()
    if kind not in _PLAIN or not text or len(text) > ADDRESS_CHARS_MAX or not text.isprintable():
        raise BadAddress("There is no gateway of this kind.", f"A gateway is for {', '.join(_PLAIN)}.")
    web = urlsplit(text).scheme in WEB
    if text.count(TO) != 1 and not (web and TO not in text):
        raise BadAddress("A gateway says where the target goes.", "Write {to} once in the URL.")
    if TO in urlsplit(text).netloc.rpartition("@")[2] and not text.startswith(("twilio", "tgram", "whatsapp")):
        raise BadAddress("The host of a gateway cannot be filled in.", "Write {to} in the path or a parameter.")
    _checked("webhook" if web else kind, text.replace(TO, _SAMPLE[kind]))
    return Address(kind, text, plain=False, shown=_shown_url(text))


def subscription(text: str) -> Subscription:
    """A browser's subscription, of its JSON. Raises BadAddress."""
    try:
        body: Any = orjson.loads(text)
        found = Subscription(body["endpoint"], body["keys"]["p256dh"], body["keys"]["auth"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _bad("push") from error
    if not all(isinstance(part, str) and 0 < len(part) < 1_000 for part in found):
        raise _bad("push")
    parts = _split(found.endpoint, "push")
    if parts.scheme not in WEB or not parts.hostname:
        raise _bad("push")
    return found


def hosts_of(url: str) -> Iterator[str]:
    """The hosts a whole URL may connect to that its writer chose; nothing for services with a host of their own."""
    parts = urlsplit(url)
    scheme = SCHEMES.get(parts.scheme)
    if scheme is not None and scheme.own_host:
        named = [value for name, value in parse_qsl(parts.query) if name in scheme.hosts and value]
        yield from named or [parts.hostname or ""]


def masked(plain: str) -> str:
    """A phone number, e-mail address or chat with its middle left out."""
    name, at, host = plain.partition("@")
    if at and name:
        return f"{name[0]}…@{host}"
    return f"{plain[:3]}…{plain[-2:]}"


def _checked(kind: str, text: str) -> Scheme:
    parts = _split(text, kind)
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None or kind not in scheme.kinds or not parts.netloc:
        raise _bad(kind)
    if parts.fragment or "\\" in text:
        raise _bad(kind)
    if parts.scheme in WEB:
        if parts.username or parts.password or not parts.hostname:
            raise BadAddress("An address of a webhook holds no password.", "Messages are signed: check the signature.")
        return scheme
    strange = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - scheme.parameters)
    if strange:
        raise BadAddress(f"The parameter {strange[0][:20]!r} may not stand in it.", "Leave the parameter out.")
    return scheme


def _split(text: str, kind: str) -> Any:
    try:
        parts = urlsplit(text)
        _ = parts.port if parts.scheme in WEB else None
    except ValueError as error:
        raise _bad(kind) from error
    return parts


def _shown_url(text: str) -> str:
    """Service and host, without account, target or path."""
    parts = urlsplit(text)
    scheme = SCHEMES[parts.scheme]
    return f"{parts.scheme}://{parts.hostname}/…" if scheme.own_host else f"{parts.scheme}://…"


def _bad(kind: str) -> BadAddress:
    wanted = _WANTED.get(kind)
    if wanted is None:
        return BadAddress("There is no channel of this kind.", f"Kinds are {', '.join(KINDS)}.")
    return BadAddress("This address cannot be used.", f"Enter {wanted}.")
