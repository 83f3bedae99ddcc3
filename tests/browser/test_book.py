"""The appointment book: bookable times, who is in them, and what reception does with both. All on a far day, so that no
test depends on the hour it runs at."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.stage import Floor

_days = itertools.count(40)


def _a_day() -> str:
    """A day of its own for each test: bookings of another cannot be in the way."""
    return (datetime.now(UTC) + timedelta(days=next(_days))).date().isoformat()


async def _slot(floor: Floor, day: str, places: int = 2, hour: int = 9) -> dict[str, Any]:
    body = {
        "doctor": floor.doctors[0], "start_time": f"{day}T{hour:02}:00:00", "end_time": f"{day}T{hour + 1:02}:00:00",
        "max_capacity": places,
    }  # fmt: skip
    made: dict[str, Any] = (await floor.edge.post("/api/v1/slots", json=body)).raise_for_status().json()
    return made


async def _booked(floor: Floor, slot: dict[str, Any], *names: str) -> None:
    for name in names:
        body = {
            "slot_id": slot["id"],
            "patient": {"name": name, "phone": f"+1555{abs(hash((name, slot['id']))) % 10**7}"},
        }
        (await floor.edge.post("/api/v1/appointments", json=body)).raise_for_status()


async def _book(floor: Floor, day: str) -> Page:
    page = await floor.staff("/pages/book")
    await page.locator(".doctors button").first.click()
    await page.get_by_label("Day", exact=True).fill(day)
    return page


def _card(page: Page, time: str) -> Locator:
    return page.locator(".slot", has_text=time)


async def test_day_without_times_says_so_and_several_are_added_at_once(floor: Floor) -> None:
    page = await _book(floor, _a_day())
    await expect(page.get_by_text("No bookable times on this day yet.")).to_be_visible()
    await page.get_by_label("From").fill("09:00")
    await page.get_by_label("Until").fill("12:00")
    await page.get_by_label("Places each").fill("3")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator(".slot")).to_have_count(3)
    await expect(_card(page, "11:00–12:00")).to_contain_text("0 of 3 taken")


async def test_new_person_is_booked_and_known_one_found_by_name(floor: Floor) -> None:
    day = _a_day()
    slot = await _slot(floor, day)
    page = await _book(floor, day)
    await _card(page, "09:00").get_by_role("button", name="Book", exact=True).click()
    await page.get_by_label("Who is it for?").fill("Bruno Newman")
    await page.get_by_role("button", name="New person").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Bruno Newman")
    await page.get_by_label("Phone", exact=True).fill("+15552001")
    await page.locator("dialog").get_by_role("button", name="Book", exact=True).click()
    await expect(_card(page, "09:00")).to_contain_text("Bruno Newman")
    await expect(_card(page, "09:00")).to_contain_text("1 of 2 taken")
    await expect(page.locator("dialog")).to_have_count(0)

    other = _a_day()
    await _slot(floor, other)
    await page.get_by_label("Day", exact=True).fill(other)
    await _card(page, "09:00").get_by_role("button", name="Book", exact=True).click()
    await page.get_by_label("Who is it for?").fill("newman")
    await page.locator("dialog .choices .button", has_text="Bruno Newman").first.click()
    await page.get_by_label("Kind of booking").select_option("FOLLOWUP")
    await page.locator("dialog").get_by_role("button", name="Book", exact=True).click()
    await expect(_card(page, "09:00")).to_contain_text("Follow-up")
    tokens = (await floor.edge.get(f"/api/v1/tokens?slot_id={slot['id']}")).json()
    assert [one["token_number"] for one in tokens] == [1]


async def test_full_time_puts_on_the_waiting_list_and_a_cancelled_place_goes_to_its_first(floor: Floor) -> None:
    day = _a_day()
    slot = await _slot(floor, day, places=1)
    await _booked(floor, slot, "Holder Hanna", "Waiter Walt")
    page = await _book(floor, day)
    card = _card(page, "09:00")
    await expect(card).to_contain_text("full")
    await expect(card).to_contain_text("1 on the waiting list")
    await expect(card.locator("li").nth(1)).to_contain_text("Waiter Walt")
    await card.get_by_role("button", name="Cancel booking of Holder Hanna").click()
    await page.get_by_role("button", name="Yes").click()
    await expect(card.locator("li")).to_have_count(1)
    await expect(card.locator("li")).to_contain_text("Waiter Walt")
    await expect(card.locator("li")).to_contain_text("booked")


async def test_delay_reaches_the_later_times_and_can_be_taken_away(floor: Floor) -> None:
    day = _a_day()
    await _booked(floor, await _slot(floor, day), "Delayed Dan")
    await _slot(floor, day, hour=10)
    page = await _book(floor, day)
    await _card(page, "09:00–").get_by_role("button", name="Delay", exact=True).click()
    await page.get_by_label("Minutes", exact=True).fill("30")
    await page.get_by_role("button", name="Set").click()
    await expect(_card(page, "09:00–")).to_contain_text("30 min late")
    await expect(_card(page, "10:00–11:00")).to_contain_text("30 min late")
    await _card(page, "09:00–").get_by_role("button", name="Delay", exact=True).click()
    await page.get_by_label("Minutes", exact=True).fill("0")
    await page.get_by_role("button", name="Set").click()
    await expect(_card(page, "10:00–11:00")).not_to_contain_text("late")


async def test_cancelled_time_asks_once_more_and_opens_again(floor: Floor) -> None:
    day = _a_day()
    await _slot(floor, day)
    page = await _book(floor, day)
    await _card(page, "09:00").get_by_role("button", name="Cancel this time").click()
    await page.get_by_role("button", name="Yes").click()
    await expect(_card(page, "09:00")).to_contain_text("Cancelled")
    await _card(page, "09:00").get_by_role("button", name="Open again").click()
    await expect(_card(page, "09:00")).to_contain_text("2 free")


async def test_suggested_time_is_booked_with_one_press_more(floor: Floor) -> None:
    day = _a_day()
    await _slot(floor, day, hour=9)
    await _slot(floor, day, hour=14)
    page = await _book(floor, day)
    await page.get_by_label("Preferred hour").fill("14")
    await expect(page.locator(".suggested li").first).to_contain_text("14:00-15:00")
    await page.locator(".suggested .button").first.click()
    await page.get_by_label("Who is it for?").fill("Sugar Gest")
    await page.get_by_role("button", name="New person").click()
    await page.locator("dialog").get_by_role("button", name="Book", exact=True).click()
    await expect(_card(page, "14:00–")).to_contain_text("Sugar Gest")


async def test_booking_made_elsewhere_appears_by_itself(floor: Floor) -> None:
    day = _a_day()
    slot = await _slot(floor, day)
    page = await _book(floor, day)
    await expect(_card(page, "09:00")).to_contain_text("Nobody is booked.")
    await _booked(floor, slot, "Far Away")
    await floor.register("Somebody Comes")  # any change at the clinic makes the book read itself anew
    await expect(_card(page, "09:00")).to_contain_text("Far Away")


async def test_second_booking_of_a_day_needs_a_reason(floor: Floor) -> None:
    day = _a_day()
    first, second = await _slot(floor, day), await _slot(floor, day, hour=11)
    body = {"slot_id": first["id"], "patient": {"name": "Twice Tilda", "phone": "+15552009"}}
    (await floor.edge.post("/api/v1/appointments", json=body)).raise_for_status()
    page = await _book(floor, day)
    await _card(page, "11:00").get_by_role("button", name="Book", exact=True).click()
    await page.get_by_label("Who is it for?").fill("Twice Tilda")
    await page.locator("dialog .choices .button", has_text="Twice Tilda").first.click()
    await page.locator("dialog").get_by_role("button", name="Book", exact=True).click()
    await page.get_by_label("Reason for a second booking that day").fill("Blood test after the visit")
    await page.locator("dialog").get_by_role("button", name="Book", exact=True).click()
    await expect(_card(page, "11:00")).to_contain_text("Twice Tilda")
    assert second["max_capacity"] == 2
