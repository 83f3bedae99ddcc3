"""The waiting room's screen."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.stage import TELEVISION, Floor

AT_ONCE_MS = 2_000  # it takes about a tenth of this; tests share two cores with servers


async def test_call_is_on_the_display_at_once(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await expect(page.get_by_text("Please wait")).to_be_visible()
    await floor.issue()
    visit = await floor.call_next()
    await expect(page.locator(".hero .huge")).to_have_text(visit["token_number"], timeout=AT_ONCE_MS)
    await expect(page.locator(".hero .where")).to_contain_text("Room 1", timeout=AT_ONCE_MS)


async def test_call_of_a_doctor_without_a_room_sends_to_the_desk_on_the_screen_as_it_does_aloud(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await page.wait_for_selector(".hero")
    roomless = (await floor.edge.post("/api/doctors", json={"name": "Dr. Roomless"})).raise_for_status().json()
    await floor.register("Deb Desk", doctor_id=roomless["uuid"])
    await floor.act(f"doctors/{roomless['uuid']}/call-next")
    await expect(page.locator(".hero .where")).to_contain_text("Desk")


async def test_two_calls_in_one_moment_each_get_their_time(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await page.wait_for_selector(".hero")
    await page.evaluate("""() => { window.heroes = []; const note = () => {
        const hero = document.querySelector('.hero.calling .huge')?.textContent;
        if (hero && window.heroes.at(-1)?.[0] !== hero) window.heroes.push([hero, performance.now()]); };
        new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true,
        attributes: true}); }""")
    for _ in range(2):
        await floor.issue()
    first, second = await floor.call_next(0), await floor.call_next(1)
    await floor.act(f"visits/{first['id']}/start")  # gone from "now calling", but not from the screen
    await expect(page.locator(".hero.calling .huge")).to_have_text(second["token_number"])
    shown = await page.evaluate("window.heroes")
    assert [token for token, _ in shown] == [first["token_number"], second["token_number"]]
    assert shown[1][1] - shown[0][1] > 5_500, "the first call was not cut short"


async def test_calls_made_before_the_screen_was_on_are_listed_and_not_called_again(floor: Floor) -> None:
    await floor.issue()
    visit = await floor.call_next()
    page = await floor.staff("/pages/display", TELEVISION)
    await expect(page.locator(".hero .huge")).to_have_text(visit["token_number"])
    await expect(page.locator(".hero.calling")).to_have_count(0)


async def test_screen_whose_server_is_gone_says_not_live_and_recovers(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await page.wait_for_selector(".hero")
    await expect(page.get_by_test_id("not-live")).to_be_hidden()
    await floor.stage.kill_edge()
    stopped = page.get_by_test_id("not-live")
    await expect(stopped).to_contain_text("NOT LIVE")
    await expect(stopped).to_contain_text(re.compile(r"stopped at \d\d:\d\d:\d\d, \d+ s ago"))
    await floor.stage.start_edge()
    await expect(stopped).to_be_hidden()
    await floor.issue()
    visit = await floor.call_next()
    await expect(page.locator(".hero .huge")).to_have_text(visit["token_number"])


async def test_screen_with_sound_plays_the_clip_of_a_call(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await page.get_by_role("button", name="Turn sound on").click()
    await expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
    await floor.issue()
    async with page.expect_response(re.compile(r"/api/v1/announcements/\w+\.wav$")) as heard:
        await floor.call_next()
    answer = await heard.value
    assert answer.status == 200 and answer.headers["content-type"] == "audio/wav"
    await page.reload()
    await page.mouse.click(5, 5)  # any touch lets the sound through again
    await expect(page.get_by_role("button", name="Sound is on")).to_be_visible()


async def test_screen_with_sound_says_a_message_and_lets_a_call_go_first(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await page.get_by_role("button", name="Turn sound on").click()
    await expect(page.get_by_role("button", name="Sound is on")).to_be_visible()
    spoken = re.compile(r"/api/v1/announcements/\w+\.wav$")
    await floor.issue()
    async with page.expect_response(spoken) as heard:
        sent = await _tell(floor, "The doctor was called away and comes back later. " * 8, "critical")
    message = await heard.value
    assert message.status == 200 and message.headers["content-type"] == "audio/wav"
    async with page.expect_response(lambda answer: answer.url == message.url) as again:
        async with page.expect_response(lambda answer: "/announcements/" in answer.url and answer.url != message.url):
            visit = await floor.call_next()
        await expect(page.locator(".hero.calling .huge")).to_have_text(visit["token_number"], timeout=AT_ONCE_MS)
    assert (await again.value).status == 200, "the message begins again after the call"
    await _end(floor, sent)


async def test_screen_nobody_paired_asks_for_a_code_and_takes_the_one_from_the_desk(floor: Floor) -> None:
    desk = await floor.staff("/pages/desk")
    await desk.get_by_role("button", name="Pair a screen").click()
    await desk.get_by_role("dialog").get_by_role("button", name="Waiting room screen").click()
    code = await desk.locator(".big-code").inner_text()
    page = await floor.visitor(TELEVISION)
    await page.goto(f"{floor.stage.edge_url}/pages/display?pair=WRONG123")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await page.get_by_label("Code").fill(code.lower())
    await page.get_by_role("button", name="Pair", exact=True).click()
    await expect(page.locator(".hero")).to_be_visible()
    await expect(page).not_to_have_url(re.compile("pair="))
    await page.reload()
    await expect(page.locator(".hero")).to_be_visible()


async def _tell(floor: Floor, message: str, priority: str, doctor: int = 0, delay: int = 0) -> str:
    body = {"message": message, "priority": priority, "estimatedDelay": delay}
    answer = await floor.edge.post(f"/api/appointments/queue/emergency/{floor.doctors[doctor]}", json=body)
    sent: str = answer.raise_for_status().json()["data"]["broadcastId"]
    return sent


async def _end(floor: Floor, broadcast: str) -> None:
    (await floor.edge.post(f"/api/v1/broadcasts/{broadcast}/end", json={})).raise_for_status()


async def test_message_stands_on_the_screen_with_doctor_and_delay_until_it_is_ended(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await expect(page.locator(".hero")).to_be_visible()
    sent = await _tell(floor, "Delayed by a delivery", "high", delay=30)
    banner = page.get_by_test_id("message")
    await expect(banner).to_contain_text("Delayed by a delivery", timeout=AT_ONCE_MS)
    doctor = (await floor.desk())["doctors"][0]
    await expect(banner).to_contain_text(doctor["name"])
    await expect(banner).to_contain_text("About 30 minutes late")
    await expect(page.get_by_role("status").filter(has_text="Delayed by a delivery")).to_contain_text(doctor["name"])
    await _end(floor, sent)
    await expect(banner).to_have_count(0, timeout=AT_ONCE_MS)


async def test_critical_message_comes_first_and_is_said_at_once_to_who_cannot_see_it(floor: Floor) -> None:
    page = await floor.staff("/pages/display", TELEVISION)
    await expect(page.locator(".hero")).to_be_visible()
    sent = [await _tell(floor, "Leave by the back door", "critical", 1), await _tell(floor, "Coffee is served", "low")]
    banner = page.get_by_test_id("message")
    await expect(banner).to_have_class(re.compile("critical"))
    await expect(banner).to_contain_text("Urgent")
    await expect(banner).to_contain_text("1 / 2")
    await expect(page.get_by_role("alert")).to_contain_text("Leave by the back door")
    await expect(page.get_by_role("alert")).not_to_contain_text("Coffee")
    await expect(page.get_by_role("status").filter(has_text="Coffee is served")).to_have_count(1)
    await expect(banner).to_contain_text("Coffee is served")  # they take turns
    for one in sent:
        await _end(floor, one)
    await expect(banner).to_have_count(0)


async def test_longest_message_leaves_the_call_whole_on_every_screen(floor: Floor) -> None:
    for _ in range(12):
        await floor.issue()
    called = await floor.call_next()
    sent = await _tell(floor, "W" * 40 + " away until further notice" * 17, "critical", delay=720)
    for size in (TELEVISION, (1366, 768), (3840, 2160), (1080, 1920)):
        for language in ("en", "ar"):
            page = await floor.staff(f"/pages/display?lang={language}", size)
            await expect(page.locator(".hero .huge")).to_have_text(called["token_number"])
            await expect(page.get_by_test_id("message")).to_be_visible()
            outside = await page.evaluate("""() => { const hero = document.querySelector('.hero').getBoundingClientRect();
                const out = [...document.querySelectorAll('.hero h2, .hero .huge, .hero .where')].filter(e => {
                    const box = e.getBoundingClientRect();
                    return box.top < hero.top - 1 || box.bottom > hero.bottom + 1 || box.left < hero.left - 1
                        || box.right > hero.right + 1; }).map(e => e.className || e.tagName);
                const text = document.querySelector('.tidings .text');
                if (text.scrollWidth > text.clientWidth + 1) out.push('text');
                if (document.documentElement.scrollWidth > innerWidth) out.push('page');
                return out; }""")
            assert outside == [], f"{size} in {language}"
            await page.context.close()
    await _end(floor, sent)


async def test_several_doctors_have_a_line_each_with_who_is_inside_and_who_is_next(floor: Floor) -> None:
    doctors = (await floor.desk())["doctors"]
    body = {"name": "Ada Sol", "service": "A", "doctor_id": doctors[0]["number"]}
    given = []
    for name in ("Ada Sol", "Ben Ray", "Cy Oda"):
        answer = await floor.edge.post("/api/patients/register", json={**body, "name": name})
        given.append(answer.raise_for_status().json()["token_number"])
    anyone = await floor.issue()
    page = await floor.staff("/pages/display", TELEVISION)
    called = await floor.call_next()
    line = page.locator(".rooms tbody tr").first
    await expect(line.locator(".at")).to_have_text(called["token_number"])
    rest = [token for token in given if token != called["token_number"]]
    await expect(line.locator(".then bdi")).to_have_text(rest)
    await expect(page.locator(".next li")).to_have_text([anyone["token_number"]])
    await expect(page.locator(".rooms .count")).to_contain_text("3")


async def test_display_shows_no_name_of_a_person(floor: Floor) -> None:
    await floor.issue()
    await floor.call_next()
    page = await floor.staff("/pages/display", TELEVISION)
    await page.wait_for_selector(".hero .huge")
    shown = await page.inner_text("body")
    names = [doctor["name"] for doctor in (await floor.desk())["doctors"]]
    assert names and not [name for name in names if name in shown]
