"""Who is cared for by whom, alerts over all clinics, and what a patient's days come to."""

from __future__ import annotations

from typing import Any

from tests.care_office import (
    ANA,
    BEN,
    CAM,
    DAY_MS,
    NINE_MS,
    CareOffice,
    alert_data,
    dose_data,
    plan_body,
)

ALERT = "01935b5a-0000-7000-8000-00000000aa01"


async def _followed(care: CareOffice, *outcomes: str) -> dict[str, Any]:
    """Ana's plan, followed by her clinic, and what became of its first doses."""
    plan: dict[str, Any] = await care.ask("nina", "POST", "/medication-plans", 201, json=plan_body())
    await care.applied(plan)
    for one, status in zip(await care.doses(plan, NINE_MS, NINE_MS + 3 * DAY_MS), outcomes, strict=False):
        taken = one.due_at_ms if status in ("ON_TIME", "LATE") else None
        await care.office.event(
            "alpha", "dose_taken", one.id, dose_data(one, ANA, status, one.due_at_ms, taken_at=taken)
        )
    await care.wait("select 1 from dose_occurrences where version > 0", count=len(outcomes))
    return plan


async def test_staff_see_the_patients_of_their_sites_and_a_caregiver_the_own_ones_alone(care: CareOffice) -> None:
    assert [one["id"] for one in await care.ask("nina", "GET", "/patients?site=alpha")] == [ANA, BEN]
    assert [one["id"] for one in await care.ask("nina", "GET", "/patients?q=ben")] == [BEN]
    assert (await care.raw("nina", "GET", "/patients?site=beta")).status_code == 404
    await care.caregiver("carla")
    assert [one["id"] for one in await care.ask("carla", "GET", "/patients")] == [ANA]
    for path in (f"/summary/dashboard?patient_id={BEN}", f"/summary/dashboard?patient_id={CAM}"):
        assert (await care.raw("carla", "GET", path)).status_code == 404
    assert (await care.raw("", "GET", "/patients")).status_code == 401


async def test_caregivers_are_listed_in_their_order_and_taken_from_the_list(care: CareOffice) -> None:
    await care.caregiver("carla", place=2)
    first = await care.ask(
        "nina", "POST", f"/patients/{ANA}/caregivers", 201, json={"name": "Dan", "relation": "neighbour"}
    )
    listed = await care.ask("nina", "GET", f"/patients/{ANA}/caregivers")
    assert [(one["name"], one["place"], one["account"]) for one in listed] == [("Dan", 1, None), ("Carla", 2, "carla")]
    await care.ask("nina", "DELETE", f"/patients/{ANA}/caregivers/{first['id']}", 204)
    await care.ask("nina", "DELETE", f"/patients/{ANA}/caregivers/{first['id']}", 404)
    wrong = {"name": "Eve", "account": "nobody"}
    assert (await care.ask("nina", "POST", f"/patients/{ANA}/caregivers", 422, json=wrong))["hint"]
    await care.ask("nina", "POST", f"/patients/{CAM}/caregivers", 404, json={"name": "Eve"})


async def test_meal_times_holds_and_corrections_go_to_the_clinic_as_commands(care: CareOffice) -> None:
    plan = await _followed(care, "MISSED")
    [(dose_id,)] = await care.rows("select dose_id from dose_occurrences where version > 0")
    times = {"times": {"ACM": "07:15"}}
    await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 202, json=times)
    await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 422, json={"times": {"ACM": "25:00"}})
    hold = {
        "patient_id": ANA,
        "from_at": NINE_MS,
        "until_at": NINE_MS + DAY_MS,
        "plan_id": plan["id"],
        "reason": "operation",
    }
    await care.ask("nina", "POST", "/holds", 202, json=hold)
    await care.ask("nina", "POST", "/holds", 422, json={**hold, "until_at": NINE_MS - 1})
    fixed = {"status": "ON_TIME", "taken_at": NINE_MS + 3_600_000, "reason": "seen by the nurse"}
    await care.ask("nina", "POST", f"/doses/{dose_id}/correct", 202, json=fixed)
    await care.ask("bo", "POST", f"/doses/{dose_id}/correct", 404, json=fixed)
    kinds = [row[0] for row in await care.rows("select kind from mailbox where site = 'alpha' order by number")]
    assert kinds == ["apply_plan", "set_meal_times", "set_hold", "correct_dose"]


