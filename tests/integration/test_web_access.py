"""Who gets in: sign-in, lock-out, roles, pairing, cross-site writes, limits, and what every error looks like."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.domain.account_commands import AddStaff, ChangeStaff, NoteFailedSignIn, TouchSession
from edge.web import credentials
from edge.web.credentials import SESSION_COOKIE
from edge.web.wiring import Wiring
from shared import clock, tokens
from shared.ids import new_id
from tests.edge_web import PASSWORD, web

LOGIN = "/api/v1/auth/login"
CODES = "/api/v1/screens/codes"
OPERATOR = {"Authorization": "Bearer operator-key"}


def wrong(username: str = "ana") -> dict[str, Any]:
    return {"username": username, "password": "not-the-password"}


async def test_a_page_signs_in_with_a_cookie_no_script_can_read(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception", "nurse")
        page = site.browser()
        answer = await page.post(LOGIN, json={"username": " ANA ", "password": PASSWORD, "cookie": True})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
        assert answer.json()["access_token"] is None and answer.json()["refresh_token"] is None
        me = (await page.get("/api/v1/auth/me")).json()
        assert me["name"] == "Ana" and me["roles"] == ["nurse", "reception"]
        assert (await page.post("/api/v1/auth/logout")).status_code == 204
        assert (await page.get("/api/v1/auth/me")).status_code == 401


async def test_a_program_signs_in_with_a_form_as_well_as_with_json(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        form = {"grant_type": "password", "username": "ana", "password": PASSWORD, "scope": "", "cookie": "true"}
        answer = await site.http.post(LOGIN, data=form)
        assert answer.status_code == 200 and answer.json()["token_type"] == "bearer"
        assert "set-cookie" not in answer.headers
        token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await site.http.get("/api/v1/auth/me", headers=token)).json()["name"] == "Ana"
        assert (await site.http.post(LOGIN, data={**form, "password": "not-it-at-all"})).status_code == 401
        for nothing in ({"username": "ana"}, {"a": ["b"] * 30}):
            assert (await site.http.post(LOGIN, data=nothing)).status_code == 422


async def test_signing_out_ends_the_session_and_not_only_the_cookie(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page, thief = await site.page("ana"), site.browser()
        thief.cookies.update(dict(page.cookies))
        assert (await thief.get("/api/v1/desk")).status_code == 200
        await page.post("/api/v1/auth/logout")
        assert (await thief.get("/api/v1/desk")).status_code == 401


async def test_five_wrong_passwords_lock_the_name_also_for_the_right_one(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        await site.add_staff("bo", "reception")
        for _ in range(4):
            assert (await site.http.post(LOGIN, json=wrong())).status_code == 401
        fifth = await site.http.post(LOGIN, json=wrong())
        assert fifth.status_code == 423 and int(fifth.headers["retry-after"]) > 800
        right = await site.http.post(LOGIN, json={"username": "ana", "password": PASSWORD})
        assert right.status_code == 423 and right.json()["code"] == "locked"
        await site.bearer("bo")
        acts = site.it.rows("select json_extract(data, '$.act') from events where kind = 'staff_acted'")
        assert acts.count(("sign_in_failed",)) == 5


async def test_guesses_made_at_once_do_not_pass_the_lock_together(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        answers = await asyncio.gather(*(site.http.post(LOGIN, json=wrong()) for _ in range(15)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [401] * 4 + [423] * 11
        assert site.it.rows("select count(*) from sign_in_failures") == [(5,)]


async def test_the_lock_ends_after_fifteen_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        ago_ms = credentials.wall_ms() - 15 * 60_000 - 1
        for _ in range(5):
            await site.it.accepted(NoteFailedSignIn, username="ana", at_ms=ago_ms)
        await site.bearer("ana")
        assert site.it.rows("select count(*) from sign_in_failures") == [(0,)]


async def test_a_name_nobody_has_is_answered_and_locked_like_one_that_is(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        known = [(await site.http.post(LOGIN, json=wrong("ana"))) for _ in range(5)]
        unknown = [(await site.http.post(LOGIN, json=wrong("nobody"))) for _ in range(5)]
        assert [a.status_code for a in known] == [a.status_code for a in unknown]
        assert known[0].json() == unknown[0].json()
        who = {row[0] for row in site.it.rows("select json_extract(data, '$.who') from events")}
        assert "nobody" not in who and "(nobody)" in who


async def test_a_change_by_cookie_needs_the_header_and_the_own_origin(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        bare = httpx.AsyncClient(base_url=site.url, cookies=dict(page.cookies))
        site.browsers.append(bare)
        path = "/api/v1/visits"
        assert (await bare.get("/api/v1/desk")).status_code == 200
        assert (await bare.post(path, json={})).json()["code"] == "csrf"
        assert (await page.post(path, json={}, headers={"Origin": "http://evil.example"})).status_code == 403
        assert (await page.post(path, json={}, headers={"Origin": "http://127.0.0.1:1"})).status_code == 403
        assert (await page.post(path, content=b"{}", headers={"Content-Type": "text/plain"})).status_code == 415
        assert site.it.rows("select count(*) from visits") == [(0,)]
        assert (await page.post(path, json={}, headers={"Origin": site.url})).status_code == 201
        login = {"username": "ana", "password": PASSWORD, "cookie": True}
        assert (await bare.post(LOGIN, json=login)).status_code == 403


async def test_a_program_may_send_json_without_a_label(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        bearer = await site.bearer("ana")
        for media_type in ("text/plain;charset=UTF-8", ""):
            answer = await site.http.post(
                "/api/v1/visits", content=b'{"service":"A"}', headers={**bearer, "Content-Type": media_type}
            )
            assert answer.status_code == 201


async def test_refresh_tokens_rotate_and_a_copied_one_ends_the_session(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        first = (await site.http.post(LOGIN, json={"username": "ana", "password": PASSWORD})).json()
        old = {"refresh_token": first["refresh_token"]}
        second = (await site.http.post("/api/v1/auth/refresh", json=old)).json()
        bearer = {"Authorization": f"Bearer {second['access_token']}"}
        assert (await site.http.get("/api/v1/auth/me", headers=bearer)).status_code == 200
        copied = await site.http.post("/api/v1/auth/refresh", json=old)
        assert copied.status_code == 401 and copied.json()["code"] == "token_reused"
        assert (await site.http.get("/api/v1/auth/me", headers=bearer)).status_code == 401
        next_one = {"refresh_token": second["refresh_token"]}
        assert (await site.http.post("/api/v1/auth/refresh", json=next_one)).status_code == 401


async def test_a_cookie_is_no_refresh_token_and_an_access_token_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        answer = await site.http.post("/api/v1/auth/refresh", json={"refresh_token": page.cookies[SESSION_COOKIE]})
        assert answer.status_code == 401
        bearer = await site.bearer("ana")
        later = clock.wall_s() + tokens.ACCESS_LIFETIME_S + 60
        monkeypatch.setattr(tokens, "wall_s", lambda: later)
        assert (await site.http.get("/api/v1/auth/me", headers=bearer)).status_code == 401


async def test_a_session_that_lies_unused_ends_and_one_in_use_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with web(tmp_path, options={"session_idle_ms": 600_000}) as site:
        await site.add_staff("ana", "reception")
        used, unused = await site.page("ana"), await site.page("ana")
        begun_s = clock.wall_s()
        for minutes in (9, 18):
            monkeypatch.setattr(credentials, "wall_s", lambda m=minutes: begun_s + m * 60)
            assert (await used.get("/api/v1/auth/me")).status_code == 200
        assert (await unused.get("/api/v1/auth/me")).status_code == 401


async def test_a_new_password_ends_other_sessions_and_the_old_password(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page, other = await site.page("ana"), await site.page("ana")
        change = {"old": PASSWORD, "new": "another-password"}
        assert (await page.post("/api/v1/auth/password", json={**change, "old": "wrong"})).status_code == 401
        assert (await page.post("/api/v1/auth/password", json={**change, "new": "short"})).status_code == 422
        assert (await page.post("/api/v1/auth/password", json=change)).status_code == 204
        assert (await page.get("/api/v1/auth/me")).status_code == 200
        assert (await other.get("/api/v1/auth/me")).status_code == 401
        assert (await site.http.post(LOGIN, json={"username": "ana", "password": PASSWORD})).status_code == 401


async def test_an_account_that_is_closed_is_out_at_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        ana = await site.add_staff("ana", "reception")
        page = await site.page("ana")
        await site.it.accepted(ChangeStaff, staff_id=ana, is_active=False)
        assert (await page.get("/api/v1/desk")).status_code == 401
        assert (await site.http.post(LOGIN, json={"username": "ana", "password": PASSWORD})).status_code == 401


async def test_only_a_manager_adds_accounts_and_the_last_manager_stays(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        boss = await site.add_staff("boss", "manager")
        await site.add_staff("ana", "reception")
        ana, manager = await site.page("ana"), await site.page("boss")
        new = {"username": "bo", "name": "Bo", "roles": ["nurse"]}
        assert (await ana.post("/api/v1/staff", json=new)).status_code == 403
        added = await manager.post("/api/v1/staff", json=new)
        assert added.status_code == 201 and len(added.json()["password"]) >= 16
        signed_in = await site.http.post(LOGIN, json={"username": "bo", "password": added.json()["password"]})
        assert signed_in.status_code == 200
        assert (await manager.post("/api/v1/staff", json=new)).status_code == 409
        assert (await manager.post("/api/v1/staff", json={**new, "roles": ["king"]})).status_code == 422
        assert (await manager.post("/api/v1/staff", json={**new, "roles": ["doctor"]})).status_code == 422
        assert (await manager.patch(f"/api/v1/staff/{boss}", json={"is_active": False})).status_code == 409
        reset = await manager.post("/api/v1/staff/bo/password")
        assert reset.status_code == 200
        assert [p["username"] for p in (await manager.get("/api/v1/staff")).json()] == ["ana", "bo", "boss"]


async def test_a_pairing_code_pairs_one_screen_once(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        ana = await site.page("ana")
        made = (await ana.post("/api/v1/screens/codes", json={"kind": "display"})).json()
        assert len(made["code"].replace("-", "")) == 8 and made["expires_at"].endswith("+05:30")
        screens = [site.browser() for _ in range(4)]
        typed = made["code"].lower().replace("-", " ")
        answers = await asyncio.gather(*(s.post("/api/v1/screens/pair", json={"code": typed}) for s in screens))
        assert sorted(a.status_code for a in answers) == [200, 400, 400, 400]
        paired = next(s for s, a in zip(screens, answers, strict=True) if a.status_code == 200)
        assert (await paired.get("/api/v1/display")).status_code == 200
        assert (await paired.get("/api/v1/desk")).status_code == 403
        assert (await paired.post("/api/v1/visits", json={})).status_code == 403
        listed = (await ana.get("/api/v1/screens")).json()
        assert [screen["kind"] for screen in listed] == ["display"]
        assert (await ana.delete(f"/api/v1/screens/{listed[0]['id']}")).status_code == 403
        assert (await site.http.delete(f"/api/v1/screens/{listed[0]['id']}", headers=OPERATOR)).status_code == 204
        assert (await paired.get("/api/v1/display")).status_code == 401


async def test_a_code_asked_for_again_after_a_lost_answer_is_the_same_code(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        asked = {**OPERATOR, "Idempotency-Key": "press-1"}
        first, again = [await site.http.post(CODES, json={"kind": "kiosk"}, headers=asked) for _ in range(2)]
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        other = await site.http.post(CODES, json={"kind": "display"}, headers=asked)
        assert other.status_code == 422 and other.json()["code"] == "key_reused"
        next_one = await site.http.post(CODES, json={"kind": "kiosk"}, headers={**OPERATOR, "Idempotency-Key": "p-2"})
        assert next_one.json()["code"] != first.json()["code"]
        assert site.it.rows("select count(*) from pairing_codes") == [(2,)]
        assert first.json()["code"] not in repr([site.it.rows(f"select * from {t}") for t in ("results", "events")])
        screen = await site.screen("display")
        (paired,) = (await site.http.get("/api/v1/screens", headers=OPERATOR)).json()
        gone = {"url": f"/api/v1/screens/{paired['id']}", "headers": {**OPERATOR, "Idempotency-Key": "gone"}}
        assert [(await site.http.delete(**gone)).status_code for _ in range(2)] == [204, 204]
        assert (await screen.get("/api/v1/display")).status_code == 401
        pair = {"json": {"code": first.json()["code"]}, "headers": {"Idempotency-Key": "pair-1"}}
        assert (await site.browser().post("/api/v1/screens/pair", **pair)).status_code == 200
        refused = await site.browser().post("/api/v1/screens/pair", **pair)
        assert refused.status_code == 400 and "new code" in refused.json()["hint"]


async def test_a_password_asked_for_again_after_a_lost_answer_is_the_one_that_opens(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        new = {"username": "bo", "name": "Bo", "roles": ["nurse"]}
        for path, body, key in (("/api/v1/staff", new, "add"), ("/api/v1/staff/bo/password", {}, "reset")):
            asked = {**OPERATOR, "Idempotency-Key": key}
            first, again = [await site.http.post(path, json=body, headers=asked) for _ in range(2)]
            assert first.is_success and (first.status_code, first.json()) == (again.status_code, again.json())
            signed_in = {"username": "bo", "password": again.json()["password"]}
            assert (await site.http.post(LOGIN, json=signed_in)).status_code == 200
            assert again.json()["password"] not in repr(
                [site.it.rows(f"select * from {t}") for t in ("results", "events")]
            )
        acts = [a["act"] for a in (await site.http.get("/api/v1/audit", headers=OPERATOR)).json()]
        assert acts == ["signed_in", "password_set", "signed_in", "staff_added"]


async def test_a_password_changed_with_a_lost_answer_stays_changed_and_says_so(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page, key = await site.page("ana"), {"Idempotency-Key": "change"}
        change = {"old": PASSWORD, "new": "a-better-password"}
        for _ in range(2):
            assert (await page.post("/api/v1/auth/password", json=change, headers=key)).status_code == 204
        other = {**change, "new": "yet-another-password"}
        assert (await page.post("/api/v1/auth/password", json=other, headers=key)).status_code == 401
        signed_in = {"username": "ana", "password": "a-better-password"}
        assert (await site.http.post(LOGIN, json=signed_in)).status_code == 200


async def test_a_pairing_code_is_too_old_after_twelve_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with web(tmp_path) as site:
        code = (await site.http.post("/api/v1/screens/codes", json={"kind": "kiosk"}, headers=OPERATOR)).json()["code"]
        later_s = clock.wall_s() + 12 * 3600 + 1
        monkeypatch.setattr(credentials, "wall_s", lambda: later_s)
        answer = await site.browser().post("/api/v1/screens/pair", json={"code": code})
        assert answer.status_code == 400 and answer.json()["code"] == "bad_code"


async def test_guessing_codes_and_passwords_is_slowed_down(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        page = site.browser()
        answers = [await page.post("/api/v1/screens/pair", json={"code": f"AAAA-{n:04d}"}) for n in range(25)]
        assert [a.status_code for a in answers].count(429) >= 4
        last = answers[-1]
        assert last.json()["code"] == "too_many" and int(last.headers["retry-after"]) >= 1


ANONYMOUS = [
    "/api/v1/display", "/api/v1/desk", "/api/v1/kiosk", "/api/v1/visits/1", "/api/v1/screens", "/api/v1/staff",
    "/api/v1/auth/me", "/api/v1/announcements/x.wav",
]  # fmt: skip


async def test_nothing_anonymous_shows_anything_of_the_queue(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.it.issue()
        for path in ANONYMOUS:
            answer = await site.http.get(path)
            assert answer.status_code == 401, path
            assert "A-001" not in answer.text
        document = (await site.http.get("/openapi.json")).json()
        public = {"/", "/health", "/metrics"}
        for path, methods in document["paths"].items():
            for method in methods:
                if path in public or path in (
                    LOGIN,
                    "/api/v1/auth/refresh",
                    "/api/v1/screens/pair",
                    "/api/v1/devices/claim",
                ):
                    continue
                concrete = path.replace("{", "").replace("}", "")
                answer = await site.http.request(method, concrete, headers={"Authorization": "Bearer nonsense"})
                if path.endswith("/{token}"):  # there a tracking token is the credential
                    assert answer.status_code in (400, 429), path
                    continue
                assert answer.status_code in (401, 429), (method, path, answer.text)
        for path in public:
            assert "A-001" not in (await site.http.get(path)).text


async def test_the_operator_key_counts_from_this_machine_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with web(tmp_path) as site:
        assert (await site.http.get("/api/v1/staff", headers=OPERATOR)).status_code == 200
        monkeypatch.setattr(credentials, "is_loopback", lambda connection: False)
        assert (await site.http.get("/api/v1/staff", headers=OPERATOR)).status_code == 401


async def test_a_body_may_be_64_kib_and_no_more(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        big = b'{"service":"A"' + b" " * 70_000 + b"}"
        assert (await site.http.post("/api/v1/visits", content=big, headers=OPERATOR)).status_code == 413

        async def drip() -> Any:
            for _ in range(70):
                yield b" " * 1024

        assert (await site.http.post("/api/v1/visits", content=drip(), headers=OPERATOR)).status_code == 413
        assert site.it.rows("select count(*) from visits") == [(0,)]


async def test_every_error_is_a_problem_with_a_hint(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        http = site.http
        answers = {
            404: await http.get("/nowhere"),
            405: await http.delete("/health"),
            401: await http.get("/api/v1/desk"),
            422: await http.post("/api/v1/visits", content=b'{"service":', headers=OPERATOR),
            415: await http.post("/api/v1/visits", content=b"<a/>", headers={**OPERATOR, "Content-Type": "text/xml"}),
        }
        for status, answer in answers.items():
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            body = answer.json()
            assert body["status"] == status and body["message"] == body["detail"] and body["hint"]
            assert body["instance"] == answer.url.path


async def test_answers_carry_security_headers_and_paths_take_a_slash(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        for path in ("/health", "/health/", "/api/v1/kiosk/", "/docs", "/openapi.json/"):
            answer = await site.http.get(path, headers=OPERATOR)
            assert answer.status_code == 200, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await site.http.get("/api/v1/kiosk", headers=OPERATOR)).headers["cache-control"] == "no-store"


async def test_secrets_are_in_no_row_event_or_result(tmp_path: Path) -> None:
    async with web(tmp_path) as site:
        await site.add_staff("ana", "reception")
        page, screen = await site.page("ana"), await site.screen("kiosk")
        signed_in = (await site.http.post(LOGIN, json={"username": "ana", "password": PASSWORD})).json()
        secrets = [
            PASSWORD, page.cookies[SESSION_COOKIE], screen.cookies["outpost_screen"], signed_in["refresh_token"],
            signed_in["access_token"],
        ]  # fmt: skip
        for (table,) in site.it.rows("select name from sqlite_master where type = 'table'"):
            text = repr(site.it.rows(f"select * from {table}"))
            for secret in secrets:
                assert secret not in text, table
        for table in ("events", "results", "effects"):
            assert "$argon2" not in repr(site.it.rows(f"select * from {table}"))
        added = AddStaff(
            command_id="x",
            actor="y",
            staff_id=new_id(),
            username="u",
            name="n",
            roles=("nurse",),
            password_hash="$hash",
        )
        assert "$hash" not in repr(added)


async def test_a_read_goes_on_when_the_disk_refuses_the_note_that_a_session_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.app.dispatcher import NotDone

    class Refusing:
        def __init__(self, inner: Any) -> None:
            self.inner, self.full = inner, False

        async def submit(self, command: Any) -> Any:
            if self.full and isinstance(command, TouchSession):
                raise NotDone("the disk is full", passing=False, hint="Free some space.")
            return await self.inner.submit(command)

    held: list[Refusing] = []

    def change(wiring: Wiring) -> Wiring:
        import dataclasses

        held.append(Refusing(wiring.dispatcher))
        return dataclasses.replace(wiring, dispatcher=held[0])

    async with web(tmp_path, change=change) as site:
        await site.add_staff("ana", "reception")
        page = await site.page("ana")
        held[0].full = True
        later_s = clock.wall_s() + 120
        monkeypatch.setattr(credentials, "wall_s", lambda: later_s)
        assert (await page.get("/api/v1/desk")).status_code == 200
