"""Where a name leads before anything is sent there: never into the network this server stands in, unless a setting allows.

A webhook's address is chosen by its owner. Names are looked up once and the connection goes to the address that was
judged, so that a name which changes its mind in between reaches nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final

from cloud.notify.sending import NotSent

LOOK_UP_S: Final = 5.0


class Hosts:
    """Looks names up. private_too: addresses of private networks and of this machine are allowed."""

    def __init__(self, *, private_too: bool) -> None:
        self.private_too = private_too

    async def address(self, host: str, port: int) -> str:
        """The address to connect to for `host`. Raises NotSent: for good where it is not a public one."""
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise NotSent("the name of the address is not known", hint="Check the address of the channel.") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        allowed = [one for one in addresses if self.private_too or is_public(one)]
        if not allowed:
            raise NotSent(
                "the address leads into a private network", passing=False,
                hint="Use a public address, or have private addresses allowed in the settings.",
            )  # fmt: skip
        return allowed[0]


def is_public(address: str) -> bool:
    """Whether anybody on the internet means the same machine by it; also of an IPv4 address inside an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
