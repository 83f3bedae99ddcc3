"""From an alert to somebody who takes care of it: told once, in their words, in the order of the ladder, and put right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from psycopg.types.json import Jsonb

from cloud.notify.rows import tidy
from shared.doses.expansion import occurrences
from shared.doses.plan import plan_of
from tests.notify import HOUR_MS, MINUTE_MS, NINE_MS, PATIENT, Told, telling
from tests.office import until
from tests.receivers import Answer

DOSE, OTHER_DOSE = "d" * 32, "e" * 32


@pytest_asyncio.fixture
async def told(pg_uri: str, tmp_path: Path) -> AsyncIterator[Told]:
    """Ana Ruiz of alpha has two caregivers, Ben and then Cleo; Nurse Nia works there, Ola at head office."""
    async with telling(pg_uri, tmp_path) as started:
        await started.patient(PATIENT, "Ana Ruiz")
        await started.staff("Nia", "nurse", ["alpha"])
        await started.staff("Ola", "office_admin")
        for place, name in enumerate(("Ben", "Cleo"), 1):
            await started.caregiver(name, PATIENT, place)
            await started.channel(name, f"/{name.lower()}")
        yield started


async def paths(told: Told) -> list[str]:
    await told.settled()
    return [got.path for got in told.box.got]


async def open_link(told: Told, url: str, method: str = "POST") -> Any:
    path = url.removeprefix("https://chain.example")
    return await told.office.http.request(method, path)


async def test_a_missed_dose_reaches_the_caregiver_and_the_link_takes_it_on(told: Told) -> None:
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE])
    said = (await told.got(1))[0].json()
    assert said["message"] == "Ana Ruiz has not confirmed taking Metformin (08:00).\nI take care of it:"
    assert said["topic"] == "missed_dose" and said["acknowledge_url"].startswith("https://chain.example/a/")
    page = await open_link(told, said["acknowledge_url"], "GET")
    assert page.status_code == 200 and "Ana" not in page.text and "I take care of it" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert await told.open_alerts() == ["a1"], "looking takes nothing on"
    assert "Thank you" in (await open_link(told, said["acknowledge_url"])).text
    assert await told.open_alerts() == []
    assert await told.rows("select kind, body->>'alert_id', body->>'by' from mailbox where site = 'alpha'") == [
        ("acknowledge_care_alert", "a1", "Ben")
    ]
    told.pass_time(60)
    assert await paths(told) == ["/ben"], "nobody else is called"
    assert "Thank you" in (await open_link(told, said["acknowledge_url"])).text, "pressed twice is the same"
    assert await told.rows("select count(*) from mailbox") == [(1,)]


async def test_an_alert_a_clinic_sends_up_reaches_the_caregiver_by_itself(told: Told) -> None:
    data: dict[str, Any] = {
        "person_id": PATIENT, "topic": "missed_dose", "severity": "warning", "title": "Not answered", "body": "", "hint": "",
        "dose_ids": [], "device_id": None, "note_id": None, "rung": 3, "audience": "caregiver", "critical": False, "tries": 1,
        "raised_at": told.now_ms, "expires_at": told.now_ms + HOUR_MS, "acked_by": None, "acked_at": None, "open": True,
    }  # fmt: skip
    await told.office.event("alpha", "care_alert_raised", "a1", data)
    told.pass_time(0.05)
    assert [got.path for got in await told.got(1)] == ["/ben"]


async def test_an_alert_that_arrives_before_the_doses_it_is_about_names_them_by_the_plan(told: Told) -> None:
    item = {
        "id": "m",
        "medication": "Metformin",
        "unit": "tablet",
        "dose": 1,
        "timing": {"times_of_day": ["08:00", "20:00"]},
    }
    body = {"start": "2026-11-19", "timezone": "Europe/Madrid", "items": [item]}
    await told.plan("plan-1", PATIENT, body)
    plan = plan_of(body, id="plan-1", person_id=PATIENT, revision=1)
    (due,) = occurrences(plan, NINE_MS - 2 * HOUR_MS, NINE_MS, {})
    await told.alert("a1", dose_ids=[due.id])
    assert (await told.got(1))[0].json()["message"].startswith("Ana Ruiz has not confirmed taking Metformin (08:00).")


async def test_nobody_answers_so_the_next_is_called_in_the_order_of_the_ladder(told: Told) -> None:
    await told.channel("Nia", "/nia")
    await told.channel("Ola", "/ola")
    await told.alert("a1", critical=True, severity="critical")
    assert await paths(told) == ["/ben"]
    for minutes, wanted in ((9, 1), (1.1, 2), (10.1, 3), (30.1, 4), (30.1, 5), (30.1, 6), (300, 6)):
        told.pass_time(minutes)
        assert len(await paths(told)) == wanted
    assert [got.path for got in told.box.got] == ["/ben", "/cleo", "/nia", "/nia", "/nia", "/ola"]


async def test_what_is_not_critical_climbs_only_as_far_as_the_clinic_says(told: Told) -> None:
    await told.channel("Nia", "/nia")
    await told.alert("a1")
    for _ in range(4):
        told.pass_time(31)
        await paths(told)
    assert await paths(told) == ["/ben", "/cleo"]
    await told.change("a1", audience="clinic", version=2, tries=1)
    assert await paths(told) == ["/ben", "/cleo", "/nia"]


async def test_the_clinics_own_climbing_and_head_offices_never_tell_a_step_twice(told: Told) -> None:
    await told.alert("a1", critical=True)
    await paths(told)
    told.pass_time(10.1)
    await paths(told)
    await told.change("a1", version=2, tries=2)  # the clinic asks for the second caregiver too
    assert await paths(told) == ["/ben", "/cleo"]


async def test_where_no_caregiver_can_be_reached_the_clinic_is_told_at_once(told: Told) -> None:
    await told.channel("Nia", "/nia")
    await told.patient("p2", "Luis Ortega")
    await told.alert("a2", person_id="p2")
    assert await paths(told) == ["/nia"]
    events = await told.rows("select audience, state from notification_events where alert_id = 'a2' order by step")
    assert events == [("caregiver", "nobody"), ("caregiver", "nobody"), ("clinic", "told")]


async def test_where_every_message_to_the_caregivers_failed_for_good_the_clinic_is_told_at_once(told: Told) -> None:
    await told.channel("Nia", "/nia")
    told.box.answers = [Answer(400), Answer(400)]
    await told.alert("a1")
    assert [got.path for got in await told.got(3)] == ["/ben", "/cleo", "/nia"]
    assert await paths(told) == ["/ben", "/cleo", "/nia"], "and nobody twice"


async def test_several_medicines_of_one_moment_are_one_message(told: Told) -> None:
    for number, name in enumerate(("Metformin", "Ramipril", "Metformin")):
        await told.dose(f"{number}" * 32, name, due_ms=NINE_MS - HOUR_MS)
        await told.alert(f"a{number}", dose_ids=[f"{number}" * 32])
    await told.settled()
    [got] = await told.got(1)
    assert got.json()["message"].startswith(
        "Ana Ruiz has not confirmed taking Metformin (08:00) and Ramipril (08:00).\n"
    )
    assert sorted(got.json()["alert_ids"]) == ["a0", "a1", "a2"]
    await open_link(told, got.json()["acknowledge_url"])
    assert await told.open_alerts() == []
    assert len(await paths(told)) == 1


async def test_an_alert_that_grows_by_another_dose_is_told_again_once(told: Told) -> None:
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE])
    await told.settled()
    await told.dose(OTHER_DOSE, "Ramipril", due_ms=NINE_MS)
    await told.change("a1", version=2, dose_ids=[DOSE, OTHER_DOSE])
    assert await paths(told) == ["/ben", "/ben"]
    said = told.box.got[1].json()["message"]
    assert said.startswith("Ana Ruiz has not confirmed taking Metformin (08:00) and Ramipril (09:00).")
    assert await paths(told) == ["/ben", "/ben"]


async def test_an_alert_that_climbed_while_the_clinic_was_cut_off_still_reaches_the_first_caregiver(told: Told) -> None:
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE], audience="clinic", rung=4, tries=2)
    assert (await paths(told))[0] == "/ben"
    assert "Metformin (08:00)" in told.box.got[0].json()["message"]


async def test_a_dose_added_after_the_last_caregiver_could_not_be_reached_is_told_to_the_first(told: Told) -> None:
    await told.do("delete from patient_caregiver where caregiver_id = 'cg-Cleo'")
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE])
    assert await paths(told) == ["/ben"]
    await told.change("a1", version=2, audience="second_caregiver", tries=2)
    assert await paths(told) == ["/ben"]
    await told.dose(OTHER_DOSE, "Ramipril", due_ms=NINE_MS)
    await told.change("a1", version=3, dose_ids=[DOSE, OTHER_DOSE])
    assert await paths(told) == ["/ben", "/ben"]
    assert "Ramipril (09:00)" in told.box.got[1].json()["message"]


async def test_an_alert_that_rises_after_somebody_took_it_on_waits_for_somebody_again(told: Told) -> None:
    await told.channel("Nia", "/nia")
    await told.alert("a1")
    await told.settled()
    await open_link(told, told.box.got[0].json()["acknowledge_url"])
    await told.change("a1", version=2, acked_by=None, acked_ms=None)  # the clinic has not heard of it yet
    assert await paths(told) == ["/ben"]
    await told.change("a1", version=3, rung=4, audience="clinic", critical=True)
    assert await paths(told) == ["/ben", "/nia"]
    await open_link(told, told.box.got[1].json()["acknowledge_url"])
    assert await told.rows("select body->>'by' from mailbox order by number") == [("Ben",), ("Nia",)], "or it climbs on"


async def test_an_alert_that_is_resolved_before_it_goes_out_is_not_sent(told: Told) -> None:
    told.box.answers = [Answer(503), Answer(503), Answer(503)]
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE])
    told.pass_time(0.1)
    await told.got(1)
    await told.change("a1", is_open=False, ended_ms=told.now_ms)
    tried = await paths(told)
    told.pass_time(30)
    assert await paths(told) == tried, "nothing went out that was not taken, and nothing more is tried"
    await told.states_of("a1", "cancelled")


async def test_whoever_was_told_hears_that_it_was_taken_after_all(told: Told) -> None:
    await told.dose(DOSE, "Metformin", due_ms=NINE_MS - HOUR_MS)
    await told.alert("a1", dose_ids=[DOSE])
    await told.got(1)
    await told.do("update dose_occurrences set status = 'ON_TIME', taken_ms = %s", NINE_MS - 55 * MINUTE_MS)
    await told.change("a1", version=2, is_open=False, ended_ms=told.now_ms)
    told.pass_time(0.1)
    await paths(told)
    told.pass_time(0.1)
    correction = (await told.got(2))[1]
    assert correction.path == "/ben"
    assert correction.json()["message"] == "Ana Ruiz took Metformin (08:00) after all: at 08:05."
    assert correction.json()["acknowledge_url"] is None
    told.pass_time(60)
    assert len(await paths(told)) == 2, "once"


async def test_quiet_hours_hold_back_a_reminder_but_not_what_is_critical(told: Told) -> None:
    headers = await told.office.bearer("Ben")
    [channel] = (await told.office.http.get("/api/v1/notifications/channels", headers=headers)).json()
    quiet = {"quiet_from": "08:30", "quiet_until": "09:30", "timezone": "Europe/Madrid"}
    url = f"/api/v1/notifications/channels/{channel['id']}"
    assert (await told.office.http.patch(url, json=quiet, headers=headers)).status_code == 200
    await told.alert("a1")
    told.pass_time(0.1)
    assert await paths(told) == []
    held = await told.rows("select state, reason from notification_deliveries where state = 'waiting'")
    assert held == [("waiting", "quiet hours")]
    await told.alert("a2", topic="red_flag", severity="critical", critical=True)
    assert [got.json()["topic"] for got in await told.got(1)] == ["red_flag"]
    told.pass_time(31)
    await paths(told)
    assert "missed_dose" in {got.json()["topic"] for got in told.box.got}


async def test_words_of_danger_reach_the_caregiver_and_the_clinic_at_once(told: Told) -> None:
    await told.channel("Nia", "/nia")
    await told.alert("a1", topic="red_flag", severity="critical", critical=True, audience="clinic")
    said = {got.path: got.json()["message"] for got in await told.got(2)}
    assert set(said) == {"/ben", "/nia"}
    assert said["/ben"].startswith("Ana Ruiz may be in danger")


async def test_words_of_danger_reach_the_caregiver_also_where_nobody_of_the_clinic_can_be_told(told: Told) -> None:
    await told.alert("a1", topic="red_flag", severity="critical", critical=True, audience="clinic")
    await told.settled()
    assert "/ben" in [got.path for got in told.box.got]


async def test_an_alert_older_than_its_expiry_is_shown_and_not_sent(told: Told) -> None:
    await told.alert("a1", raised_ms=NINE_MS - 24 * HOUR_MS, expires_ms=NINE_MS - HOUR_MS)
    assert await paths(told) == []
    assert await told.rows("select state from notification_events where alert_id = 'a1'") == [("shown",)]


async def test_an_alert_told_twice_by_the_clinic_is_told_once(told: Told) -> None:
    await told.alert("a1")
    told.pass_time(0.1)
    for version in range(2, 6):
        await told.change("a1", version=version)
    assert await paths(told) == ["/ben"]


async def test_two_couriers_send_each_message_once(told: Told) -> None:
    from cloud.notify.courier import Courier
    from cloud.notify.hosts import Hosts
    from cloud.notify.webhook import Webhook

    parts = told.office.parts
    one = parts.notifications
    others = [
        Courier(parts.pool, parts.clock, one.channels, one.links, {"webhook": Webhook(Hosts(private_too=True))},
                lambda: "https://chain.example", f"other-{n}")
        for n in range(3)
    ]  # fmt: skip
    running = [asyncio.create_task(other.run()) for other in others]
    for number in range(12):
        await told.alert(
            f"a{number}", topic="red_flag", severity="critical", critical=True, person_id=None, audience="clinic"
        )
    await told.channel("Nia", "/nia")
    await told.settled()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    told_of = [alert for got in told.box.got for alert in got.json()["alert_ids"]]
    assert sorted(told_of) == sorted({f"a{number}" for number in range(12)})
    assert all(not got.json()["repeat"] for got in told.box.got)


async def test_a_worker_killed_between_claim_and_word_leaves_a_message_that_says_again(told: Told) -> None:
    courier = told.office.parts.notifications.courier
    claimed = await told.killed_after_claim(courier, "a1")
    assert claimed.message.repeat is False
    await told.states_of("a1", "claimed")
    assert told.box.got == []
    told.pass_time(2.1)
    [got] = await told.got(1)
    assert got.json()["repeat"] and got.json()["message"].startswith("Again: Ana Ruiz")
    assert got.json()["id"] == claimed.message.id


async def test_a_flood_waits_and_then_goes_out_together(told: Told) -> None:
    for number in range(26):
        await told.alert(f"a{number:02}", topic="low_stock", title="x")
        told.pass_time(0.1)
        await told.settled()
    assert len(told.box.got) == 20
    told.pass_time(60)
    await paths(told)
    late = [got.json() for got in told.box.got if got.path == "/ben"][20:]
    assert [len(one["topics"]) for one in late] == [6]


async def test_when_a_channel_is_gone_the_next_one_of_the_same_person_is_used(told: Told) -> None:
    await told.channel("Ben", "/ben-two", place=2)
    told.box.answers = [Answer(410)]
    await told.alert("a1", critical=True, severity="critical")
    assert [got.path for got in await told.got(2)] == ["/ben", "/ben-two"]
    headers = await told.office.bearer("Ben")
    left = (await told.office.http.get("/api/v1/notifications/channels", headers=headers)).json()
    assert len(left) == 1


async def test_a_link_that_was_made_up_or_has_ended_opens_nothing(told: Told) -> None:
    await told.alert("a1")
    url = (await told.got(1))[0].json()["acknowledge_url"]
    forged = url[:-4] + ("AAAA" if not url.endswith("AAAA") else "BBBB")
    assert (await open_link(told, forged)).status_code == 400
    receipt = told.box.got[0].json()["receipt_url"]
    assert (await open_link(told, "/a/" + receipt.rpartition("/")[2])).status_code == 400, "good for one purpose"
    told.pass_time(7 * 24 * 60 + 1)
    assert (await open_link(told, url)).status_code == 410
    assert await told.open_alerts() == ["a1"]


async def test_a_gateway_says_that_it_arrived(told: Told) -> None:
    await told.alert("a1", critical=True)
    url = (await told.got(1))[0].json()["receipt_url"].removeprefix("https://chain.example")
    await told.states_of("a1", "sent")
    sent = await told.office.http.post(url, json={"status": "queued"})
    assert sent.status_code == 204
    await told.states_of("a1", "sent")
    form = {"content-type": "application/x-www-form-urlencoded"}
    await told.office.http.post(url, content=b"MessageSid=SM1&MessageStatus=delivered", headers=form)
    await told.states_of("a1", "delivered")
    headers = await told.office.bearer("Nia")
    [event] = (await told.office.http.get("/api/v1/notifications?alert_id=a1", headers=headers)).json()
    delivery = event["deliveries"][0]
    assert (delivery["provider_id"], delivery["state"]) == ("srv-1", "delivered")
    assert told.box.url not in str(event).replace(f"{delivery['address']}", ""), "no address in any list"


async def test_after_a_restart_nothing_is_told_again(told: Told) -> None:
    await told.alert("a1", critical=True)
    await told.states_of("a1", "sent")
    for _ in range(3):
        await told.settled()

    async def once() -> bool:
        return len(told.box.got) == 1

    await until(once)


async def test_metrics_count_messages_by_state_and_site(told: Told) -> None:
    await told.alert("a1", critical=True)
    await told.states_of("a1", "sent")
    said = (await told.office.http.get("/metrics")).text
    assert 'outpost_notices{site="alpha",state="sent"} 1.0' in said
    assert 'outpost_notice_send_seconds_count{kind="webhook"}' in said


async def test_what_was_told_is_forgotten_after_a_year_and_a_little(told: Told) -> None:
    await told.alert("a1", critical=True)
    await told.states_of("a1", "sent")
    for days, left in ((300, 1), (101, 0)):
        told.pass_time(days * 24 * 60)
        async with told.office.pool.transaction() as conn:
            await tidy(conn, told.now_ms)
        assert await told.rows("select count(*) from notification_events where alert_id = 'a1'") == [(left,)]
    assert await told.rows("select count(*) from notification_links") == [(0,)]


async def test_what_is_skipped_and_what_was_never_said_is_told_as_that_in_the_readers_language(told: Told) -> None:
    await told.do("update caregivers set language = 'es' where name = 'Ben'")
    await told.alert("a1", dose_ids=[], says=Jsonb({"code": "skipped", "medicines": ["Insulin"]}))
    await told.alert("a2", dose_ids=[], says=Jsonb({"code": "unsaid", "medicines": [], "unsaid": ["Vitamin D"]}))
    await told.alert("a3", dose_ids=[], topic="dose_limit", says=Jsonb({"code": "limit", "medicines": ["Paracetamol"]}))
    await told.alert(
        "a4", dose_ids=[], topic="device_fault", says=Jsonb({"code": "low_battery", "fault": "low_battery"})
    )
    await told.settled()
    said = "\n".join(got.json()["message"] for got in told.box.got if got.path == "/ben")
    assert "Ana Ruiz dice que no tomará Insulin." in said
    assert "A Ana Ruiz no se le avisó de que tomara Vitamin D." in said
    assert "Ana Ruiz quizá ha tomado más Paracetamol de lo permitido." in said
    assert "Al aparato de Ana Ruiz le queda poca batería. Cárguelo, por favor." in said
