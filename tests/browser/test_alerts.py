"""Alerts over all clinics, and what a caregiver sees: who needs somebody, who was told, and taking it on."""

from __future__ import annotations

from playwright.async_api import expect
from psycopg.types.json import Jsonb

from tests.browser.medicine import LISTED, Medicine
from tests.browser.stage import PHONE

CRITICAL = {"critical": True, "severity": "critical"}


async def test_the_worst_comes_first_and_who_takes_an_alert_is_named_to_all(medicine: Medicine) -> None:
    person = await medicine.patient("Tara Alert")
    await medicine.alert(person, "Tara has not answered", severity="warning")
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    cards = page.locator("[data-alert]")
    await expect(cards).to_have_count(1)
    await medicine.alert(person, "Tara missed a critical dose", **CRITICAL)
    await expect(cards.first).to_contain_text("critical dose")
    await expect(page.get_by_role("status").filter(has_text="open")).to_have_text("2 open, nobody is on them yet")
    await cards.first.get_by_role("button", name="I look after this").click()
    taken = page.locator("[data-alert]", has_text="critical dose")
    await expect(taken).to_contain_text("nurse is looking after this")
    await expect(page.get_by_role("status").filter(has_text="open")).to_have_text(
        "1 open, nobody is on it yet · 1 being looked after"
    )
    await expect(cards.first, "what nobody looks after comes before it").to_contain_text("has not answered")
    office = await medicine.floor.manager("/pages/alerts")
    await expect(office.locator("[data-alert]", has_text="critical dose")).to_contain_text(
        "nurse is looking after this"
    )


async def test_an_alert_shows_who_was_told_when_and_what_became_of_it(medicine: Medicine) -> None:
    person = await medicine.patient("Uma Told")
    await medicine.look_after(person)
    await medicine.caregiver_is_told_at_the_inbox()
    await medicine.alert(person, "Uma has not answered", **CRITICAL)
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    await page.get_by_text("Who was told").click()
    told = page.get_by_test_id("told")
    await expect(told.locator("li li", has_text=LISTED).or_(told.locator("li li", has_text="ben"))).to_contain_text(
        "sent"
    )
    await expect(told).to_contain_text("round 1")


async def test_a_page_that_hears_nothing_any_more_says_so(medicine: Medicine) -> None:
    person = await medicine.patient("Vera Stale")
    await medicine.alert(person, "Vera has not answered")
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    await expect(page.locator("[data-alert]")).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_test_id("not-live")).to_be_visible()
    await expect(page.get_by_test_id("live")).to_contain_text("Not live")
    await expect(page.locator("[data-alert]"), "what was known stays, with its age").to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_test_id("not-live")).to_have_count(0)


async def test_no_alert_is_said_plainly(medicine: Medicine) -> None:
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    await expect(page.get_by_text("No open alert")).to_be_visible()


async def test_a_caregiver_lands_on_the_own_page_and_sees_the_own_patients_alone(medicine: Medicine) -> None:
    mine, other = await medicine.patient("Wanda Mine"), await medicine.patient("Xenia Other")
    await medicine.look_after(mine)
    await medicine.plan(mine, 600, medication="Bisoprolol")
    await medicine.alert(mine, "Wanda has not answered")
    await medicine.alert(other, "Xenia has not answered")
    page = await medicine.floor.visitor()
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/sign-in")
    account = medicine.floor.stage.clinic.caregiver
    await page.get_by_label("User name").fill(account["username"])
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/pages/caregiver")
    await expect(page.get_by_test_id(f"patient-{mine}")).to_contain_text("Bisoprolol")
    alert = page.locator("[data-alert]")
    await expect(alert).to_have_count(1)
    await alert.get_by_role("button", name="I look after this").click()
    await expect(alert).to_contain_text(f"{account['username']} is looking after this")
    await expect(page.get_by_text("Xenia")).to_have_count(0)


async def test_a_caregiver_who_is_listed_for_nobody_is_told_what_to_do(medicine: Medicine) -> None:
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    await expect(page.get_by_text("You are not listed for anybody yet")).to_be_visible()
    await page.goto(f"{medicine.floor.stage.cloud_url}/pages/patients")
    await expect(page.get_by_text("This page is not for your account.")).to_be_visible()


