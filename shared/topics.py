"""MQTT topics: ``outpost/<site>.<epoch>/up/<door>`` and ``.../down/<door>``.

The second level is the user name the broker takes from the client's certificate, so its access list needs two patterns
and knows no clinic by name.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

ROOT = "outpost"
Up = Literal["hello", "frame", "beat", "taken"]
Down = Literal["hello", "ack", "command", "poke"]
"""poke: "say how you are now"; the answer is a beat. An edge that does not know it says so at its next beat anyway."""

SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
"""A site's id: 1 to 40 of a-z, 0-9 and "-", not beginning or ending with "-"."""
_UP = re.compile(rf"{ROOT}/({SITE.pattern})\.([0-9a-f]{{16}})/up/(hello|frame|beat|taken)")


class Sender(NamedTuple):
    """Who speaks, taken from a credential or a topic; never from a payload."""

    site: str
    epoch: str

    @property
    def name(self) -> str:
        """The certificate's common name: ``<site>.<epoch>``."""
        return f"{self.site}.{self.epoch}"


def parse_name(name: str) -> Sender:
    """Read ``<site>.<epoch>``. Raises ValueError when it is not one."""
    site, dot, epoch = name.partition(".")
    if not dot or not SITE.fullmatch(site) or not re.fullmatch(r"[0-9a-f]{16}", epoch):
        raise ValueError(f"{name!r} is not <site>.<epoch>")
    return Sender(site, epoch)


def up(sender: Sender, door: Up) -> str:
    """The topic an edge publishes on."""
    return f"{ROOT}/{sender.name}/up/{door}"


def down(sender: Sender, door: Down) -> str:
    """The topic the cloud answers on."""
    return f"{ROOT}/{sender.name}/down/{door}"


def all_down(sender: Sender) -> str:
    """What an edge subscribes to."""
    return f"{ROOT}/{sender.name}/down/#"


ALL_UP = f"{ROOT}/+/up/#"
"""Everything the edges say."""
SHARED_UP = f"$share/ingest/{ALL_UP}"
"""What an ingest worker subscribes to: the broker hands each message to one of the workers."""


def parse_up(topic: str) -> tuple[Sender, Up]:
    """Who sent it and through which door. Raises ValueError for a topic that is not ours."""
    found = _UP.fullmatch(topic)
    if found is None:
        raise ValueError(f"{topic!r} is not a topic an edge may publish on")
    site, epoch, door = found.groups()
    return Sender(site, epoch), door  # type: ignore[return-value]
