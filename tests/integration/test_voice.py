"""Somebody speaks to a device: generated speech with seeded noise through the real decoders, to doses and alerts."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.app.ports import Busy, DeviceError, Offline
from edge.app.voice_notes import SaidNote
from edge.domain.care_commands import RegisterNote
from edge.domain.utterances import AS_NEEDED, CRITICAL, Intent
from edge.voice.heard import Ask, Heard
from edge.voice.hearing import Hearing
from edge.voice.listener import LATE_S, Listener
from edge.voice.sound import UnfitSound
from tests.benchmarks.voice import Ears, Spoken, outcome, unrelated
from tests.care import Care, at, care
from tests.speech import MANNERS, RATE, VOICES, noise_alone, noisy, said
from tests.speech_words import PHRASES

SEED = 20261129


@pytest.fixture(scope="module")
def ears() -> Ears:
    """Both decoders, in this process."""
    return Ears()


def heard(ears: Ears, words: str, voice: str = "slt", snr_db: float | None = None) -> Heard:
    return ears.hear(noisy(said(words, voice), snr_db, words))


# --- what is heard -----------------------------------------------------------------------------------------------------


def test_unrelated_speech_never_counts_as_a_medicine_taken(ears: Ears) -> None:
    some = random.Random(SEED).sample(unrelated(), 28)
    near = [Spoken(words, "", voice, MANNERS[0]) for voice in ("slt", "awb") for words in _NEAR]
    for one in some + near:
        found = ears.hear(said(one.words, one.voice, one.manner))
        assert outcome(found, "")["false taken"] == 0, (one, found)


_NEAR = ("I never took my medicine", "I took my umbrella", "I took my time", "she took my picture", "health", "kelp")


def test_i_never_took_my_medicine_is_heard_as_not_taken(ears: Ears) -> None:
    for voice in VOICES:
        assert heard(ears, "I never took my medicine", voice).act is Intent.NOT_TAKEN


def test_a_cry_for_help_or_a_red_flag_is_caught_in_every_voice(ears: Ears) -> None:
    for words, act in PHRASES:
        if act in CRITICAL:
            for voice in VOICES:
                found = heard(ears, words, voice)
                assert found.critical, (words, voice, found)
                assert found.asks is Ask.HELP


def test_commands_are_done_right_or_asked_about_and_never_done_wrongly(ears: Ears) -> None:
    total = sum(
        (outcome(heard(ears, words, VOICES[number % 4]), act) for number, (words, act) in enumerate(PHRASES)), _NONE
    )
    assert total["wrong"] == 0
    assert total["right"] >= len(PHRASES) * 0.86  # care.md §3: 581 of 672


_NONE = outcome(Heard("", Intent.UNKNOWN, False, None, 0.0), "") - outcome(
    Heard("", Intent.UNKNOWN, False, None, 0.0), ""
)


def test_in_loud_noise_nothing_is_done_and_the_button_is_asked_for(ears: Ears) -> None:
    for words, act in PHRASES[::4]:
        found = heard(ears, words, "rms", 10.0)
        if not found.critical and not found.silent:
            assert found.asks is Ask.PRESS_BUTTON, (words, act, found)
            assert found.snr_db is not None
            assert found.snr_db < 15


def test_the_noise_that_is_measured_is_the_noise_there_is(ears: Ears) -> None:
    for snr_db in (10.0, 15.0, 20.0):
        measured = [heard(ears, words, "rms", snr_db).snr_db for words in ("I took my medicine", "I have chest pain")]
        assert all(one is not None and snr_db - 3 <= one <= snr_db + 1 for one in measured), measured


def test_silence_and_noise_alone_are_nobody_speaking(ears: Ears) -> None:
    assert ears.hear(bytes(2 * RATE)).silent
    assert ears.hear(noise_alone(3.0, 300.0, "room")).silent


def test_what_was_said_before_changes_nothing_about_what_is_heard_now(ears: Ears) -> None:
    first = heard(ears, "skip this dose", "awb", 20.0)
    heard(ears, "I have chest pain", "slt", 12.0)
    assert heard(ears, "skip this dose", "awb", 20.0) == first


# --- the decoders' process ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def hearing(**how: object) -> AsyncIterator[Hearing]:
    one = Hearing(**how)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        await one.stop()


async def test_a_recording_is_heard_in_a_process_of_its_own_that_starts_when_needed() -> None:
    async with hearing() as ear:
        assert ear.child_pid is None
        found = await ear.hear(said("I took my medicine", "rms"), RATE, "en")
        assert (found.act, found.agreed, found.asks) == (Intent.TAKEN, True, None)
        assert ear.child_pid is not None


@pytest.mark.parametrize("language", ["hi", "es", "ar"])
async def test_a_language_without_decoder_is_a_note_and_the_button(language: str) -> None:
    async with hearing() as ear:
        found = await ear.hear(said("I took my medicine", "rms"), RATE, language)
        assert (found.act, found.asks) == (Intent.UNKNOWN, Ask.PRESS_BUTTON)
        assert found.speech_s > 0.5


async def test_more_recordings_than_may_wait_are_refused_at_once_and_those_before_are_heard() -> None:
    async with hearing(waiting_max=2) as ear:
        sound = said("yes", "rms")
        waiting = [asyncio.create_task(ear.hear(sound, RATE, "en")) for _ in range(2)]
        while ear.waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await ear.hear(sound, RATE, "en")
        assert "button" in refused.value.hint
        assert ear.refused == 1
        assert [(await one).speech_s > 0 for one in waiting] == [True, True]
        assert (await ear.hear(sound, RATE, "en")).speech_s > 0


async def test_a_sound_no_decoder_takes_is_said_to_be_one() -> None:
    async with hearing() as ear:
        for pcm, rate in ((bytes(3), RATE), (bytes(200), 4_000), (bytes(200), 96_000), (bytes(120 * 96_000 + 2), RATE)):
            with pytest.raises(UnfitSound):
                await ear.hear(pcm, rate, "en")
        assert (await ear.hear(bytes(3200), RATE, "en")).silent


async def test_decoders_that_die_fail_one_recording_and_are_started_again() -> None:
    async with hearing(program=(sys.executable, "-c", "import sys; sys.stdin.buffer.read(4)")) as broken:
        with pytest.raises(DeviceError, match="ended"):
            await broken.hear(said("yes", "rms"), RATE, "en")
        assert broken.child_pid is None
    async with hearing(program=("/nowhere/python",)) as absent:
        with pytest.raises(DeviceError, match="cannot start"):
            await absent.hear(said("yes", "rms"), RATE, "en")


async def test_decoders_that_do_not_answer_are_given_up_after_their_time() -> None:
    async with hearing(program=(sys.executable, "-c", "import sys; sys.stdin.buffer.read()"), hear_s_max=0.5) as stuck:
        with pytest.raises(DeviceError, match="longer"):
            await stuck.hear(said("yes", "rms"), RATE, "en")
        assert stuck.child_pid is None


async def test_decoders_nobody_needs_give_their_memory_back() -> None:
    async with hearing(idle_s=0.05) as ear:
        await ear.hear(bytes(3200), RATE, "en")
        async with asyncio.timeout(10):
            while ear.child_pid is not None:
                await asyncio.sleep(0.01)
        assert (await ear.hear(bytes(3200), RATE, "en")).silent


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
async def test_other_sample_rates_are_heard_as_well(rate: int, ears: Ears) -> None:
    sound = _at_rate(said("I have chest pain", "rms"), rate)
    async with hearing() as ear:
        assert (await ear.hear(sound, rate, "en")).critical


def _at_rate(pcm: bytes, rate: int) -> bytes:
    import subprocess

    raw = ["-t", "raw", "-b", "16", "-e", "signed", "-c", "1"]
    words = ["sox", "-D", *raw, "-r", str(RATE), "-", *raw, "-r", str(rate), "-"]
    return subprocess.run(words, input=pcm, capture_output=True, check=True).stdout


# --- from a voice to a dose --------------------------------------------------------------------------------------------


@dataclass
class Home:
    """Ana, her dispenser, and who listens to her."""

    patient: Care
    device_id: str
    ears: Ears
    listener: Listener
    numbers: Iterator[int]

    async def speak(self, words: str, voice: str = "rms", snr_db: float | None = None, ago_s: float = 0.0) -> Heard:
        """Say something: the note is kept, then heard, then answered."""
        return await self.give(heard(self.ears, words, voice, snr_db), ago_s)

    async def give(self, found: Heard | None, ago_s: float = 0.0) -> Heard:
        """A recording that was heard so."""
        recorded_ms = self.patient.now_ms - int(ago_s * 1000)
        number = next(self.numbers)
        kept = await self.patient.it.accepted(
            RegisterNote, note_id=f"note-{number}", recorded_ms=recorded_ms, sha256="0" * 64, bytes=1, seconds=1.0,
            media_type="audio/wav", language="en", purpose="command", device_id=self.device_id,
            boot_id="00000000000000b1", device_seq=number, heard=None if found is None else found.record(),
        )  # fmt: skip
        note = SaidNote(kept["note_id"], self.patient.person_id, self.device_id, "en", recorded_ms)
        await self.listener.answer(note, found)
        return found or Heard("", Intent.UNKNOWN, False, None, 0.0)

    def statuses(self) -> dict[str, str]:
        """Medicine -> status, of today's doses whose time has come."""
        query = "select medication, status from doses where window_open <= ? and miss_at > ?"
        return dict(self.patient.it.rows(query, self.patient.now_ms, self.patient.now_ms))

    def alerts(self) -> list[tuple[str, str]]:
        """Topic and note of every alert."""
        return list(self.patient.it.rows("select topic, note_id from care_alerts order by raised_at"))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.01)

    async def hears(self, text: str) -> None:
        """Wait until the device has said this."""
        await self.until(lambda: any(one.text == text for one in self.patient.devices.told))