async def test_a_caregiver_adds_a_channel_proves_it_by_the_code_and_sets_quiet_hours(medicine: Medicine) -> None:
    await medicine.forget_channels()
    inbox = medicine.floor.stage.inbox
    before = inbox.code()
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    how = page.get_by_test_id("channels")
    await how.locator("select[name=kind]").select_option("webhook")
    await how.get_by_label("Address that begins with https://").fill(inbox.url)
    await how.get_by_role("button", name="Add a channel").click()
    channel = how.locator("[data-channel=webhook]")
    await expect(channel).to_contain_text("not verified yet")

    async def came() -> bool:
        return inbox.code() not in (None, before)

    await medicine.floor.until("the code arrives", came)
    code = inbox.code() or ""
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    await channel.get_by_label("Code from the message").fill(wrong)
    await channel.get_by_role("button", name="Verify").click()
    await expect(how.locator(".note.bad")).to_be_visible()
    await channel.get_by_label("Code from the message").fill(code)
    await channel.get_by_role("button", name="Verify").click()
    await expect(channel.locator(".badge.good")).to_have_text("verified")
    await channel.get_by_label("Quiet from").fill("22:00")
    await channel.get_by_label("until").fill("07:00")
    await channel.get_by_role("button", name="Save").click()
    await expect(channel.get_by_role("button", name="Save")).to_have_count(0)
    (kept,) = (await medicine.caregiver.get("/api/v1/notifications/channels")).raise_for_status().json()
    assert (kept["quiet_from"], kept["quiet_until"]) == ("22:00", "07:00")
    await channel.get_by_role("button", name="Remove").click()
    await expect(channel).to_have_count(0)


async def test_messages_in_the_browser_are_asked_for_and_a_refusal_is_said(medicine: Medicine) -> None:
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    await page.evaluate("Notification.requestPermission = async () => 'denied'")
    await page.get_by_role("button", name="Tell me in this browser").click()
    await expect(page.get_by_test_id("channels")).to_contain_text("The browser does not allow messages")


async def test_a_subscription_of_the_browser_is_entered_as_a_channel(medicine: Medicine) -> None:
    """The browser's push service is out of reach of tests: its answer is given here, the worker and the rest are real."""
    await medicine.forget_channels()
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    await page.evaluate("""() => {
        Notification.requestPermission = async () => 'granted';
        PushManager.prototype.getSubscription = async () => null;
        PushManager.prototype.subscribe = async (asked) => {
            window.asked = asked;
            return { toJSON: () => ({ endpoint: 'https://push.example/abc', keys: { p256dh: 'BPk', auth: 'YXV0aA' } }) };
        };
    }""")
    await page.get_by_role("button", name="Tell me in this browser").click()
    await expect(page.locator("[data-channel=push]")).to_contain_text("push.example")
    key = (await medicine.caregiver.get("/api/v1/notifications/push-key")).json()["public_key"]
    assert await page.evaluate("window.asked.applicationServerKey.length") == 65 and len(key) == 87
    assert await page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 1
    assert not medicine.floor.complaints
    await medicine.forget_channels()


async def test_the_link_in_a_message_is_a_page_for_a_phone_and_takes_the_alert_on(medicine: Medicine) -> None:
    person = await medicine.patient("Yara Link")
    await medicine.look_after(person)
    await medicine.caregiver_is_told_at_the_inbox()
    known = len(medicine.floor.stage.inbox.messages())
    await medicine.alert(person, "Yara has not answered", **CRITICAL)

    async def came() -> bool:
        return any(one.get("acknowledge_url") for one in medicine.floor.stage.inbox.messages()[known:])

    await medicine.floor.until("the message arrives", came)
    link = next(
        one["acknowledge_url"] for one in medicine.floor.stage.inbox.messages()[known:] if one.get("acknowledge_url")
    )
    page = await medicine.floor.visitor(PHONE)
    await page.goto(link)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = page.get_by_role("button", name="I take care of it")
    box = await button.bounding_box()
    assert box is not None and box["height"] >= 44, "large enough for a finger"
    await button.click()
    await expect(page.get_by_role("heading")).to_contain_text("Thank you")
    await expect(page.get_by_text("Yara")).to_have_count(0)
    nurse = await medicine.page(medicine.nurse, "/pages/alerts")
    await expect(nurse.locator("[data-alert]", has_text="Yara")).to_have_attribute("data-taken", "true")
    assert not medicine.floor.complaints


