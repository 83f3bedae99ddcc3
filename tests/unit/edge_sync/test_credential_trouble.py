"""Trouble with the credential is told and waited out; it never ends the sync, and with it the clinic."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.demo.ports import free_port
from edge.sync import keeper as module
from edge.sync.asking import Asking
from edge.sync.claiming import Claiming
from edge.sync.identity import ClaimError, Identity, Keeper, claim, renew
from edge.sync.links import LinkDown
from edge.sync.paths import Paths
from shared.api import Hello
from shared.clock import Clock, wall_s
from tests.sync_edge import QUICK
from tests.unit.edge_sync.test_identity import EPOCH, identity


@asynccontextmanager
async def claiming(keeper: Keeper, told: list[tuple[str, str]], **settings: Any) -> AsyncIterator[asyncio.Task[Any]]:
    mine = replace(QUICK, claim_look_s=0.01, **settings)
    task = asyncio.create_task(Claiming(keeper, mine, EPOCH, lambda *what: told.append(what)).claimed())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(fine: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fine():
            await asyncio.sleep(0.005)


CLIENT = httpx.AsyncClient
DAMAGED = [b"", b"{", b"[]", b"null", b"{}", b'{"key_pem": 5}', b'{"key_pem": "x"}', b"\xff\x00"]


@pytest.mark.parametrize("content", DAMAGED)
async def test_a_damaged_identity_is_told_with_a_hint_and_a_good_one_put_there_is_taken(
    tmp_path: Path, content: bytes
) -> None:
    keeper, mine = identity(tmp_path)
    file = tmp_path / "id" / "identity.json"
    file.write_bytes(content)
    for use in (lambda: keeper.load(EPOCH), keeper.key_pem):
        with pytest.raises(ClaimError) as error:
            use()
        assert not error.value.passing and error.value.hint == "Move identity.json away and claim again."
    told: list[tuple[str, str]] = []
    async with claiming(keeper, told) as task:
        await until(lambda: len(told) > 2)
        assert not task.done() and told[0][1] == "Move identity.json away and claim again."
        keeper.keep(mine)
        assert await asyncio.wait_for(task, 10) == mine


def test_an_identity_with_a_field_gone_is_damaged(tmp_path: Path) -> None:
    keeper, mine = identity(tmp_path)
    file = tmp_path / "id" / "identity.json"
    keeper.keep(mine)
    whole = orjson.loads(file.read_bytes())
    changes: list[dict[str, Any]] = [
        {"certificate": {}},
        {"cloud_url": 5},
        {"certificate": {**whole["certificate"], "authority_pem": ""}},
    ]
    for change in changes:
        file.write_bytes(orjson.dumps({**whole, **change}))
        with pytest.raises(ClaimError):
            keeper.load(EPOCH)


@pytest.mark.parametrize("code", ["abc", "x" * 41])
async def test_a_claim_code_of_a_wrong_length_is_told_and_the_sync_goes_on(tmp_path: Path, code: str) -> None:
    told: list[tuple[str, str]] = []
    async with claiming(Keeper(tmp_path / "id"), told, cloud_url="http://127.0.0.1:1", claim_code=code) as task:
        await until(lambda: len(told) > 2)
        assert not task.done() and "4 to 40" not in told[0][0] and "no claim code" in told[0][0] and told[0][1]


async def test_a_full_disk_is_told_while_claiming_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_replace", full)
    with pytest.raises(ClaimError) as error:
        await claim(Keeper(tmp_path / "id"), f"http://127.0.0.1:{free_port()}", "CODE-CODE", EPOCH)
    assert error.value.passing and "disk" in error.value.hint


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), ssl.SSLError("KEY_VALUES_MISMATCH")])
async def test_a_credential_that_cannot_be_used_is_a_link_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: OSError
) -> None:
    keeper, mine = identity(tmp_path)
    keeper.keep(mine)
    mine = replace(mine, cloud_url=f"http://127.0.0.1:{free_port()}")

    def broken(*_: Any, **__: Any) -> ssl.SSLContext:
        raise trouble

    async def hello() -> Hello:
        return Hello.model_validate(
            {"session": "a" * 16, "epoch": EPOCH, "boot": "c" * 16, "lanes": [{"first": 0, "last": 0}] * 3,
             "clock": {"now_ms": 1, "mono_ms": 1, "trust": "s"}}
        )  # fmt: skip

    settings = replace(QUICK, mqtt=("127.0.0.1", free_port()), hello_wait_s=0.5)
    paths = Paths(settings, keeper, Clock.life(), asyncio.Event(), hello)
    monkeypatch.setattr(keeper, "tls", broken)
    with pytest.raises(LinkDown, match="mqtt: the credential cannot be used"):
        await paths.connect(mine)
    monkeypatch.setattr("edge.sync.asking.http_context", broken)
    with pytest.raises(LinkDown, match="credential") as down:
        await paths.connect(mine)
    assert "identity.json" in down.value.hint


def test_the_file_for_the_broker_is_written_only_when_it_changes(tmp_path: Path) -> None:
    keeper, mine = identity(tmp_path)
    keeper.keep(mine)
    pem = tmp_path / "id" / "tls.pem"
    keeper.tls(mine, check_time=True)
    before = pem.stat().st_ino, pem.stat().st_mtime_ns
    keeper.tls(mine, check_time=False)
    assert (pem.stat().st_ino, pem.stat().st_mtime_ns) == before
    pem.write_bytes(b"damaged")
    keeper.tls(mine, check_time=True)
    assert pem.read_bytes() == (mine.key_pem + mine.certificate.certificate_pem).encode()


def test_a_clinic_claimed_again_is_known_at_the_next_look_and_a_lost_file_ends_nothing(tmp_path: Path) -> None:
    keeper, mine = identity(tmp_path)
    claims = Claiming(keeper, QUICK, EPOCH, lambda *_: None)
    assert claims.again(mine) == mine, "no file"
    other = replace(mine, certificate=mine.certificate.model_copy(update={"site": "south"}))
    keeper.keep(other)
    assert claims.again(mine) == other and claims.identity == other
    (tmp_path / "id" / "identity.json").write_bytes(b"")
    assert claims.again(other) == other


def answering(monkeypatch: pytest.MonkeyPatch, handler: Callable[[httpx.Request], httpx.Response]) -> None:
    """Let every HTTP client made from now on talk to `handler`."""

    def client(**options: Any) -> httpx.AsyncClient:
        return CLIENT(**{**options, "transport": httpx.MockTransport(handler)})

    monkeypatch.setattr(httpx, "AsyncClient", client)


def wrong_time() -> httpx.Response:
    body = {"type": "urn:outpost:problem:wrong_time", "detail": "not now", "server_s": int(wall_s()) + 7200}
    return httpx.Response(401, json=body)


def issued_s(request: httpx.Request) -> int:
    import jwt

    token = request.headers["authorization"].removeprefix("Bearer ")
    return int(jwt.decode(token, options={"verify_signature": False})["iat"])


async def test_a_clinic_whose_clock_is_wrong_renews_with_the_servers_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, mine = identity(tmp_path)
    asked: list[int] = []

    def cloud(request: httpx.Request) -> httpx.Response:
        asked.append(issued_s(request))
        late = asked[-1] < wall_s() + 7000
        return wrong_time() if late else httpx.Response(200, json=mine.certificate.model_dump())

    answering(monkeypatch, cloud)
    assert await renew(keeper, mine) == mine and len(asked) == 2
    assert keeper.load(EPOCH) == mine
    answering(monkeypatch, lambda _: wrong_time())
    with pytest.raises(ClaimError) as error:
        await renew(keeper, mine)
    assert error.value.passing


async def test_one_token_serves_a_minute_and_goes_when_the_servers_time_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mine = identity(tmp_path)
    tokens: list[str] = []
    refuse = [False]
    moment = [1000.0]

    def cloud(request: httpx.Request) -> httpx.Response:
        tokens.append(request.headers["authorization"])
        if refuse[0]:
            refuse[0] = False
            return wrong_time()
        return httpx.Response(200, json={})

    answering(monkeypatch, cloud)
    monkeypatch.setattr("edge.sync.asking.transport_s", lambda: moment[0])
    asking = Asking(Identity(**vars(mine)), "/api/v1/sync", check_time=True, answer_s=5.0)
    try:
        for at_s in (1000.0, 1030.0, 1059.0, 1061.0):
            moment[0] = at_s
            await asking.request("POST", "/beat")
        assert tokens[0] == tokens[1] == tokens[2] != tokens[3]
        refuse[0] = True
        await asking.request("POST", "/beat")
        assert tokens[4] == tokens[3] != tokens[5]
        await asking.request("POST", "/beat")
        assert tokens[6] == tokens[5]
    finally:
        await asking.close()
