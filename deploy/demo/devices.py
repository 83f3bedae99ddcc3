"""Speaks to the simulated devices over their control socket: one JSON line asks, one answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWER_S = 5.0
LINE_BYTES_MAX = 1024 * 1024
SLIPS_SHOWN = 200


class DevicesSilent(ConnectionError):
    """The devices did not answer; they may be starting or gone."""


class Devices:
    """The devices program that runs in `folder`. dispensers: names of those for medicine."""

    def __init__(self, folder: Path, dispensers: Sequence[str] = ()) -> None:
        self.folder = folder
        self.dispensers = tuple(dispensers)
        self.socket = folder / "control.sock"

    async def do(self, what: str, /, **values: object) -> dict[str, Any]:
        """Ask one thing, e.g. ``do("press", button=1)``, and give its answer.

        Raises DevicesSilent when nobody answers, ValueError when they refuse what was asked.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(str(self.socket), limit=LINE_BYTES_MAX)
                try:
                    writer.write(json.dumps({"do": what, **values}).encode() + b"\n")
                    await writer.drain()
                    line = await reader.readline()
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError) as error:
            raise DevicesSilent(f"the devices in {self.folder} do not answer: {error}") from error
        if not line:
            raise DevicesSilent(f"the devices in {self.folder} closed the line")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise ValueError(f"the devices do not know how to {what}: {answer['error']}")
        return answer

    def slips(self) -> list[dict[str, Any]]:
        """What the printer put out, oldest first; at most the last SLIPS_SHOWN."""
        return _lines(self.folder / "slips.jsonl")

    def slips_printed(self) -> int:
        """How many slips the printer has put out since this folder was made."""
        kept = self.folder / "slips.jsonl"
        return kept.read_bytes().count(b"\n") if kept.exists() else 0

    def said(self) -> list[dict[str, Any]]:
        """What the loudspeaker was heard to say, oldest first; at most the last SLIPS_SHOWN."""
        return _lines(self.folder / "said.jsonl")

    def announced(self, dispenser: str) -> list[dict[str, Any]]:
        """What a dispenser announced, oldest first; at most the last SLIPS_SHOWN."""
        return _lines(self.folder / f"{dispenser}.jsonl")

    def speaker_port(self) -> int | None:
        """The loudspeaker's TCP port; None until the devices are up."""
        told = self.folder / "speaker.port"
        text = told.read_text().strip() if told.exists() else ""
        return int(text) if text else None

    def forget(self) -> None:
        """Remove what devices that were killed left lying, so that `ready` speaks of the next ones."""
        for name in ("board", "printer", "control.sock", "speaker.port", *self.dispensers):
            (self.folder / name).unlink(missing_ok=True)

    async def ready(self) -> bool:
        """Whether board, printer, loudspeaker, dispensers and control socket are all there."""
        there = all((self.folder / name).exists() for name in ("board", "printer", "control.sock", *self.dispensers))
        return there and self.speaker_port() is not None


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]  # the last piece is empty, or a line that is still being written
    return [json.loads(line) for line in lines[-SLIPS_SHOWN:]]
