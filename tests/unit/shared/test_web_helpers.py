"""What both web servers wear: tokens, codes, limits, problems, the layer around the application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from shared import problems, tokens
from shared.http import Hardened, install_pages
from shared.limits import RateLimit
from shared.passwords import new_password, repeated_password
from shared.problems import Problem

KEY = b"k" * 32


def test_an_access_token_is_good_for_its_server_and_its_time_only() -> None:
    token = tokens.sign_access(KEY, "a1", "s1", "cloud", now_s=1000.0, roles=["office"])
    claims = tokens.read_access(KEY, token, "cloud", now_s=1000.0 + tokens.ACCESS_LIFETIME_S)
    assert (claims["sub"], claims["sid"], claims["roles"]) == ("a1", "s1", ["office"])
    for key, text, audience, now_s in (
        (KEY, token, "edge:alpha", 1000.0), (b"x" * 32, token, "cloud", 1000.0), (KEY, token + "x", "cloud", 1000.0),
        (KEY, token, "cloud", 1006.0 + tokens.ACCESS_LIFETIME_S), (KEY, "", "cloud", 1000.0), (KEY, "a" * 5000, "cloud", 1.0),
        (KEY, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "cloud", 1.0),
    ):  # fmt: skip
        with pytest.raises(tokens.BadToken):
            tokens.read_access(key, text, audience, now_s=now_s)


def test_a_code_is_the_same_however_it_is_typed_and_holds_no_sign_like_another() -> None:
    code = tokens.new_code()
    typed = (code, code.lower(), code.replace("-", ""), f" {code[:2]} {code[2:]} ")
    assert len({tokens.hash_code(KEY, one) for one in typed}) == 1
    assert tokens.hash_code(b"x" * 32, code) != tokens.hash_code(KEY, code)
    assert not set("01OIL") & set(tokens.CODE_ALPHABET)
    assert set(code) <= set(tokens.CODE_ALPHABET) | {"-"}
    assert tokens.repeated_code(KEY, "a") == tokens.repeated_code(KEY, "a") != tokens.repeated_code(KEY, "b")
    assert tokens.repeated_secret(KEY, "a") == tokens.repeated_secret(KEY, "a") != tokens.repeated_secret(b"other", "a")
    assert repeated_password(KEY, "a") == repeated_password(KEY, "a") != repeated_password(KEY, "b")
    assert len(new_password()) == len(repeated_password(KEY, "a")) == 19


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {}, False),
        ("POST", {}, True),
        ("POST", {"x-outpost": "1"}, False),
        ("DELETE", {"x-outpost": "1", "origin": "http://clinic:8000", "host": "clinic:8000"}, False),
        ("POST", {"x-outpost": "1", "origin": "http://clinic:8800", "host": "clinic:8000"}, True),
        ("POST", {"x-outpost": "1", "origin": "null", "host": "clinic:8000"}, True),
        ("POST", {"x-outpost": "1", "origin": "http://clinic:8000"}, True),
    ],
)
def test_a_change_by_cookie_needs_our_header_and_our_origin(
    method: str, headers: dict[str, str], refused: bool
) -> None:
    assert (tokens.cookie_write_refused(method, headers) is not None) is refused


def test_a_limit_lets_a_burst_through_then_a_steady_rate_and_forgets_old_keys() -> None:
    limit = RateLimit(burst=2, per_minute=60, keys_max=2)
    assert [limit.wait_s("a", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert limit.wait_s("a", 0.5) == 0.5
    assert limit.wait_s("a", 1.0) == 0.0
    assert limit.wait_s("b", 1.0) == 0.0
    for key in ("c", "d", "e"):
        limit.wait_s(key, 1.0)
    assert len(limit._left) == 2


class Name(BaseModel):
    """A body."""

    name: str


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redirect_slashes=False)
    problems.install(app)
    app.add_middleware(Hardened, body_bytes_max=1000)
    install_pages(app, tmp_path)

    @app.get("/api/busy")
    async def busy() -> None:
        raise Problem(503, "Too much waits.", code="full", hint="Wait.", retry_after_s=1.2, waiting=7)

    @app.get("/api/broken")
    async def broken() -> None:
        raise RuntimeError("a bug")

    @app.post("/api/name")
    async def name(body: Name, request: Request) -> dict[str, Any]:
        return {"name": body.name, "path": request.url.path}

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_every_error_is_a_problem_with_a_sentence_and_a_hint(client: httpx.AsyncClient) -> None:
    for method, path, status, code in (
        ("GET", "/api/busy", 503, "full"), ("GET", "/api/none", 404, "not_found"), ("GET", "/api/name", 405, "wrong_method"),
        ("POST", "/api/name", 422, "wrong_shape"), ("GET", "/api/broken", 500, "program_error"),
        ("GET", "/pages/chain", 503, "not_now"),
    ):  # fmt: skip
        answer = await client.request(method, path)
        body = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:outpost:problem:{code}")
        assert body["message"] == body["detail"] != "" != body["hint"]
        assert "a bug" not in answer.text
    busy = await client.get("/api/busy")
    assert (busy.headers["retry-after"], busy.json()["waiting"], busy.json()["instance"]) == ("2", 7, "/api/busy")


async def test_paths_work_with_and_without_a_slash_and_bodies_are_limited(client: httpx.AsyncClient) -> None:
    for path in ("/api/name", "/api/name/"):
        answer = await client.post(path, json={"name": "a"})
        assert (answer.status_code, answer.json()["name"]) == (200, "a")
        assert answer.headers["cache-control"] == "no-store"
    assert (await client.post("/api/name", content=b"x" * 1001)).status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    told = await client.post("/api/name", content=pieces(), headers={"content-type": "application/json"})
    assert told.status_code == 413
    assert (await client.post("/api/name", content=b"{}", headers={"content-length": "many"})).status_code == 413


def test_a_key_that_is_too_short_is_refused_rather_than_used(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_bytes(os.urandom(8))
    with pytest.raises(ValueError, match="not a key"):
        tokens.server_key(tmp_path / "server.key")
