"""Plans that other systems send as FHIR MedicationRequests: the same doses, or refused by the path of what is not followed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.doses.expansion import HORIZON_DAYS, occurrences
from shared.doses.fhir import EXTENSION, plan_body_of_requests, requests_of_plan
from shared.doses.fhir_in import _DOSAGE, _REQUEST
from shared.doses.fhir_timing import _BOUNDS, _REPEAT
from shared.doses.plan import BadPlan, Item, Plan
from tests.dose_plans import BODIES, DAY, STARTS, at, daily, dues, plan, read

Json = dict[str, Any]


def request(**more: Any) -> Json:
    dosage = {
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}], "patientInstruction": "With food.",
    }  # fmt: skip
    return {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
        "medicationCodeableConcept": {"text": "Metformin"}, "authoredOn": "2026-11-20", "dosageInstruction": [dosage], **more,
    }  # fmt: skip


def dosed(*changes: Json) -> Json:
    """A request whose dosages differ so from the usual one."""
    return request(dosageInstruction=[{**request()["dosageInstruction"][0], **change} for change in changes])


def timed(**repeat: Any) -> Json:
    return dosed({"timing": {"repeat": repeat}})


def given_as(*requests: Json, zone: str = "UTC") -> Plan:
    return read(plan_body_of_requests(list(requests), zone))


def said(item: Item) -> Json:
    """What a plan says of a medicine beside when it is taken."""
    return {name: getattr(item, name) for name in Item.__dataclass_fields__ if name != "steps"}


# --- out and in again ----------------------------------------------------------------------------------------------------


@given(BODIES, st.none() | st.integers(0, 40), STARTS.filter(lambda ms: ms < at("2026-12-01")))
def test_a_plan_sent_as_fhir_comes_back_with_the_same_doses(body: Json, lasts: int | None, start: int) -> None:
    end = {} if lasts is None else {"end": f"2026-{2 + lasts // 28:02}-{1 + lasts % 28:02}"}
    plan = read({**body, **end, "pre_notice_min": 20})
    again = given_as(*requests_of_plan(plan), zone=plan.timezone)
    ranges = [(at("2026-01-30"), at("2026-01-30") + HORIZON_DAYS * DAY), (start, start + HORIZON_DAYS * DAY)]
    for from_ms, until_ms in ranges:
        before, after = (occurrences(one, from_ms, until_ms) for one in (plan, again))
        assert [(one.due_at_ms, one.item_id, one.quantity, one.unit) for one in before] == [
            (one.due_at_ms, one.item_id, one.quantity, one.unit) for one in after
        ]
    assert [said(item) for item in again.items] == [said(item) for item in plan.items]
    assert (again.tz_policy, again.pre_notice_min) == (plan.tz_policy, plan.pre_notice_min)


def test_what_is_taken_as_needed_comes_back_with_its_limits() -> None:
    needed = {"as_needed": True, "as_needed_reason": "pain", "late_rule": {"en": "Leave it out.", "es": "Omítala."}}
    limits = {"max_quantity": 4, "max_hours": 24, "min_gap_min": 240}
    before = plan(
        limits=limits, **needed, stock_units=20, refill_at_units=4, form="tablet", route="oral", code="atc|N02"
    )
    again = given_as(*requests_of_plan(before), zone="Europe/Berlin")
    assert again.items == before.items


def test_another_system_sees_the_days_and_how_often_in_its_own_words() -> None:
    weekly = {**daily("08:00", "20:00"), "period": 1, "period_unit": "wk"}
    repeat = requests_of_plan(plan(weekly, start="2026-11-04", plan_end="2026-12-01"))[0]["dosageInstruction"][0][
        "timing"
    ]
    assert repeat["repeat"] == {
        "boundsPeriod": {"start": "2026-11-04", "end": "2026-12-01"}, "frequency": 2, "period": 1, "periodUnit": "wk",
        "dayOfWeek": ["wed"], "timeOfDay": ["08:00:00", "20:00:00"],
    }  # fmt: skip


def test_an_id_that_fhir_does_not_allow_travels_beside_it() -> None:
    before = plan(daily("08:00"), "UTC")
    odd = read({"start": "2026-01-01", "timezone": "UTC", "items": [{
        "id": "item one", "medication": "M", "unit": "ml", "dose": 1, "timing": daily("08:00"),
    }]})  # fmt: skip
    assert requests_of_plan(before)[0]["id"] == "i" and "id" not in requests_of_plan(odd)[0]
    assert given_as(*requests_of_plan(odd)).items == odd.items


# --- from other systems --------------------------------------------------------------------------------------------------


def test_twice_a_day_from_another_system_becomes_two_usual_times() -> None:
    plan = given_as(request(), zone="Europe/Madrid")
    assert plan.items[0].steps[0].timing.times_of_day == ("08:00", "20:00")
    assert plan.items[0].instructions == {"en": "With food."} and plan.starts_on == "2026-11-20"


def test_three_days_of_the_week_are_three_doses_a_week_and_not_nine() -> None:
    plan = given_as(timed(frequency=3, period=1, periodUnit="wk", dayOfWeek=["mon", "wed", "fri"]))
    assert dues(plan, "2026-11-23", "2026-11-30") == ["11-23T08:00Z", "11-25T08:00Z", "11-27T08:00Z"]


def test_minutes_before_a_meal_count_backwards_and_after_it_on() -> None:
    before = given_as(timed(frequency=1, period=1, periodUnit="d", when=["ACM"], offset=30))
    behind = given_as(timed(frequency=1, period=1, periodUnit="d", when=["PCM"], offset=30))
    assert dues(before, "2026-11-21", "2026-11-22") == ["11-21T07:00Z"]
    assert dues(behind, "2026-11-21", "2026-11-22") == ["11-21T09:00Z"]


def test_every_so_many_hours_counts_from_the_moment_it_starts_at() -> None:
    start = {"start": "2026-11-20T22:00:00+01:00"}
    plan = given_as(timed(frequency=1, period=8, periodUnit="h", boundsPeriod=start), zone="Europe/Madrid")
    assert dues(plan, "2026-11-20", "2026-11-22") == ["11-20T21:00Z", "11-21T05:00Z", "11-21T13:00Z", "11-21T21:00Z"]


def test_as_needed_every_four_hours_is_a_gap_and_three_times_a_day_a_limit() -> None:
    needed = {"asNeededCodeableConcept": {"text": "pain"}}
    gap = given_as(dosed({**needed, "timing": {"repeat": {"frequency": 1, "period": 4, "periodUnit": "h"}}})).items[0]
    most = given_as(dosed({**needed, "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}})).items[0]
    assert (gap.as_needed, gap.as_needed_reason, gap.limits.min_gap_min) == (True, "pain", 240)
    assert (most.limits.max_doses, most.limits.max_hours) == (3, 24)


def test_dosages_in_sequence_are_steps_and_a_month_is_one_of_the_calendar() -> None:
    first = {"sequence": 1, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsDuration": {
        "value": 1, "unit": "mo", "code": "mo",
    }}}}  # fmt: skip
    second = {"sequence": 2, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
              "doseAndRate": [{"doseQuantity": {"value": 250, "unit": "mg"}}]}  # fmt: skip
    plan = given_as(dosed(second, first))
    amounts = {one.nominal_local[:10]: one.quantity for one in occurrences(plan, at("2026-11-20"), at("2026-12-25"))}
    assert (amounts["2026-12-19"], amounts["2026-12-20"]) == (500, 250)


def test_what_is_said_to_the_person_is_all_that_is_written_for_them_in_their_language() -> None:
    more = {"patientInstruction": "Con comida.", "additionalInstruction": [{"text": "No conduzca."}]}
    plan = given_as({**dosed(more), "language": "es-ES"})
    assert plan.items[0].instructions == {"es": "Con comida. No conduzca."}


def test_a_request_that_says_only_when_it_was_written_starts_then_with_those_that_say_when() -> None:
    dated = timed(frequency=1, period=1, periodUnit="d", boundsPeriod={"start": "2026-12-01"})
    assert given_as(request(), dated).starts_on == "2026-12-01"


# --- refused -------------------------------------------------------------------------------------------------------------

D, R = "request[0].dosageInstruction[0]", "request[0].dosageInstruction[0].timing.repeat"
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}


@pytest.mark.parametrize("given_,path", [
    (request(status="acitve"), "request[0].status"), (request(status="stopped"), "request[0].status"),
    (request(intent="wish"), "request[0].intent"), (request(resourceType="Patient"), "request[0].resourceType"),
    (request(doNotPerform=True), "request[0].doNotPerform"), (request(colour=1), "request[0].colour"),
    (request(modifierExtension=[{"url": "x"}]), "request[0].modifierExtension"),
    (request(extension=[{"url": f"{EXTENSION}#timing", "valueString": "x"}]), "request[0].extension[0].url"),
    (request(medicationCodeableConcept={}), "request[0].medicationCodeableConcept.text"),
    (request(medicationCodeableConcept=None), "request[0].medicationCodeableConcept"),
    (request(dosageInstruction=[]), "request[0].dosageInstruction"),
    (request(dosageInstruction=5), "request[0].dosageInstruction"),
    (timed(frequency=1, period=1), f"{R}.periodUnit"),  # tim-2
    (timed(period=-1, periodUnit="d"), f"{R}.period"),  # tim-5
    (timed(**DAILY, offset=5), f"{R}.offset"),  # tim-9
    (timed(**DAILY, when=["HS"], timeOfDay=["08:00:00"]), f"{R}.when"),  # tim-10
    (timed(period=1, periodUnit="year"), f"{R}.periodUnit"), (timed(period=0.5, periodUnit="d"), f"{R}.period"),
    (timed(when=["SOON"]), f"{R}.when[0]"), (timed(**DAILY, dayOfWeek=["monday"]), f"{R}.dayOfWeek[0]"),
    (timed(**DAILY, when=["ACM", "PCV"], offset=15), f"{R}.offset"),
    (timed(**DAILY, timeOfDay=["08:00:30"]), f"{R}.timeOfDay[0]"), (timed(durationMax=5), f"{R}.durationMax"),
    (timed(**DAILY, duration=30, durationUnit="min"), f"{R}.duration"), (timed(**DAILY, frequencyMax=3), f"{R}.frequencyMax"),
    (timed(frequency=7, period=1, periodUnit="d"), f"{R}.timeOfDay"),
    (timed(frequency=3, period=1, periodUnit="wk"), f"{R}.timeOfDay"),
    (timed(frequency=2, period=3, periodUnit="d"), f"{R}.timeOfDay"),
    (timed(frequency=1, period=1, periodUnit="wk", dayOfWeek=["mon", "fri"]), f"{R}.frequency"),
    (timed(**DAILY, boundsPeriod={"start": "soon"}), f"{R}.boundsPeriod.start"),
    (timed(**DAILY, boundsPeriod={"start": "2026-11-20T08:00:00"}), f"{R}.boundsPeriod.start"),
    (timed(**DAILY, boundsPeriod={"end": "2026-11-01"}), f"{R}.boundsPeriod.end"),
    (timed(**DAILY, boundsRange={"low": {"value": 3}}), f"{R}.boundsRange"),
    (timed(**DAILY, boundsDuration={"value": 2, "code": "a"}), f"{R}.boundsDuration"),
    (dosed({"timing": {"event": ["2026-11-20"]}}), f"{D}.timing.event"), (dosed({"timing": None}), R),
    (dosed({"doseAndRate": []}), f"{D}.doseAndRate[0].doseQuantity"),
    (dosed({"doseAndRate": [{"doseRange": {}}]}), f"{D}.doseAndRate[0].doseRange"),
    (
        dosed({"doseAndRate": [{"doseQuantity": {"value": 5, "comparator": "<"}}]}),
        f"{D}.doseAndRate[0].doseQuantity.comparator",
    ),
    (dosed({"maxDosePerAdministration": {"value": 5}}), f"{D}.maxDosePerAdministration"),
    (dosed({"maxDosePerPeriod": {"numerator": {"value": 4, "unit": "g"}, "denominator": {"value": 1, "code": "d"}}}),
     f"{D}.maxDosePerPeriod.numerator.unit"),
    (dosed({}, {}), f"{D}.sequence"), (dosed({"sequence": 1}, {"sequence": 1}), f"{D}.sequence"),
    (dosed({"asNeededBoolean": True, "timing": {"repeat": {**DAILY, "timeOfDay": ["08:00:00"]}}}), f"{R}.timeOfDay"),
])  # fmt: skip
def test_what_we_cannot_follow_is_refused_by_its_path_and_never_dropped(given_: Json, path: str) -> None:
    with pytest.raises(BadPlan) as refused:
        plan_body_of_requests([given_], "UTC")
    assert refused.value.path == path and refused.value.message


def in_steps(**second: Any) -> Json:
    week = {**DAILY, "boundsPeriod": {"start": "2026-11-20", "end": "2026-11-26"}}
    return dosed({"sequence": 1, "timing": {"repeat": week}}, {"sequence": 2, "timing": {"repeat": DAILY}, **second})


@pytest.mark.parametrize("second,path", [
    ({"timing": {"repeat": {**DAILY, "boundsPeriod": {"start": "2026-11-28"}}}},
     "request[0].dosageInstruction[1].timing.repeat.boundsPeriod.start"),
    ({"patientInstruction": "Without food."}, "request[0].dosageInstruction[1]"),
    ({"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}, "request[0].dosageInstruction[1]"),
])  # fmt: skip
def test_steps_that_leave_a_gap_or_differ_in_more_than_dose_and_time_are_refused(second: Json, path: str) -> None:
    assert [step.days for step in given_as(in_steps()).items[0].steps] == [7, None]
    with pytest.raises(BadPlan) as refused:
        plan_body_of_requests([in_steps(**second)], "UTC")
    assert refused.value.path == path


def test_requests_that_start_on_different_days_or_are_of_two_people_are_no_one_plan() -> None:
    starts = [timed(**DAILY, boundsPeriod={"start": f"2026-12-0{n}"}) for n in (1, 2)]
    with pytest.raises(BadPlan, match="another day") as refused:
        plan_body_of_requests(starts, "UTC")
    assert refused.value.path == "request[1]"
    with pytest.raises(BadPlan, match="more than one patient"):
        plan_body_of_requests([request(), request(subject={"reference": "Patient/2"})], "UTC")
    with pytest.raises(BadPlan, match="1 to 50"):
        plan_body_of_requests([request()] * 51, "UTC")
    with pytest.raises(BadPlan, match="time zone"):
        plan_body_of_requests([request()], "Madrid")


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["d", "mon", "2026-11-20"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*_DOSAGE, *_REPEAT, *_BOUNDS, "repeat", "value", "unit", "url"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(ANY, st.sampled_from(_REQUEST), st.sampled_from(_DOSAGE), st.sampled_from([*_REPEAT, *_BOUNDS]))
def test_whatever_is_sent_is_read_or_refused_and_never_breaks(value: Any, top: str, inner: str, innermost: str) -> None:
    extension = {"url": f"{EXTENSION}#{inner}", "valueString": value}
    for one in (
        request(**{top: value}), dosed({inner: value}), timed(**{**DAILY, innermost: value}), request(extension=[extension]),
        dosed({"extension": [extension]}),
    ):  # fmt: skip
        try:
            given_as(one)
        except BadPlan as refused:
            assert refused.message
