"""The demo's caregiver inbox, and what its table says of medicine."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console

from deploy.demo import care_view
from deploy.demo.inbox import BODY_BYTES_MAX, PAGE_MAX, TEXT_CHARS_MAX, Inbox, page
from deploy.demo.screen import table
from deploy.demo.view import View

NINE = "2026-11-20T09:00:00.000+00:00"
ADDRESS = "http://127.0.0.1:8890/inbox"


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


def test_a_browser_sees_the_newest_messages_first_as_text_with_links_that_lead_to_web_pages_only(inbox: Inbox) -> None:
    post(inbox, id="m1", title="Riverside", message="older", acknowledge_url="javascript:alert(1)")
    post(
        inbox, id="m2", message="<script>alert(1)</script>", language='"><b>', acknowledge_url='http://127.0.0.1/a/x"y'
    )
    answer = httpx.get(inbox.url, trust_env=False)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.text.index("&lt;script&gt;") < answer.text.index("older")
    assert 'href="http://127.0.0.1/a/x&quot;y"' in answer.text
    assert not [bad for bad in ("<script", "<b>", "javascript:") if bad in answer.text]
    assert httpx.get(inbox.url.replace("/inbox", "/other"), trust_env=False).status_code == 404


def test_the_page_is_bounded_and_says_when_nothing_arrived() -> None:
    shown = page([{"message": f"number {number};"} for number in range(PAGE_MAX + 2)] + [{"message": "x" * 9_000}])
    assert shown.count("<li>") == PAGE_MAX and "number 2;" not in shown and "number 3;" in shown
    assert "x" * TEXT_CHARS_MAX in shown and "x" * (TEXT_CHARS_MAX + 1) not in shown
    assert f"The newest {PAGE_MAX} of {PAGE_MAX + 3}, the newest first." in shown
    assert "No message yet." in page([])


def dose(**more: Any) -> dict[str, Any]:
    return {
        "id": "d1", "medication": "Metformin", "patient_name": "Ana", "status": "PLANNED", "announced": 0, "open": False,
        "due_at": NINE, "plan_id": "p1", "miss_at": "2026-11-20T09:30:00.000+00:00", "status_since": NINE, "source": None,
        **more,
    }  # fmt: skip


def test_the_dose_that_came_due_last_comes_before_those_that_wait_longer_and_the_next_one() -> None:
    older = dose(id="d2", status="ANNOUNCED", announced=2, open=True, medication="Timolol")
    newer = dose(id="d3", status="PLANNED", open=True, medication="Aspirin", due_at="2026-11-20T09:10:00.000+00:00")
    ahead = dose(id="d4", due_at="2026-11-20T10:00:00.000+00:00")
    now = "2026-11-20T09:10:05.000+00:00"
    waits = "waits for an answer until 09:30"
    assert (
        care_view.next_dose([older, ahead], now)
        == f"Timolol, Ana, due 09:00, said 2x, {waits}; then Metformin, Ana at 10:00"
    )
    assert care_view.next_dose([older, newer], now) == f"Aspirin, Ana, due 09:10, not said yet, {waits} (1 more wait)"
    assert care_view.next_dose([ahead], now) == "Metformin, Ana at 10:00"
    assert care_view.next_dose([], now) == "none today"


def test_the_last_answer_is_of_any_plan_and_says_whether_head_office_has_it() -> None:
    taken = dose(status="ON_TIME", source="voice", status_since="2026-11-20T09:01:00.000+00:00")
    replaced = dose(id="d2", status="VOIDED", status_since="2026-11-20T09:05:00.000+00:00")
    assert care_view.newest_over([dose(id="d3", status="MISSED"), taken, replaced, dose()]) == taken
    also = {**taken, "id": "d4", "plan_id": "p2", "medication": "Aspirin", "due_at": "2026-11-20T09:00:30.000+00:00"}
    assert care_view.newest_over([also, taken]) == {**also, "medication": "Metformin, Aspirin"}
    assert care_view.newest_over([dose()]) is None
    assert care_view.last_answer(taken, "").endswith("on time by voice (not at head office yet)")
    assert care_view.last_answer(taken, "ON_TIME").endswith("(head office has it)")
    assert care_view.last_answer(taken, None).endswith("(head office has not said)")
    assert care_view.last_answer(None, "") == "none yet"


async def test_head_office_is_asked_about_the_plan_of_the_newest_answer_whoever_wrote_it() -> None:
    taken = dose(status="ON_TIME", plan_id="written-in-the-page")
    asked = []

    async def get(url: str, account: dict[str, str], path: str) -> Any:
        asked.append(path)
        if path == "/api/v1/care/doses":
            return {"now": NINE, "doses": [dose(id="d2", plan_id="of-the-demo"), taken]}
        return [{"occurrence_id": "d1", "status": "ON_TIME"}] if "/medication-plans/" in path else []

    clinic = SimpleNamespace(nurse={"username": "n"}, staff={}, site="s", care={"plans": ["of-the-demo"]})
    stage = SimpleNamespace(clinic=clinic, edge_url="", cloud_url="", inbox=SimpleNamespace(url=ADDRESS))
    view = care_view.CareView()
    await care_view.look(view, get, stage, [])
    assert view.last_answer == "Metformin, Ana: on time (head office has it)"
    assert [path.partition("?")[0] for path in asked if "plans" in path] == [
        "/api/v1/medication-plans/written-in-the-page/doses"
    ]


def test_alerts_are_counted_name_the_patient_once_and_are_cut_after_a_word() -> None:
    alert = {"patient_name": "Ana", "site": "s", "title": "cannot breathe " * 20}
    words = care_view.alerts([alert] * 3)
    assert words.startswith("3 open. Ana: ") and words.count("…") == care_view.ALERTS_SHOWN
    assert words.endswith((" cannot…", " breathe…"))
    assert care_view.alerts([{**alert, "title": "Ana has not answered"}]) == "1 open. Ana has not answered"
    assert care_view.alerts([]) == "none"


def test_the_inbox_line_has_the_last_message_and_where_its_link_is_but_no_code() -> None:
    code = {"message": "Your code: 914396", "code": "914396"}
    assert care_view.inbox([], ADDRESS) == "empty"
    assert care_view.inbox([code], ADDRESS) == "the caregiver's address was confirmed by a code; no message yet"
    assert care_view.inbox([code, {"message": "one"}, {"message": "two\nthree"}], ADDRESS) == "2. two / three"
    asks = {"message": "Ana has not confirmed.\nI take care of it:", "acknowledge_url": "http://127.0.0.1/a/x"}
    assert care_view.inbox([{**asks, "message": ""}], ADDRESS).endswith("to take it on)")
    assert care_view.inbox([asks], ADDRESS) == f"1. Ana has not confirmed. (open {ADDRESS} to take it on)"


def test_what_people_typed_is_shown_as_it_is_and_no_markup_of_the_terminal() -> None:
    view = View(care=care_view.CareView(next_dose="[/b] A", last_answer="[/b] B", alerts="[/b] C", inbox="[/b] D"))
    console = Console(width=100, file=StringIO(), record=True)
    console.print(table(view))
    shown = console.export_text()
    assert [letter for letter in "ABCD" if f"[/b] {letter}" in shown] == list("ABCD")
