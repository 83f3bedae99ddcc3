"""TCP ports on loopback: free ones, and who holds one that is not."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from dataclasses import dataclass, fields
from pathlib import Path

LISTEN = "0A"
BELOW_CONNECTIONS = (12_000, 32_000)
"""Linux gives connections ports from 32768 on (ip_local_port_range)."""
TRIES = 200


class PortTaken(Exception):
    """The message names the port, the program that holds it where that can be seen, and the option that helps."""


@dataclass(frozen=True)
class Ports:
    """Where the programs listen, all on 127.0.0.1. The `link_` ports are the cable between clinic and head office;
    `inbox` is where a caregiver's messages arrive."""

    edge: int = 8000
    cloud: int = 8800
    broker: int = 8883
    link_cloud: int = 8801
    link_broker: int = 8884
    inbox: int = 8890

    @classmethod
    def free(cls) -> Ports:
        """Ports nobody holds at this moment; as `free_port` has them."""
        found: set[int] = set()
        while len(found) < len(fields(cls)):
            found.add(free_port())
        return cls(*found)

    def check(self) -> None:
        """Raises PortTaken for the first port that somebody else listens on."""
        for field in fields(self):
            port = getattr(self, field.name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    option = f"--{field.name.replace('_', '-')}-port"
                    raise PortTaken(
                        f"Port {port} is taken by {holder(port) or 'another program'}: "
                        f'stop it, or use another port: make demo ARGS="{option} {port + 10_000}".'
                    ) from error


def free_port() -> int:
    """A port nobody holds, below those the system itself gives to connections: nobody takes it before it is listened on.

    Raises PortTaken where none is found.
    """
    for _ in range(TRIES):
        port = random.SystemRandom().randrange(*BELOW_CONNECTIONS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise PortTaken(f"No free port was found between {BELOW_CONNECTIONS[0]} and {BELOW_CONNECTIONS[1]}.")


def holder(port: int) -> str | None:
    """The program that listens on a TCP port, as "name (pid 123)"; None where this user may not see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{columns[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(handle) in inodes for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return None