async def test_an_alert_is_taken_once_by_name_and_its_clinic_is_told(care: CareOffice) -> None:
    await care.office.event("alpha", "care_alert_raised", ALERT, alert_data(ANA, care.now_ms))
    await care.wait("select 1 from alert_logs")
    await care.caregiver("carla")
    [seen] = await care.ask("olga", "GET", "/alerts")
    assert (seen["patient_name"], seen["topic"], seen["open"]) == ("Ana Ruiz", "missed_dose", True)
    assert await care.ask("bo", "GET", "/alerts") == []
    taken = await care.ask("carla", "POST", f"/alerts/{ALERT}/acknowledge")
    assert taken["acked_by"] == "carla"
    assert (await care.ask("nina", "POST", f"/alerts/{ALERT}/acknowledge"))["acked_by"] == "carla"
    commands = await care.rows("select kind, body->>'by' from mailbox where site = 'alpha'")
    assert commands == [("acknowledge_care_alert", "carla")]
    raised = await care.ask(
        "nina", "POST", f"/alerts/{ALERT}/escalate", json={"audience": "office", "reason": "no answer"}
    )
    assert (raised["audience"], raised["acked_by"]) == ("office", None)
    await care.ask("bo", "POST", f"/alerts/{ALERT}/acknowledge", 404)


async def test_the_dashboard_shows_today_and_what_nobody_knows_beside_the_share(care: CareOffice) -> None:
    await _followed(care, "ON_TIME", "UNKNOWN")
    care.pass_time(24 * 60)
    shown = await care.ask("nina", "GET", f"/summary/dashboard?patient_id={ANA}")
    week = shown["adherence"]["days_7"]
    assert (week["due"], week["taken_percent"], week["unknown"]) == (1, 100, 1)
    assert shown["next_dose"]["status"] == "PLANNED" and shown["definition"].startswith("Taken")
    site = await care.ask("olga", "GET", "/summary/dashboard?site=alpha")
    assert site["patients_with_plans"] == 1
    assert (await care.raw("nina", "GET", "/summary/dashboard")).status_code == 422


async def test_case_20_a_day_is_summed_up_anew_when_a_late_upload_changes_it(care: CareOffice) -> None:
    await _followed(care, "ON_TIME", "MISSED")
    path = f"/summary/daily?patient_id={ANA}&date=2026-11-20"
    await care.wait("select 1 from daily_patient_summaries where day = '2026-11-20'")
    before = await care.ask("nina", "GET", path)
    assert (before["taken_percent"], before["missed"], before["source"]) == (50, 1, "template")
    [(dose_id, due_ms)] = await care.rows("select dose_id, due_ms from dose_occurrences where status = 'MISSED'")
    [data] = [row[0] for row in await care.rows("select data from events where entity_id = %s", dose_id)]
    late = {**data, "status": "ON_TIME", "taken_at": due_ms + 60_000}
    await care.office.event("alpha", "dose_taken", dose_id, late, 2)
    await care.wait(
        "select 1 from daily_patient_summaries where day = '2026-11-20' and version > %s", before["version"]
    )
    after = await care.ask("nina", "GET", f"{path}&lang=es")
    assert (after["taken_percent"], after["missed"]) == (100, 0) and after["text"].startswith("Se tomaron 2 de 2")
    week = await care.ask("nina", "GET", f"/summary/weekly?patient_id={ANA}&week=2026-11-20")
    assert week["week"] == "2026-11-16" and week["taken"] == 2


