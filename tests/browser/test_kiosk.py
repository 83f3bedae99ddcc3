"""The kiosk: what a patient meets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.stage import PHONE, Floor

GENERAL = ".service >> nth=0"


async def _number(page: Page) -> str:
    shown = page.locator(".given .big")
    await expect(shown).to_be_visible()
    return await shown.inner_text()


async def _booking(floor: Floor, name: str, minutes: int, days: int = 0) -> dict[str, Any]:
    """An appointment so many minutes from now; late or early in the day as near as that day allows."""
    now = datetime.now(UTC) + timedelta(days=days)
    start = min(max(now + timedelta(minutes=minutes), now.replace(hour=0, minute=0)), now.replace(hour=23, minute=55))
    body = {"doctor_id": floor.doctors[0], "date": now.date().isoformat(), "time": f"{start:%H:%M}",
            "patient": {"name": name}, "override": "test"}  # fmt: skip
    made: dict[str, Any] = (await floor.edge.post("/api/v1/appointments", json=body)).raise_for_status().json()
    return made


async def _type(page: Page, code: str) -> None:
    """Touch the digits, then "Check in", in whatever language."""
    for sign in code:
        await page.locator(".digit", has_text=sign).click()
    await page.locator(".entry .button.main").click()


async def test_touching_a_service_shows_the_number_that_was_drawn(floor: Floor) -> None:
    await floor.issue()
    page = await floor.staff("/pages/kiosk")
    await page.click(GENERAL)
    token = await _number(page)
    assert token in await floor.tokens()
    await expect(page.get_by_text("Ahead of you: 1")).to_be_visible()
    await expect(page.get_by_text("Please take your slip")).to_be_visible()  # the printer has said so
    assert floor.stage.devices.slips()[-1]["token"] == token


async def test_double_touch_and_two_fingers_give_one_token(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    await page.wait_for_selector(GENERAL)
    await page.evaluate("""() => { const both = document.querySelectorAll('.service');
        both[0].click(); both[0].click(); both[1].click(); both[0].click(); }""")
    token = await _number(page)
    for _ in range(3):
        await page.mouse.dblclick(640, 400)
    assert await floor.tokens() == {token}


async def test_press_whose_answer_is_lost_gives_one_token(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    lost: list[str] = []

    async def lose_first(route: Route) -> None:
        answer = await route.fetch()
        key = route.request.headers["idempotency-key"]
        lost.append(key)
        await (route.abort() if len(lost) == 1 else route.fulfill(response=answer))

    await page.route("**/api/v1/visits", lose_first)
    await page.click(GENERAL)
    token = await _number(page)
    assert len(lost) == 2 and lost[0] == lost[1], "the second try is the same press"
    assert await floor.tokens() == {token}


async def test_page_that_reloads_in_the_middle_of_a_press_still_shows_its_number(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    reached = asyncio.Event()

    async def swallow(route: Route) -> None:
        await route.fetch()
        reached.set()  # the answer never comes

    await page.route("**/api/v1/visits", swallow)
    await page.click(GENERAL)
    await reached.wait()
    await page.unroute("**/api/v1/visits", swallow)
    await page.reload()
    token = await _number(page)
    assert await floor.tokens() == {token}


async def test_press_while_the_clinic_computer_is_off_says_so_and_succeeds_later(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    await page.wait_for_selector(GENERAL)
    await floor.stage.kill_edge()
    await page.click(GENERAL)
    await expect(page.get_by_text("The clinic computer has not answered yet")).to_be_visible()
    await expect(page.get_by_text("You do not have a number yet")).to_be_visible()
    await floor.stage.start_edge()
    await page.get_by_role("button", name="Try again").click()
    token = await _number(page)
    assert await floor.tokens() == {token}


async def test_without_paper_the_number_is_to_be_remembered(floor: Floor) -> None:
    await floor.stage.devices.do("paper", state="out")
    page = await floor.staff("/pages/kiosk")
    await page.wait_for_selector(GENERAL)
    await page.click(GENERAL)
    token = await _number(page)
    await expect(page.get_by_text("Please remember this number")).to_be_visible()
    assert token in await floor.tokens()


async def test_number_comes_with_the_wait_in_words(floor: Floor) -> None:
    for _ in range(4):
        await floor.issue()
    page = await floor.staff("/pages/kiosk")
    async with page.expect_response("**/api/v1/visits") as answered:
        await page.click(GENERAL)
    told = (await (await answered.value).json())["estimate"]
    await expect(page.locator(".estimate")).to_have_text(f"About {told['min']} to {told['max']} minutes")
    await expect(page.locator(".given .code")).to_have_count(0)  # the slip has one


async def test_without_paper_a_phone_takes_the_number_along_from_the_screen(floor: Floor) -> None:
    await floor.stage.devices.do("paper", state="out")
    page = await floor.staff("/pages/kiosk")
    await expect(page.locator(GENERAL)).to_be_visible()
    async with page.expect_response("**/code.svg") as drawn:
        await page.click(GENERAL)
    answer = await drawn.value
    assert answer.status == 200 and answer.headers["content-type"].startswith("image/svg+xml")
    code = page.get_by_role("img", name="Code to follow your number on a phone")
    await expect(code).to_be_visible()
    await expect(code).to_have_js_property("complete", True)
    assert await code.evaluate("picture => picture.naturalWidth") > 0
    assert floor.complaints == []
    inside = await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert inside, "number, code and languages fit on the tablet"


async def test_screen_goes_back_to_the_start_and_to_the_first_language_by_itself(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    await page.get_by_role("button", name="Español").click()
    await page.click(GENERAL)
    await expect(page.get_by_text("Su número", exact=True)).to_be_visible()
    await expect(page.get_by_text("Touch what you are here for")).to_be_visible()


async def test_arabic_turns_the_page_and_leaves_the_token_as_it_is_printed(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk", PHONE)
    await page.get_by_role("button", name="العربية").click()
    assert await page.evaluate("document.documentElement.dir") == "rtl"
    letter, name = page.locator(".letter").first, page.locator(".name").first
    letter_box, name_box = await letter.bounding_box(), await name.bounding_box()
    assert letter_box and name_box and letter_box["x"] > name_box["x"], "the letter stands at the right"
    await page.click(GENERAL)
    assert await _number(page) in await floor.tokens()
    await expect(page.get_by_text("أنت التالي")).to_be_visible()


async def test_person_with_an_appointment_types_its_code_and_gets_number_and_slip(floor: Floor) -> None:
    made = await _booking(floor, "Berta Booked", 10)
    phone = await floor.visitor(PHONE)  # where Berta reads the code
    await phone.goto(made["tracking_url"])
    await expect(phone.locator(".kiosk-code")).to_have_text(f"{made['check_in_code'][:4]} {made['check_in_code'][4:]}")
    page = await floor.staff("/pages/kiosk")
    await page.get_by_role("button", name="I have an appointment").click()
    await expect(page.get_by_role("button", name="Check in")).to_be_disabled()
    await _type(page, made["check_in_code"])
    token = await _number(page)
    assert token in await floor.tokens()
    await expect(page.get_by_text("Please take your slip")).to_be_visible()
    assert floor.stage.devices.slips()[-1]["token"] == token
    assert "Berta" not in await page.inner_text("body")
    await expect(page.get_by_text("Touch what you are here for")).to_be_visible()  # by itself


async def test_link_held_to_a_reader_checks_in_from_the_first_screen_and_from_the_keypad(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    for first in (True, False):
        made = await _booking(floor, f"Rita Reader {first}", 10)
        await page.wait_for_selector(GENERAL)
        if not first:
            await page.get_by_role("button", name="I have an appointment").click()
            await page.wait_for_selector(".keypad")
        await page.keyboard.type(made["tracking_url"])
        await page.keyboard.press("Enter")
        assert await _number(page) in await floor.tokens()
        assert len(await floor.tokens()) == (1 if first else 2), "the reader's Enter presses no button"
        await page.wait_for_timeout(1_300)  # the button is deaf to a third quick touch
        await page.get_by_role("button", name="Done").click()


async def test_code_whose_answer_is_lost_gives_one_token_and_a_second_time_the_same_number(floor: Floor) -> None:
    made = await _booking(floor, "Lena Lost", 10)
    page = await floor.staff("/pages/kiosk")
    lost: list[str] = []

    async def lose_first(route: Route) -> None:
        answer = await route.fetch()
        lost.append(route.request.headers["idempotency-key"])
        await (route.abort() if len(lost) == 1 else route.fulfill(response=answer))

    await page.route("**/api/v1/visits/arrive", lose_first)
    await page.get_by_role("button", name="I have an appointment").click()
    await _type(page, made["check_in_code"])
    token = await _number(page)
    assert len(lost) == 2 and lost[0] == lost[1] and await floor.tokens() == {token}
    await page.reload()
    await expect(page.locator(".given .big")).to_be_visible()  # its time on the screen was not over
    await expect(page.get_by_text("Touch what you are here for")).to_be_visible()
    await page.get_by_role("button", name="I have an appointment").click()
    await _type(page, made["check_in_code"])
    await expect(page.get_by_text("You are checked in already.")).to_be_visible()
    assert await _number(page) == token and await floor.tokens() == {token}


@pytest.mark.parametrize(
    ("language", "appointment", "unknown", "other_day"),
    [
        (
            "English",
            "I have an appointment",
            "no appointment with this code",
            "another day. Please go to the reception",
        ),
        ("हिन्दी", "मेरा अपॉइंटमेंट है", "कोई अपॉइंटमेंट नहीं मिला", "किसी और दिन का है। कृपया रिसेप्शन पर"),
        ("Español", "Tengo una cita", "ninguna cita con este código", "de otro día. Vaya a recepción"),
        ("العربية", "لديّ موعد", "لم نجد موعدًا بهذا الرمز", "ليوم آخر. يرجى الذهاب إلى الاستقبال"),
    ],
)
async def test_code_that_fits_nothing_or_another_day_is_told_with_what_to_do(
    floor: Floor, language: str, appointment: str, unknown: str, other_day: str
) -> None:
    made = await _booking(floor, f"Tom Tomorrow {language}", 0, days=1)
    page = await floor.staff("/pages/kiosk")
    await page.get_by_role("button", name=language).click()
    await page.get_by_role("button", name=appointment).click()
    await _type(page, "00000000")
    await expect(page.get_by_role("alert")).to_contain_text(unknown)
    await page.locator(".message .button.main").click()
    await _type(page, made["check_in_code"])
    await expect(page.get_by_role("alert")).to_contain_text(other_day)
    assert await floor.tokens() == set()


async def test_who_comes_much_too_early_is_told_from_when_on(floor: Floor) -> None:
    made = await _booking(floor, "Erik Early", 240)
    page = await floor.staff("/pages/kiosk")
    await page.get_by_role("button", name="I have an appointment").click()
    await _type(page, made["check_in_code"])
    await expect(page.locator(".message h2, .given .big").first).to_be_visible()
    if await floor.tokens():
        return  # late in the evening there is no "much too early"
    await expect(page.get_by_text("You are early")).to_be_visible()
    (booked,) = (await floor.desk())["booked"]
    await expect(page.get_by_text(f"You join the queue at {booked['timer_at'][11:16]}")).to_be_visible()


async def test_keys_of_the_keypad_are_large_enough_for_a_finger_and_in_arabic_stand_as_on_every_keypad(
    floor: Floor,
) -> None:
    page = await floor.staff("/pages/kiosk", PHONE)
    await page.get_by_role("button", name="العربية").click()
    await page.get_by_role("button", name="لديّ موعد").click()
    boxes = [await key.bounding_box() for key in await page.locator(".digit").all()]
    assert len(boxes) == 11 and all(box and box["width"] >= 60 and box["height"] >= 60 for box in boxes)
    assert boxes[0] and boxes[2] and boxes[0]["x"] < boxes[2]["x"], "1 2 3 run from left to right"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_kiosk_that_lost_the_clinic_says_that_it_is_not_live(floor: Floor) -> None:
    page = await floor.staff("/pages/kiosk")
    await page.wait_for_selector(GENERAL)
    await expect(page.get_by_test_id("live")).to_be_hidden()
    await floor.stage.kill_edge()
    await expect(page.get_by_test_id("live")).to_contain_text("Not live, as of")
