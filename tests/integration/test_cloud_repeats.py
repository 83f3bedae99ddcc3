"""A request to head office that is sent again under its Idempotency-Key is carried out once (decision 29)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.care_office import ANA, DAY_MS, NINE_MS, CareOffice, plan_body

KEY = {"Idempotency-Key": "one-and-only"}
HOLD = {"patient_id": ANA, "from_at": NINE_MS, "until_at": NINE_MS + DAY_MS, "reason": "surgery"}
ASKED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a hold": ("nina", "/holds", HOLD, "select 1 from mailbox where kind = 'set_hold'"),
    "a caregiver": (
        "nina", f"/patients/{ANA}/caregivers", {"name": "Dan", "relation": "son"}, "select 1 from patient_caregiver"
    ),
    "a medicine": (
        "nina", "/medications", {"site": "alpha", "name": "Timolol", "unit": "drop"},
        "select 1 from medications where name = 'Timolol'"
    ),
    "a device": (
        "mia", "/devices", {"kind": "dispenser", "name": "Hall", "patient_id": ANA, "reach": "direct"},
        "select 1 from devices where name = 'Hall'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ASKED)
async def test_sent_again_it_is_done_once_and_answered_alike(care: CareOffice, what: str) -> None:
    who, path, body, rows = ASKED[what]
    first, again = [await care.raw(who, "POST", path, json=body, headers=KEY) for _ in range(2)]
    assert first.status_code in (201, 202) and again.status_code == first.status_code
    assert again.json() == first.json()
    assert len(await care.rows(rows)) == 1


async def test_the_code_of_a_device_is_given_again_and_kept_nowhere(care: CareOffice) -> None:
    who, path, body, _ = ASKED["a device"]
    code = (await care.raw(who, "POST", path, json=body, headers=KEY)).json()["claim_code"]
    [(kept,)] = await care.rows("select answer::text from repeats")
    assert code not in kept and "claim_code" not in kept
    other = await care.raw(who, "POST", path, json={**body, "name": "Bed"}, headers={"Idempotency-Key": "another"})
    assert other.json()["claim_code"] != code


async def test_a_key_used_for_something_else_is_refused(care: CareOffice) -> None:
    await care.raw("nina", "POST", "/holds", json=HOLD, headers=KEY)
    other = await care.raw("nina", "POST", "/holds", json={**HOLD, "reason": "fasting"}, headers=KEY)
    assert other.status_code == 422 and other.json()["code"] == "key_reused"


async def test_what_was_refused_may_be_asked_again_under_its_key(care: CareOffice) -> None:
    wrong = {**HOLD, "patient_id": "nobody"}
    assert [(await care.raw("nina", "POST", "/holds", json=wrong, headers=KEY)).status_code for _ in range(2)] == [
        404
    ] * 2
    assert (await care.raw("nina", "POST", "/holds", json=HOLD, headers=KEY)).status_code == 202


async def test_of_two_at_one_moment_one_is_done_and_the_other_is_told_to_look(care: CareOffice) -> None:
    both = await asyncio.gather(*(care.raw("nina", "POST", "/holds", json=HOLD, headers=KEY) for _ in range(2)))
    assert len(await care.rows("select 1 from mailbox where kind = 'set_hold'")) == 1
    for answer in both:
        assert answer.status_code == 202 or (answer.status_code == 409 and answer.json()["hint"])


async def test_one_that_was_cut_off_half_way_is_not_done_twice(care: CareOffice) -> None:
    await care.raw("nina", "POST", "/holds", json=HOLD, headers=KEY)
    async with care.office.pool.transaction() as conn:
        await conn.execute("update repeats set answer = null")
    again = await care.raw("nina", "POST", "/holds", json=HOLD, headers=KEY)
    assert again.status_code == 409 and again.json()["code"] == "under_way"
    assert len(await care.rows("select 1 from mailbox where kind = 'set_hold'")) == 1


async def test_a_plan_asked_for_twice_at_one_moment_is_one_plan_that_both_are_told_of(care: CareOffice) -> None:
    both = await asyncio.gather(
        *(care.raw("nina", "POST", "/medication-plans", json=plan_body(), headers=KEY) for _ in range(2))
    )
    assert [answer.status_code for answer in both] == [201, 201]
    assert both[0].json()["id"] == both[1].json()["id"]
    assert len(await care.rows("select 1 from mailbox where kind = 'apply_plan'")) == 1
