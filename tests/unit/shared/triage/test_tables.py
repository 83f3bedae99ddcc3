"""The triage tables, cell by cell at their boundaries; what fires, what is missing, and what nothing may lower."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sentences import LANGUAGES
from shared.triage import data, names
from shared.triage.assess import NOT_ASSESSED, assess
from shared.triage.conditions import holds, points
from shared.triage.data import table
from shared.triage.observations import BadObservation, Observations, checked
from shared.triage.safety import MODEL_MAX, NOT_ANALYSED, final
from shared.triage.scores import news2, tews

WELL = {
    "heart_rate": 75, "respiratory_rate": 13, "temperature": 36.8, "oxygen": 98, "avpu": "A", "systolic": 120,
    "mobility": "walking", "trauma": False,
}  # fmt: skip


def adult(**seen: object) -> Observations:
    return Observations(**{"age_years": 40, **WELL, **seen})  # type: ignore[arg-type]


def child(years: int, **seen: object) -> Observations:
    rates = {"heart_rate": 110 if years < 5 else 90, "respiratory_rate": 28 if years < 3 else 20}
    return Observations(**{"age_years": years, **WELL, **rates, "systolic": None, **seen})  # type: ignore[arg-type]


# --- TEWS: each boundary of each row (care.md §4.3) ----------------------------------------------------------------------

TEWS_ADULT = {
    "respiratory_rate": [(8, 2), (9, 0), (14, 0), (15, 1), (20, 1), (21, 2), (29, 2), (30, 3)],
    "heart_rate": [(40, 2), (41, 1), (50, 1), (51, 0), (100, 0), (101, 1), (110, 1), (111, 2), (129, 2), (130, 3)],
    "systolic": [(70, 3), (71, 2), (80, 2), (81, 1), (100, 1), (101, 0), (120, 0), (199, 0), (200, 2)],
    "temperature": [(34.9, 2), (35.0, 0), (38.4, 0), (38.5, 2)],
    "avpu": [("A", 0), ("C", 2), ("V", 1), ("P", 2), ("U", 3)],
    "mobility": [("walking", 0), ("help", 1), ("stretcher", 2)], "trauma": [(False, 0), (True, 1)],
}  # fmt: skip
TEWS_SMALL = {
    "respiratory_rate": [(19, 3), (20, 2), (25, 2), (26, 0), (39, 0), (40, 2), (49, 2), (50, 3)],
    "heart_rate": [(69, 3), (70, 2), (79, 2), (80, 0), (130, 0), (131, 2), (159, 2), (160, 3)],
    "mobility": [("walking", 0), ("help", 2), ("stretcher", 2)],
}  # fmt: skip
TEWS_CHILD = {
    "respiratory_rate": [(14, 3), (15, 2), (16, 2), (17, 0), (21, 0), (22, 1), (26, 1), (27, 2)],
    "heart_rate": [(59, 3), (60, 2), (79, 2), (80, 0), (99, 0), (100, 1), (129, 1), (130, 2)],
    "avpu": [("C", 2)],
}  # fmt: skip


@pytest.mark.parametrize(
    "years,rows", [(40, TEWS_ADULT), (13, TEWS_ADULT), (2, TEWS_SMALL), (3, TEWS_CHILD), (12, TEWS_CHILD)]
)
def test_every_cell_of_tews_stands_where_the_form_has_it(years: int, rows: dict[str, list[tuple[object, int]]]) -> None:
    for vital, cells in rows.items():
        for value, expected in cells:
            seen = adult(**{"age_years": years, vital: value})
            assert tews(seen).points[vital] == expected, (years, vital, value)


def test_a_normal_blood_pressure_scores_nothing() -> None:  # public code has had this row shifted by a column
    assert tews(adult(systolic=120)).total == 0


def test_children_have_no_blood_pressure_in_tews_and_the_smallest_no_confused() -> None:
    assert "systolic" not in tews(child(5)).points
    assert "avpu" in tews(child(2, avpu="C")).missing


def test_an_unknown_age_gets_the_age_group_with_the_most_points() -> None:
    seen = Observations(**{**WELL, "respiratory_rate": 19})  # type: ignore[arg-type]
    assert tews(seen).points["respiratory_rate"] == 3  # as in a small child, not 1 as in an adult


@pytest.mark.parametrize("total,urgency", [(2, 3), (3, 6), (4, 6), (5, 8), (6, 8), (7, 9), (8, 9), (9, 10)])
def test_a_tews_total_becomes_the_urgency_of_its_colour(total: int, urgency: int) -> None:
    ways: dict[str, object] = {}
    # from what no other table judges: mobility 0-2, trauma 0-1, SBP 71-80 is 2, RR 21-29 is 2, T 38.5-39 is 2
    for name, value, worth in (
        ("temperature", 38.6, 2), ("systolic", 75, 2), ("respiratory_rate", 25, 2), ("mobility", "stretcher", 2),
        ("trauma", True, 1),
    ):  # fmt: skip
        if total >= worth and sum(tews(adult(**ways)).points.values()) + worth <= total:
            ways[name] = value
    seen = adult(**ways)
    assert tews(seen).total == total
    found = assess(seen).urgency
    assert found == (4 if total == 2 and "temperature" in ways else urgency)


# --- NEWS2 ---------------------------------------------------------------------------------------------------------------

NEWS2 = {
    "respiratory_rate": [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3)],
    "oxygen": [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0)],
    "temperature": [(35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2)],
    "systolic": [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)],
    "heart_rate": [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)],
    "avpu": [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)], "on_oxygen": [(True, 2), (False, 0)],
}  # fmt: skip


def test_every_cell_of_news2_stands_where_the_chart_has_it() -> None:
    for vital, cells in NEWS2.items():
        for value, expected in cells:
            found = news2(adult(**{vital: value}))
            assert found is not None and found.points[vital] == expected, (vital, value)


@pytest.mark.parametrize("seen", [adult(age_years=15), adult(age_years=None), adult(pregnant=True)])
def test_news2_is_not_made_for_children_and_in_pregnancy(seen: Observations) -> None:
    assert news2(seen) is None
    assert news2(adult(age_years=16)) is not None


# --- IITT ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate,urgency", [(49, 10), (50, 8), (59, 8), (60, 3), (130, 9), (131, 9), (150, 9), (151, 10)])
def test_a_high_risk_heart_rate_is_not_the_same_as_a_red_one(rate: int, urgency: int) -> None:
    seen = adult(heart_rate=rate)
    rules = assess(seen).rules
    assert ("iitt.red.heart_rate_extreme" in rules) == (rate < 50 or rate > 150)
    assert ("iitt.vital.heart_rate" in rules) == (rate < 60 or rate > 130)
    if rate < 130:  # from 130 on TEWS adds its three points, alone 3-4: yellow
        assert assess(seen).urgency == urgency


@pytest.mark.parametrize("vital,inside,outside", [
    ("respiratory_rate", (10, 30), (9, 31)), ("temperature", (36, 39), (35.9, 39.1)), ("oxygen", (92, 100), (91,)),
])  # fmt: skip
def test_high_risk_vitals_begin_just_beyond_their_bounds(
    vital: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    for value in inside:
        assert f"iitt.vital.{vital}" not in assess(adult(**{vital: value})).rules
    for value in outside:
        assert f"iitt.vital.{vital}" in assess(adult(**{vital: value})).rules


@pytest.mark.parametrize("years,vital,inside,outside", [
    (0, "respiratory_rate", (25, 50), (24, 51)), (4, "respiratory_rate", (20, 40), (19, 41)),
    (5, "respiratory_rate", (10, 30), (9, 31)), (11, "respiratory_rate", (10, 30), (9, 31)),
    (0, "heart_rate", (90, 180), (89, 181)), (1, "heart_rate", (80, 160), (79, 161)), (5, "heart_rate", (70, 140), (69, 141)),
])  # fmt: skip
def test_children_have_rates_of_their_age(
    years: int, vital: str, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    for value in (*inside, *outside):
        fired = any(rule.startswith("iitt.vital.rates") for rule in assess(child(years, **{vital: value})).rules)
        assert fired == (value in outside), (years, vital, value)


def test_chest_pain_is_red_from_51_years() -> None:
    assert "iitt.red.pain_over_50" not in assess(adult(age_years=50, signs=frozenset({"chest_pain"}))).rules
    found = assess(adult(age_years=51, signs=frozenset({"chest_pain"})))
    assert found.urgency == 9 and found.rules[0] == "iitt.red.pain_over_50"


def test_two_of_four_signs_of_meningitis_are_red_and_one_is_not() -> None:
    assert assess(adult(signs=frozenset({"headache"}))).urgency < 9
    assert assess(adult(signs=frozenset({"headache", "stiff_neck"}))).urgency == 9
    assert "iitt.red.two_of_meningitis" in assess(adult(signs=frozenset({"headache"}), temperature=39.1)).rules


def test_a_newborn_is_red_whatever_else_is_well() -> None:
    assert assess(Observations(age_days=7)).urgency == 9
    assert assess(Observations(age_days=8)).urgency == 7  # an infant under 6 months: yellow, and under 2 years
    assert "iitt.yellow.infant" not in assess(Observations(age_days=183)).rules


@pytest.mark.parametrize("systolic,red", [(159, False), (160, True)])
def test_high_blood_pressure_is_red_in_pregnancy_alone(systolic: int, red: bool) -> None:
    assert ("iitt.red.pregnancy" in assess(adult(pregnant=True, systolic=systolic)).rules) == red
    assert "iitt.red.pregnancy" not in assess(adult(systolic=systolic)).rules


def test_yellow_signs_add_up_and_weigh_more_in_the_frail() -> None:
    one, two = frozenset({"wheeze"}), frozenset({"wheeze", "fainted"})
    assert assess(adult(signs=one)).urgency == 6
    assert assess(adult(signs=two)).urgency == 7
    for frail in ({"age_years": 71}, {"immunosuppressed": True}, {"pregnant": True}):
        assert assess(adult(signs=one, **frail)).urgency == 7
    assert assess(adult(signs=one, age_years=70)).urgency == 6


@pytest.mark.parametrize("glucose,urgency", [(59, 9), (60, 3), (299, 3), (300, 6), (450, 6), (451, 8)])
def test_blood_sugar_sets_a_floor(glucose: int, urgency: int) -> None:
    assert assess(adult(glucose=glucose)).urgency == urgency


@pytest.mark.parametrize("seen,urgency", [
    (adult(), 3), (adult(temperature=38.1), 4), (adult(signs=frozenset({"chronic_flare"})), 4),
    (adult(signs=frozenset({"self_limiting"})), 2), (adult(signs=frozenset({"refill"})), 1),
])  # fmt: skip
def test_who_is_well_gets_a_low_number_only_when_everything_was_measured(seen: Observations, urgency: int) -> None:
    assert assess(seen).urgency == urgency and assess(seen).missing == ()


@pytest.mark.parametrize("missing", ["heart_rate", "respiratory_rate", "temperature", "oxygen", "avpu"])
def test_what_was_not_measured_keeps_somebody_at_five(missing: str) -> None:
    found = assess(adult(**{missing: None}))
    assert found.urgency == NOT_ASSESSED and found.missing == (missing,)


def test_an_unknown_age_is_asked_of_both_charts() -> None:
    seen = Observations(signs=frozenset({"cold_extremities"}))  # red in a child alone
    assert assess(seen).urgency == 10
    assert assess(adult(signs=frozenset({"cold_extremities"}))).urgency < 9
    unknown = assess(adult(age_years=None))
    assert unknown.urgency >= NOT_ASSESSED and unknown.missing == ("age",)


@pytest.mark.parametrize("field,value", [("heart_rate", 351), ("temperature", 370), ("oxygen", 101), ("age_years", -1)])
def test_a_value_nobody_can_have_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(BadObservation) as refused:
        checked(adult(**{field: value}), frozenset(names.SIGNS))
    assert refused.value.field == field


def test_a_sign_nobody_knows_is_refused() -> None:
    with pytest.raises(BadObservation, match="hiccup"):
        checked(adult(signs=frozenset({"hiccup"})), frozenset(names.SIGNS))


def test_a_typing_error_in_a_table_is_an_error_and_not_a_table_that_finds_nothing() -> None:
    with pytest.raises(ValueError, match="no such condition"):
        holds({"vitals": "heart_rate", "below": 50}, adult())
    with pytest.raises(KeyError):
        points({"A": 0}, "X")


# --- words, versions, signatures -----------------------------------------------------------------------------------------


def _codes(condition: object) -> set[str]:
    if isinstance(condition, str):
        return {condition}
    assert isinstance(condition, dict)
    return {code for key in ("any", "all", "of") for part in condition.get(key, ()) for code in _codes(part)}


def test_every_sign_of_every_table_has_a_name_in_four_languages() -> None:
    charts = [
        table("iitt").data[chart][colour] for chart in ("adult", "child") for colour in ("red", "yellow", "vitals")
    ]
    rows = [row for chart in charts for row in chart]
    rows += [row for colour in table("tews").data["discriminators"].values() for row in colour]
    assert {code for row in rows for code in _codes(row)} <= set(names.SIGNS)
    for row in rows:
        for language in LANGUAGES:
            code = row["id"] if isinstance(row, dict) and "id" in row else next(iter(_codes(row) or {"glucose"}))
            assert names.name(code, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_is_a_sentence_with_the_urgency_and_what_is_missing(language: str) -> None:
    found = assess(Observations(age_years=60, signs=frozenset({"chest_pain"})))
    said = names.why(found.urgency, found.rules, found.missing, language)
    assert "9" in said and names.name("oxygen", language) in said


def test_every_result_says_which_tables_it_is_by() -> None:
    assert assess(adult()).tables == data.version() and "iitt 20" in data.version()


def test_a_table_that_nobody_signed_says_so_and_a_signature_holds_for_one_content_alone() -> None:
    raw = (files("shared.triage") / "tables" / "iitt.json").read_bytes()
    assert table("iitt").sha256 == hashlib.sha256(raw).hexdigest()
    signed = json.loads((files("shared.triage") / "tables" / "signatures.json").read_bytes())["signatures"]
    assert (table("iitt").signer is None) == all(one["sha256"] != table("iitt").sha256 for one in signed)


# --- what a model may do -------------------------------------------------------------------------------------------------


@given(rules=st.integers(0, 10), flags=st.integers(0, 10), model=st.none() | st.integers(-100, 100))
def test_no_model_lowers_what_rules_and_red_flags_say(rules: int, flags: int, model: int | None) -> None:
    found = final(rules, flags, model)
    assert found.urgency >= max(rules, flags) and 0 <= found.urgency <= 10
    if model is None:
        assert found.urgency >= NOT_ANALYSED
    elif max(rules, flags) < 10:
        assert found.urgency <= max(rules, flags, MODEL_MAX)
    assert found.review == (found.raised_by_model > 3)


SIGN_SETS = st.frozensets(st.sampled_from(sorted(names.SIGNS)), max_size=6)


@given(signs=SIGN_SETS, more=SIGN_SETS, years=st.none() | st.integers(0, 100))
def test_one_sign_more_never_makes_anybody_less_urgent(
    signs: frozenset[str], more: frozenset[str], years: int | None
) -> None:
    benign = frozenset(("administrative", "refill", "self_limiting"))
    before = assess(Observations(age_years=years, signs=signs - benign))
    assert assess(Observations(age_years=years, signs=(signs | more) - benign)).urgency >= before.urgency


# --- what was ticked in one place counts in every table -------------------------------------------------------------------


@pytest.mark.parametrize(
    "seen,urgency",
    [
        (adult(pregnant=True, trauma=True), 9),  # the box, not the sign
        (adult(pregnant=True, avpu="C"), 9),
        (adult(age_years=60, signs=frozenset({"severe_abdominal_pain"})), 9),
        (adult(age_years=30, signs=frozenset({"severe_abdominal_pain"})), 8),
        (adult(signs=frozenset({"severe_headache"})), 8),
        (adult(signs=frozenset({"severe_headache", "fever"})), 9),
        (adult(trauma=True), 6),
        (adult(signs=frozenset({"large_burn"})), 8),
    ],
)
def test_what_is_ticked_in_one_place_counts_for_every_table(seen: Observations, urgency: int) -> None:
    assert assess(seen).urgency == urgency, assess(seen).rules


def test_an_injury_ticked_as_a_sign_is_one_in_tews_too() -> None:
    assert assess(adult(signs=frozenset({"trauma"}), trauma=None)).tews.points["trauma"] == 1


@pytest.mark.parametrize(
    "sign,urgency", [("chest_pain", 9), ("abdominal_pain", 9), ("purpura", 8), ("cannot_feed", 6), ("moderate_pain", 6)]
)
def test_of_somebody_whose_age_nobody_knows_the_worse_of_old_and_young_is_taken(sign: str, urgency: int) -> None:
    assert assess(Observations(signs=frozenset({sign}))).urgency == urgency
