"""Seed 004's test page, at the clinic and at head office: choose a date, subscribe, watch every doctor."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.stage import Floor


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/test_websocket.html")
    await page.wait_for_url("**/pages/sign-in?next=/test_websocket.html")
    account = floor.stage.clinic.staff
    await page.get_by_label("User name").fill(account["username"])
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/test_websocket.html")
    await expect(page.get_by_test_id("line")).to_have_text("Connected")


async def test_subscribing_shows_every_doctor_of_today_and_what_happens_next(floor: Floor) -> None:
    page = await floor.staff("/test_websocket.html")
    today = (await floor.edge.get("/")).json()["time"][:10]
    await expect(page.get_by_label("Date")).to_have_value(today)
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.get_by_test_id("totals")).to_contain_text(today)
    await expect(page.locator(".doctor h2")).to_contain_text(["", ""])
    await floor.register("Lakshmi Nair")
    row = page.locator(".visit", has_text="Lakshmi Nair")
    await expect(row).to_contain_text("checked in")
    visit = await floor.call_next(0)
    await expect(page.locator(".visit.called")).to_contain_text(visit["token_number"])
    await page.get_by_role("button", name="Unsubscribe").click()
    await expect(page.get_by_test_id("totals")).to_have_count(0)


async def test_a_server_that_comes_back_is_subscribed_to_again(floor: Floor) -> None:
    page = await floor.staff("/test_websocket.html")
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.get_by_test_id("totals")).to_be_visible()
    await floor.stage.kill_edge()
    await expect(page.get_by_test_id("line")).to_contain_text("Not connected")
    await floor.stage.start_edge()
    await expect(page.get_by_test_id("line")).to_have_text("Connected")
    await floor.register("Tomas Silva")
    await expect(page.locator(".visit", has_text="Tomas Silva")).to_be_visible()


async def test_head_office_sees_the_same_page_with_the_doctors_of_every_clinic(floor: Floor) -> None:
    visitor = await floor.visitor()
    await visitor.goto(f"{floor.stage.cloud_url}/test_websocket.html")
    await visitor.wait_for_url("**/pages/sign-in?next=/test_websocket.html")
    page = await floor.manager("/test_websocket.html")
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    doctor = page.locator(".doctor", has_text=floor.stage.clinic.site_name).first
    await expect(doctor).to_be_visible()
    await floor.register("Ingrid Berg")
    await expect(page.locator(".visit", has_text="Ingrid Berg")).to_contain_text("checked in")
    floor.stage.cut_link()
    await expect(doctor).to_contain_text("not heard at present")
    floor.stage.restore_link()
    await expect(doctor).not_to_contain_text("not heard at present")
