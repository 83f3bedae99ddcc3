"""How the commands of this machine's owner reach the program while it runs: ``door.json`` in the data folder (0600).

It holds the address and the operator's key, which is new at each start and is taken from loopback only. Whoever can read
the file owns the clinic's data anyway.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

import orjson

FILE: Final = "door.json"


class Door(NamedTuple):
    """Where the program is reached, and the key that opens it."""

    url: str
    key: str


def leave(data: Path, host: str, port: int, key: str) -> None:
    """Write the file, for the owner only, in one step."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
    fresh = data / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps({"url": url, "key": key}))
    fresh.replace(data / FILE)


def find(data: Path) -> Door | None:
    """What the program left; None when it is not there. After a kill the file is old: nobody answers there."""
    try:
        found = orjson.loads((data / FILE).read_bytes())
        return Door(str(found["url"]), str(found["key"]))
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


def take_away(data: Path) -> None:
    """The program stops."""
    (data / FILE).unlink(missing_ok=True)
