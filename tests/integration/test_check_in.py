"""A booked person checks in at the kiosk with the link they were given, or with its eight digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.domain.booking_codes import code_of
from edge.domain.booking_commands import NewPerson
from edge.domain.commands import CallNext, CancelVisit, CompleteConsultation, MarkNoShow, StartConsultation
from edge.web import check_in
from tests.book import HOUR_MS, NINE_MS, book, slot, status
from tests.edge_web import Web, web

OPERATOR = {"Authorization": "Bearer operator-key"}
SOON_MS = NINE_MS - HOUR_MS + 600_000
MARIA = NewPerson("Maria Secret", "98765-43210")


async def arrive(client: httpx.AsyncClient, code: str, **headers: str) -> httpx.Response:
    return await client.post("/api/v1/visits/arrive", json={"code": code}, headers=headers)


async def maria(site: Web, start_ms: int = SOON_MS - 600_000, **values: Any) -> dict[str, Any]:
    """Maria's booking; in ten minutes unless said otherwise."""
    opened = await slot(site.it, 5, start_ms, **values)
    due = {"due_ms": SOON_MS} if start_ms == SOON_MS - 600_000 and not values else {}
    return await book(site.it, opened["id"], person=MARIA, **due)


@pytest.mark.parametrize("how", ["digits", "grouped", "devanagari", "arabic"])
async def test_the_digits_give_a_token_like_a_walk_ins(tmp_path: Path, how: str) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await maria(site), await site.screen("kiosk")
        code = code_of(visit["id"])
        assert len(code) == 8
        zero = {"devanagari": "०", "arabic": "٠"}.get(how)
        if how == "grouped":
            code = f" {code[:4]} - {code[4:]}"
        elif zero:
            code = "".join(chr(ord(zero) + int(digit)) for digit in code)
        answer = await arrive(kiosk, code)
        made = answer.json()
        assert (answer.status_code, made["visit"]["token_number"], made["admitted"]) == (200, "A-001", True)
        assert (made["ahead"], made["already"], made["visit"]["status"]) == (0, False, "waiting")
        assert made["due_at"] == "2026-11-20T13:40:00.000+05:30"
        assert site.it.rows("select count(*) from effects where kind = 'print_slip'") == [(1,)]


