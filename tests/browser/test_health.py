"""The page that says whether the clinic's computer is well, and what to do where it is not."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.stage import Floor


async def test_whoever_looks_sees_each_part_and_what_to_do_about_the_one_that_is_down(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/pages/health")
    await expect(page.get_by_test_id("overall")).to_have_text("Everything works")
    for name in ("Disk and records", "Head office", "Clock", "Ticket printer", "Button board b1"):
        await expect(page.locator("[data-state=up]", has_text=name).first).to_be_visible()
    await floor.stage.devices.do("paper", state="out")
    await floor.issue()
    first = page.locator(".parts li").first
    await expect(first).to_contain_text("Ticket printer")
    await expect(first).to_contain_text("Look at paper, cover, cable and power.")
    await expect(page.get_by_test_id("overall")).to_contain_text("Needs attention")
    await floor.stage.devices.do("paper", state="ok")
    await expect(page.get_by_test_id("overall")).to_have_text("Everything works")


async def test_a_computer_that_does_not_answer_is_never_shown_as_well(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/pages/health")
    await expect(page.get_by_test_id("overall")).to_be_visible()
    await floor.stage.kill_edge()
    await expect(page.get_by_test_id("silent")).to_contain_text("No answer from the clinic's computer for")
    await expect(page.get_by_test_id("overall")).to_have_count(0)
    await floor.stage.start_edge()
    await expect(page.get_by_test_id("overall")).to_be_visible()
    await expect(page.get_by_test_id("silent")).to_have_count(0)
