"""What the control socket can do to a dispenser: what hands, voices, batteries and power do. See README.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from firmware_sim.control import BadRequest
from firmware_sim.dispenser_shell import Device
from firmware_sim.microphone import Room, UnfitFile, recorded

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
Verb = Callable[[Device, dict[str, Any]], dict[str, Any]]


def _number(request: dict[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    value = request.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise BadRequest(f"{name} is {low:g} to {high:g}")
    return float(value)


def _compartment(request: dict[str, Any]) -> str:
    return str(int(_number(request, "compartment", 1, 64)))


def press(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The button."""
    return device.firmware.press(*device.now())


def skip(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The panel's "not this time"."""
    return device.firmware.skip(*device.now(), str(request.get("reason", "")))


def snooze(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The panel's "later"."""
    return device.firmware.snooze(*device.now(), int(_number(request, "minutes", 1, 240, 10)))


def lid(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The lid."""
    if request.get("state") not in ("open", "closed"):
        raise BadRequest("state is one of open, closed")
    return device.firmware.lid(request["state"] == "open", *device.now())


def take(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """A hand takes units out of a compartment."""
    return device.firmware.take(_compartment(request), _number(request, "units", 0.1, 100, 1), *device.now())


def refill(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """A hand puts units in."""
    return device.firmware.refill(_compartment(request), _number(request, "units", 0.1, 10_000), *device.now())


def battery(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The battery is at `percent`."""
    device.firmware.charge(_number(request, "percent", 0, 100), *device.now())
    return {}


def travel(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The device is carried to another time zone."""
    zone = request.get("zone")
    if zone not in available_timezones():
        raise BadRequest("zone is an IANA name, e.g. Africa/Nairobi")
    device.firmware.travel(zone, *device.now())
    return {}


def silence(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """The device works, and nobody hears it."""
    device.firmware.silent = request.get("on", True) is not False
    return {}


def sound(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """Its loudspeaker."""
    if request.get("state") not in ("ok", "broken"):
        raise BadRequest("state is one of ok, broken")
    device.firmware.broken_speaker = request["state"] == "broken"
    return {}


def claim(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """Type a claim code into the device."""
    code = request.get("code")
    if not isinstance(code, str) or not 4 <= len(code) <= 40:
        raise BadRequest("code is the claim code")
    device.firmware.memory.claim_code = code
    device.firmware.memory.save()
    return {}


def power(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """Its power; power-up is a new boot."""
    state = request.get("state")
    if state not in ("on", "off", "cycle"):
        raise BadRequest("state is one of on, off, cycle")
    if state != "on":
        device.power(False)
    if state != "off":
        device.power(True)
    return {"boot_id": device.firmware.boot_id}


def _played(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size > FILE_BYTES_MAX:
        raise BadRequest("file is a WAV file")
    return path.read_bytes()


async def say(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    """Somebody says what is in a WAV file into the microphone."""
    played = await asyncio.to_thread(_played, Path(str(request.get("file", ""))))
    noise_db = request.get("noise_db")
    room = Room(_number(request, "gain_db", -60, 40, 0), None if noise_db is None else float(noise_db))
    try:
        wav = await asyncio.to_thread(recorded, played, room, int(request.get("seed", 0)))
    except UnfitFile as error:
        raise BadRequest(str(error)) from error
    language, purpose = request.get("language", "en"), request.get("purpose", "command")
    if language not in ("en", "hi", "es", "ar") or purpose not in ("command", "note"):
        raise BadRequest("language is en, hi, es or ar; purpose is command or note")
    return device.firmware.say(wav, language, purpose, *device.now())


VERBS: Final[dict[str, Verb]] = {
    "press": press, "skip": skip, "snooze": snooze, "lid": lid, "take": take, "refill": refill, "battery": battery,
    "travel": travel, "silence": silence, "sound": sound, "claim": claim, "power": power,
}  # fmt: skip
NEEDS_POWER: Final = frozenset(("press", "skip", "snooze", "lid", "take", "refill", "say"))


async def do(devices: dict[str, Device], verb: str, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a request about the dispenser it names. Raises BadRequest."""
    name = request.get("dispenser", next(iter(devices), None))
    if name not in devices:
        raise BadRequest(f"dispenser is one of {', '.join(devices) or 'none: start the program with --dispenser'}")
    device = devices[name]
    if verb in NEEDS_POWER and not device.on:
        return {"counted": False, "dark": True}
    return await say(device, request) if verb == "say" else VERBS[verb](device, request)
