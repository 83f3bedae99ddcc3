"""The small promises of the contract: numbers, names, commands, time."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared import clock as clocks
from shared.api import ClockReport, Hello
from shared.clock import Clock
from shared.commands import AddDoctor, BadCommand, body_of, command_of
from shared.stream import Verdict, judge, new_stream
from shared.topics import Sender, down, parse_name, parse_up, up


def test_number_is_new_once_then_seen_and_a_jump_is_a_gap() -> None:
    assert [judge(4, n) for n in (3, 4, 5, 6)] == [Verdict.SEEN, Verdict.SEEN, Verdict.NEW, Verdict.GAP]


def test_sender_over_a_lossy_wire_is_taken_exactly_once_and_in_order() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        cursor, taken, acknowledged = 0, [], 0
        for _ in range(10_000):
            if acknowledged == 40:
                break
            if chance.random() < 0.3:
                continue  # the message is lost
            number = min(40, acknowledged + chance.randint(1, 3))
            if judge(cursor, number) is Verdict.NEW:
                cursor = number
                taken.append(number)
            if chance.random() >= 0.3:
                acknowledged = cursor
        assert taken == list(range(1, 41)), seed


def test_stream_ids_are_sixteen_hex_digits_and_differ() -> None:
    assert len({new_stream() for _ in range(100)}) == 100
    assert len(new_stream()) == 16


def test_topic_says_who_speaks_and_nothing_else_is_believed() -> None:
    sender = Sender("riverside", "0123456789abcdef")
    assert parse_up(up(sender, "frame")) == (sender, "frame")
    assert parse_name(sender.name) == sender
    assert down(sender, "ack") == "outpost/riverside.0123456789abcdef/down/ack"
    for wrong in (
        "outpost/riverside/up/frame",
        "outpost/a.b.0123456789abcdef/up/frame",
        f"{up(sender, 'frame')}/x",
        "",
    ):
        with pytest.raises(ValueError, match="topic"):
            parse_up(wrong)


def test_command_from_the_cloud_comes_out_as_it_went_in() -> None:
    sent = AddDoctor(command_id="c1", actor="cloud:a", doctor_id="d1", name="Dr. Rao", room="Room 2")
    assert command_of(sent.kind, "c1", "cloud:a", body_of(sent)) == sent


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("unknown", {}),
        ("add_doctor", {"name": "x"}),
        ("add_doctor", {"doctor_id": "d", "name": 5}),
        ("add_doctor", {"doctor_id": "d", "name": "x" * 121}),
        ("add_doctor", {"doctor_id": "d", "name": "x", "actor": "cloud:root"}),
        ("change_doctor", {"doctor_id": "d", "is_active": "yes"}),
        ("rename_service", {"letter": "A", "name": "x", "more": 1}),
    ],
)
def test_command_that_does_not_fit_is_refused_with_a_sentence(kind: str, body: dict[str, object]) -> None:
    with pytest.raises(BadCommand):
        command_of(kind, "c1", "cloud:a", body)


def test_programs_that_share_a_clock_agree_and_a_killed_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Clock.starting_at(datetime(2026, 11, 20, 8, tzinfo=UTC), factor=600)
    monkeypatch.setenv(clocks.HANDOVER, first.handover())
    second = Clock.from_environment()
    assert abs(second.now_ms() - first.now_ms()) < 600 * 50
    assert second.factor == 600 and second.real_s(600) == 1


def test_clock_in_life_follows_a_system_clock_that_was_set_but_a_scenario_does_not() -> None:
    life = Clock.life()
    life.start_ms -= 3_600_000
    assert 3_590_000 < life.follow_system() < 3_610_000
    assert life.follow_system() == 0
    assert Clock.starting_at(datetime(2020, 1, 1, tzinfo=UTC), factor=2).follow_system() == 0


def test_time_that_a_person_must_confirm_is_not_trusted_before() -> None:
    clock = Clock.life("person")
    assert not clock.trusted()
    clock.confirmed = True
    assert clock.trusted() and Clock.life("system").trusted()


@pytest.mark.parametrize("wrong", [-1, 2**53, 2**63, 10**30])
def test_a_device_cannot_report_a_time_that_no_column_holds(wrong: int) -> None:
    assert ClockReport(now_ms=2**53 - 1, mono_ms=0, trust="u").now_ms == 2**53 - 1
    for times in ({"now_ms": wrong, "mono_ms": 0}, {"now_ms": 0, "mono_ms": wrong}):
        with pytest.raises(ValidationError):
            ClockReport.model_validate({"trust": "s", **times})


@pytest.mark.parametrize(("version", "good"), [("1.2.3", True), ("", True), ("x" * 100, True), ("x" * 101, False),
                                               ("1\x00", False), ("1\n\x002", False)])  # fmt: skip
def test_a_device_cannot_report_a_version_that_is_long_or_holds_a_nul(version: str, good: bool) -> None:
    body = {"session": "a" * 16, "epoch": "b" * 16, "boot": "c" * 16, "lanes": [{"first": 0, "last": 0}] * 3,
            "clock": {"now_ms": 1, "mono_ms": 1, "trust": "s"}, "version": version}  # fmt: skip
    if good:
        assert Hello.model_validate(body).version == version
    else:
        with pytest.raises(ValidationError):
            Hello.model_validate(body)
