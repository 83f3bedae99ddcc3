"""The tables as files: read once, with their version, their hash and who signed them."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

NAMES: Final = ("iitt", "tews", "news2")


class Table(NamedTuple):
    """version: a date.  sha256: of the file, which a signature names.  signer: None while no clinician vouches for it."""

    name: str
    version: str
    source: str
    sha256: str
    signer: str | None
    signed_on: str | None
    data: dict[str, Any]


@cache
def table(name: str) -> Table:
    """One of NAMES. A signature of another content than the file's counts for nothing."""
    raw = (files("shared.triage") / "tables" / f"{name}.json").read_bytes()
    data: dict[str, Any] = json.loads(raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    signatures = json.loads((files("shared.triage") / "tables" / "signatures.json").read_bytes())["signatures"]
    mine = next((one for one in signatures if one["sha256"] == sha256), None)
    signer, signed_on = (mine["signer"], mine["signed_on"]) if mine else (None, None)
    return Table(name, data["version"], data["source"], sha256, signer, signed_on, data)


def version() -> str:
    """All tables in one word, as it is kept beside each result, e.g. "iitt 2026-11-29, tews 2026-11-29"."""
    return ", ".join(f"{name} {table(name).version}" for name in NAMES)
