"""The bodies devices send: what is taken, what is refused, and when a schedule counts as changed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shared.device_api import EVENTS_MAX, Events, Heartbeat, Schedule, ScheduleDose, is_unchanged, upto_of

EVENT: dict[str, Any] = {"boot_id": "0" * 16, "device_seq": 1, "kind": "button", "mono_ms": 5}
DOSE = ScheduleDose(
    occurrence_id="a" * 32, due_at_utc="2026-11-20T08:00:00.000+00:00", due_at_local="2026-11-20T13:30:00.000+05:30",
    window_open="x", on_time_until="y", miss_at="z", medication="Metformin", quantity=1, unit="tablet", status="PLANNED",
)  # fmt: skip


def schedule(generated_at: str = "now", *doses: ScheduleDose) -> Schedule:
    return Schedule(
        device_id="d", patient_id="p", plan_revision=1, generated_at=generated_at, timezone="UTC", doses=[*doses]
    )


def test_one_event_is_taken_like_a_list_of_one() -> None:
    assert Events.model_validate(EVENT) == Events.model_validate({"events": [EVENT]})


def test_a_moment_may_be_iso_or_milliseconds_and_never_without_an_offset() -> None:
    iso = Events.model_validate({**EVENT, "at": "2026-11-20T09:00:00+01:00"})
    assert iso.events[0].at == Events.model_validate({**EVENT, "at": 1_795_161_600_000}).events[0].at
    with pytest.raises(ValidationError, match="offset"):
        Events.model_validate({**EVENT, "at": "2026-11-20T09:00:00"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": []}, {"events": [EVENT] * (EVENTS_MAX + 1)}, {**EVENT, "device_seq": 0}, {**EVENT, "kind": "eaten"},
        {**EVENT, "boot_id": "short"}, {**EVENT, "quantity": 0}, {**EVENT, "at": -1}, {**EVENT, "more": 1},
        {**EVENT, "data": {"text": "x" * 3000}},
        {**EVENT, "data": {"steps": 2**64}},
    ],
)  # fmt: skip
def test_what_no_device_sends_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Events.model_validate(wrong)


def test_a_heartbeat_needs_only_its_boot_and_counter() -> None:
    assert Heartbeat.model_validate({"boot_id": "f" * 16, "mono_ms": 1}).stock == {}
    with pytest.raises(ValidationError):
        Heartbeat.model_validate({"boot_id": "f" * 16, "mono_ms": 1, "battery": 101})


def test_a_schedules_tag_changes_with_a_dose_and_not_with_the_hour() -> None:
    tag = schedule("8:00", DOSE).etag()
    assert schedule("9:00", DOSE).etag() == tag
    assert schedule("8:00", DOSE.model_copy(update={"status": "ON_TIME"})).etag() != tag
    assert is_unchanged(tag, f'"other", W/{tag}') and is_unchanged(tag, "*")
    assert not is_unchanged(tag, None) and not is_unchanged(tag, '"other"')


def test_an_answer_says_where_each_boot_of_the_request_stands() -> None:
    other = {**EVENT, "boot_id": "1" * 16}
    events = Events.model_validate({"events": [EVENT, other]}).events
    assert upto_of({"0" * 16: 7}, events) == {"0" * 16: 7, "1" * 16: 0}
