"""The clinic's OpenAPI document and its server say the same, whatever is asked; and the document says what a reader needs."""

from __future__ import annotations

import asyncio
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest

from edge.domain.booking_commands import AddPerson, NewPerson
from shared.ids import new_id
from tests import book
from tests.clinic import DAY
from tests.edge_web import web
from tests.openapi import Things, ask, operations

OPERATOR = {"Authorization": "Bearer operator-key"}
EXAMPLES = 9


@pytest.mark.timeout(300)
async def test_no_answer_is_a_5xx_or_one_that_the_document_does_not_give(tmp_path: Path) -> None:
    async with web(tmp_path, options={"sign_in_per_minute": 60_000}) as site:
        document = (await site.http.get("/openapi.json")).json()
        loop, days = asyncio.get_running_loop(), itertools.count(1)

        async def make() -> Things:
            """A visit that waits, one that is booked, an hour with a place free, and a person who is nowhere."""
            waiting = await book.register(site.it)
            ahead = timedelta(days=next(days))
            slot = await book.slot(
                site.it, start_ms=book.NINE_MS + int(ahead.total_seconds() * 1000),
                day=(date.fromisoformat(DAY) + ahead).isoformat(),
            )  # fmt: skip
            booked = await book.book(site.it, slot["id"])
            person = await site.it.accepted(AddPerson, person_id=new_id(), person=NewPerson("Somebody"))
            doctor = site.it.doctor_id
            return Things(
                {
                    "doctor_id": doctor, "doctorId": doctor, "queue": doctor, "visit_id": waiting["id"],
                    "appointmentId": waiting["id"], "patient_id": waiting["person_id"], "token_id": booked["id"],
                    "slot_id": slot["id"],
                },
                {
                    "doctor_id": doctor, "doctor": doctor, "slot_id": slot["id"], "patient_id": person["person"]["id"],
                    "appointment_id": booked["id"],
                },
            )  # fmt: skip

        def there() -> Things:
            return asyncio.run_coroutine_threadsafe(make(), loop).result()

        asked = await asyncio.to_thread(ask, document, site.url, lambda: OPERATOR, there, EXAMPLES)
        assert not asked.failures, "\n\n".join(asked.failures)
        assert asked.operations == len(operations(document)) > 80
        done = sum(any(status < 300 for status in statuses) for statuses in asked.statuses.values())
        assert done > asked.operations / 2, "too few requests reached what they are for"
        assert (await site.http.get("/health")).json()["database"] == "up"


async def test_every_operation_has_a_summary_and_says_what_each_refusal_means(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        document = (await site.http.get("/openapi.json")).json()
        for label, operation in operations(document):
            assert operation["summary"] and operation["description"], label
            for status, answer in operation["responses"].items():
                assert len(answer["description"]) > 10 or int(status) < 400, (label, status)
                if int(status) >= 400:
                    assert set(answer["content"]) == {"application/problem+json"}, (label, status)