@asynccontextmanager
async def home(folder: Path, ears: Ears, *items: dict[str, object]) -> AsyncIterator[Home]:
    async with care(folder, "2026-11-20T08:00") as patient:
        await patient.plan(*(items or ({"medication": "metformin", "times": ["08:00"]},)))
        device_id = await patient.device()
        await patient.look()
        patient.devices.told.clear()
        await patient.to("2026-11-20T08:05")
        patient.devices.told.clear()
        it = patient.it
        listener = Listener(it.dispatcher, it.store.reader, it.store.clock, ZoneInfo("UTC"), patient.devices)
        try:
            yield Home(patient, device_id, ears, listener, count(1))
        finally:
            await listener.close()


async def test_a_medicine_taken_by_voice_is_read_back_and_kept_after_yes(tmp_path: Path, ears: Ears) -> None:
    insulin = {"medication": "insulin", "times": ["08:00"], "policy_class": "TIME_CRITICAL"}
    async with home(tmp_path, ears, insulin) as it:
        await it.speak("I took my medicine")
        await it.hears("You took 1 insulin at 8:05, yes?")
        assert it.statuses() == {"insulin": "ANNOUNCED"}
        await it.speak("yes I did")
        assert it.statuses() == {"insulin": "ON_TIME"}
        await it.hears("Noted: 1 insulin taken at 8:05. Thank you.")
        events = it.patient.it.rows("select act, source, at, note_id from dose_events where act = 'taken'")
        assert events == [("taken", "voice", at("2026-11-20T08:05"), "note-2")]


