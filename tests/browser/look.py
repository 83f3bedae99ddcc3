"""Take a picture of every page, to be looked at by eye: ``python -m tests.browser.look FOLDER [staff|care]``.

The pages show a busy clinic: a queue, calls, a patient inside, a clinic that is not heard, one never set up. With
`staff` only the pages that the clinic's staff work with, with `care` only those of medicine at head office.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.browser.stage import PHONE, TABLET, TELEVISION, Floor, open_floor, sign_in, signed_in

SETTLE_MS = 700
LONG = (1280, 2600)
"""All of a long page."""


Picture = Callable[[Page, str, str], Awaitable[None]]


def camera(folder: Path) -> Picture:
    """Takes pictures into `folder`: (page, name, what must be there first)."""

    async def picture(page: Page, name: str, ready: str) -> None:
        await page.locator(ready).first.wait_for()
        await page.wait_for_timeout(SETTLE_MS)
        await page.screenshot(
            path=folder / f"{name}.png", full_page=page.viewport_size == {"width": 390, "height": 844}
        )

    return picture


async def look_at_staff(floor: Floor, picture: Picture) -> None:
    """The desk, the doctor's page, the bookings and the manager's page of a busy morning."""
    await people_come(floor)
    desk = await floor.staff("/pages/desk")
    await picture(desk, "staff-desk-first", ".first")
    await desk.locator(".first .button").nth(0).click()
    await picture(desk, "staff-desk", ".acts")
    for tab in ("Bookings", "On hold", "No-shows"):
        await desk.locator(".tabs button", has_text=tab).click()
        await picture(desk, f"staff-desk-{tab.lower().replace(' ', '-')}", ".waiting")
    await desk.locator(".tabs button").first.click()
    await desk.locator(".waiting .dots").nth(1).click()
    await picture(desk, "staff-desk-visit", "dialog .choices")
    await desk.get_by_role("button", name="Send on").click()
    await picture(desk, "staff-desk-transfer", "dialog .choices.one")
    await desk.keyboard.press("Escape")
    await desk.get_by_role("button", name="Register a patient").click()
    await picture(desk, "staff-desk-register", "dialog form")
    await desk.keyboard.press("Escape")
    await desk.get_by_role("button", name="Message to patients").click()
    await picture(desk, "staff-desk-message", "dialog form")
    for language in ("ar", "hi"):
        other = await floor.staff(f"/pages/desk?lang={language}")
        await other.locator(".first .button").nth(0).click()
        await picture(other, f"staff-desk-{language}", ".acts")
        await other.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await picture(other, f"staff-desk-{language}-phone", ".acts")
    doctor = await floor.staff("/pages/doctor")
    await picture(doctor, "staff-doctor-first", ".first")
    await doctor.locator(".first .button").nth(0).click()
    await picture(doctor, "staff-doctor", ".acts")
    await doctor.keyboard.press("h")
    await picture(doctor, "staff-doctor-hold", "dialog .choices")
    await doctor.keyboard.press("Escape")
    await doctor.get_by_role("button", name="العربية").click()
    await picture(doctor, "staff-doctor-ar", ".acts")
    await doctor.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await picture(doctor, "staff-doctor-ar-phone", ".acts")
    await look_at_managing(floor, picture)


async def look_at_managing(floor: Floor, picture: Picture) -> None:
    """The appointment book and the manager's page."""
    book = await floor.staff("/pages/book")
    await picture(book, "staff-book", ".slot")
    await book.locator(".slot").first.get_by_role("button", name="Book", exact=True).click()
    await book.locator("dialog input[type=search]").fill("torr")
    await picture(book, "staff-book-search", "dialog .choices .button")
    await book.get_by_role("button", name="New person").click()
    await picture(book, "staff-book-new", "dialog form")
    await book.keyboard.press("Escape")
    await book.locator(".slot").first.get_by_role("button", name="Delay", exact=True).click()
    await picture(book, "staff-book-delay", "dialog form")
    await book.keyboard.press("Escape")
    await book.get_by_role("button", name="Day after").click()
    await picture(book, "staff-book-empty", ".card.empty")
    await picture(await floor.staff("/pages/book?lang=ar"), "staff-book-ar", ".slot")
    await picture(await floor.staff("/pages/book?lang=hi", PHONE), "staff-book-hi-phone", ".slot")
    admin = await floor.staff("/admin/")
    for part in ("Tokens", "Doctors", "Patients", "Bookable times", "Queues", "Accounts", "Programs", "Audit"):
        await admin.locator(".tabs button", has_text=part).click()
        await picture(admin, f"staff-admin-{part.lower().replace(' ', '-')}", ".card")
    await admin.locator(".tabs button", has_text="Queues").click()
    await admin.locator("select[name=policy]").select_option("fair")
    await picture(admin, "staff-admin-queues-fair", "table")
    await admin.locator(".tabs button", has_text="Accounts").click()
    await admin.get_by_role("button", name="Add an account").click()
    await picture(admin, "staff-admin-account", "dialog form")
    await admin.keyboard.press("Escape")
    await admin.get_by_role("button", name="العربية").click()
    await picture(admin, "staff-admin-ar", "table")
    await admin.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await picture(admin, "staff-admin-ar-phone", "table")


