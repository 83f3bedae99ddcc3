"""The triage tables over HTTP: what they say, and a visit that is raised by them and never lowered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import book
from tests.edge_web import Web, web

OPERATOR_PATH = "/api/v1/triage"
WELL = {
    "age_years": 40, "heart_rate": 75, "respiratory_rate": 13, "temperature": 36.8, "oxygen": 98, "avpu": "A",
    "systolic": 120, "mobility": "walking", "trauma": False,
}  # fmt: skip


async def nurse(site: Web) -> Any:
    await site.add_staff("nora", "nurse")
    return await site.page("nora")


async def test_the_tables_say_which_version_they_are_and_that_nobody_signed_them(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        page = await nurse(site)
        told = (await page.get("/api/v1/triage/tables?language=es")).raise_for_status().json()
        assert {table["name"] for table in told["tables"]} == {"IITT", "TEWS", "NEWS2"}
        assert all(table["signer"] is None and table["version"] for table in told["tables"])
        assert {"code": "stridor", "name": "ruido áspero al inspirar"} in told["signs"]
        assert (await page.get("/api/v1/triage/tables?language=xx")).status_code == 422


async def test_vitals_and_words_become_an_urgency_with_its_reason(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        page = await nurse(site)
        well = (await page.post(OPERATOR_PATH, json=WELL)).raise_for_status().json()
        assert well["urgency"] == 3 and well["missing"] == [] and well["news2"]["total"] == 0
        ill = (await page.post(OPERATOR_PATH, json={**WELL, "signs": ["wheeze"], "oxygen": 90})).json()
        assert ill["urgency"] == 8 and ill["rules"][0] == "iitt.vital.oxygen" and "oxygen" in ill["why"]
        said = (await page.post(OPERATOR_PATH, json={"words": "chest pain since this morning"})).json()
        assert said["urgency"] == 9 and said["red_flag"]["code"] == "chest_pain"
        for wrong in ({"heart_rate": 700}, {"signs": ["hiccup"]}, {"avpu": "Z"}, {"pulse": 60}):
            assert (await page.post(OPERATOR_PATH, json=wrong)).status_code == 422


async def test_a_visit_is_raised_by_the_tables_never_lowered_and_the_log_says_why(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        page = await nurse(site)
        visit = await book.register(site.it, urgency=5)
        path = f"/api/v1/visits/{visit['id']}/triage"
        raised = (await page.post(path, json={**WELL, "signs": ["stridor"]})).raise_for_status().json()
        assert raised["raised"] and raised["visit"]["urgency"] == 10
        again = (await page.post(path, json=WELL)).raise_for_status().json()
        assert not again["raised"] and again["visit"]["urgency"] == 10 and again["urgency"] == 3
        reasons = site.it.rows("select reason from visit_intervals where kind = 'visit_triaged'")
        assert len(reasons) == 1 and "harsh noise" in reasons[0][0] and "iitt 20" in reasons[0][0]
        assert (await page.post("/api/v1/visits/undo", json={"undo_id": raised["undo_id"]})).status_code == 200


async def test_nobody_without_a_clinical_sign_in_uses_the_tables(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        visit = await book.register(site.it)
        for path in (OPERATOR_PATH, f"/api/v1/visits/{visit['id']}/triage"):
            assert (await site.http.post(path, json={})).status_code == 401
