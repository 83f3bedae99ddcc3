"""The page behind the code on a slip: what a patient follows on the phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.stage import PHONE, Floor


async def _registered(floor: Floor, name: str = "Ada Sol") -> dict[str, Any]:
    answer = await floor.edge.post("/api/patients/register", json={"name": name, "service": "A"})
    visit: dict[str, Any] = answer.raise_for_status().json()
    return visit


async def _follow(floor: Floor, visit: dict[str, Any], base: str = "", lang: str = "en") -> Page:
    page = await floor.visitor(PHONE)
    await page.goto(f"{base or floor.stage.edge_url}/pages/track?lang={lang}#{visit['tracking_token']}")
    return page


async def _look_now(page: Page) -> None:
    """What a phone does when it is back in the network, instead of waiting ten seconds."""
    await page.evaluate("() => window.dispatchEvent(new Event('online'))")


async def test_phone_shows_number_place_and_range_and_changes_when_called(floor: Floor) -> None:
    first, visit = await _registered(floor), await _registered(floor, "Ben Ray")
    page = await _follow(floor, visit)
    await expect(page.locator(".number")).to_have_text(visit["token_number"])
    await expect(page.get_by_test_id("as-of")).to_contain_text("As of")
    doctor = visit["doctor_id"] or first["doctor_id"]
    await floor.edge.post(f"/api/v1/visits/{visit['uuid']}/call", json={"doctor_id": str(doctor)})
    await _look_now(page)
    await expect(page.locator(".now.called .sentence")).to_contain_text("go to")


async def test_phone_without_a_connection_says_how_old_its_news_is(floor: Floor) -> None:
    page = await _follow(floor, await _registered(floor))
    await expect(page.locator(".number")).to_be_visible()

    async def lost(route: Route) -> None:
        await route.abort()

    await page.route("**/api/**", lost)
    await _look_now(page)
    await expect(page.get_by_test_id("as-of")).to_contain_text("No connection")
    await expect(page.locator(".number")).to_be_visible()


async def test_phone_says_the_very_time_and_day_of_a_booking(floor: Floor) -> None:
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    body = {"doctor_id": floor.doctors[0], "date": day, "time": "09:30", "patient": {"name": f"Ida {day}"}}
    visit = (await floor.edge.post("/api/v1/appointments", json=body)).raise_for_status().json()
    page = await _follow(floor, visit)
    await expect(page.locator("dl")).to_contain_text(f"{day}, 09:30")
    await expect(page.locator(".sentence")).to_contain_text(f"{day}, 09:30")
    await floor.act(f"visits/{visit['appointment_id']}/cancel")


async def test_link_that_is_cut_off_and_a_page_without_one_say_what_to_do(floor: Floor) -> None:
    visit = await _registered(floor)
    page = await _follow(floor, {"tracking_token": visit["tracking_token"][:-8]})
    await expect(page.get_by_text("This link is not complete")).to_be_visible()
    await page.goto(f"{floor.stage.edge_url}/pages/track?lang=en")
    await page.reload()
    await expect(page.get_by_text("Scan the code on your slip")).to_be_visible()


async def test_phone_speaks_arabic_from_right_to_left_and_is_not_wider_than_it_is(floor: Floor) -> None:
    page = await _follow(floor, await _registered(floor), lang="ar")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.locator(".sentence")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


async def test_phone_shows_the_message_of_the_clinic_until_it_is_ended(floor: Floor) -> None:
    visit = await _registered(floor)
    body = {"message": "Delayed by a delivery", "priority": "critical", "estimatedDelay": 30}
    doctor = (await floor.edge.get(f"/api/v1/visits/{visit['uuid']}")).json()["doctor_id"]
    sent = (await floor.edge.post(f"/api/appointments/queue/emergency/{doctor}", json=body)).json()["data"][
        "broadcastId"
    ]
    page = await _follow(floor, visit)
    message = page.get_by_role("alert")
    await expect(message).to_contain_text("Urgent message from the clinic")
    await expect(message).to_contain_text("Delayed by a delivery")
    await expect(message).to_contain_text("About 30 minutes later than planned")
    await floor.edge.post(f"/api/v1/broadcasts/{sent}/end", json={})
    await _look_now(page)
    await expect(message).to_have_count(0)


async def test_phone_says_when_the_visit_is_over_and_what_to_do_after_a_missed_call(floor: Floor) -> None:
    visit = await _registered(floor)
    page = await _follow(floor, visit)
    await expect(page.locator(".number")).to_be_visible()
    await floor.act(f"visits/{visit['uuid']}/no-show")
    await _look_now(page)
    await expect(page.locator(".now.no_show .sentence")).to_contain_text("please speak to the desk")
    await floor.act(f"visits/{visit['uuid']}/return")
    await floor.act(f"visits/{visit['uuid']}/cancel")
    await _look_now(page)
    await expect(page.locator(".now.over .sentence")).to_have_text("This booking was cancelled.")


async def test_phone_shows_no_name_and_asks_nobody_else(floor: Floor) -> None:
    page = await _follow(floor, await _registered(floor, "Zebedee Quill"))
    await expect(page.locator(".number")).to_be_visible()
    assert "Zebedee" not in await page.inner_text("body")
    assert floor.hosts == {"127.0.0.1"} and floor.complaints == []


async def test_head_office_answers_the_same_link(floor: Floor) -> None:
    visit = await _registered(floor)
    page = await _follow(floor, visit, floor.stage.cloud_url)
    soon = page.get_by_text("Your number is on its way to this page")
    await expect(page.locator(".number").or_(soon).first).to_be_visible()

    async def known() -> bool:
        return (await floor.office.get(f"/api/appointments/track/{visit['tracking_token']}")).status_code == 200

    await floor.until("head office knows the visit", known)
    await _look_now(page)
    await expect(page.locator(".number")).to_have_text(visit["token_number"])
    assert floor.complaints == []


async def test_phone_whose_slip_head_office_has_not_heard_of_waits_for_it(floor: Floor) -> None:
    visit = await _registered(floor)
    page = await floor.visitor(PHONE)
    unknown = {"status": 404, "code": "no_such_visit", "title": "Not Found", "detail": "Not heard of it yet."}

    async def not_yet(route: Route) -> None:
        await route.fulfill(status=404, json=unknown, headers={"content-type": "application/problem+json"})

    await page.route("**/api/appointments/track/**", not_yet)
    await page.goto(f"{floor.stage.edge_url}/pages/track?lang=en#{visit['tracking_token']}")
    await expect(page.get_by_text("Your number is on its way to this page")).to_be_visible()
    await page.unroute("**/api/appointments/track/**", not_yet)
    await expect(page.locator(".number")).to_have_text(visit["token_number"])  # by itself


async def test_phone_says_when_head_office_has_not_heard_the_clinic(floor: Floor) -> None:
    visit = await _registered(floor)
    page = await floor.visitor(PHONE)

    async def old_news(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        told["data"]["stale"] = True  # as head office answers 300 s after it last heard the clinic
        await route.fulfill(response=answer, json=told)

    await page.route("**/api/appointments/track/**", old_news)
    await page.goto(f"{floor.stage.edge_url}/pages/track?lang=en#{visit['tracking_token']}")
    await expect(page.get_by_role("alert")).to_contain_text("The clinic has not been heard for a while")
    await expect(page.locator(".now.old .number")).to_have_text(visit["token_number"])