async def test_a_no_to_the_read_back_keeps_nothing(tmp_path: Path, ears: Ears) -> None:
    insulin = {"medication": "insulin", "times": ["08:00"], "policy_class": "TIME_CRITICAL"}
    async with home(tmp_path, ears, insulin) as it:
        await it.speak("I took my medicine")
        await it.speak("no I did not")
        await it.hears("All right. Nothing was noted.")
        assert it.statuses() == {"insulin": "ANNOUNCED"}


async def test_a_medicine_as_needed_is_asked_for_by_voice_and_the_next_is_told_not_before_when(
    tmp_path: Path, ears: Ears
) -> None:
    pain = {"id": "p", "medication": "paracetamol", "as_needed": True, "limits": {"min_gap_min": 240}}
    async with home(tmp_path, ears, {"medication": "metformin", "times": ["08:00"]}, pain) as it:
        await it.speak("I need my pain medicine")
        await it.hears("You may take 1 paracetamol now. Are you taking it, yes?")
        assert it.patient.it.rows("select 1 from dose_events where act = 'taken'") == []
        await it.speak("yes please")
        await it.hears("Noted: 1 paracetamol taken at 8:05. Thank you.")
        taken = "select item_id, act, source, at from dose_events where act = 'taken'"
        assert it.patient.it.rows(taken) == [("p", "taken", "voice", at("2026-11-20T08:05"))]
        assert it.statuses()["metformin"] == "ANNOUNCED", "the dose that is due was not meant"
        await it.speak("can I take my pain medicine now")
        await it.hears("Not before 12:05: 1 paracetamol. If you need help now, say help.")
        await it.speak("I took my pain medicine")
        await it.hears("1 paracetamol was not to be taken before 12:05. Did you take it already, yes?")
        assert len(it.patient.it.rows(taken)) == 1
        await it.speak("yes I did")
        assert len(it.patient.it.rows(taken)) == 2
        assert [one[0] for one in it.patient.alerts("topic = 'dose_limit'")] == ["dose_limit"]