async def test_a_day_that_is_not_summed_up_yet_says_so(care: CareOffice) -> None:
    answer = await care.ask("nina", "GET", f"/summary/daily?patient_id={ANA}&date=2026-11-25", 404)
    assert answer["code"] == "not_yet" if "code" in answer else answer["type"].endswith("not_yet")


async def test_a_report_is_also_a_page_to_be_printed_with_names_escaped(care: CareOffice) -> None:
    await care.office.event("alpha", "person_changed", BEN, {**(await _person(care, BEN)), "name": "<b>Ben</b>"}, 2)
    await care.wait("select 1 from persons where name = '<b>Ben</b>'")
    async with care.office.pool.transaction() as conn:
        await conn.execute(
            "insert into health_reports values ('alpha', 'r1', %s, '2026-11-16', '2026-11-22', 1, %s::jsonb, %s, 'en',"
            " 'template', %s)",
            (BEN, '{"due": 2, "taken": 1}', "1 of 2 doses were taken.", NINE_MS),
        )
    [report] = await care.ask("nina", "GET", f"/summary/reports?patient_id={BEN}")
    page = await care.office.http.get(report["page"], headers=care._headers["nina"])
    assert page.status_code == 200 and "&lt;b&gt;Ben&lt;/b&gt;" in page.text and "<b>Ben" not in page.text
    assert (await care.office.http.get(report["page"])).status_code == 401
    assert await care.ask("nina", "GET", f"/summary/insights?patient_id={BEN}") == []


async def _person(care: CareOffice, person_id: str) -> dict[str, Any]:
    [(data,)] = await care.rows("select data from events where entity_id = %s and kind = 'person_added'", person_id)
    return dict(data)


async def test_the_catalogue_knows_each_medicine_once(care: CareOffice) -> None:
    body = {"site": "alpha", "name": "Metformin", "unit": "tablet", "form": "tablet"}
    await care.ask("nina", "POST", "/medications", 201, json=body)
    await care.ask("nina", "POST", "/medications", 409, json={**body, "name": "metformin"})
    assert [one["name"] for one in await care.ask("nina", "GET", "/medications?site=alpha")] == ["Metformin"]
    await care.ask("nina", "GET", "/medications?site=beta", 404)


async def test_the_pages_find_clinics_doctors_and_one_patient_and_each_sees_only_what_is_theirs(
    care: CareOffice,
) -> None:
    sites = await care.ask("nina", "GET", "/care/sites")
    assert sites["now_ms"] >= NINE_MS and [one["id"] for one in sites["sites"]] == ["alpha"]
    assert (await care.raw("nina", "GET", "/care/sites/beta/doctors")).status_code == 404
    assert await care.ask("nina", "GET", "/care/sites/alpha/doctors") == []
    ana = await care.ask("nina", "GET", f"/patients/{ANA}")
    assert (ana["id"], ana["site"]) == (ANA, "alpha") and "phone" in ana
    assert (await care.raw("nina", "GET", f"/patients/{CAM}")).status_code == 404
    await care.caregiver("carla")
    assert [one["id"] for one in (await care.ask("carla", "GET", "/care/sites"))["sites"]] == ["alpha"]
    assert "phone" not in await care.ask("carla", "GET", f"/patients/{ANA}")
    assert (await care.raw("carla", "GET", f"/patients/{BEN}")).status_code == 404
    assert (await care.raw("carla", "GET", f"/patients/{ANA}/requests")).status_code == 403


async def test_what_was_asked_of_a_clinic_for_a_patient_is_listed_with_how_far_it_is(care: CareOffice) -> None:
    times = {"times": {"PCM": "08:15"}}
    await care.ask("nina", "PUT", f"/patients/{ANA}/meal-times", 202, json=times)
    (asked,) = await care.ask("nina", "GET", f"/patients/{ANA}/requests")
    assert (asked["kind"], asked["state"]) == ("set_meal_times", "published")
    assert await care.ask("nina", "GET", f"/patients/{BEN}/requests") == []