PEOPLE = (
    ("Ana Torres", "+15550100", "Fever and cough", 5), ("Bilal Haddad", "+15550101", "Follow-up", 3),
    ("Chandra Rao", "+15550102", "Back pain", 6), ("Dina Petrov", "+15550103", "Vaccination", 2),
    ("María del Carmen Fernández-Villanueva", "+15550104", "Headache since Tuesday, worse at night", 4),
    ("Elias Mwangi", "+15550105", "", 5),
)  # fmt: skip


async def people_come(floor: Floor) -> list[dict[str, Any]]:
    """Six people with names and two without, one an emergency, one on hold, one missed, one called."""
    came = []
    for name, phone, reason, urgency in PEOPLE:
        body = {"name": name, "phone": phone, "reason": reason, "urgency": urgency}
        answer = await floor.edge.post("/api/staff/register-walkin", json=body)
        came.append(answer.raise_for_status().json())
    await floor.issue()
    await floor.issue("L")
    await floor.edge.post(f"/api/v1/visits/{came[3]['uuid']}/flag-emergency", json={})
    await floor.edge.post(f"/api/v1/visits/{came[1]['uuid']}/park", json={"minutes": 10})
    await floor.edge.post(f"/api/v1/visits/{came[5]['uuid']}/no-show", json={})
    await slots_are_booked(floor)
    await floor.call_next()
    return came