def test_a_medicine_as_needed_is_never_heard_as_the_dose_that_is_due_and_no_dose_as_it(ears: Ears) -> None:
    for voice in VOICES:
        for words in ("I took my pain medicine", "I need my pain medicine", "I need something for the pain"):
            found = heard(ears, words, voice)
            assert found.act not in (Intent.TAKEN, Intent.TAKEN_ALL, Intent.SKIP), (words, voice, found)
        for words in ("I took my medicine", "I took my pills", "I have taken my medicine"):
            found = heard(ears, words, voice)
            assert found.act not in AS_NEEDED, (words, voice, found)


async def test_two_decoders_that_agree_on_the_only_open_dose_keep_it(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        found = await it.speak("I took my medicine")
        assert found.agreed
        assert it.statuses() == {"metformin": "ON_TIME"}


async def test_between_two_open_doses_the_person_chooses(tmp_path: Path, ears: Ears) -> None:
    async with home(
        tmp_path, ears, {"medication": "aspirin", "times": ["08:00"]}, {"medication": "metformin", "times": ["08:00"]}
    ) as it:
        await it.speak("I took my medicine")
        await it.hears("Which one do you mean? Number 1: 1 aspirin. Number 2: 1 metformin. Say the number.")
        assert it.statuses() == {"aspirin": "ANNOUNCED", "metformin": "ANNOUNCED"}
        await it.speak("number two")
        await it.speak("yes I did")
        assert it.statuses() == {"aspirin": "ANNOUNCED", "metformin": "ON_TIME"}


async def test_i_never_took_my_medicine_and_talk_beside_the_device_change_no_dose(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        for words in ("I never took my medicine", "I took my umbrella", "the weather is nice today", "health"):
            await it.speak(words)
        assert it.statuses() == {"metformin": "ANNOUNCED"}


async def test_a_snooze_by_voice_brings_the_announcement_back_then(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("remind me in ten minutes")
        assert it.statuses() == {"metformin": "SNOOZED"}


async def test_chest_pain_is_told_after_twenty_seconds_without_a_no(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("I have chest pain")
        await it.hears("Do you need help? I will call in 20 seconds unless you say no.")
        it.patient.it.pass_time(19)
        assert it.alerts() == []
        it.patient.it.pass_time(1)
        await it.until(lambda: it.alerts() == [("red_flag", "note-1")])
        await it.hears("I am calling for help.")


async def test_a_clear_no_calls_it_off(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("I need help")
        it.patient.it.pass_time(5)
        assert (await it.speak("no thank you")).agreed
        await it.hears("All right. I am not calling. Press the button if you need help.")
        assert it.listener.waits_for(it.device_id) is None
        it.patient.it.pass_time(60)
        assert await it.listener.recover() == 0
        assert it.alerts() == []


async def test_a_power_cut_during_the_countdown_calls_at_the_next_start(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("help me please")
        await it.listener.close()
        dispatcher, store = it.patient.it.dispatcher, it.patient.it.store
        again = Listener(dispatcher, store.reader, store.clock, ZoneInfo("UTC"), it.patient.devices)
        running = asyncio.create_task(again.run())
        await it.until(lambda: it.alerts() == [("help", "note-1")])
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        third = Listener(dispatcher, store.reader, store.clock, ZoneInfo("UTC"), it.patient.devices)
        assert await third.recover() == 0, "nobody is called twice"
        await third.close()
        it.listener = third


async def test_a_second_cry_calls_at_once_and_only_once(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("I need help")
        it.patient.it.pass_time(3)
        await it.speak("help me please")
        assert it.alerts() == [("help", "note-1")]
        it.patient.it.pass_time(60)
        assert await it.listener.recover() == 0
        assert len(it.alerts()) == 1


async def test_a_device_that_cannot_speak_does_not_stop_the_call(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        it.patient.devices.fails = Offline("the cable is out")
        await it.speak("help me please")
        it.patient.it.pass_time(20)
        await it.until(lambda: it.alerts() == [("help", "note-1")])


async def test_a_recording_that_comes_hours_late_asks_nobody_but_passes_on_a_cry(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.speak("skip this dose", ago_s=LATE_S + 1)
        assert it.statuses() == {"metformin": "ANNOUNCED"}
        assert it.listener.waits_for(it.device_id) is None
        await it.speak("I have chest pain", ago_s=LATE_S + 1)
        assert it.alerts() == [("red_flag", "note-2")]


async def test_what_could_not_be_heard_is_answered_with_the_button(tmp_path: Path, ears: Ears) -> None:
    async with home(tmp_path, ears) as it:
        await it.give(None)
        await it.hears("Please press the button. Your words are kept for your nurse.")
        assert it.statuses() == {"metformin": "ANNOUNCED"}
