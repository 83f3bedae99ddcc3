"""`/docs` names only files of this server, gives out nothing else, and tells how a token is sent."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from shared import problems
from shared.docs_page import install_docs
from shared.http import Hardened


def client_of(static: Path | None, also: tuple[str, ...] = ()) -> httpx.AsyncClient:
    app = FastAPI(docs_url=None, redirect_slashes=False)
    problems.install(app)
    app.add_middleware(Hardened)
    install_docs(app, static, also=also)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """Pages as the build leaves them."""
    (tmp_path / "docs").mkdir()
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "LICENSE"):
        (tmp_path / "docs" / name).write_text(f"/* {name} */")
    (tmp_path / "secret.js").write_text("secret")
    return tmp_path


async def test_the_page_names_only_files_that_this_server_has(static: Path) -> None:
    async with client_of(static, also=("/api/docs",)) as client:
        page = await client.get("/docs")
        assert page.status_code == 200 and "://" not in page.text and "<script>" not in page.text
        assert (await client.get("/api/docs/")).text == page.text, "every spelling is the same page, without a redirect"
        named = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text)
        assert len(named) == 4
        for address in named:
            file = await client.get(address)
            assert file.status_code == 200, address
            assert ("javascript" if ".js" in address else "text/css") in file.headers["content-type"]
            assert ("immutable" in file.headers["cache-control"]) is ("?v=" in address)


async def test_a_new_build_is_asked_for_anew(static: Path) -> None:
    async with client_of(static) as client:
        before = (await client.get("/docs")).text
        (static / "docs/swagger-ui-bundle.js").write_text("/* another version */")
        assert (await client.get("/docs")).text != before


@pytest.mark.parametrize("name", ["LICENSE", "secret.js", "..%2fsecret.js", "..%2f..%2fhttp.py", "index.html"])
async def test_nothing_else_is_given_out(static: Path, name: str) -> None:
    async with client_of(static) as client:
        assert (await client.get(f"/docs/{name}")).status_code == 404


async def test_before_the_build_the_page_is_there_and_the_rest_says_what_to_do(tmp_path: Path) -> None:
    for static in (None, tmp_path):
        async with client_of(static) as client:
            assert (await client.get("/docs")).status_code == 200
            assert (await client.get("/docs/docs.js")).status_code == 200
            absent = await client.get("/docs/swagger-ui-bundle.js")
            assert (absent.status_code, absent.json()["hint"]) == (503, "Run `make pages` once and start again.")


async def test_the_document_tells_that_a_token_may_be_sent() -> None:
    async with client_of(None) as client:
        for _ in range(2):
            document = (await client.get("/openapi.json")).json()
            assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
            assert document["security"] == [{"bearer": []}, {}]
        assert not [path for path in document["paths"] if "docs" in path]
