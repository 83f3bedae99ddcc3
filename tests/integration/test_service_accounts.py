"""Keys for programs, who saw what, and the switch that opens the API on this machine."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from edge.domain.account_commands import NoteSeen
from tests.edge_web import web

OPERATOR = {"Authorization": "Bearer operator-key"}


async def test_program_without_a_role_may_look_and_not_act(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        made = await site.http.post("/api/v1/service-accounts", json={"name": "Chat bot"}, headers=OPERATOR)
        assert made.status_code == 201
        bot = {"Authorization": f"Bearer {made.json()['key']}"}
        assert (await site.http.get("/api/v1/desk", headers=bot)).status_code == 200
        refused = await site.http.post("/api/v1/visits", json={}, headers=bot)
        assert refused.status_code == 403 and refused.json()["hint"]
        assert (await site.http.get("/api/v1/staff", headers=bot)).status_code == 403


async def test_program_with_a_role_acts_and_a_removed_key_opens_nothing(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        wanted = {"name": "Booking page", "roles": ["reception"]}
        made = (await site.http.post("/api/v1/service-accounts", json=wanted, headers=OPERATOR)).json()
        program = {"Authorization": f"Bearer {made['key']}"}
        doctor = site.it.doctor_id
        await site.it.issue()
        assert (await site.http.post(f"/api/v1/doctors/{doctor}/call-next", headers=program)).status_code == 200
        listed = (await site.http.get("/api/v1/service-accounts", headers=OPERATOR)).json()
        assert [one["name"] for one in listed] == ["Booking page"] and "key" not in listed[0]
        gone = await site.http.delete(f"/api/v1/service-accounts/{made['id']}", headers=OPERATOR)
        assert gone.status_code == 204
        assert (await site.http.get("/api/v1/desk", headers=program)).status_code == 401


async def test_key_asked_for_again_after_a_lost_answer_is_the_same_key(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        asked = {**OPERATOR, "Idempotency-Key": "give"}
        wanted = {"name": "Bot", "roles": ["reception"]}
        first, again = [await site.http.post("/api/v1/service-accounts", json=wanted, headers=asked) for _ in range(2)]
        assert (first.status_code, first.json()) == (again.status_code, again.json()) and first.status_code == 201
        assert len((await site.http.get("/api/v1/service-accounts", headers=OPERATOR)).json()) == 1
        bot = {"Authorization": f"Bearer {again.json()['key']}"}
        assert (await site.http.get("/api/v1/desk", headers=bot)).status_code == 200
        path, gone = f"/api/v1/service-accounts/{again.json()['id']}", {**OPERATOR, "Idempotency-Key": "gone"}
        assert [(await site.http.delete(path, headers=gone)).status_code for _ in range(2)] == [204, 204]
        assert (await site.http.delete(path, headers=OPERATOR)).status_code == 404
        assert (await site.http.get("/api/v1/desk", headers=bot)).status_code == 401


@pytest.mark.parametrize("headers", [OPERATOR, {**OPERATOR, "Idempotency-Key": "give"}])
async def test_key_stands_nowhere_in_the_database(tmp_path: Path, headers: dict[str, str]) -> None:
    async with web(tmp_path) as site:
        made = await site.http.post("/api/v1/service-accounts", json={"name": "Bot"}, headers=headers)
        key = made.json()["key"]
        assert not any(key.encode() in path.read_bytes() for path in sorted(tmp_path.iterdir()) if path.is_file())  # noqa: ASYNC240


async def test_manager_reads_who_saw_and_changed_what(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.accepted(NoteSeen, what="person", which="p1", actor="staff:ada")
        await site.add_staff("meg", "manager")
        told = (await site.http.get("/api/v1/audit", headers=await site.bearer("meg"))).json()
        assert [one["act"] for one in told] == ["signed_in", "staff_added", "saw_person"]
        assert told[2]["who"] == "staff:ada" and told[2]["detail"] == "p1"
        rest = await site.http.get(f"/api/v1/audit?limit=1&cursor={told[0]['id']}", headers=OPERATOR)
        assert [one["act"] for one in rest.json()] == ["staff_added"]
        await site.add_staff("rae", "reception")
        assert (await site.http.get("/api/v1/audit", headers=await site.bearer("rae"))).status_code == 403


async def test_open_switch_lets_this_machine_in_as_a_manager_and_every_answer_says_so(tmp_path: Path) -> None:
    async with web(tmp_path, options={"open_on_loopback": True}) as site:
        answer = await site.http.post("/api/v1/visits", json={})
        assert answer.status_code == 201 and answer.headers["x-outpost-open"] == "loopback"
        assert (await site.http.get("/api/v1/staff")).status_code == 200


async def test_open_switch_takes_the_examples_of_the_documents_with_whatever_token_they_name(tmp_path: Path) -> None:
    async with web(tmp_path, options={"open_on_loopback": True}) as site:
        fetch = {"Authorization": "Bearer undefined", "Content-Type": "text/plain;charset=UTF-8"}
        sent = await site.http.post(
            f"/api/appointments/queue/emergency/{site.it.doctor_id}", headers=fetch,
            content='{"message":"Doctor is running 30 minutes late","priority":"high","estimatedDelay":30}',
        )  # fmt: skip
        assert sent.status_code == 200 and sent.headers["x-outpost-open"] == "loopback"
        foreign = {**fetch, "Origin": "https://evil.example"}
        assert (await site.http.get("/api/v1/staff", headers=foreign)).status_code == 401
        await site.add_staff("rae", "reception")
        real = await site.bearer("rae")
        assert (await site.http.get("/api/v1/staff", headers=real)).status_code == 403, "a token that holds counts"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "clinic.example:8000"}, {"Origin": "null"}]
)
async def test_open_switch_lets_no_web_page_of_another_site_in(tmp_path: Path, headers: dict[str, str]) -> None:
    async with web(tmp_path, options={"open_on_loopback": True}) as site:
        assert (await site.http.post("/api/v1/visits", json={}, headers=headers)).status_code == 401


async def test_without_the_switch_nobody_is_let_in_and_no_answer_says_open(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        answer = await site.http.post("/api/v1/visits", json={})
        assert answer.status_code == 401 and "x-outpost-open" not in answer.headers


async def test_pages_of_listed_origins_use_the_api_with_a_token_and_never_with_a_cookie(tmp_path: Path) -> None:
    async with web(tmp_path, options={"cors_origins": ("https://app.example",)}) as site:
        await site.add_staff("meg", "manager")
        asked = {
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }  # fmt: skip
        before = await site.http.options("/api/v1/visits", headers=asked)
        assert before.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-credentials" not in before.headers
        token = {**await site.bearer("meg"), "Origin": "https://app.example"}
        assert (await site.http.post("/api/v1/visits", json={}, headers=token)).status_code == 201
        page = await site.page("meg")
        refused = await page.post("/api/v1/visits", json={}, headers={"Origin": "https://app.example"})
        assert refused.status_code == 403
        other: httpx.Response = await site.http.options(
            "/api/v1/visits", headers={**asked, "Origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in other.headers
