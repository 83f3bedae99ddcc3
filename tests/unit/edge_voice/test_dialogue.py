"""A dialogue with a device: nothing about a dose on one decoder's word, no call for help called off by half a "no"."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.utterances import Intent, Needed, OpenDose, known
from edge.voice.dialogue import (
    ANSWER_S,
    COUNTDOWN_S,
    NEXT,
    QUESTIONS_MAX,
    Call,
    Intake,
    Now,
    Record,
    Reply,
    Stage,
    run_out,
    turn,
)
from edge.voice.dialogue_words import WORDS, said
from edge.voice.heard import SILENCE, Ask, Heard, judge, without_decoder

METFORMIN = OpenDose("m", "metformin", "1")
ASPIRIN = OpenDose("a", "aspirin", "2")
INSULIN = OpenDose("i", "insulin", "4", read_back=True)
AT = Now(1_000_000, "8:05")


def later(seconds: float) -> Now:
    return Now(AT.now_ms + int(seconds * 1000), "8:06")


def both(words: str, snr_db: float = 40.0) -> Heard:
    """Both decoders hear the same."""
    return judge(words, [words], snr_db, 1.0, "en")


def one(words: str, snr_db: float = 40.0) -> Heard:
    """Only the grammar hears a command; the model hears talk."""
    return judge(words, ["talk of the town"], snr_db, 1.0, "en")


def test_two_decoders_that_agree_are_enough_for_a_dose() -> None:
    found = turn(None, both("i took my medicine"), [METFORMIN], AT, "en")
    assert found.record == Record("taken", ("m",), AT.now_ms)
    assert found.say == "Noted: 1 metformin taken at 8:05. Thank you."
    assert found.conversation is None


def test_one_decoder_alone_is_read_back_and_a_yes_of_both_keeps_it_with_the_time_it_was_said() -> None:
    asked = turn(None, one("i took my medicine"), [METFORMIN], AT, "en")
    assert asked.record is None
    assert asked.say == "You took 1 metformin at 8:05, yes?"
    found = turn(asked.conversation, both("yes"), [METFORMIN], later(10), "en")
    assert found.record == Record("taken", ("m",), AT.now_ms)


def test_a_yes_only_one_decoder_heard_keeps_nothing_and_is_asked_again() -> None:
    asked = turn(None, one("i took my medicine"), [METFORMIN], AT, "en")
    found = turn(asked.conversation, one("yes"), [METFORMIN], later(5), "en")
    assert found.record is None
    assert found.say == asked.say


def test_a_no_of_either_decoder_drops_it() -> None:
    for no in (both("no"), one("no")):
        asked = turn(None, one("i took my medicine"), [METFORMIN], AT, "en")
        found = turn(asked.conversation, no, [METFORMIN], later(5), "en")
        assert (found.record, found.conversation) == (None, None)


def test_a_dangerous_medicine_is_always_read_back() -> None:
    asked = turn(None, both("i took my medicine"), [INSULIN], AT, "en")
    assert asked.record is None
    assert asked.say == "You took 4 insulin at 8:05, yes?"


def test_skipping_is_always_confirmed() -> None:
    asked = turn(None, both("skip this dose"), [METFORMIN], AT, "en")
    assert asked.record is None
    found = turn(asked.conversation, both("yes"), [METFORMIN], later(5), "en")
    assert found.record == Record("skipped", ("m",), AT.now_ms)


def test_between_two_doses_it_asks_which_and_reads_the_chosen_one_back() -> None:
    asked = turn(None, both("i took my medicine"), [METFORMIN, ASPIRIN], AT, "en")
    assert asked.record is None
    assert asked.say == "Which one do you mean? Number 1: 1 metformin. Number 2: 2 aspirin. Say the number."
    chosen = turn(asked.conversation, both("number two"), [METFORMIN, ASPIRIN], later(5), "en")
    assert chosen.record is None
    assert chosen.say == "You took 2 aspirin at 8:05, yes?"
    found = turn(chosen.conversation, both("yes"), [METFORMIN, ASPIRIN], later(9), "en")
    assert found.record == Record("taken", ("a",), AT.now_ms)


def test_yes_between_two_doses_chooses_none() -> None:
    asked = turn(None, both("i took my medicine"), [METFORMIN, ASPIRIN], AT, "en")
    found = turn(asked.conversation, both("yes"), [METFORMIN, ASPIRIN], later(5), "en")
    assert found.record is None
    assert found.say == asked.say


def test_yes_to_an_announcement_of_one_dose_is_read_back() -> None:
    assert turn(None, both("yes"), [METFORMIN], AT, "en").say == "You took 1 metformin at 8:05, yes?"
    assert turn(None, both("yes"), [METFORMIN, ASPIRIN], AT, "en").record is None


def test_all_of_them_is_read_back_with_every_name() -> None:
    asked = turn(None, both("i took both of them"), [METFORMIN, ASPIRIN], AT, "en")
    assert asked.say == "You took 1 metformin and 2 aspirin at 8:05, yes?"
    found = turn(asked.conversation, both("yes"), [METFORMIN, ASPIRIN], later(5), "en")
    assert found.record == Record("taken", ("m", "a"), AT.now_ms)


def test_a_dose_that_was_answered_by_the_button_meanwhile_is_not_answered_again() -> None:
    asked = turn(None, one("i took my medicine"), [METFORMIN], AT, "en")
    assert turn(asked.conversation, both("yes"), [], later(5), "en").record is None


def test_a_question_waits_a_minute_and_a_yes_after_that_is_no_answer_to_it() -> None:
    asked = turn(None, one("skip this dose"), [METFORMIN], AT, "en")
    found = turn(asked.conversation, both("yes"), [METFORMIN], later(ANSWER_S + 1), "en")
    assert found.record is None
    assert "skip" not in found.say


def test_it_asks_three_times_and_then_leaves_it_to_the_button() -> None:
    conversation = turn(None, one("i took my medicine"), [METFORMIN], AT, "en").conversation
    asked = 1
    while conversation is not None:
        found = turn(conversation, one("yes"), [METFORMIN], later(asked), "en")
        conversation, asked = found.conversation, asked + 1
    assert asked - 1 == QUESTIONS_MAX
    assert found.say == said("button", "en")


def test_not_understood_is_asked_again_only_so_often() -> None:
    conversation, say = None, ""
    for second in range(QUESTIONS_MAX):
        found = turn(conversation, both("talk of the town"), [METFORMIN], later(second), "en")
        conversation, say = found.conversation, found.say
        assert say == said("again", "en")
    found = turn(conversation, both("talk of the town"), [METFORMIN], later(9), "en")
    assert (found.conversation, found.say) == (None, said("button", "en"))


def test_a_snooze_both_heard_is_of_all_that_is_open() -> None:
    found = turn(None, both("remind me in thirty minutes"), [METFORMIN, ASPIRIN], AT, "en")
    assert found.record == Record("snoozed", ("m", "a"), AT.now_ms, 30)


def test_a_snooze_one_decoder_heard_is_read_back() -> None:
    asked = turn(None, one("remind me in thirty minutes"), [METFORMIN], AT, "en")
    assert (asked.record, asked.say) == (None, "Shall I remind you in 30 minutes, yes?")
    found = turn(asked.conversation, both("yes"), [METFORMIN], later(5), "en")
    assert found.record == Record("snoozed", ("m",), AT.now_ms, 30)
    assert found.say == "I will remind you in 30 minutes."


@pytest.mark.parametrize("words", ["i did not take my medicine", "i never took my medicine", "not yet"])
def test_not_taken_keeps_nothing_and_the_reminders_go_on(words: str) -> None:
    found = turn(None, both(words), [METFORMIN], AT, "en")
    assert (found.record, found.call, found.say) == (None, None, said("later", "en"))


def test_with_loud_noise_it_asks_for_the_button_and_keeps_nothing() -> None:
    found = turn(None, both("i took my medicine", snr_db=9.0), [METFORMIN], AT, "en")
    assert (found.record, found.say) == (None, said("button", "en"))


@pytest.mark.parametrize("language", ["hi", "es", "ar"])
def test_a_language_without_decoder_is_told_to_press_the_button_in_its_own_words(language: str) -> None:
    found = turn(None, without_decoder(30.0, 1.0), [METFORMIN], AT, language)
    assert (found.record, found.say) == (None, WORDS[language]["button"])


@pytest.mark.parametrize("heard", [both("help"), one("help"), one("i have chest pain"), one("help", snr_db=5.0)])
def test_a_cry_from_either_decoder_counts_down_whatever_the_noise(heard: Heard) -> None:
    asked = turn(None, heard, [METFORMIN], AT, "en")
    assert asked.say == "Do you need help? I will call in 20 seconds unless you say no."
    assert asked.conversation is not None
    called = run_out(asked.conversation, "en")
    assert called.call == Call(heard.words, heard.red_flags)
    assert called.say == "I am calling for help."


def test_a_no_both_heard_calls_it_off() -> None:
    asked = turn(None, one("help"), [], AT, "en")
    found = turn(asked.conversation, both("no"), [], later(10), "en")
    assert (found.call, found.conversation, found.say) == (None, None, said("stood_down", "en"))


@pytest.mark.parametrize("heard", [one("no"), both("talk of the town"), both("stop"), both("i took my medicine")])
def test_half_a_no_or_anything_else_does_not_stop_the_countdown(heard: Heard) -> None:
    asked = turn(None, one("help"), [METFORMIN], AT, "en")
    found = turn(asked.conversation, heard, [METFORMIN], later(8), "en")
    assert found.conversation is asked.conversation
    assert (found.call, found.record) == (None, None)
    assert found.say == "Do you need help? I will call in 12 seconds unless you say no."


@pytest.mark.parametrize("heard", [both("yes"), one("yes"), one("help me"), both("i cannot breathe")])
def test_yes_or_another_cry_calls_at_once(heard: Heard) -> None:
    asked = turn(None, one("help"), [], AT, "en")
    assert turn(asked.conversation, heard, [], later(5), "en").call is not None


def test_a_no_that_comes_too_late_does_not_call_it_off() -> None:
    asked = turn(None, one("help"), [], AT, "en")
    assert turn(asked.conversation, both("no"), [], later(COUNTDOWN_S), "en").call is not None


def test_a_cry_in_the_middle_of_a_read_back_is_heard() -> None:
    asked = turn(None, one("i took my medicine"), [METFORMIN], AT, "en")
    found = turn(asked.conversation, one("i have chest pain"), [METFORMIN], later(5), "en")
    assert found.conversation is not None
    assert found.conversation.stage is Stage.COUNTDOWN


def test_the_table_has_a_step_for_every_reply_to_every_question() -> None:
    assert {stage: set(NEXT[stage]) for stage in Stage} == {stage: set(Reply) for stage in Stage}


def test_every_sentence_stands_in_four_languages_with_the_same_blanks() -> None:
    values = {
        "doses": "x",
        "time": "8:05",
        "later": "8:05",
        "list": "x",
        "minutes": 5,
        "seconds": 20,
        "number": 1,
        "dose": "x",
    }
    assert {language: set(words) for language, words in WORDS.items()} == {key: set(WORDS["en"]) for key in WORDS}
    for key, english in WORDS["en"].items():
        for words in WORDS.values():
            assert words[key].format(**values)
            assert sorted(part for part in values if f"{{{part}}}" in words[key]) == sorted(
                part for part in values if f"{{{part}}}" in english
            ), key


# --- medicines as needed -----------------------------------------------------------------------------------------------

IBUPROFEN = Needed("plan", "i", "ibuprofen", 1)
PARACETAMOL = Needed("plan", "p", "paracetamol", 2, not_before_ms=9_000_000)


def needing(*needed: tuple[Needed, str]) -> Now:
    return AT._replace(needed=needed)


def test_a_medicine_as_needed_that_may_be_taken_is_read_back_and_counts_after_a_yes_of_both() -> None:
    now = needing((IBUPROFEN, ""))
    asked = turn(None, both("i need my pain medicine"), [METFORMIN], now, "en")
    assert asked.say == "You may take 1 ibuprofen now. Are you taking it, yes?"
    assert (asked.record, asked.intake) == (None, None)
    assert turn(asked.conversation, one("yes"), [METFORMIN], now, "en").intake is None
    again = turn(asked.conversation, both("i need my pain medicine"), [METFORMIN], now, "en")
    assert again.intake is None, "to ask for it once more is no yes"
    found = turn(asked.conversation, both("yes"), [METFORMIN], now, "en")
    assert found.intake == Intake(IBUPROFEN, AT.now_ms, swallowed=False)
    assert found.record is None, "the dose that is due is another matter"
    assert found.say == "Noted: 1 ibuprofen taken at 8:05. Thank you."


def test_one_that_may_not_be_taken_is_answered_with_its_time_and_nothing_is_kept() -> None:
    found = turn(None, both("i need my pain medicine"), [], needing((PARACETAMOL, "20:00")), "en")
    assert found.say == "Not before 20:00: 2 paracetamol. If you need help now, say help."
    assert (found.intake, found.conversation) == (None, None)


def test_one_that_was_swallowed_too_soon_is_asked_for_and_kept_as_it_was() -> None:
    now = needing((PARACETAMOL, "20:00"))
    asked = turn(None, both("i took my pain medicine"), [], now, "en")
    assert asked.say == "2 paracetamol was not to be taken before 20:00. Did you take it already, yes?"
    assert asked.intake is None
    found = turn(asked.conversation, both("yes"), [], now, "en")
    assert found.intake == Intake(PARACETAMOL, AT.now_ms, swallowed=True)
    assert turn(asked.conversation, one("no"), [], now, "en").say == "All right. Nothing was noted."


def test_among_several_the_person_chooses_by_number_and_hears_what_is_allowed_of_that_one() -> None:
    now = needing((IBUPROFEN, ""), (PARACETAMOL, "20:00"))
    which = turn(None, both("i need my pain medicine"), [METFORMIN], now, "en")
    assert which.say == "Which one do you mean? Number 1: 1 ibuprofen. Number 2: 2 paracetamol. Say the number."
    assert turn(which.conversation, both("two"), [METFORMIN], now, "en").say.startswith("Not before 20:00")
    first = turn(which.conversation, both("one"), [METFORMIN], now, "en")
    assert first.say == "You may take 1 ibuprofen now. Are you taking it, yes?"


def test_without_a_medicine_as_needed_the_words_go_to_the_nurse_and_more_than_can_be_told_apart_to_the_button() -> None:
    assert turn(None, both("i need my pain medicine"), [METFORMIN], AT, "en").say.startswith("You have no medicine to")
    many = needing(*((Needed("plan", str(n), f"medicine {n}", 1), "") for n in range(5)))
    assert turn(None, both("i need my pain medicine"), [], many, "en").say == WORDS["en"]["button"]


def test_one_that_was_taken_at_the_desk_while_the_question_stood_is_refused_with_its_time() -> None:
    asked = turn(None, both("i need my pain medicine"), [], needing((IBUPROFEN, "")), "en")
    found = turn(asked.conversation, both("yes"), [], needing((IBUPROFEN, "12:05")), "en")
    assert (found.intake, found.say) == (None, "Not before 12:05: 1 ibuprofen. If you need help now, say help.")


# --- the rule of two decoders ------------------------------------------------------------------------------------------


def test_a_further_reading_bears_out_the_grammar_only_where_no_likelier_one_says_otherwise() -> None:
    borne_out = judge("i took my medicine", ["i took night hand", "i took my medicine"], 40.0, 1.0, "en")
    assert (borne_out.agreed, borne_out.act) == (True, Intent.TAKEN)
    denied = judge("i took my medicine", ["i never took my medicine", "i took my medicine"], 40.0, 1.0, "en")
    assert (denied.agreed, denied.act, denied.asks) == (False, Intent.UNKNOWN, Ask.AGAIN)
    between = judge("i took my medicine", ["talk", "i never took my medicine", "i took my medicine"], 40.0, 1.0, "en")
    assert not between.agreed
    spared = judge("skip it", ["do not skip it", "skip it"], 40.0, 1.0, "en")
    assert not spared.agreed


def test_snoozes_of_other_lengths_do_not_agree() -> None:
    assert not judge("snooze five minutes", ["snooze ten minutes"], 40.0, 1.0, "en").agreed


def test_silence_is_no_record() -> None:
    assert SILENCE.record() is None
    assert both("i took my medicine").record() == {
        "words": "i took my medicine", "act": "taken", "agreed": True, "snr_db": 40.0, "red_flags": [],
    }  # fmt: skip


_SAYINGS = [*known("en"), "talk of the town", "kelp"]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_SAYINGS), st.booleans(), st.sampled_from([8.0, 40.0])), max_size=6),
    st.integers(0, 3),
)
def test_whatever_is_said_in_a_conversation_a_dose_is_only_taken_on_the_word_of_two_decoders(
    sayings: list[tuple[str, bool, float]], many: int
) -> None:
    doses = [OpenDose(f"d{number}", f"medicine {number}", "1") for number in range(many)]
    conversation, second = None, 0
    for words, agree, snr_db in sayings:
        second += 3
        heard = both(words, snr_db) if agree else one(words, snr_db)
        now = later(second)._replace(needed=((IBUPROFEN, ""), (PARACETAMOL, "20:00"))[: many % 3])
        found = turn(conversation, heard, doses, now, "en")
        if found.intake is not None:
            assert heard.agreed and heard.asks is None
            assert heard.act in (Intent.YES, Intent.NEED_TAKEN)
        if found.record is not None:
            assert heard.agreed
            assert heard.asks is None
            assert set(found.record.dose_ids) <= {dose.id for dose in doses}
        conversation = found.conversation
