"""A caregiver says what became of a dose on their own page; the clinic keeps it, and until then the page says that it waits."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.medicine import Medicine
from tests.browser.stage import PHONE


async def test_a_caregiver_says_that_a_dose_was_taken_and_sees_when_the_clinic_has_kept_it(medicine: Medicine) -> None:
    person = await medicine.patient("Quinn Told")
    await medicine.look_after(person)
    await medicine.plan(person, -20)
    page = await medicine.page(medicine.caregiver, "/pages/caregiver")
    dose = page.get_by_test_id(f"patient-{person}").locator("[data-dose]")
    await expect(dose).to_contain_text("Metformin")
    medicine.floor.stage.cut_link()
    await dose.get_by_role("button", name="Say what happened").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("Say what happened").select_option("taken")
    await dialog.get_by_label("Remark").fill("with breakfast")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dose).to_contain_text("Sent; the clinic has not kept it yet")
    await expect(dose.get_by_role("button", name="Say what happened")).to_have_count(0)
    medicine.floor.stage.restore_link()
    await expect(dose).to_have_attribute("data-status", "ON_TIME")
    await expect(dose).not_to_contain_text("Sent;")
    clinic = (await medicine.floor.edge.get(f"/api/v1/care/doses?patient_id={person}")).raise_for_status().json()
    (kept,) = [one for one in clinic["doses"] if one["status"] == "ON_TIME"]
    name = medicine.floor.stage.clinic.caregiver["username"]
    assert (kept["source"], kept["reason"]) == ("caregiver", f"{name}: with breakfast")


async def test_on_a_phone_in_arabic_a_caregiver_says_that_a_dose_was_not_taken(medicine: Medicine) -> None:
    person = await medicine.patient("Rana Told")
    await medicine.look_after(person)
    await medicine.plan(person, -20)
    page = await medicine.page(medicine.caregiver, "/pages/caregiver?lang=ar", PHONE)
    dose = page.get_by_test_id(f"patient-{person}").locator("[data-dose]")
    await dose.get_by_role("button", name="قل ما حدث").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("قل ما حدث").select_option("skipped")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await dialog.get_by_role("button", name="إرسال").click()
    await expect(dose).to_have_attribute("data-status", "SKIPPED")