async def test_both_pages_fit_a_phone_and_read_from_right_to_left(medicine: Medicine) -> None:
    person = await medicine.patient("Zahra Phone")
    await medicine.look_after(person)
    await medicine.plan(person, 600)
    await medicine.alert(person, "Zahra has not answered", **CRITICAL)
    for who, path in ((medicine.nurse, "/pages/alerts"), (medicine.caregiver, "/pages/caregiver")):
        page = await medicine.page(who, f"{path}?lang=ar", PHONE)
        await expect(page.locator("[data-alert]")).to_be_visible()
        assert await page.evaluate("document.documentElement.dir") == "rtl"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_the_alerts_page_names_each_clinic_that_is_not_heard(medicine: Medicine) -> None:
    person = await medicine.patient("Yara Cut")
    await medicine.alert(person, "Yara has not answered")
    page = await medicine.floor.manager("/pages/alerts")
    await expect(page.get_by_test_id("live")).to_contain_text("Live")
    medicine.floor.stage.cut_link()
    silent = page.get_by_test_id("not-heard").locator(f"[data-site={medicine.site}]")
    await expect(silent).to_contain_text("not heard for 00:1")
    await expect(silent).to_contain_text("What is below is as of")
    await expect(page.get_by_test_id("live")).to_contain_text("not heard")
    await expect(page.get_by_test_id("live").get_by_text("Live", exact=True)).to_have_count(0)
    medicine.floor.stage.restore_link()
    await expect(page.get_by_test_id("not-heard")).to_have_count(0)
    await expect(page.get_by_test_id("live")).to_contain_text("Live")


async def test_a_nurse_sees_on_every_page_that_the_clinic_is_not_heard(medicine: Medicine) -> None:
    person = await medicine.patient("Zita Cut")
    page = await medicine.patient_page(person)
    await expect(page.get_by_test_id("live")).to_contain_text("Live")
    medicine.floor.stage.cut_link()
    await expect(page.get_by_test_id("not-heard")).to_contain_text("not heard for 00:1")
    await expect(page.get_by_test_id("live")).not_to_contain_text("Live")
    for path in ("/pages/alerts", "/pages/patients?q=Zita"):
        await page.goto(medicine.floor.stage.cloud_url + path)
        await expect(page.get_by_test_id("not-heard"), path).to_contain_text("not heard for 00:")
        await expect(page.get_by_test_id("live"), path).not_to_contain_text("Live")
    await expect(page.get_by_test_id("patients").locator("li", has_text="Zita Cut")).to_contain_text("not heard for")
    medicine.floor.stage.restore_link()
    await expect(page.get_by_test_id("not-heard")).to_have_count(0)


async def test_signs_of_danger_are_words_on_head_offices_pages(medicine: Medicine) -> None:
    person = await medicine.patient("Abel Words")
    await medicine.alert(person, "Abel said something", topic="red_flag", body="chest_pain, never_heard_of", **CRITICAL)
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    await expect(page.locator("[data-alert]")).to_contain_text("chest pain or pressure, never heard of")


async def test_what_head_office_found_in_the_recording_stands_on_the_clinics_alert(medicine: Medicine) -> None:
    person = await medicine.patient("Bela Found")
    clinics = await medicine.alert(
        person, "Somebody said something alarming", topic="red_flag", source="edge", body="chest_pain", urgency=9, **CRITICAL
    )  # fmt: skip
    await medicine.alert(
        person, "Urgency 10", topic="red_flag", source="llm", urgency=10, part_of=clinics, is_open=False,
        says=Jsonb({"code": "not_breathing", "words": "I cannot breathe"}), **CRITICAL,
    )  # fmt: skip
    await medicine.alert(
        person, "Urgency 6", topic="help", source="llm", urgency=6, part_of=clinics, is_open=False,
        says=Jsonb({"code": "", "words": "please come"}),
    )  # fmt: skip
    page = await medicine.page(medicine.nurse, "/pages/alerts")
    card = page.locator("[data-alert]")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("Bela Found said something alarming")
    await expect(card.get_by_test_id("found")).to_have_text([
        "Head office, in the recording: cannot breathe or choking · urgency 10 I cannot breathe",
        "Head office, in the recording: asks for help · urgency 6 please come",
    ])  # fmt: skip
    await card.get_by_role("button", name="I look after this").click()
    await expect(card).to_have_attribute("data-taken", "true")


