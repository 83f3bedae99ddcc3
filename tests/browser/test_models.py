"""The page of language models: how they do, what they cost today, what was asked last."""

from __future__ import annotations

from playwright.async_api import expect

from shared.clock import Clock
from shared.ids import new_id
from tests.browser.medicine import Medicine
from tests.browser.stage import PHONE

SMALL_PHONE = (360, 740)

MODEL = "openai/gpt-oss-120b"


async def asked(medicine: Medicine, outcome: str, cost_micros: int, ms: int) -> None:
    """A model was asked once."""
    await medicine.write(
        "insert into llm_requests (site, request_id, pipeline, stage, subject_id, provider, model, prompt_version,"
        " prompt_hash, retry, outcome, http_status, tokens_in, tokens_out, ms, cost_micros, at_ms)"
        " values (%s, %s, 'note', 'extract', 'n', 'groq', %s, '1', 'h', 0, %s, 200, 900, 120, %s, %s, %s)",
        medicine.site, new_id(), MODEL, outcome, ms, cost_micros, Clock.life().now_ms(),
    )  # fmt: skip


async def test_calls_failures_times_and_cost_of_a_model_are_shown_as_they_happen(medicine: Medicine) -> None:
    await medicine.write("delete from llm_requests")
    page = await medicine.floor.manager("/pages/models")
    row = page.get_by_test_id("models").locator(f"[data-model='groq:{MODEL}']")
    await expect(row).to_contain_text("no key")
    await expect(page.get_by_test_id("requests")).to_contain_text("No model was asked yet.")
    await asked(medicine, "ok", 1_200, 850)
    await asked(medicine, "timeout", 0, 15_000)
    await expect(row).to_contain_text("timeout 1")
    await expect(row).to_contain_text("850 ms")
    await expect(row).to_contain_text("$0.0012")
    requests = page.get_by_test_id("requests")
    await expect(requests.locator("tbody tr")).to_have_count(2)
    await requests.get_by_label("Only failures").check()
    await expect(requests.locator("tbody tr")).to_have_count(1)
    await expect(page.get_by_test_id("budget")).to_contain_text("of $5.00 a day")


async def test_a_model_that_is_gone_is_marked_and_asked_again_at_the_press_of_a_button(medicine: Medicine) -> None:
    await medicine.write(
        "insert into llm_models (site, provider, model, dead_since_ms, dead_reason) values ('*', 'groq', %s, %s, 'gone')"
        " on conflict (site, provider, model) do update set dead_since_ms = excluded.dead_since_ms",
        MODEL, Clock.life().now_ms(),
    )  # fmt: skip
    page = await medicine.floor.manager("/pages/models")
    row = page.get_by_test_id("models").locator(f"[data-model='groq:{MODEL}']")
    await expect(row).to_contain_text("gone")
    await row.get_by_role("button", name="Ask it again").click()
    await expect(row).not_to_have_attribute("data-state", "dead")


async def test_models_are_for_head_office_alone_and_the_page_fits_a_phone(medicine: Medicine) -> None:
    nurse = await medicine.page(medicine.nurse, "/pages/models")
    await expect(nurse.get_by_text("This page is not for your account.")).to_be_visible()
    page = await medicine.floor.manager("/pages/models?lang=ar", PHONE)
    await expect(page.get_by_test_id("models")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not medicine.floor.complaints


async def test_on_a_phone_every_row_is_a_card_whose_cells_name_their_columns(medicine: Medicine) -> None:
    await asked(medicine, "timeout", 1_200, 15_000)
    for language, column in (("en", "Outcome"), ("ar", "النتيجة")):
        page = await medicine.floor.manager(f"/pages/models?lang={language}", SMALL_PHONE)
        row = page.get_by_test_id("requests").locator("tbody tr").first
        await expect(row).to_be_visible()
        wide = await page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1"
            " && getComputedStyle(e).overflowX !== 'visible' && !e.closest('thead')).map(e => e.className)"
        )
        assert wide == [], "nothing is to be pushed sideways"
        inside = await page.evaluate(
            "[...document.querySelectorAll('tbody td, tbody th')].every(e => { const b = e.getBoundingClientRect();"
            " return b.left >= 0 && b.right <= innerWidth && b.width > 60; })"
        )
        assert inside
        named = await row.locator("td").evaluate_all(
            "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
        )
        assert f'"{column}"' in named and len(named) == 8