async def slots_are_booked(floor: Floor) -> None:
    """Two bookable times of the first doctor today: one full with somebody waiting, one half full and late."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for at, names in ((0, ("Farid Nasser", "Grace Lee", "Hugo Silva")), (60, ("Ines Costa",))):
        start = now - timedelta(minutes=10 - at)
        slot = {
            "doctor": floor.doctors[0], "start_time": start.isoformat(),
            "end_time": (start + timedelta(minutes=60)).isoformat(), "max_capacity": 2,
        }  # fmt: skip
        made = (await floor.edge.post("/api/v1/slots", json=slot)).raise_for_status().json()
        for number, name in enumerate(names):
            patient = {"name": name, "phone": f"+1555020{at // 6}{number}"}
            body = {"slot_id": made["id"], "patient": patient, "reason": "Check-up"}
            (await floor.edge.post("/api/v1/appointments", json=body)).raise_for_status()
    await floor.edge.put(f"/api/v1/slots/{made['id']}/delay", json={"delay_minutes": 20})


async def look(floor: Floor, picture: Picture) -> None:
    """Take all pictures."""
    await picture(await floor.staff("/"), "start", "a.card")
    await picture(await floor.staff("/pages/health"), "health", ".parts")
    for program in ("staff", "manager"):
        for size, name in ((TABLET, ""), (TELEVISION, "-tv"), (PHONE, "-phone")):
            monitor = await getattr(floor, program)("/test_websocket.html", size)
            await monitor.locator("form .main").click()
            await picture(monitor, f"central-{program}{name}", ".doctors")
    visitor = await floor.visitor()
    await visitor.goto(f"{floor.stage.edge_url}/pages/sign-in")
    await picture(visitor, "sign-in", "form")
    await visitor.goto(f"{floor.stage.edge_url}/pages/display")
    await picture(visitor, "pair", "form")
    await picture(await floor.staff("/pages/display", TELEVISION), "display-empty", ".hero")

    for number in range(13):
        await floor.issue("L" if number % 5 == 4 else "A")
    for language in ("en", "hi", "es", "ar"):
        await picture(await floor.staff(f"/pages/kiosk?lang={language}"), f"kiosk-{language}", ".service")
    kiosk = await floor.staff("/pages/kiosk", PHONE)
    await picture(kiosk, "kiosk-phone", ".service")
    await kiosk.click(".service >> nth=0")
    await picture(kiosk, "kiosk-number-phone", ".given")
    await floor.stage.devices.do("paper", state="out")
    for language, size, name in (("en", PHONE, "phone"), ("ar", PHONE, "phone-ar"), ("hi", TELEVISION, "tv-hi")):
        health = await floor.staff(f"/pages/health?lang={language}", size)
        await picture(health, f"health-{name}", "[data-state=down]")
    kiosk = await floor.staff("/pages/kiosk")
    await kiosk.click(".service >> nth=0")
    await picture(kiosk, "kiosk-no-paper", ".given .code img")
    await look_at_phones(floor, picture)

    display = await floor.staff("/pages/display", TELEVISION)
    await display.locator(".hero").wait_for()
    for _ in range(3):
        visit = await floor.call_next()
        await floor.act(f"visits/{visit['id']}/start")
        await floor.act(f"visits/{visit['id']}/complete")
    visit = await floor.call_next(1)
    await floor.act(f"visits/{visit['id']}/start")
    await floor.call_next(0)
    await picture(display, "display-call", ".hero.calling")
    await picture(await floor.staff("/pages/display", TELEVISION), "display", ".hero")
    await picture(await floor.staff("/pages/display?lang=ar", TELEVISION), "display-ar", ".hero")
    await picture(await floor.staff("/pages/display", PHONE), "display-phone", ".hero")
    await look_at_messages(floor, picture, display)

    desk = await floor.staff("/pages/desk")
    await picture(desk, "desk-first", ".first")
    await desk.locator(".first .button").nth(0).click()
    await picture(desk, "desk", ".acts")
    await desk.keyboard.press("n")
    await picture(desk, "desk-refusal", ".side .note.bad")
    await desk.get_by_role("button", name="العربية").click()
    await picture(desk, "desk-ar", ".acts")
    await desk.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await desk.get_by_role("button", name="हिन्दी").click()
    await picture(desk, "desk-phone-hi", ".acts")

    await floor.office.post("/api/v1/sites", json={"id": "new-wing", "name": "New Wing"})
    for kind, body in (
        ("rename_service", {"letter": "L", "name": "Laboratory and X-ray"}),
        ("add_service", {"letter": "A", "name": "General again"}),
    ):
        await floor.office.post("/api/v1/sites/riverside/commands", json={"kind": kind, "body": body})
    await picture(await floor.manager("/pages/chain"), "chain", ".tile")
    await picture(await floor.manager("/pages/site?site=riverside", (1280, 1100)), "site", ".commands")
    await picture(await floor.manager("/pages/site?site=riverside", PHONE), "site-phone", ".commands")
    floor.stage.cut_link()
    chain = await floor.manager("/pages/chain")
    await picture(chain, "chain-silent", "[data-state=silent]")
    await picture(await floor.manager("/pages/chain?lang=ar", PHONE), "chain-phone-ar", "[data-state=silent]")
    await picture(await floor.manager("/pages/chain?lang=hi", TABLET), "chain-hi", "[data-state=silent]")
    await picture(await floor.staff("/pages/desk?lang=en"), "desk-link-down", "[data-testid=link].warn")
    await floor.stage.kill_edge()
    await picture(display, "display-not-live", ".stopped")
    await picture(health, "health-silent", "[data-testid=silent]")


async def look_at_phones(floor: Floor, picture: Picture) -> None:
    """What patients follow on their phones."""
    for name, language in (("Ada Sol", "en"), ("Ben Ray", "ar")):
        answer = await floor.edge.post("/api/patients/register", json={"name": name, "service": "A"})
        visit = answer.raise_for_status().json()
        phone = await floor.visitor(PHONE)
        await phone.goto(f"{floor.stage.edge_url}/pages/track?lang={language}#{visit['tracking_token']}")
        await picture(phone, f"track-{language}", ".number")
        for act, body in (("call", {"doctor_id": str(visit["doctor_id"])}), ("no-show", {})):
            (await floor.edge.post(f"/api/v1/visits/{visit['uuid']}/{act}", json=body)).raise_for_status()
            await phone.evaluate("() => window.dispatchEvent(new Event('online'))")
            await picture(phone, f"track-{language}-{act}", f".now.{'called' if act == 'call' else 'no_show'}")
    await phone.goto(f"{floor.stage.edge_url}/pages/track?lang=en#{visit['tracking_token'][:-8]}")
    await phone.reload()
    await picture(phone, "track-wrong", ".message")


async def look_at_messages(floor: Floor, picture: Picture, display: Page) -> None:
    """The waiting room's screen with a short message, and with the longest there can be."""
    sent = []
    words = "The doctor was called to an emergency in the ward. "
    for name, message, priority in (("", words, "high"), ("-long", (words * 10)[:500], "critical")):
        body = {"message": message, "priority": priority, "estimatedDelay": 30}
        answer = await floor.edge.post(f"/api/appointments/queue/emergency/{floor.doctors[0]}", json=body)
        sent.append(answer.raise_for_status().json()["data"]["broadcastId"])
        await picture(display, f"display-message{name}", f".tidings.{priority}")
    for size, name in (((1366, 768), "1366"), ((1080, 1920), "portrait"), (PHONE, "phone")):
        await picture(await floor.staff("/pages/display?lang=ar", size), f"display-message-{name}-ar", ".tidings")
    for broadcast in sent:
        await floor.act(f"broadcasts/{broadcast}/end")


