"""The manager's page: who may open it, and that each part does what it says."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.browser.stage import Floor

_numbers = itertools.count(1)


async def _admin(floor: Floor, part: str) -> Page:
    page = await floor.staff("/admin/")
    await page.locator(".tabs button", has_text=part).click()
    return page


async def _account(floor: Floor, **values: Any) -> dict[str, Any]:
    made = await floor.edge.post("/api/v1/staff", json=values)
    account: dict[str, Any] = made.raise_for_status().json()
    return account


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(floor: Floor) -> None:
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/admin/")
    await page.wait_for_url("**/pages/sign-in?next=/admin/")
    account = floor.stage.clinic.staff
    await page.get_by_label("User name").fill(account["username"])
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/admin/")
    await expect(page.locator(".tabs button", has_text="Audit")).to_be_visible()


async def test_reception_is_told_that_the_page_is_a_managers(floor: Floor) -> None:
    name = f"front{next(_numbers)}"
    password = (await _account(floor, username=name, name="Front Desk", roles=["reception"]))["password"]
    page = await floor.visitor()
    await page.goto(f"{floor.stage.edge_url}/pages/sign-in")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/pages/desk")
    await page.goto(f"{floor.stage.edge_url}/admin/")
    await expect(page.get_by_role("alert").first).to_contain_text("This account may not do that")
    await expect(page.get_by_label("User name")).to_be_visible()


async def test_manager_page_needs_no_slash_and_shows_programs_no_page(floor: Floor) -> None:
    for path in ("/admin", "/admin/"):
        assert (await floor.edge.get(path)).status_code == httpx.codes.OK
    async with httpx.AsyncClient(base_url=floor.stage.edge_url, trust_env=False) as stranger:
        answer = await stranger.get("/admin/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/pages/sign-in?next=/admin/")


async def test_tokens_are_watched_live(floor: Floor) -> None:
    page = await _admin(floor, "Tokens")
    visit = await floor.register("Watched Wanda", doctor_id=floor.doctors[0])
    row = page.locator("tr", has_text="Watched Wanda")
    await expect(row).to_contain_text("waiting")
    await floor.act(f"visits/{visit['uuid']}/call", doctor_id=floor.doctors[0])
    await expect(row).to_contain_text("called")


async def test_doctor_is_added_changed_and_let_go(floor: Floor) -> None:
    page = await _admin(floor, "Doctors")
    name = f"Dr. Admin {next(_numbers)}"
    await page.get_by_role("button", name="Add a doctor").click()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Speciality").fill("Dermatology")
    await page.get_by_label("Room").fill("9")
    await page.get_by_label("Service").select_option("L")
    await page.get_by_role("button", name="Save").click()
    row = page.locator("tr", has_text=name)
    await expect(row).to_contain_text("Dermatology")
    await page.get_by_role("button", name=f"Change: {name}").click()
    await page.get_by_label("Room").fill("10")
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("10")
    await page.get_by_role("button", name=f"Let go: {name}").click()
    await page.get_by_role("button", name="Yes").click()
    await expect(row).to_contain_text("away")


async def test_person_is_added_found_changed_and_erased(floor: Floor) -> None:
    page = await _admin(floor, "Patients")
    name = f"Perry Person{next(_numbers)}"
    await page.get_by_role("button", name="Add a person").click()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Phone", exact=True).fill("+15553001")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await page.get_by_label("Name or phone").fill(name)
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name=f"Change: {name}").click()
    await page.get_by_label("Age", exact=True).fill("51")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("tbody tr")).to_contain_text("51")
    await page.get_by_role("button", name=f"Erase: {name}").click()
    await page.locator("dialog").get_by_role("button", name="Erase", exact=True).click()
    await expect(page.get_by_text("Nobody found.")).to_be_visible()


async def test_bookable_times_are_made_here_too(floor: Floor) -> None:
    page = await _admin(floor, "Bookable times")
    await page.get_by_label("Day", exact=True).fill("2030-03-04")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator(".list li")).to_have_count(3)


async def test_policy_is_chosen_after_its_order_was_shown(floor: Floor) -> None:
    await floor.register("Later Urgent", urgency=2)
    first = await floor.register("First Urgent", urgency=9)
    page = await _admin(floor, "Queues")
    await expect(page.locator("tbody tr").first).to_contain_text(first["token_number"])
    await page.get_by_label("Order by").select_option("fair")
    await expect(page.locator("tbody tr").first).to_contain_text("was")
    assert (await floor.edge.get("/api/v1/queues/A/policy")).json()["policy"] == "weighted", "nothing is changed yet"
    await page.get_by_label("Others for each one of priority").fill("3")
    await page.get_by_role("button", name="Use this order").click()
    await expect(page.locator(".toast")).to_contain_text("ordered anew")
    present = (await floor.edge.get("/api/v1/queues/A/policy")).json()
    assert (present["policy"], present["options"]["ratio"]) == ("fair", 3)
    answer = await floor.edge.put("/api/v1/queues/A/policy", json={"policy": "weighted", "options": {}})
    answer.raise_for_status()


async def test_account_gets_a_password_that_is_shown_once(floor: Floor) -> None:
    page = await _admin(floor, "Accounts")
    name = f"nurse{next(_numbers)}"
    await page.get_by_role("button", name="Add an account").click()
    await page.get_by_label("Name", exact=True).fill("Nina Nurse")
    await page.get_by_label("User name").fill(name)
    await page.get_by_role("checkbox", name="Reception").uncheck()
    await page.get_by_role("checkbox", name="Nurse").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".secret")).to_be_visible()
    password = await page.locator(".secret").inner_text()
    await page.get_by_role("button", name="Written down").click()
    await expect(page.locator("tr", has_text=name)).to_contain_text("Nurse")
    answer = await floor.edge.post("/api/v1/auth/login", json={"username": name, "password": password})
    assert answer.status_code == httpx.codes.OK
    await page.locator("tr", has_text=name).get_by_role("button", name="Change").click()
    await page.get_by_label("May sign in").uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("tr", has_text=name)).to_contain_text("closed")


async def test_key_of_a_program_is_shown_once_and_taken_away(floor: Floor) -> None:
    page = await _admin(floor, "Programs")
    name = f"Board bot {next(_numbers)}"
    await page.get_by_role("button", name="Give a program a key").click()
    await page.get_by_label("What is the program?").fill(name)
    await page.get_by_role("button", name="Make the key").click()
    await expect(page.locator(".secret")).to_contain_text("opk_")
    key = await page.locator(".secret").inner_text()
    await page.get_by_role("button", name="Copied").click()
    async with httpx.AsyncClient(base_url=floor.stage.edge_url, trust_env=False) as bot:
        headers = {"Authorization": f"Bearer {key}"}
        assert (await bot.get("/api/v1/desk", headers=headers)).status_code == httpx.codes.OK
        await page.get_by_role("button", name=f"Take the key away: {name}").click()
        await page.get_by_role("button", name="Yes").click()
        await expect(page.locator("tr", has_text=name)).to_have_count(0)
        assert (await bot.get("/api/v1/desk", headers=headers)).status_code == httpx.codes.UNAUTHORIZED


async def test_audit_says_who_did_what(floor: Floor) -> None:
    name = f"audited{next(_numbers)}"
    await _account(floor, username=name, name="Audited Person", roles=["nurse"])
    page = await _admin(floor, "Audit")
    await expect(page.locator("tbody tr", has_text=name)).to_contain_text("staff added")