async def test_the_link_scanned_whole_or_its_token_alone_does_the_same(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        said = {"doctor_id": 1, "patient": {"name": "Ann"}, "date": "2026-11-20", "time": "13:45"}
        for name, part in (("Ann", "tracking_url"), ("Bo", "tracking_token")):
            made = await site.http.post(
                "/api/v1/appointments", json={**said, "patient": {"name": name}}, headers=OPERATOR
            )
            assert made.json()["check_in_code"] == code_of(made.json()["appointment_id"])
            answer = await arrive(await site.screen("kiosk"), made.json()[part])
            assert answer.status_code == 200 and answer.json()["visit"]["id"] == made.json()["appointment_id"]


async def test_arriving_answers_no_name(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await maria(site), await site.screen("kiosk")
        for _ in range(2):
            answer = await arrive(kiosk, code_of(visit["id"]))
            assert answer.is_success and "Secret" not in answer.text and "98765" not in answer.text
            assert "person_id" not in answer.text


async def test_a_lost_answer_asked_for_again_is_the_same_and_later_ones_say_already(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await maria(site), await site.screen("kiosk")
        key, code = {"Idempotency-Key": "press"}, code_of(visit["id"])
        first, again = [await arrive(kiosk, code, **key) for _ in range(2)]
        assert first.json() == again.json()
        await site.it.issue()
        third = (await arrive(kiosk, code)).json()
        assert (third["already"], third["visit"]["token_number"], third["ahead"]) == (True, "A-001", 0)
        assert site.it.rows("select count(*) from effects where kind = 'print_slip'") == [(2,)], "no second slip"


async def test_much_too_early_one_is_noted_as_here_and_told_when_they_join(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await maria(site, NINE_MS + HOUR_MS), await site.screen("kiosk")
        made = (await arrive(kiosk, code_of(visit["id"]))).json()
        assert (made["admitted"], made["admitted_at"], made["visit"]["token_number"]) == (
            False, "2026-11-20T15:00:00.000+05:30", None,
        )  # fmt: skip
        again = (await arrive(kiosk, code_of(visit["id"]))).json()
        assert (again["already"], again["admitted"], again["admitted_at"]) == (True, False, made["admitted_at"])


async def test_one_who_was_marked_as_not_come_and_is_late_waits_as_if_just_arrived(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit, kiosk = await maria(site), await site.screen("kiosk")
        await site.it.accepted(MarkNoShow, visit_id=visit["id"])
        made = (await arrive(kiosk, code_of(visit["id"]))).json()
        assert (made["admitted"], made["visit"]["status"]) == (True, "waiting")


async def test_what_cannot_be_is_refused_by_a_code_the_page_has_a_sentence_for(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        it, kiosk = site.it, await site.screen("kiosk")
        over = await maria(site)
        await arrive(kiosk, code_of(over["id"]))
        await it.accepted(CallNext, doctor_id=it.doctor_id)
        await it.accepted(StartConsultation, visit_id=over["id"])
        await it.accepted(CompleteConsultation, visit_id=over["id"])
        cancelled = await book(it, (await slot(it, 1, NINE_MS))["id"])
        await it.accepted(CancelVisit, visit_id=cancelled["id"])
        day_ms = 24 * HOUR_MS
        far = await book(it, (await slot(it, 1, NINE_MS + day_ms, day="2026-11-21"))["id"])
        full = (await slot(it, 1, NINE_MS + 2 * HOUR_MS))["id"]
        await book(it, full)
        listed = await book(it, full)
        for visit, code in (
            (over, "wrong_state"),
            (cancelled, "wrong_state"),
            (far, "another_day"),
            (listed, "waitlisted"),
        ):
            before = status(it, visit)
            answer = await arrive(kiosk, code_of(visit["id"]))
            assert (answer.status_code, answer.json()["code"]) == (409, code)
            assert answer.json()["hint"] and "Person" not in answer.text and status(it, visit) == before


@pytest.mark.parametrize(
    "code", ["00000000", "1", "123456789", "not a code", "1234567x", "a.b.c", "https://x/#a.b.c", "٣"]
)
async def test_whatever_fits_nothing_is_answered_kindly(tmp_path: Path, code: str) -> None:
    async with web(tmp_path) as site:
        await maria(site)
        answer = await arrive(await site.screen("kiosk"), code)
        expected = (400, "tracking_malformed") if "." in code else (404, "no_booking")
        assert (answer.status_code, answer.json()["code"]) == expected and answer.json()["hint"]


async def test_tries_at_one_kiosk_are_limited_and_another_kiosk_goes_on(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await maria(site)
        kiosk, other = await site.screen("kiosk"), await site.screen("kiosk")
        tried = [(await arrive(kiosk, f"{n:08d}")).status_code for n in range(check_in.TRIES_BURST + 2)]
        assert tried[: check_in.TRIES_BURST] == [404] * check_in.TRIES_BURST and tried[-1] == 429
        assert (await arrive(kiosk, code_of(visit["id"]))).status_code == 429, (
            "also the right one, or guessing would pay"
        )
        assert (await arrive(other, code_of(visit["id"]))).status_code == 200


async def test_only_a_kiosk_or_staff_may(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await maria(site)
        code = code_of(visit["id"])
        assert (await arrive(site.http, code)).status_code == 401
        assert (await arrive(await site.screen("display"), code)).status_code == 403
        await site.add_staff("rae", "reception")
        assert (await arrive(await site.page("rae"), code)).status_code == 200