async def look_at_care(floor: Floor, picture: Picture) -> None:
    """What a nurse, a caregiver and head office see of the made-up people of `cloud seed-care`."""
    told = await floor.stage.tool("cloud", "seed-care")
    async with AsyncExitStack() as stack:
        nurse, caregiver = [
            await stack.enter_async_context(aclosing(await sign_in(floor.stage.cloud_url, account)))
            for account in (
                {"username": f"made-up-{role}", "password": told.split()[-1]} for role in ("nurse", "caregiver")
            )
        ]
        rows = (await nurse.get("/api/v1/patients")).raise_for_status().json()
        ids = {one["name"]: one["id"] for one in rows}
        with_plan, without = (f"/pages/patient?site=made-up&id={ids[name]}" for name in ("Amelia Rivas", "Meera Joshi"))
        pages = (
            (nurse, "patients", "/pages/patients?", "[data-testid=patients] li"),
            (nurse, "patient", f"{with_plan}&", "[data-testid=asked]"),
            (nurse, "patient-empty", f"{without}&", "[data-testid=asked]"),
            (nurse, "alerts", "/pages/alerts?", "[data-testid=alerts]"),
            (caregiver, "caregiver", "/pages/caregiver?", "[data-testid=channels]"),
            (floor.office, "models", "/pages/models?", "[data-testid=models]"),
        )
        for who, name, path, ready in pages:
            for language, size, kind in (
                ("en", LONG, ""),
                ("ar", LONG, "-ar"),
                ("en", PHONE, "-phone"),
                ("ar", PHONE, "-ar-phone"),
            ):
                page = await floor.visitor(size, storage_state=signed_in(who))
                await page.goto(f"{floor.stage.cloud_url}{path}lang={language}")
                await picture(page, f"care-{name}{kind}", ready)
                await page.context.close()
        page = await floor.visitor(LONG, storage_state=signed_in(nurse))
        await page.goto(f"{floor.stage.cloud_url}{with_plan}")
        for button, ready in (
            ("Change", ".plan-form"), ("Stop", "dialog form"), ("Import FHIR", "dialog form"),
            ("Add a caregiver", "dialog form"), ("How they are told", "dialog .channels"),
            ("Hold doses", "dialog form"), ("Correct", "dialog form"),
        ):  # fmt: skip
            await page.get_by_role("button", name=button).first.click()
            await picture(page, f"care-dialog-{button.lower().replace(' ', '-')}", ready)
            await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Events").click()
        await picture(page, "care-patient-events", "[data-testid=timeline] time")
        phone = await floor.visitor(PHONE, storage_state=signed_in(nurse))
        await phone.goto(f"{floor.stage.cloud_url}{with_plan}&lang=ar")
        await phone.locator("[data-plan] .do .button").first.click()
        await picture(phone, "care-dialog-change-ar-phone", ".plan-form")
        await phone.goto(f"{floor.stage.cloud_url}/pages/alerts?lang=ar")
        await phone.locator(".switch button").last.click()
        await phone.locator("summary").last.click()
        await picture(phone, "care-alerts-told-ar-phone", ".told, .more .quiet")


async def main(folder: Path, which: str) -> None:
    """Start the stage, take the pictures, end everything."""
    async with open_floor() as floor:
        await {"": look, "staff": look_at_staff, "care": look_at_care}[which](floor, camera(folder))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["staff"], ["care"]):
        sys.exit("usage: python -m tests.browser.look FOLDER [staff|care]")
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(pictures, "".join(sys.argv[2:])))
    print(f"{len(list(pictures.glob('*.png')))} pictures in {pictures}")
