"""The demo's caregiver inbox, and what its table says of medicine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.demo import care_view
from deploy.demo.inbox import BODY_BYTES_MAX, Inbox

NINE = "2026-11-20T09:00:00.000+00:00"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    one = Inbox(tmp_path / "inbox.jsonl")
    one.open(0)
    yield one
    one.close()


def post(inbox: Inbox, **body: object) -> int:
    return httpx.post(inbox.url, json=body, trust_env=False).status_code


def test_a_message_sent_twice_is_there_once_and_stays_after_a_restart(inbox: Inbox) -> None:
    assert post(inbox, id="m1", message="Your code: 123456", code="123456") == 200
    assert post(inbox, id="m1", message="Your code: 123456", code="123456") == 200
    assert post(inbox, id="m2", message="Ana has not confirmed") == 200
    assert [one["id"] for one in inbox.messages()] == ["m1", "m2"]
    assert Inbox(inbox.file).messages() == inbox.messages()
    assert inbox.code() == "123456"


def test_what_is_no_message_is_refused_and_kept_nowhere(inbox: Inbox) -> None:
    assert httpx.post(inbox.url, content=b"{", trust_env=False).status_code == 400
    assert post(inbox, id="m1") == 422
    assert post(inbox, message="x" * BODY_BYTES_MAX) == 413
    assert inbox.messages() == []


def dose(**more: Any) -> dict[str, Any]:
    return {
        "id": "d1", "medication": "Metformin", "patient_name": "Ana", "status": "PLANNED", "announced": 0, "open": False,
        "due_at": NINE, "miss_at": "2026-11-20T09:30:00.000+00:00", "status_since": NINE, "source": None, **more,
    }  # fmt: skip


def test_a_dose_that_waits_for_an_answer_comes_before_the_next_one() -> None:
    waits = dose(id="d2", status="ANNOUNCED", announced=2, open=True, medication="Timolol")
    assert care_view.next_dose([dose(), waits]) == "Timolol, Ana, said 2x, waits for an answer until 09:30"
    assert care_view.next_dose([dose()]) == "Metformin, Ana at 09:00"
    assert care_view.next_dose([]) == "none today"


def test_the_last_answer_says_whether_head_office_has_it() -> None:
    taken = dose(status="ON_TIME", source="voice")
    assert care_view.last_answer([taken], {}).endswith("on time by voice (not at head office yet)")
    assert care_view.last_answer([taken], {"d1": "ON_TIME"}).endswith("(head office has it)")
    assert care_view.last_answer([dose()], {}) == "none yet"


def test_alerts_and_messages_are_counted_and_the_last_one_is_shown() -> None:
    alert = {"patient_name": "Ana", "site": "s", "title": "x" * 200}
    words = care_view.alerts([alert] * 3)
    assert words.startswith("3 open. Ana: ") and words.count("…") == care_view.ALERTS_SHOWN
    assert care_view.alerts([]) == "none"
    assert care_view.inbox([{"message": "one"}, {"message": "two\nthree"}]) == "2. two / three"
