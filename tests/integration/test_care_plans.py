"""Plans: written at head office, followed at clinics and by devices; who may see them; what is refused, by name."""

from __future__ import annotations

from typing import Any

from tests.care_office import ANA, BEN, CAM, DAY_MS, METFORMIN, NINE_MS, CareOffice, dose_data, plan_body


async def _written(care: CareOffice, **more: Any) -> dict[str, Any]:
    plan: dict[str, Any] = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(**more))
    return plan


async def test_a_plan_goes_to_its_clinic_and_its_doses_come_back_as_they_were_taken(care: CareOffice) -> None:
    plan = await _written(care)
    assert (plan["revision"], plan["site"], plan["status"]) == (1, "alpha", "active")
    assert [one["state"] for one in plan["delivery"]] == ["published"]
    [command] = await care.rows("select kind, body from mailbox where site = 'alpha'")
    assert command[0] == "apply_plan" and command[1]["plan"]["items"][0]["medication"] == "Metformin"
    planned = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses")
    assert {one["status"] for one in planned} == {"PLANNED"} and len(planned) == 28

    await care.applied(plan)
    ten = (await care.doses(plan, NINE_MS, NINE_MS + DAY_MS))[0]
    taken_ms = ten.due_at_ms + 5 * 60_000
    data = dose_data(ten, ANA, "ON_TIME", taken_ms, taken_at=taken_ms, source="button")
    await care.office.event("alpha", "dose_taken", ten.id, data)
    await care.wait("select 1 from dose_occurrences")
    await care.wait("select 1 from plan_states")
    shown = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses?status=ON_TIME")
    assert [(one["occurrence_id"], one["source"]) for one in shown] == [(ten.id, "button")]
    seen = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    assert [one["state"] for one in seen["delivery"]] == ["applied"]


async def test_a_dose_nobody_told_of_is_unknown_for_now_and_never_called_missed(care: CareOffice) -> None:
    plan = await _written(care)
    care.pass_time(24 * 60)
    doses = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}/doses?to={care.now_ms}")
    assert [(one["status"], one["provisional"]) for one in doses] == [("UNKNOWN", True)] * 2


async def test_a_plan_that_does_not_fit_names_its_item(care: CareOffice) -> None:
    wrong = {**METFORMIN, "timing": {"times_of_day": ["10:00", "25:00"]}}
    answer = await care.ask("nina", "POST", "/medication-plans", 422, json=plan_body(items=[METFORMIN, wrong]))
    assert answer["errors"] == [{"field": "items[1].timing.times_of_day[1]", "message": "is HH:MM"}]
    amount = {**METFORMIN, "dose": 0}
    answer = await care.ask("nina", "POST", "/medication-plans", 422, json=plan_body(items=[amount]))
    [wrong] = answer["errors"]
    assert (wrong["field"], wrong["code"], wrong["values"]["high"]) == ("items[0].dose", "number", 10000)
    answer = await care.ask(
        "nina", "POST", "/medication-plans", 422, json=plan_body(start="2026-11-20", end="2026-11-19")
    )
    assert [(wrong["field"], wrong["code"]) for wrong in answer["errors"]] == [("end", "before_start")]
    assert await care.rows("select 1 from mailbox") == []


async def test_a_revision_needs_the_one_before_it(care: CareOffice) -> None:
    plan = await _written(care)
    path, later = f"/medication-plans/{plan['id']}", plan_body(end="2026-12-01")
    stale = await care.ask("nina", "PUT", path, 412, json=later, headers={"If-Match": '"7"'})
    assert stale["revision"] == 1
    await care.ask("nina", "PUT", path, 412, json=later)
    revised = await care.ask("nina", "PUT", path, json=later, headers={"If-Match": '"1"'})
    assert (revised["revision"], revised["end"]) == (2, "2026-12-01")
    commands = await care.rows("select body->>'revision' from mailbox order by number")
    assert [row[0] for row in commands] == ["1", "2"]
    assert len(await care.rows("select 1 from medication_plan_items")) == 2, "the items of both revisions are kept"


async def test_the_same_key_writes_one_plan(care: CareOffice) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(), headers=key)
    again = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body(), headers=key)
    assert first["id"] == again["id"] and len(await care.rows("select 1 from mailbox")) == 1
    await care.ask("nina", "POST", "/medication-plans", 422, json=plan_body(end="2027-01-01"), headers=key)


async def test_a_stopped_plan_is_stopped_at_the_clinic_once_and_plans_nothing(care: CareOffice) -> None:
    plan = await _written(care)
    path = f"/medication-plans/{plan['id']}"
    stopped = await care.ask("nina", "DELETE", f"{path}?reason=over")
    again = await care.ask("nina", "DELETE", path)
    assert stopped["status"] == again["status"] == "stopped" and again["reason"] == "over"
    assert [row[0] for row in await care.rows("select kind from mailbox order by number")] == [
        "apply_plan",
        "stop_plan",
    ]
    assert {one["status"] for one in await care.ask("nina", "GET", f"{path}/doses")} == {"VOIDED"}
    await care.ask("nina", "PUT", path, 409, json=plan_body(), headers={"If-Match": "1"})


