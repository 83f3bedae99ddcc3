"""Head office: the chain overview and the page of one clinic."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.stage import Floor


async def test_tile_follows_what_happens_at_the_clinic(floor: Floor) -> None:
    page = await floor.manager("/pages/chain")
    tile = page.locator("[data-site=riverside]")
    await expect(tile).to_have_attribute("data-state", "live")
    await expect(tile.locator(".big dd").first).to_have_text("0")
    await floor.issue()
    await expect(tile.locator(".big dd").first).to_have_text("1")
    visit = await floor.call_next()
    await expect(tile).to_contain_text(f"{visit['token_number']}")
    await expect(tile).to_contain_text("1 called")


async def test_tile_of_a_clinic_that_is_not_heard_turns_stale_and_counts(floor: Floor) -> None:
    page = await floor.manager("/pages/chain")
    tile = page.locator("[data-site=riverside]")
    await expect(tile).to_have_attribute("data-state", "live")
    floor.stage.cut_link()
    silent = tile.get_by_test_id("silent")
    await expect(silent).to_contain_text("not heard for 00:1")
    before = await silent.inner_text()
    await expect(silent).not_to_have_text(before)
    await expect(tile).to_contain_text("as it was at")
    await expect(tile.get_by_text("live", exact=True)).to_have_count(0)
    floor.stage.restore_link()
    await expect(tile).to_have_attribute("data-state", "live")


async def test_new_clinic_is_added_and_gets_a_claim_code(floor: Floor) -> None:
    page = await floor.manager("/pages/chain")
    await page.get_by_role("button", name="Add a clinic").click()
    await page.get_by_label("Name of the clinic").fill("Río Verde 2")
    await expect(page.get_by_label("Short name")).to_have_value("rio-verde-2")
    await page.get_by_role("button", name="Add and get a claim code").click()
    code = await page.get_by_test_id("claim-code").inner_text()
    assert code
    await expect(page.locator(".order")).to_contain_text(code)
    await expect(page.get_by_text(re.compile(r"another 0?9:\d\d"))).to_be_visible()
    await page.keyboard.press("Escape")
    tile = page.locator("[data-site=rio-verde-2]")
    await expect(tile).to_have_attribute("data-state", "never")
    await expect(page.locator(".tile").last, "never heard comes last").to_have_attribute("data-site", "rio-verde-2")


async def test_doctor_added_by_head_office_is_published_received_applied_and_at_the_desk(floor: Floor) -> None:
    desk = await floor.staff("/pages/desk")
    await desk.wait_for_selector(".first")
    page = await floor.manager("/pages/site?site=riverside")
    await page.get_by_label("Doctor's name").fill("Dr. Noor Haddad")
    await page.get_by_label("Room").fill("7")
    await page.get_by_label("Service").select_option("L")
    await page.get_by_role("button", name="Publish").click()
    command = page.locator(".commands > li", has_text="Dr. Noor Haddad")
    await expect(command).to_have_attribute("data-state", "applied")
    await expect(page.locator(".rows", has_text="Dr. Noor Haddad")).to_be_visible()
    await expect(desk.locator(".first")).to_contain_text("Dr. Noor Haddad")


async def test_change_the_clinic_refuses_is_shown_as_failed_with_the_reason(floor: Floor) -> None:
    page = await floor.manager("/pages/site?site=riverside")
    await page.get_by_role("button", name="Add a service").click()
    await page.get_by_label("Letter").fill("a")
    await page.get_by_label("Name of the service").fill("General again")
    await page.get_by_role("button", name="Publish").click()
    command = page.locator(".commands > li", has_text="General again")
    await expect(command).to_have_attribute("data-state", "failed")
    await expect(command.locator("p.bad")).not_to_be_empty()


async def test_change_for_a_clinic_that_is_cut_off_waits_as_published(floor: Floor) -> None:
    page = await floor.manager("/pages/site?site=riverside")
    await page.get_by_role("button", name="Rename a service").click()
    await page.get_by_label("Service").select_option("L")
    floor.stage.cut_link()
    await page.get_by_label("New name").fill("Laboratory and X-ray")
    await page.get_by_role("button", name="Publish").click()
    command = page.locator(".commands > li", has_text="Laboratory and X-ray")
    await expect(command).to_have_attribute("data-state", "published")
    floor.stage.restore_link()
    await expect(command).to_have_attribute("data-state", "applied")


async def test_clinic_that_does_not_exist_is_said_plainly(floor: Floor) -> None:
    page = await floor.manager("/pages/site?site=nowhere")
    await expect(page.get_by_text("This clinic is not known")).to_be_visible()


async def test_head_office_asks_for_a_sign_in_first(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.cloud_url}/pages/chain")
    account = floor.stage.clinic.office
    await page.get_by_label("User name").fill(account["username"])
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("[data-site=riverside]")).to_be_visible()
