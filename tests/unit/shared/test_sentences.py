"""What a phone says about a visit: codes, sentences, four languages."""

from __future__ import annotations

import string
from typing import Any

import pytest

from edge.domain.decision import Moment
from edge.domain.visits import Status, new_visit
from shared import sentences
from shared.sentences import Told, sentence

NOW = Moment(1_700_000_000_000, 0, "s")


def told(status: Status, **given: Any) -> Told:
    """What the person of a visit in a state is told."""
    visit = new_visit("v", 1, "2026-11-20", "A", NOW, status=status.value, arrived_at=given.pop("arrived_at", None))
    usual = {
        "position": None, "range_min": None, "doctor": "Dr. Smith", "room": "room 2", "delay_min": 0, "due": "09:30",
        "joins": "09:00",
    }  # fmt: skip
    return sentences.told(visit, **{**usual, **given})


ENGLISH = [
    (told(Status.BOOKED), "booked", "Booked for 09:30. Please check in when you arrive."),
    (told(Status.BOOKED, arrived_at=1), "early", "You are early. You will join the queue at 09:00."),
    (told(Status.WAITING, position=4, range_min=(20, 35)), "waiting", "3 people are before you. About 20 to 35 minutes."),
    (told(Status.WAITING, position=1, range_min=(0, 5)), "next", "You are next. Please stay near room 2."),
    (told(Status.CALLED, position=0), "called", "Please go to room 2 now."),
    (told(Status.IN_CONSULTATION, position=0), "in_consultation", "You are with the doctor."),
    (told(Status.PARKED), "on_hold", "You are on hold. Please speak to the desk."),
    (told(Status.BOOKED, delay_min=30), "delayed", "Dr. Smith is running about 30 minutes late."),
    (told(Status.COMPLETED), "completed", "Your visit is finished."),
    (told(Status.NO_SHOW), "no_show", "You were called and not seen; please speak to the desk."),
    (told(Status.CANCELLED), "cancelled", "This booking was cancelled."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "code", "words"), ENGLISH, ids=[code for _, code, _ in ENGLISH])
def test_each_code_of_the_interface_has_its_sentence(what: Told, code: str, words: str) -> None:
    assert what.code == code
    assert sentence(what, "en") == words


def test_every_state_of_a_visit_has_something_to_say_in_every_language() -> None:
    for status in Status:
        for language in sentences.LANGUAGES:
            what = told(status, position=3 if status is Status.WAITING else None)
            assert what.code in sentences.CODES
            assert sentence(what, language).strip()


def test_no_language_leaves_a_sentence_or_a_value_out() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = sentences._WORDS["en"]
    for language, words in sentences._WORDS.items():
        assert english.keys() <= words.keys(), language
        for name, text in words.items():
            if name in english and name != "ahead_1":
                assert fields(text) == fields(english[name]), (language, name)
    assert set(sentences._WORDS) == set(sentences.LANGUAGES)


def test_a_language_we_do_not_speak_is_answered_in_english() -> None:
    assert sentence(told(Status.PARKED), "fr") == sentence(told(Status.PARKED), "en")


def test_people_ahead_are_counted_as_each_language_counts() -> None:
    def ahead(count: int, language: str) -> str:
        return sentence(told(Status.WAITING, position=count + 1), language).split(".")[0]

    assert ahead(1, "en") == "1 person is before you" and ahead(2, "en") == "2 people are before you"
    assert ahead(1, "es") == "Hay 1 persona antes que usted"
    arabic = [ahead(count, "ar") for count in (1, 2, 3, 10, 11, 100, 103)]
    assert arabic[0] == "قبلك شخص واحد" and arabic[1] == "قبلك شخصان" and "3 أشخاص" in arabic[2]
    assert "أشخاص" in arabic[3] and "شخصًا" in arabic[4] and "100 شخص" in arabic[5] and "103 أشخاص" in arabic[6]


def test_a_wait_is_said_only_while_a_doctor_is_here() -> None:
    with_doctor = sentence(told(Status.WAITING, position=3, range_min=(10, 20)), "en")
    assert with_doctor == "2 people are before you. About 10 to 20 minutes."
    short = sentence(told(Status.WAITING, position=3, range_min=(0, 5)), "en")
    assert short == "2 people are before you. At most about 5 minutes."
    assert sentence(told(Status.WAITING, position=3), "en") == "2 people are before you. No doctor is here yet."


def test_without_a_room_people_are_sent_to_the_desk_and_a_bare_number_is_called_a_room() -> None:
    assert sentence(told(Status.CALLED, room=""), "en") == "Please go to the desk now."
    assert sentence(told(Status.WAITING, position=1, room=""), "en") == "You are next. Please stay near the desk."
    assert sentence(told(Status.CALLED, room="2"), "en") == "Please go to room 2 now."
    assert sentence(told(Status.CALLED, room="Room 2"), "en") == "Please go to Room 2 now."
    assert sentence(told(Status.CALLED, room="Room 2"), "es") == "Pase ahora, por favor: la sala 2."
    assert (
        sentence(told(Status.CALLED, room="X-ray, first floor"), "es") == "Pase ahora, por favor: X-ray, first floor."
    )


def test_a_booking_without_a_time_names_none() -> None:
    assert sentence(told(Status.BOOKED, due=""), "en") == "Your place is booked. Please check in when you arrive."


def test_a_name_with_braces_is_only_a_name() -> None:
    assert sentence(told(Status.BOOKED, delay_min=5, doctor="Dr. {x}"), "en").startswith("Dr. {x} is running")
    assert sentence(told(Status.CALLED, room="{0}"), "en") == "Please go to {0} now."