async def test_a_plan_too_large_for_a_clinic_says_what_to_do(care: CareOffice) -> None:
    long = dict.fromkeys(("en", "hi", "es", "ar"), "x" * 300)
    items = [{**METFORMIN, "medication": f"Medicine {n}", "instructions": long} for n in range(20)]
    answer = await care.ask("nina", "POST", "/medication-plans", 422, json=plan_body(items=items))
    assert answer["code"] == "plan_too_large" and "second plan" in answer["hint"]
    assert await care.rows("select 1 from medication_plans") == [], "nothing is kept of it"


async def test_fhir_comes_in_as_a_plan_and_goes_out_as_the_same(care: CareOffice) -> None:
    plan = await _written(care)
    bundle = await care.ask("nina", "GET", f"/medication-plans/{plan['id']}/fhir")
    body = {"patient_id": ANA, "resource": bundle}
    again = await care.ask("nina", "POST", "/medication-plans/import-fhir", 201, json=body)
    assert again["timezone"] == "Europe/Madrid" and again["items"][0]["steps"] == plan["items"][0]["steps"]
    odd = {**bundle["entry"][0]["resource"], "status": "draft"}
    refused = await care.ask(
        "nina", "POST", "/medication-plans/import-fhir", 422, json={"patient_id": ANA, "resource": odd}
    )
    assert refused["errors"][0]["field"] == "request[0].status"
    junk = {"patient_id": ANA, "resource": {**odd, "status": "active", "dosageInstruction": 5}}
    await care.ask("nina", "POST", "/medication-plans/import-fhir", 422, json=junk)


async def test_staff_of_another_clinic_see_and_change_nothing(care: CareOffice) -> None:
    plan = await _written(care)
    assert await care.ask("bo", "GET", "/medication-plans") == []
    for method, path, more in (
        ("GET", "", {}), ("GET", "/doses", {}), ("GET", "/fhir", {}), ("DELETE", "", {}),
        ("PUT", "", {"json": plan_body(), "headers": {"If-Match": "1"}}),
    ):  # fmt: skip
        await care.ask("bo", method, f"/medication-plans/{plan['id']}{path}", 404, **more)
    await care.ask("bo", "POST", "/medication-plans", 404, json=plan_body(ANA))
    await care.ask("nina", "POST", "/medication-plans", 404, json=plan_body(CAM))
    await care.ask("olga", "GET", "/medication-plans", 403)
    await care.ask("", "GET", "/medication-plans", 401)


async def test_a_caregiver_sees_their_own_patient_and_writes_nothing(care: CareOffice) -> None:
    plan, other = await _written(care), await _written(care, patient_id=BEN)
    await care.caregiver("carla")
    assert [one["id"] for one in await care.ask("carla", "GET", "/medication-plans")] == [plan["id"]]
    assert len(await care.ask("carla", "GET", f"/medication-plans/{plan['id']}/doses")) == 28
    await care.ask("carla", "GET", f"/medication-plans/{other['id']}", 404)
    await care.ask("carla", "POST", "/medication-plans", 403, json=plan_body())
    await care.ask("carla", "GET", "/chain", 403)


async def test_who_saw_a_plan_stands_in_the_audit(care: CareOffice) -> None:
    plan = await _written(care)
    await care.ask("nina", "GET", f"/medication-plans/{plan['id']}")
    acts = await care.rows("select act, detail->>'person' from audit where act like 'plan%%' order by id")
    assert ("plan_written", ANA) in acts and ("plan_seen", ANA) in acts


async def test_planned_doses_of_the_old_revision_are_void_and_come_back_with_a_plan_that_has_them(
    care: CareOffice,
) -> None:
    plan = await _written(care)
    path = f"/medication-plans/{plan['id']}"
    later = plan_body(items=[{**METFORMIN, "timing": {"times_of_day": ["10:00", "21:00"]}}])
    await care.ask("nina", "PUT", path, json=later, headers={"If-Match": "1"})
    day = f"{path}/doses?from={NINE_MS}&to={NINE_MS + DAY_MS - 3_600_000}"
    shown = [(one["due_at_local"][11:16], one["status"]) for one in await care.ask("nina", "GET", day)]
    assert shown == [("10:00", "PLANNED"), ("20:00", "VOIDED"), ("21:00", "PLANNED")]
    await care.ask("nina", "PUT", path, json=plan_body(), headers={"If-Match": "2"})
    shown = [(one["due_at_local"][11:16], one["status"]) for one in await care.ask("nina", "GET", day)]
    assert shown == [("10:00", "PLANNED"), ("20:00", "PLANNED"), ("21:00", "VOIDED")]
