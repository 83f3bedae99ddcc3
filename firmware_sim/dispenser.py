"""A medicine dispenser: compartments on scales, a lid, a lamp, a button, a loudspeaker, a microphone, a battery.

The firmware is a state machine: what hands do, what the edge says and two clocks in; messages, sounds and a lamp out. It
keeps its schedule of 14 days and announces a dose by itself when the edge does not; it numbers what happens and sends it
until that is acknowledged. A message is a dict with `t` (`shared/device_messages.py`); how it travels is the shell's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from firmware_sim.dispenser_body import EDGE_AWAY_MS, Body, Saying, Sound
from shared import device_tokens
from shared.clock import to_ms
from shared.device_messages import EVENTS_IN_MESSAGE, SOUND_BYTES

FIRMWARE: Final = "sim-dispenser-1"
HELLO_MS, RESEND_MS, BEAT_MS = 2_000, 1_000, 15_000
"""Real ms between two hellos while nobody answers, two sendings of the same thing, and two heartbeats."""
EDGE_FIRST_MS: Final = 20_000
"""Domain ms after a dose is due that the device leaves to an edge it hears."""
REPEATS_MIN: Final = (5, 15, 30, 45, 60, 75, 90, 105, 120)
"""Minutes after a dose is due at which the device, alone, says it again, until it no longer counts as on time."""
LOW_BATTERY: Final = 15.0
SOUNDS_MAX: Final = 8
"""Recordings that wait to be sent; a further one is not recorded, and the lamp says so."""
GRAMS_A_UNIT: Final = 0.5
GAPS_BEFORE_NEW_BOOT: Final = 3


@dataclass(slots=True)
class Dispenser(Body):
    """One device: hands and messages in, messages and sounds out."""

    # What hands do.

    def press(self, now_ms: int, at_ms: int) -> dict[str, Any]:
        """The button: an answer to what was announced, else a press that means nothing to a dose."""
        doses = [dose for dose in self.open_doses if dose not in self.memory.answered]
        if not doses:
            return self._event("button", now_ms, at_ms)
        return self._answer(doses, "taken", now_ms, at_ms, source="button")

    def skip(self, now_ms: int, at_ms: int, reason: str = "") -> dict[str, Any]:
        """The panel's "not this time"."""
        return self._answer(list(self.open_doses), "skipped", now_ms, at_ms, reason=reason)

    def snooze(self, now_ms: int, at_ms: int, minutes: int = 10) -> dict[str, Any]:
        """The panel's "later"."""
        return self._answer(list(self.open_doses), "snoozed", now_ms, at_ms, minutes=minutes)

    def lid(self, is_open: bool, now_ms: int, at_ms: int) -> dict[str, Any]:
        """Open or close the lid; when it closes, what was taken out meanwhile answers its dose."""
        if is_open == self.lid_open:
            return {"counted": False}
        self.lid_open = is_open
        answer = self._event("lid_open" if is_open else "lid_close", now_ms, at_ms)
        if not is_open:
            taken, self._taken_out = self._taken_out, {}
            for compartment, units in taken.items():
                dose = self._dose_in(compartment)
                if dose is not None:
                    answer = self._answer([dose], "taken", now_ms, at_ms, source="weight", quantity=units)
        return answer

    def take(self, compartment: str, units: float, now_ms: int, at_ms: int) -> dict[str, Any]:
        """Take units out of a compartment: its scale shows less."""
        have = self.memory.stock.get(compartment, 0.0)
        units = min(units, have)
        if units <= 0:
            return {"counted": False, "empty": True}
        self.memory.stock[compartment] = round(have - units, 3)
        self._taken_out[compartment] = self._taken_out.get(compartment, 0.0) + units
        grams = round(-units * GRAMS_A_UNIT, 3)
        data = {"compartment": compartment, "grams": grams, "units": self.memory.stock[compartment]}
        return self._event("weight", now_ms, at_ms, occurrence_id=self._dose_in(compartment), data=data)

    def refill(self, compartment: str, units: float, now_ms: int, at_ms: int) -> dict[str, Any]:
        """Put units in."""
        self.memory.stock[compartment] = round(self.memory.stock.get(compartment, 0.0) + units, 3)
        data = {"compartment": compartment, "units": self.memory.stock[compartment]}
        return self._event("refilled", now_ms, at_ms, data=data)

    def charge(self, percent: float, now_ms: int, at_ms: int) -> None:
        """The battery is at so many percent."""
        low = self.battery >= LOW_BATTERY > percent
        self.battery = percent
        if low:
            self._event("low_battery", now_ms, at_ms, data={"battery": percent})

    def say(self, wav: bytes, language: str, purpose: str, now_ms: int, at_ms: int) -> dict[str, Any]:
        """Somebody spoke into the microphone; the recording is sent until it is kept."""
        if len(self.sounds) >= SOUNDS_MAX:
            return {"counted": False, "full": True}
        sha256 = hashlib.sha256(wav).hexdigest()
        counted = self._event("voice", now_ms, at_ms, data={"sha256": sha256, "bytes": len(wav)})
        voice = {"sha256": sha256, "recorded_at": now_ms if self.knows_time else None, "boot_id": self.boot_id,
                 "device_seq": counted["number"], "language": language, "purpose": purpose}  # fmt: skip
        self.sounds.append(Sound(sha256, wav, voice))
        return {**counted, "sha256": sha256}

    def travel(self, zone: str, now_ms: int, at_ms: int) -> None:
        """It is carried to another time zone, which its radio or its owner tells it."""
        self.memory.zone = zone
        self.memory.save()
        if self._welcome:
            self._tell_zone(now_ms, at_ms)

    def _tell_zone(self, now_ms: int, at_ms: int) -> None:
        if self._event("clock_set", now_ms, at_ms, data={"timezone": self.memory.zone})["counted"]:
            self.memory.zone_told = self.memory.zone
            self.memory.save()

    # What the edge says.

    def receive(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        """A message from the edge."""
        if self.silent:
            return
        self._heard_edge_ms = at_ms
        handler = _HEARS.get(message.get("t", ""))
        if handler is not None:
            handler(self, message, now_ms, at_ms)

    def _on_welcome(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        self._welcome = True
        self._next_beat_ms = self._next_events_ms = at_ms
        knew_time, self.knows_time = self.knows_time, True
        if self.seq == 0 and knew_time:
            self._event("boot", now_ms, at_ms, data={"firmware": FIRMWARE, "lost": self.memory.lost})
        if not knew_time or self.memory.zone_told != self.memory.zone:
            self._tell_zone(now_ms, at_ms)

    def _on_who(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        self._welcome = False
        self._next_hello_ms = at_ms + HELLO_MS
        server_s = to_ms(datetime.fromisoformat(message["server_time"])) / 1000
        self._ahead_s = server_s - self._own_s()

    def _on_claimed(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        self.memory.device_id, self.memory.claim_code = message["device_id"], None
        self.memory.save()
        self._next_hello_ms = at_ms

    def _on_kept(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        answer = message["answer"]
        done = self.memory.acknowledged(answer["upto"])
        self.acknowledged += done
        for result in answer["results"]:
            self.refused += result["outcome"] == "refused"
            self.duplicates += result["outcome"] == "duplicate"
        self._gaps = 0 if done or not self.memory.events else self._gaps + 1
        if self._gaps >= GAPS_BEFORE_NEW_BOOT:
            self._renumber()
        self.memory.save()
        self._next_events_ms = at_ms

    def _on_beat(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        for command in message["answer"].get("commands", []):
            self.receive(command, now_ms, at_ms)

    def _on_schedule(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        schedule = message["schedule"]
        self.memory.new_schedule(schedule["doses"], message["etag"], schedule["plan_revision"])
        over = {d["occurrence_id"] for d in schedule["doses"] if d["status"] not in ("PLANNED", "ANNOUNCED", "SNOOZED")}
        known = {dose["occurrence_id"] for dose in self.memory.doses}
        for dose in over & self.open_doses.keys():
            self.memory.answered.setdefault(dose, "over")
        self.open_doses = {dose: at for dose, at in self.open_doses.items() if dose in known and dose not in over}
        self.memory.save()

    def _on_announce(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        if not self.memory.know(message["id"]):
            return  # it was said, or is being said: at most once
        self.memory.save()
        doses = [dose for dose in message["occurrence_ids"] if dose not in self.memory.answered]
        first = message.get("rung", 1) <= 1
        if first:
            doses = [dose for dose in doses if dose not in self.memory.said]
        if not doses and message["occurrence_ids"]:
            self._out.append(_said(message["id"], True, "announced already"))
        elif message["expires_ms"] <= now_ms:
            self._out.append(_said(message["id"], False, "too late"))
        else:
            self._queue(message["id"], doses, message["text"], message.get("rung", 1), message.get("clip"))

    def _on_clip(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        if hashlib.sha256(base64.b64decode(message["data"])).hexdigest() == message["sha256"]:
            self.memory.keep_clip(message["sha256"], message["data"])
            self.memory.save()

    def _on_stop(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        for dose in message["occurrence_ids"]:
            self.memory.answered.setdefault(dose, message["status"])
            self.open_doses.pop(dose, None)
        self.memory.save()

    def _on_sound_at(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        if self.sounds and self.sounds[0].sha256 == message["sha256"]:
            self._sound_at = message["offset"]
            self._next_sound_ms = at_ms

    def _on_heard(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        answer = message["answer"]
        if self.sounds and self.sounds[0].sha256 == answer["sha256"]:
            self._sound_done(answer)

    def _on_refused(self, message: dict[str, Any], now_ms: int, at_ms: int) -> None:
        if self.sounds and self.sounds[0].sha256 == message["what"]:
            self._sound_done(message)

    def _sound_done(self, answer: dict[str, Any]) -> None:
        self.heard = [*self.heard[-19:], answer]
        self.sounds.popleft()
        self._sound_at = None

    # What time brings.

    def tick(self, now_ms: int, at_ms: int) -> list[dict[str, Any]]:
        """Do what is due; messages to send."""
        self._announce_alone(now_ms, at_ms)
        self._go_on_saying(now_ms, at_ms)
        out, self._out = self._out, []
        out += self._protocol(at_ms)
        return [] if self.silent else out

    @property
    def lamp(self) -> str:
        """What the lamp shows: "blink" while a dose waits for an answer, "fault" when events were lost."""
        if any(dose not in self.memory.answered for dose in self.open_doses):
            return "blink"
        return "fault" if self.memory.lost else "off"

    def edge_is_away(self, at_ms: int) -> bool:
        """Whether the device is on its own."""
        return not self._welcome or at_ms - self._heard_edge_ms >= EDGE_AWAY_MS

    def _announce_alone(self, now_ms: int, at_ms: int) -> None:
        if not self.knows_time:
            return
        away = self.edge_is_away(at_ms)
        due: list[dict[str, Any]] = []
        for dose in self.memory.doses:
            occurrence, said = dose["occurrence_id"], self.memory.said.get(dose["occurrence_id"], [])
            if occurrence in self.memory.answered or dose["status"] not in ("PLANNED", "ANNOUNCED", "SNOOZED"):
                continue
            due_ms, until_ms, miss_ms = (_ms(dose[name]) for name in ("due_at_utc", "on_time_until", "miss_at"))
            if not due_ms <= now_ms < miss_ms or self._is_queued(occurrence):
                continue
            if not said and dose["status"] == "PLANNED":
                if away or now_ms >= due_ms + EDGE_FIRST_MS:
                    due.append(dose)
            elif (
                away
                and now_ms <= until_ms
                and any(
                    due_ms + m * 60_000 <= now_ms and (not said or said[-1] < due_ms + m * 60_000) for m in REPEATS_MIN
                )
            ):
                due.append(dose)
        if due:
            text = ". ".join(f"{d['medication']}: {d['quantity']:g} {d['unit']}" for d in due)
            rung = 2 if any(self.memory.said.get(d["occurrence_id"]) for d in due) else 1
            self._queue(None, [d["occurrence_id"] for d in due], text, rung, None)

    def _is_queued(self, occurrence: str) -> bool:
        sayings = [*self._to_say, *([self._saying] if self._saying else [])]
        return any(occurrence in saying.doses for saying in sayings)

    def _queue(self, announcement_id: str | None, doses: list[str], text: str, rung: int, clip: str | None) -> None:
        self._to_say.append(Saying(announcement_id, doses, text, rung, clip, 0, 0))

    def _go_on_saying(self, now_ms: int, at_ms: int) -> None:
        if self._saying is not None and now_ms >= self._saying.ends_ms:
            self._said_it(self._saying, now_ms)
            self._saying = None
        if self._saying is None and self._to_say:
            saying = self._saying = self._to_say.popleft()
            data = self.memory.clips.get(saying.clip or "")
            saying.begins_ms = now_ms
            saying.ends_ms = now_ms + (self.lasts_ms(base64.b64decode(data)) if data else 2_000)
            for dose in saying.doses:
                self.open_doses[dose] = now_ms
                self.memory.said.setdefault(dose, []).append(now_ms)
                if saying.id is None and not self.broken_speaker:  # what the edge asked for, it hears of by `said`
                    self._event("announced", now_ms, at_ms, occurrence_id=dose, data={"rung": saying.rung})
            self.memory.save()

    def _said_it(self, saying: Saying, now_ms: int) -> None:
        ok = not self.broken_speaker
        self.told({"start_ms": saying.begins_ms, "end_ms": now_ms, "by": "edge" if saying.id else "device", "id": saying.id,
                   "occurrence_ids": saying.doses, "text": saying.text, "rung": saying.rung, "clip": saying.clip,
                   "had_clip": (saying.clip or "") in self.memory.clips, "ok": ok})  # fmt: skip
        if saying.id is not None:
            self._out.append(_said(saying.id, ok, "" if ok else "speaker"))

    # The protocol: one thing of each kind under way.

    def _protocol(self, at_ms: int) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        if self.edge_is_away(at_ms):
            self._welcome = False
        if not self._welcome:
            if at_ms >= self._next_hello_ms:
                self._next_hello_ms = at_ms + HELLO_MS
                out += self._greeting()
            return out
        if self.memory.events and at_ms >= self._next_events_ms:
            self._next_events_ms = at_ms + RESEND_MS
            out.append({"t": "events", "events": self.memory.oldest(EVENTS_IN_MESSAGE), "sent_mono_ms": at_ms})
        if at_ms >= self._next_beat_ms:
            self._next_beat_ms = at_ms + BEAT_MS
            out.append({"t": "beat", "beat": self.beat(at_ms), "etag": self.memory.etag})
        if self.sounds and at_ms >= self._next_sound_ms:
            self._next_sound_ms = at_ms + RESEND_MS
            out.append(self._piece())
        return out

    def _greeting(self) -> list[dict[str, Any]]:
        if not self.memory.key_pem:
            self.memory.key_pem = device_tokens.new_key()
            self.memory.save()
        if self.memory.device_id is None:
            if self.memory.claim_code is None:
                return []
            public = device_tokens.public_of(self.memory.key_pem)
            return [{"t": "claim", "claim_code": self.memory.claim_code, "public_key_pem": public}]
        return [{"t": "hello", "device_id": self.memory.device_id, "token": self.token(), "boot_id": self.boot_id,
                 "firmware": FIRMWARE, "etag": self.memory.etag}]  # fmt: skip

    def _piece(self) -> dict[str, Any]:
        sound = self.sounds[0]
        if self._sound_at == len(sound.data):
            return {"t": "voice", "voice": sound.voice}
        at = self._sound_at or 0
        data = b"" if self._sound_at is None else sound.data[at : at + SOUND_BYTES]
        return {"t": "sound", "sha256": sound.sha256, "offset": at, "total": len(sound.data),
                "data": base64.b64encode(data).decode()}  # fmt: skip

    def beat(self, at_ms: int) -> dict[str, Any]:
        """How it is, as a heartbeat says it."""
        faults = [*(["speaker"] if self.broken_speaker else []), *(["events_lost"] if self.memory.lost else [])]
        faults += ["low_battery"] if self.battery < LOW_BATTERY else []
        return {"boot_id": self.boot_id, "mono_ms": at_ms, "battery": self.battery, "firmware": FIRMWARE,
                "stock": self.memory.stock, "faults": faults}  # fmt: skip

    def token(self, message: dict[str, Any] | None = None) -> str:
        """A token of this device, with a message inside where one is given."""
        assert self.memory.device_id is not None
        now_s = self._own_s() + self._ahead_s
        return device_tokens.sign(self.memory.key_pem, self.memory.device_id, now_s=now_s, message=message)

    def status(self, at_ms: int) -> dict[str, Any]:
        """For people and checks."""
        return {
            "device_id": self.memory.device_id, "boot_id": self.boot_id, "welcome": self._welcome, "lamp": self.lamp,
            "doses": len(self.memory.doses), "open": sorted(self.open_doses), "waiting": len(self.memory.events),
            "acknowledged": self.acknowledged, "refused": self.refused, "duplicates": self.duplicates,
            "lost": self.memory.lost, "battery": self.battery, "lid_open": self.lid_open, "stock": self.memory.stock,
            "alone": self.edge_is_away(at_ms), "silent": self.silent, "sounds": len(self.sounds), "heard": self.heard,
        }  # fmt: skip


def _said(announcement_id: str, ok: bool, reason: str) -> dict[str, Any]:
    return {"t": "said", "announcement_id": announcement_id, "ok": ok, "reason": reason}


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


_HEARS: Final[dict[str, Callable[[Dispenser, dict[str, Any], int, int], None]]] = {
    "welcome": Dispenser._on_welcome, "who": Dispenser._on_who, "claimed": Dispenser._on_claimed,
    "kept": Dispenser._on_kept, "beat": Dispenser._on_beat, "schedule": Dispenser._on_schedule,
    "announce": Dispenser._on_announce, "clip": Dispenser._on_clip, "stop": Dispenser._on_stop,
    "sound_at": Dispenser._on_sound_at, "heard": Dispenser._on_heard, "refused": Dispenser._on_refused,
}  # fmt: skip