async def test_alerts_are_read_in_the_readers_language_whatever_language_they_were_written_in(
    medicine: Medicine,
) -> None:
    person = await medicine.patient("Celia Words")
    await medicine.alert(person, "The device of Celia Words is not heard", topic="device_offline")
    await medicine.alert(
        person, "Urgencia 9: dolor", topic="red_flag", source="llm", urgency=9,
        says=Jsonb({"code": "chest_pain", "words": "me duele el pecho"}), **CRITICAL,
    )  # fmt: skip
    await medicine.alert(person, "A sentence a model wrote", topic="symptom")
    skipped = Jsonb({"code": "skipped", "medicines": ["Insulin"]})
    await medicine.alert(person, "Celia Words skips: Insulin", source="edge", says=skipped)
    await medicine.alert(person, "Celia Words missed: Vitamin D", source="edge")
    page = await medicine.page(medicine.nurse, "/pages/alerts?lang=es")
    await expect(page.locator("[data-alert]").filter(has_text="omite: Insulin")).to_have_count(1)
    written = page.locator("[data-alert]").filter(has_text="missed: Vitamin D")
    await expect(written, "a clinic of before tells no code").to_have_count(1)
    cards = page.locator("[data-alert]")
    await expect(cards.filter(has_text="No hay noticias del aparato de")).to_contain_text("Mire el aparato")
    await page.goto(page.url.replace("lang=es", "lang=en"))
    await expect(cards.filter(has_text="The device of")).to_contain_text("Look at the device")
    danger = cards.filter(has_text="said something alarming")
    await expect(danger).to_contain_text("chest pain or pressure · urgency 9 me duele el pecho")
    await expect(danger).not_to_contain_text("Urgencia")
    await expect(cards.filter(has_text="A sentence a model wrote")).to_have_count(1)


async def test_the_list_of_patients_counts_the_alerts_nobody_is_on(medicine: Medicine) -> None:
    person = await medicine.patient("Dora Counted")
    first = await medicine.alert(person, "Dora has not answered")
    await medicine.alert(person, "Dora missed another")
    page = await medicine.page(medicine.nurse, "/pages/patients")
    row = page.get_by_test_id("patients").locator("li", has_text="Dora Counted")
    await expect(row).to_contain_text("2 alerts nobody is on yet")
    (await medicine.nurse.post(f"/api/v1/alerts/{first}/acknowledge", json={})).raise_for_status()
    await expect(row).to_contain_text("1 alert nobody is on yet")


async def test_in_arabic_an_alert_of_a_name_in_another_script_runs_from_right_to_left(medicine: Medicine) -> None:
    person = await medicine.patient("Yann Left")
    await medicine.alert(
        person, "Yann Left missed: Metformin", says=Jsonb({"code": "missed", "medicines": ["Metformin"]})
    )
    page = await medicine.page(medicine.nurse, "/pages/alerts?lang=ar", PHONE)
    title = page.locator("[data-alert] h2")
    await expect(title).to_contain_text("فات")
    name, missed = await title.evaluate("""head => ['Yann', 'فات'].map(word => {
        const part = texts().find(n => n.data.includes(word));
        const range = document.createRange();
        range.setStart(part, part.data.indexOf(word));
        range.setEnd(part, part.data.indexOf(word) + word.length);
        return range.getBoundingClientRect().x;
        function texts() {
            const all = [], iterator = document.createNodeIterator(head, NodeFilter.SHOW_TEXT);
            for (let one; (one = iterator.nextNode());) all.push(one);
            return all;
        }
    })""")
    assert name > missed, "the name comes first, which is at the right"
