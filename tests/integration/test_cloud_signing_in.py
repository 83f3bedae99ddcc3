"""Signing in at head office: passwords, lock-out, cookies, tokens, and who may see which site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from shared import passwords, tokens
from tests import quick
from tests.office import PASSWORD, Office, running


@pytest_asyncio.fixture
async def office(pg_uri: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with running(pg_uri, tmp_path) as started:
        yield started


async def _login(office: Office, password: str = PASSWORD, name: str = "Asha") -> int:
    answer = await office.http.post("/api/v1/auth/login", json={"username": name, "password": password})
    return answer.status_code


async def test_the_right_password_gives_tokens_that_work_and_a_wrong_one_gives_none(office: Office) -> None:
    await office.person("Asha", "office")
    answer = await office.http.post("/api/v1/auth/login", json={"username": "asha", "password": PASSWORD})
    given = answer.json()
    assert (given["token_type"], given["expires_in"]) == ("bearer", 900)
    me = await office.http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert me.json() == given["user"]
    assert me.json() | {"id": ""} == {"id": "", "name": "Asha", "roles": ["office"], "sites": None}
    wrong = await office.http.post("/api/v1/auth/login", json={"username": "Asha", "password": "guess 1234"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (401, "application/problem+json")
    assert wrong.json()["message"] == wrong.json()["detail"]
    assert "access_token" not in wrong.text


async def test_a_form_signs_in_as_json_does_and_is_given_no_cookie(office: Office) -> None:
    await office.person("Asha", "office")
    form = {"grant_type": "password", "username": "asha", "password": PASSWORD, "cookie": "true"}
    answer = await office.http.post("/api/v1/auth/login", data=form)
    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer") and not answer.cookies
    wrong = await office.http.post("/api/v1/auth/login", data={**form, "password": "guess 1234"})
    nothing = await office.http.post("/api/v1/auth/login", data={"username": "asha"})
    assert (wrong.status_code, nothing.status_code) == (401, 422)


@pytest.mark.parametrize("name", ["Asha", "Nobody"])
async def test_five_wrong_passwords_lock_a_name_even_against_the_right_one(office: Office, name: str) -> None:
    await office.person("Asha")
    assert [await _login(office, "guess 1234", name) for _ in range(5)] == [401] * 5
    answer = await office.http.post("/api/v1/auth/login", json={"username": name.upper(), "password": PASSWORD})
    assert answer.status_code == 423
    assert 800 < int(answer.headers["retry-after"]) <= 900


async def test_guessing_in_parallel_gives_no_more_than_five_chances(office: Office) -> None:
    await office.person("Asha")
    answers = await asyncio.gather(*(_login(office, f"guess {n:04}") for n in range(12)))
    assert sorted(answers) == [401] * 5 + [423] * 7


async def test_a_right_password_takes_earlier_wrong_ones_back(office: Office) -> None:
    await office.person("Asha")
    for _ in range(2):
        assert [await _login(office, "guess 1234") for _ in range(4)] == [401] * 4
        assert await _login(office) == 200


async def test_an_address_that_tries_without_end_is_slowed_down(office: Office) -> None:
    answers = [await _login(office, "guess 1234", f"name {n}") for n in range(22)]
    assert answers[:20] == [401] * 20
    assert 429 in answers[20:]


async def test_a_refresh_token_works_once_and_a_copied_one_ends_the_session(office: Office) -> None:
    await office.person("Asha")
    first = (await office.http.post("/api/v1/auth/login", json={"username": "Asha", "password": PASSWORD})).json()
    second = await office.http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    headers = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert (await office.http.get("/api/v1/auth/me", headers=headers)).status_code == 200
    again = await office.http.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 401
    assert (await office.http.get("/api/v1/auth/me", headers=headers)).status_code == 401
    last = await office.http.post("/api/v1/auth/refresh", json={"refresh_token": second.json()["refresh_token"]})
    assert last.status_code == 401


async def test_signing_out_ends_the_cookie_and_what_was_signed_with_it(office: Office) -> None:
    await office.person("Asha")
    cookie = {"Cookie": await office.cookie("Asha")}
    assert (await office.http.get("/api/v1/auth/me", headers=cookie)).status_code == 200
    out = await office.http.post("/api/v1/auth/logout", headers={**cookie, "X-Outpost": "1"})
    assert out.status_code == 204
    assert (await office.http.get("/api/v1/auth/me", headers=cookie)).status_code == 401


async def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    await office.person("Asha")
    answer = await office.http.post(
        "/api/v1/auth/login", json={"username": "Asha", "password": PASSWORD, "cookie": True}
    )
    given = answer.headers["set-cookie"].lower()
    assert "httponly" in given and "samesite=strict" in given
    assert answer.json()["refresh_token"] is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Outpost": "1", "Origin": "http://evil.example"}, 403),
        ({"X-Outpost": "1", "Origin": "http://127.0.0.1:8000"}, 403),
        ({"X-Outpost": "1", "Origin": "null"}, 403),
        ({"X-Outpost": "1"}, 201),
        ({"X-Outpost": "1", "Origin": "here"}, 201),
    ],
)
async def test_a_change_by_cookie_is_taken_only_from_our_own_page(
    office: Office, headers: dict[str, str], status: int
) -> None:
    await office.person("Asha")
    sent = {**headers, "Cookie": await office.cookie("Asha")}
    if sent.get("Origin") == "here":
        sent["Origin"] = office.url
    answer = await office.http.post("/api/v1/sites", json={"id": "alpha", "name": "Alpha"}, headers=sent)
    assert answer.status_code == status


async def test_an_account_for_one_site_never_sees_another(office: Office) -> None:
    await office.site("alpha")
    await office.site("beta")
    await office.person("Asha", "office_admin", ["alpha"])
    headers = await office.bearer("Asha")
    chain = (await office.http.get("/api/v1/chain", headers=headers)).json()
    assert [tile["site"] for tile in chain["sites"]] == ["alpha"]
    assert chain["totals"]["sites"] == 1
    command = {"kind": "rename_service", "body": {"letter": "A", "name": "General"}}
    missing = await office.http.get("/api/v1/sites/nowhere", headers=headers)
    for method, path, body in (
        ("GET", "", None), ("GET", "/commands", None), ("GET", "/doctors", None), ("GET", "/services", None),
        ("GET", "/dead-letters", None), ("POST", "/claim-codes", None), ("POST", "/commands", command),
        ("POST", "/epochs/00000000000000e1/revoke", None),
    ):  # fmt: skip
        answer = await office.http.request(method, f"/api/v1/sites/beta{path}", headers=headers, json=body)
        assert answer.status_code == 404, path
        assert answer.json()["detail"] == missing.json()["detail"].replace("nowhere", "beta")


async def test_who_may_only_look_changes_nothing(office: Office) -> None:
    await office.site("alpha")
    await office.person("Olu", "office")
    headers = await office.bearer("Olu")
    assert (await office.http.get("/api/v1/sites/alpha", headers=headers)).status_code == 200
    for path, body in (("", {"id": "b", "name": "B"}), ("/alpha/claim-codes", None), ("/alpha/commands", {})):
        answer = await office.http.post(f"/api/v1/sites{path}", headers=headers, json=body)
        assert answer.status_code in (403, 422), path
    answer = await office.http.post("/api/v1/sites", headers=headers, json={"id": "b", "name": "B"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/chain", "/sites/alpha", "/sites/alpha/commands", "/sites/alpha/doctors", "/auth/me"]
)
async def test_nobody_sees_anything_without_signing_in(office: Office, path: str) -> None:
    answer = await office.http.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    forged = tokens.sign_access(b"y" * 32, "a", "s", "cloud")
    answer = await office.http.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_the_audit_tells_who_did_what_and_cannot_be_changed(office: Office) -> None:
    await office.person("Asha")
    await office.http.post("/api/v1/auth/login", json={"username": "Asha", "password": "guess 1234"})
    headers = await office.bearer("Asha")
    await office.http.post("/api/v1/sites", json={"id": "alpha", "name": "Alpha"}, headers=headers)
    async with office.pool.transaction() as conn:
        found = await conn.execute("select act, site from audit order by id")
        acts = [tuple(row) for row in await found.fetchall()]
    assert acts == [
        ("account_added", None), ("sign_in_failed", None), ("signed_in", None), ("site_added", "alpha")
    ]  # fmt: skip
    for statement in (b"update audit set act = 'x'", b"delete from audit", b"truncate audit"):
        with pytest.raises(psycopg.errors.RaiseException):
            async with office.pool.transaction() as conn:
                await conn.execute(statement)


async def test_bodies_that_are_wrong_or_too_large_are_refused_with_a_sentence(office: Office) -> None:
    for content, status in ((b"{", 422), (b'{"username": 7}', 422), (b"x" * 300_000, 413)):
        answer = await office.http.post(
            "/api/v1/auth/login", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == status
        assert set(answer.json()) >= {"type", "title", "status", "detail", "instance", "hint", "message"}
    nul = await office.http.post("/api/v1/auth/login", json={"username": "a\x00b", "password": "12345678"})
    assert nul.status_code == 422


def test_a_password_is_checked_in_the_same_way_whether_or_not_the_name_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", quick.HASHER)
    stored = passwords.hash_password("12345678")
    assert passwords.check("12345678", stored) == (True, None)
    assert passwords.check("12345679", stored) == (False, None)
    assert passwords.check("12345678", None) == (False, None)
    assert passwords.check("x" * 1000, stored) == (False, None)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_account_is_locked_by_five_wrong_within_fifteen_minutes_for_fifteen_minutes() -> None:
    minute = 60_000
    close = [n * minute for n in range(5)]
    assert passwords.locked_until_ms(close, 5 * minute) == 19 * minute
    assert passwords.locked_until_ms(close, 19 * minute) is None
    assert passwords.locked_until_ms(close[:4], 5 * minute) is None
    assert passwords.locked_until_ms([n * 4 * minute for n in range(5)], 17 * minute) is None


async def test_pages_of_listed_origins_use_the_api_with_a_token_and_never_with_a_cookie(
    pg_uri: str, tmp_path: Path
) -> None:
    page = {"Origin": "https://app.example"}
    async with running(pg_uri, tmp_path, cors_origins=["https://app.example"]) as office:
        await office.person("Asha", "office_admin")
        asked = {**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        before = await office.http.options("/api/v1/sites", headers=asked)
        assert before.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-credentials" not in before.headers
        site = {"id": "alpha", "name": "Alpha"}
        token = {**await office.bearer("Asha"), **page}
        assert (await office.http.post("/api/v1/sites", json=site, headers=token)).status_code == 201
        given = {"username": "Asha", "password": PASSWORD, "cookie": True}
        assert (await office.http.post("/api/v1/auth/login", json=given, headers={"X-Outpost": "1"})).cookies
        refused = await office.http.post("/api/v1/sites", json=site, headers={**page, "X-Outpost": "1"})
        assert refused.status_code == 403
        other = await office.http.options("/api/v1/sites", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
