"""Health, metrics, the start page, the documents and the pages' files."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from edge.app.ports import DeviceError
from edge.web import app as web_app
from edge.web import credentials, guards, health
from edge.web.health import HINTS
from edge.web.wiring import Wiring
from tests.edge_web import web


async def test_all_well_is_ok(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        answer = await site.http.get("/health")
        assert answer.status_code == 200
        body = answer.json()
        parts = ("database", "feed", "cloud_link", "broker", "clock")
        assert [body[name] for name in parts] == ["up", "up", "none", "none", "up"]
        assert body["status"] == "ok" and body["hints"] == {}


@pytest.mark.parametrize("fact,part", [
    ({"link": "down"}, "cloud_link"), ({"broker": "down"}, "broker"), ({"parts": {"printer": "paper_out"}}, "printer"),
])  # fmt: skip
async def test_a_part_that_is_down_degrades_and_says_what_to_do(
    tmp_path: Path, fact: dict[str, object], part: str
) -> None:
    async with web(tmp_path) as site:
        site.facts.update(fact)
        answer = await site.http.get("/health")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded" and answer.json()[part] == "down"
        assert answer.json()["hints"] == {part: HINTS[part]}


async def test_time_that_nobody_vouches_for_degrades(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        site.it.store.clock.trust = "person"
        assert (await site.http.get("/health")).json()["clock"] == "down"


async def test_a_disk_that_does_not_answer_is_503_and_many_askers_cost_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PROBE_TIMEOUT_S", 0.2)
    tried = 0

    async def hang() -> None:
        nonlocal tried
        tried += 1
        await asyncio.sleep(60)

    def change(wiring: Wiring) -> Wiring:
        return dataclasses.replace(wiring, probe=hang)

    async with web(tmp_path, change=change) as site:
        answers = await asyncio.gather(*(site.http.get("/health") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {503} and tried == 1


async def test_metrics_are_for_this_machine_or_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with web(tmp_path, options={"metrics_key": "scrape-me"}) as site:
        await site.it.issue()
        text = (await site.http.get("/metrics")).text
        assert 'outpost_unsent_events{lane="1"}' in text and 'outpost_up{part="database"} 1.0' in text
        assert 'outpost_effects_waiting{kind="print_slip"} 1.0' in text
        monkeypatch.setattr(health, "is_loopback", lambda request: False)
        assert (await site.http.get("/metrics")).status_code == 403
        assert (await site.http.get("/metrics", headers={"Authorization": "Bearer scrape-you"})).status_code == 403
        assert (await site.http.get("/metrics", headers={"Authorization": "Bearer scrape-me"})).status_code == 200


async def test_public_paths_are_limited_by_address_but_not_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web(tmp_path, options={"public_per_minute": 1}) as site:
        answers = [(await site.http.get("/")).status_code for _ in range(110)]
        assert set(answers) == {200}
        monkeypatch.setattr(web_app, "is_loopback", lambda request: False)
        monkeypatch.setattr(credentials, "is_loopback", lambda request: False)
        answers = [(await site.http.get("/")).status_code for _ in range(110)]
        assert answers.count(429) >= 5
        refused = await site.http.get("/health")
        assert refused.status_code == 429 and refused.json()["hint"] and int(refused.headers["retry-after"]) >= 1
        assert guards.address_of.__doc__


async def test_the_start_page_is_json_for_programs_and_a_page_for_browsers(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "start.html").write_text("<p>start")
    (static / "desk.html").write_text("<p>desk")
    (static / "assets" / "desk-1a2b.js").write_text("1")
    async with web(tmp_path / "data", options={"static": static}) as site:
        told = (await site.http.get("/")).json()
        assert told["site"] == "Riverside" and told["time"].endswith("+05:30") and told["docs"] == "/docs"
        assert (await site.http.get("/", headers={"Accept": "text/html"})).text == "<p>start"
        assert (await site.http.get("/pages/desk/")).text == "<p>desk"
        script = await site.http.get("/assets/desk-1a2b.js")
        assert script.status_code == 200 and "immutable" in script.headers["cache-control"]
        for path in ("/pages/none", "/pages/..%2fdesk", "/assets/..%2f..%2fdesk.html", "/assets/.hidden"):
            assert (await site.http.get(path)).status_code == 404, path


async def test_the_documents_name_every_path_and_what_each_error_means(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        document = (await site.http.get("/openapi.json")).json()
        assert "Problem" in document["components"]["schemas"]
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                assert operation["description"], (method, path)
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        assert len(answer["description"]) > 20, (path, status)
                        assert "application/problem+json" in answer["content"], (path, status)
        issue = document["paths"]["/api/v1/visits"]["post"]
        assert {"201", "401", "403", "409", "422", "503"} <= set(issue["responses"])
        assert issue["requestBody"]["content"]["application/json"]["schema"]["properties"]["service"]
        docs = await site.http.get("/docs")
        assert docs.status_code == 200 and "http://" not in docs.text and "https://" not in docs.text


async def test_requests_are_counted_by_route_and_not_by_address(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        operator = {"Authorization": "Bearer operator-key"}
        visit = (await site.http.post("/api/v1/visits/", json={}, headers=operator)).json()["visit"]
        await site.http.get(f"/api/v1/visits/{visit['id']}", headers=operator)
        for path in ("/nowhere", "/nobody/was/here"):
            await site.http.get(path)
        text = (await site.http.get("/metrics")).text
        assert 'outpost_http_requests_total{route="/api/v1/visits",status="201"} 1.0' in text
        assert 'outpost_http_requests_total{route="/api/v1/visits/{visit_id}",status="200"} 1.0' in text
        assert 'outpost_http_requests_total{route="none",status="404"} 2.0' in text


async def test_a_person_confirms_the_time_that_was_shown_and_is_named(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        clock = site.it.store.clock
        clock.trust = "person"
        await site.add_staff("ana", "reception")
        await site.add_staff("ode", "nurse")
        shown, path = {"now_ms": clock.now_ms()}, "/api/v1/clock/confirm"
        ana, ode = await site.page("ana"), await site.page("ode")
        assert (await ode.post(path, json=shown)).status_code == 403
        assert (await ana.post(path, json={"now_ms": clock.now_ms() - 3_600_000})).json()["code"] == "wrong_time"
        assert not clock.trusted()
        assert (await ana.post(path, json=shown)).status_code == 204
        assert clock.trusted() and (await site.http.get("/health")).json()["clock"] == "up"
        acts = site.it.rows("select json_extract(data, '$.act') from events where kind = 'staff_acted'")
        assert ("clock_confirmed",) in acts


async def test_a_voice_that_fails_says_so_and_what_to_do(tmp_path: Path) -> None:
    async def fail(token: str, room: str) -> bytes:
        raise DeviceError("espeak-ng is not installed", passing=False, hint="Install it.")

    def change(wiring: Wiring) -> Wiring:
        return dataclasses.replace(wiring, clip=fail)

    async with web(tmp_path, change=change) as site:
        operator = {"Authorization": "Bearer operator-key"}
        await site.it.issue()
        await site.it.call()
        call = (await site.http.get("/api/v1/display", headers=operator)).json()["now_calling"][0]
        answer = await site.http.get(call["clip"], headers=operator)
        assert answer.status_code == 503 and answer.json()["hint"] == "Install it."
