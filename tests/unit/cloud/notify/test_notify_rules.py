"""What decides over messages: the ladder, quiet hours, pauses and limits, and the words."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.notify import claims, ladder
from cloud.notify.ladder import MINUTE_MS, STEPS, Alert, Told, due
from cloud.notify.quiet import quiet_hours
from cloud.notify.texts import TEXTS
from cloud.notify.words import LANGUAGES, QUEUE_TOPICS, Topic, message, sentence
from shared.clock import to_ms, utc

MADRID = ZoneInfo("Europe/Madrid")
NOON = to_ms(datetime(2026, 11, 20, 12, 0, tzinfo=MADRID))


def climb(alert: Alert, until_min: int, *, reached: bool = True) -> list[tuple[str, int, int]]:
    """(audience, place, minute) of every step told, looking each minute."""
    told: list[Told] = []
    said = []
    for minute in range(until_min):
        while (step := due(alert, told, minute * MINUTE_MS)) is not None:
            told.append(Told(step.number, minute * MINUTE_MS, reached))
            said.append((step.audience, step.place, minute))
    return said


def test_a_critical_alert_climbs_from_the_first_caregiver_to_head_office() -> None:
    assert climb(Alert("caregiver", 1, critical=True, own=False), 400) == [
        ("caregiver", 1, 0), ("caregiver", 2, 10), ("clinic", 1, 20), ("clinic", 2, 50), ("clinic", 3, 80), ("office", 1, 110),
    ]  # fmt: skip


def test_an_alert_that_is_not_critical_stays_with_the_caregivers_until_the_clinic_asks_for_more() -> None:
    assert climb(Alert("caregiver", 1, critical=False, own=False), 400) == [("caregiver", 1, 0), ("caregiver", 2, 10)]
    assert climb(Alert("clinic", 1, critical=False, own=False), 400) == [
        ("clinic", 1, 0),
        ("clinic", 2, 30),
        ("clinic", 3, 60),
    ]


def test_what_is_said_once_more_on_a_later_day_goes_to_each_audience_once() -> None:
    assert climb(Alert("caregiver", 0, critical=False, own=True, again=True), 400) == [
        ("caregiver", 1, 0),
        ("caregiver", 2, 10),
    ]
    assert climb(Alert("clinic", 0, critical=False, own=True, again=True), 400) == [("clinic", 1, 0)]
    critical = climb(Alert("caregiver", 0, critical=True, own=True, again=True), 400)
    assert critical == [("caregiver", 1, 0), ("caregiver", 2, 10), ("clinic", 1, 20)], (
        "a medicine that matters: the clinic too"
    )
    alone = climb(Alert("caregiver", 0, critical=False, own=True, again=True), 2, reached=False)
    assert len(alone) == len(STEPS), "where nobody can be reached, everybody is tried"


def test_where_nobody_can_be_reached_everybody_is_tried_at_once() -> None:
    said = climb(Alert("caregiver", 1, critical=False, own=False), 2, reached=False)
    assert [minute for _, _, minute in said] == [0] * len(STEPS)


@given(
    audience=st.sampled_from(["caregiver", "second_caregiver", "clinic", "office", "somebody new"]), tries=st.integers(0, 9),
    critical=st.booleans(), own=st.booleans(), reached=st.booleans(),
)  # fmt: skip
def test_the_ladder_is_climbed_upwards_once_a_step_and_always_begins(
    audience: str, tries: int, critical: bool, own: bool, reached: bool
) -> None:
    said = climb(Alert(audience, tries, critical, own), 300, reached=reached)
    order = [next(step.number for step in STEPS if (step.audience, step.place) == one[:2]) for one in said]
    assert said and said[0][2] == 0
    assert all(before < after for before, after in pairwise(order))
    assert not critical or order[-1] == ladder.LAST["office"]


@pytest.mark.parametrize(
    ("at", "ends"),
    [("21:59", None), ("22:00", "07:00"), ("23:59", "07:00"), ("00:00", "07:00"), ("06:59", "07:00"), ("07:00", None)],
)
def test_quiet_hours_go_over_midnight(at: str, ends: str | None) -> None:
    quiet = quiet_hours("22:00", "07:00", "Europe/Madrid")
    assert quiet is not None
    hour, minute = map(int, at.split(":"))
    now_ms = to_ms(datetime(2026, 11, 20, hour, minute, tzinfo=MADRID))
    found = quiet.ends_ms(now_ms)
    assert (found and utc(found).astimezone(MADRID).strftime("%H:%M")) == ends
    assert found is None or 0 < found - now_ms <= 9 * 3_600_000


@given(st.integers(0, 2 * 365 * 24 * 60), st.sampled_from(["Europe/Madrid", "Asia/Kolkata", "America/New_York"]))
def test_quiet_always_ends_within_a_day_and_is_over_then(minutes: int, zone: str) -> None:
    quiet = quiet_hours("22:00", "02:30", zone)
    assert quiet is not None
    now_ms = NOON + minutes * MINUTE_MS
    ends_ms = quiet.ends_ms(now_ms)
    if ends_ms is not None:
        assert now_ms < ends_ms <= now_ms + 24 * 3_600_000
        assert quiet.ends_ms(ends_ms) is None


@given(st.integers(1, 40), st.floats(0, 1), st.floats(0, 3600))
def test_a_pause_is_random_bounded_and_never_shorter_than_asked(tries: int, part: float, asked_s: float) -> None:
    pause = claims.pause_ms(tries, part, asked_s)
    assert int(asked_s * 1000) <= pause <= max(claims.LAST_MS, int(asked_s * 1000))
    assert claims.pause_ms(tries, 0.0) == 0


def test_the_limit_lets_the_next_one_through_when_the_oldest_is_an_hour_old() -> None:
    sent = [n * 1000 for n in range(20)]
    assert claims.free_ms(sent[:19], critical=False, now_ms=20_000) is None
    assert claims.free_ms(sent, critical=False, now_ms=20_000) == claims.HOUR_MS
    assert claims.free_ms(sent, critical=True, now_ms=20_000) is None


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_says_everything_with_the_same_fields() -> None:
    for language, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys(), language
        for topic, text in texts.items():
            assert fields(text) == fields(TEXTS["en"][topic]), f"{language} {topic}"
    assert LANGUAGES == ("en", "hi", "es", "ar")
    assert TEXTS["en"].keys() >= QUEUE_TOPICS


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_heard_never_says_missed(language: str) -> None:
    facts = {"name": "Ana Ruiz", "clinic": "Riverside", "since_ms": NOON, "medicines": [["Metformin", NOON]]}
    said = sentence(Topic("not_heard", facts), language, MADRID, NOON)
    assert "12:00" in said and "Metformin" in said and "Riverside" in said
    assert not any(
        word in said for word in ("missed", "not taken", "no ha confirmado", "no tomó", "नहीं ली", "لم يتناول")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_said_once_more_it_says_how_many_doses_in_every_language(language: str) -> None:
    facts = {"name": "Ana Ruiz", "clinic": "Riverside", "since_ms": NOON - 86_400_000, "count": 17, "people": 4,
             "medicines": [["Metformin", NOON]]}  # fmt: skip
    caregiver = sentence(Topic("not_heard", facts), language, MADRID, NOON)
    clinic = sentence(Topic("not_heard_clinic", facts), language, MADRID, NOON)
    for said in (caregiver, clinic):
        assert "Riverside" in said and "17" in said and "19.11. 12:00" in said
    assert "Metformin (12:00)" in caregiver and "Ana Ruiz" in caregiver
    assert "4" in clinic and "Ana" not in clinic
    assert caregiver != sentence(Topic("not_heard", {**facts, "count": None}), language, MADRID, NOON)


def test_medicines_of_one_patient_are_one_sentence_and_patients_are_two() -> None:
    def missed(person: str, medicine: str) -> Topic:
        return Topic(
            "missed_dose", {"person_id": person, "name": person, "medicines": [[medicine, NOON]], "clinic": "R"}
        )

    title, text = message([missed("Ana", "A"), missed("Ben", "B"), missed("Ana", "C")], "en", MADRID, NOON, again=True)
    assert (
        text == "Again: Ana has not confirmed taking A (12:00) and C (12:00).\nBen has not confirmed taking B (12:00)."
    )
    assert title == "R: 2 messages"


def test_a_long_list_is_counted_and_a_topic_nobody_knows_is_told_by_its_title() -> None:
    many = [[f"M{n}", None] for n in range(12)]
    assert sentence(Topic("low_stock", {"medicines": many}), "en", MADRID, NOON).endswith("M7 and + 4.")
    assert (
        sentence(Topic("of_next_year", {"name": "Ana", "title": "Door open"}), "en", MADRID, NOON) == "Ana: Door open"
    )


def test_a_time_of_another_day_is_told_with_its_day() -> None:
    said = sentence(Topic("booked", {"clinic": "R", "due_ms": NOON + 48 * 3_600_000}), "en", MADRID, NOON)
    assert said == "R: your visit is booked for 22.11. 12:00."
