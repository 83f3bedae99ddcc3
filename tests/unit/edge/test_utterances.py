"""What somebody meant: never a guess between two doses, a denial is no answer, a red flag counts whatever else was said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.phrases import PHRASES_MAX, sentences
from edge.domain.utterance_words import DENIALS, MINUTES, NUMBERS, PATTERNS
from edge.domain.utterances import (
    ABOUT_ALL,
    ABOUT_ONE,
    CRITICAL,
    Act,
    Intent,
    Meaning,
    OpenDose,
    interpret,
    known,
    meaning,
)
from shared.triage.red_flags import rules

METFORMIN = OpenDose("m", "metformin", "1")
ASPIRIN = OpenDose("a", "aspirin", "2")


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        ("i took my medicine", Intent.TAKEN),
        ("I have just taken the pills", Intent.TAKEN),
        ("i already took it", Intent.TAKEN),
        ("i took both of them", Intent.TAKEN_ALL),
        ("i did not take my medicine", Intent.NOT_TAKEN),
        ("i didn't take it", Intent.NOT_TAKEN),
        ("i never took my medicine", Intent.NOT_TAKEN),
        ("i haven't taken my pills yet", Intent.NOT_TAKEN),
        ("not yet", Intent.NOT_TAKEN),
        ("skip this dose", Intent.SKIP),
        ("snooze", Intent.SNOOZE),
        ("say that again", Intent.REPEAT),
        ("which medicine is it", Intent.WHICH),
        ("number two", Intent.CHOICE),
        ("yes", Intent.YES),
        ("yes i did", Intent.YES),
        ("no", Intent.NO),
        ("no i did not", Intent.NO),
        ("be quiet", Intent.STOP),
        ("i want to leave a message", Intent.NOTE),
        ("i feel fine", Intent.WELL),
        ("i am not in pain", Intent.WELL),
        ("i feel dizzy", Intent.UNWELL),
        ("help me please", Intent.HELP),
        ("call the nurse", Intent.HELP),
        ("i fell down", Intent.HELP),
        ("i have chest pain", Intent.RED_FLAG),
        ("i cannot breathe", Intent.RED_FLAG),
    ],
)
def test_what_people_say_at_home_means_what_they_mean(words: str, intent: Intent) -> None:
    assert meaning(words, "en").intent is intent


@pytest.mark.parametrize(
    "words",
    [
        "i took my umbrella", "i took my medicine to the doctor", "he took my medicine", "took medicine", "medicine",
        "i will take my medicine tomorrow", "did i take my medicine", "kelp", "yelp", "health", "helpful", "", "   ",
        "yes no", "no yes", "taken", "i took", "stop signs are red", "one two", "yes sir i can boogie",
    ],
)  # fmt: skip
def test_what_is_no_whole_sentence_of_the_table_is_nothing(words: str) -> None:
    assert meaning(words, "en") == Meaning(Intent.UNKNOWN)


@pytest.mark.parametrize("words", DENIALS["en"])
def test_a_denied_sign_or_command_is_never_what_it_denies(words: str) -> None:
    assert meaning(words, "en").intent not in {*CRITICAL, Intent.TAKEN, Intent.SKIP, Intent.STOP}


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("remind me in ten minutes", 10), ("remind me in fifteen minutes", 15), ("snooze five minutes", 5),
        ("remind me in half an hour", 30), ("wait an hour", 60), ("snooze forty five minutes", 45), ("snooze", 10),
        ("remind me later", 10), ("in twenty minutes", 20),
    ],
)  # fmt: skip
def test_a_snooze_lasts_as_long_as_was_said_and_ten_minutes_where_nothing_was(words: str, minutes: int) -> None:
    assert meaning(words, "en").minutes == minutes


def test_a_red_flag_inside_other_words_counts_and_names_itself() -> None:
    found = meaning("well i took my medicine but i have chest pain", "en")
    assert (found.intent, found.code) == (Intent.RED_FLAG, "chest_pain")


@pytest.mark.parametrize("language", ["hi", "es", "ar", "xx"])
def test_a_language_without_a_table_still_has_its_red_flags_and_nothing_else(language: str) -> None:
    said = {"hi": "सीने में दर्द", "es": "me duele el pecho", "ar": "ألم في الصدر", "xx": "chest pain"}[language]
    assert meaning(said, language).intent is Intent.RED_FLAG
    assert meaning("i took my medicine", language).intent is Intent.UNKNOWN


def test_every_red_flag_of_the_table_is_one_for_triage_too() -> None:
    flags = [words for words, what in known("en").items() if what.intent is Intent.RED_FLAG]
    assert flags
    assert [words for words in flags if not rules(words).code] == []


def test_no_sentence_of_another_intent_is_a_red_flag_for_triage() -> None:
    others = [words for words, what in known("en").items() if what.intent is not Intent.RED_FLAG]
    assert [words for words in others if rules(words).code] == []


def test_no_sentence_stands_in_the_table_with_two_meanings() -> None:
    slots = {"minutes": tuple(MINUTES["en"]), "number": tuple(NUMBERS["en"])}
    owner: dict[str, Intent] = {}
    for intent, lines in PATTERNS["en"].items():
        for line in lines:
            for sentence in sentences(line, slots):
                assert owner.setdefault(sentence, intent) is intent, sentence
    assert not set(owner) & set(DENIALS["en"])


def test_fillers_before_a_command_do_not_hide_it() -> None:
    assert meaning("um well i took my medicine", "en").intent is Intent.TAKEN
    assert meaning("um um", "en").intent is Intent.UNKNOWN


def test_with_one_dose_open_the_answer_is_about_it() -> None:
    assert interpret("i took it", [METFORMIN], "en") == Act(Intent.TAKEN, ("m",))


def test_voice_does_not_guess_between_two_open_doses() -> None:
    for words in ("i took my medicine", "skip this dose"):
        act = interpret(words, [METFORMIN, ASPIRIN], "en")
        assert act.dose_ids == ()
        assert act.candidates == ("m", "a")


def test_all_of_them_is_no_guess() -> None:
    assert interpret("i took both of them", [METFORMIN, ASPIRIN], "en") == Act(Intent.TAKEN_ALL, ("m", "a"))


def test_a_snooze_is_of_everything_that_was_announced() -> None:
    act = interpret("remind me in thirty minutes", [METFORMIN, ASPIRIN], "en")
    assert act == Act(Intent.SNOOZE, ("m", "a"), minutes=30)


def test_with_nothing_open_no_dose_is_named() -> None:
    for words in ("i took my medicine", "skip it", "snooze", "i took all of them"):
        act = interpret(words, [], "en")
        assert act.dose_ids == act.candidates == ()


def test_a_number_chooses_only_after_the_question_and_only_from_the_list() -> None:
    open_doses = [METFORMIN, ASPIRIN]
    assert interpret("number two", open_doses, "en", asked_which=True) == Act(Intent.CHOICE, ("a",))
    assert interpret("number three", open_doses, "en", asked_which=True).intent is Intent.UNKNOWN
    assert interpret("number two", open_doses, "en").intent is Intent.UNKNOWN


def test_a_red_flag_names_no_dose_and_brings_its_code() -> None:
    act = interpret("i took too many pills", [METFORMIN], "en")
    assert (act.intent, act.dose_ids, act.code) == (Intent.RED_FLAG, (), "poisoning")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.lists(st.sampled_from([*known("en"), "kelp", "umbrella", "not", "never", "no", "my", "medicine"]), max_size=4),
    st.integers(0, 4),
)
def test_whatever_is_said_never_answers_for_one_of_several_doses(parts: list[str], many: int) -> None:
    doses = [OpenDose(f"d{number}", "medicine", "1") for number in range(many)]
    act = interpret(" ".join(parts), doses, "en")
    assert set(act.dose_ids) <= {dose.id for dose in doses}
    if act.intent in ABOUT_ONE:
        assert len(act.dose_ids) == (1 if many == 1 else 0)
    elif act.intent in ABOUT_ALL:
        assert len(act.dose_ids) == many
    else:
        assert act.dose_ids == ()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.text(max_size=600), st.sampled_from(["en", "hi", "es", "ar"]))
def test_no_text_breaks_it(text: str, language: str) -> None:
    assert isinstance(interpret(text, [METFORMIN], language).intent, Intent)


def test_patterns_are_written_out_whole() -> None:
    assert list(sentences("(a|b) [c] <n>", {"n": ("1", "2")})) == [
        "a 1", "a 2", "a c 1", "a c 2", "b 1", "b 2", "b c 1", "b c 2",
    ]  # fmt: skip


@pytest.mark.parametrize("pattern", ["(a", "a)", "[a", "a]", "(a]", "(a|(b)"])
def test_a_pattern_with_a_wrong_bracket_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        list(sentences(pattern, {}))


def test_a_pattern_that_would_never_end_is_refused_at_its_limit() -> None:
    with pytest.raises(ValueError, match=str(PHRASES_MAX)):
        list(sentences("(a|b) " * 13, {}))
