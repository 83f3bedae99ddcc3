"""What people said goes up to head office in pieces, goes on after a cut, and is let go after its time.

The door at the other end is a server on loopback that keeps the contract and can be told to fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request, Response

from cloud.accounts.authority import Authority
from edge.domain.booking_commands import AddPerson, ErasePerson, NewPerson
from edge.domain.care_commands import RegisterNote
from edge.sync.blobs import PIECE_BYTES, BlobUploads
from edge.sync.identity import Identity, signing_request
from edge.sync.links import LinkDown
from edge.web.server import listen, server_of
from shared import blobs as store
from shared.api import Certificate
from shared.blobs import Blobs
from shared.ids import new_id
from tests.care import DAY_S
from tests.clinic import Clinic, clinic


class Office:
    """Head office's door for recordings. fails: answers to give instead of the next ones; 0 hangs up in the middle."""

    def __init__(self) -> None:
        self.whole: dict[str, bytes] = {}
        self.parts: dict[str, bytearray] = {}
        self.fails: list[int] = []
        self.pieces: list[int] = []
        self.app = FastAPI()
        self.app.add_api_route("/api/v1/blobs/{sha256}", self._take, methods=["HEAD", "PUT"])

    async def _take(self, request: Request, sha256: str) -> Response:
        assert request.headers["authorization"].startswith("Bearer ")
        have = len(self.whole.get(sha256) or self.parts.get(sha256) or b"")
        if request.method == "HEAD":
            return Response(status_code=200 if have else 404, headers={"upload-offset": str(have)})
        piece = await request.body()
        offset, total = int(request.headers["upload-offset"]), int(request.headers["upload-length"])
        if self.fails and (status := self.fails.pop(0)):
            if status == 500:  # it was kept, and the answer is lost
                self.parts.setdefault(sha256, bytearray()).extend(piece)
            if status == 422:
                self.parts.pop(sha256, None)
            return Response(status_code=status)
        assert len(piece) <= PIECE_BYTES
        self.pieces.append(offset)
        if offset != have:
            return Response(status_code=409, headers={"upload-offset": str(have)})
        part = self.parts.setdefault(sha256, bytearray())
        part.extend(piece)
        if len(part) < total:
            return Response(status_code=204, headers={"upload-offset": str(len(part))})
        assert hashlib.sha256(part).hexdigest() == sha256
        self.whole[sha256] = bytes(self.parts.pop(sha256))
        return Response(status_code=201, headers={"upload-offset": str(total)})


@contextlib.asynccontextmanager
async def opened(office: Office) -> AsyncIterator[str]:
    listening = listen("127.0.0.1", 0)
    server = server_of(office.app)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def identity(folder: Path, url: str) -> Identity:
    authority = Authority.open(folder / "authority")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    epoch = "e" * 16
    certificate, _ = authority.issue_device(signing_request(pem, epoch), "riverside", epoch)
    ca = (folder / "authority" / "ca.pem").read_text()
    return Identity(
        pem, epoch, Certificate(site="riverside", site_name="R", certificate_pem=certificate, authority_pem=ca), url
    )


class Desk:
    """A clinic with recordings, and what brings them up."""

    def __init__(self, it: Clinic, folder: Path, url: str | None) -> None:
        self.it = it
        self.blobs = Blobs(folder / "blobs")
        self.mine = identity(folder, url) if url else None
        self.uploads = BlobUploads(
            it.dispatcher, it.store.reader, it.store.clock, self.blobs, lambda: self.mine, 14, (0.01, 0.05)
        )

    async def note(self, data: bytes, person_id: str | None = None) -> str:
        incoming = self.blobs.begin(10_000_000)
        incoming.write(data)
        sha256 = incoming.finish()
        await self.it.accepted(
            RegisterNote, note_id=new_id(), recorded_ms=self.it.store.clock.now_ms(), sha256=sha256, bytes=len(data),
            seconds=1.0, media_type="audio/wav", language="en", person_id=person_id,
        )  # fmt: skip
        return sha256

    def uploaded(self) -> list[int]:
        return [flag for (flag,) in self.it.rows("select uploaded from notes order by recorded_at, id")]


@contextlib.asynccontextmanager
async def desk(folder: Path, office: Office | None) -> AsyncIterator[Desk]:
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(opened(office)) if office else None
        it = await stack.enter_async_context(clinic(folder / "data"))
        made = Desk(it, folder, url)
        try:
            yield made
        finally:
            await made.uploads.close()


LONG = bytes(n % 251 for n in range(2 * PIECE_BYTES + 1000))


async def test_a_recording_goes_up_in_pieces_and_that_it_is_there_is_a_fact(tmp_path: Path) -> None:
    office = Office()
    async with desk(tmp_path, office) as it:
        sha256 = await it.note(LONG)
        assert await it.uploads.step()
        assert office.whole == {sha256: LONG}
        assert office.pieces == [0, PIECE_BYTES, 2 * PIECE_BYTES]
        assert it.uploaded() == [1]
        assert it.it.rows("select count(*) from events where kind = 'note_uploaded'") == [(1,)]
        assert not await it.uploads.step()


async def test_after_a_cut_it_goes_on_where_head_office_stands(tmp_path: Path) -> None:
    office = Office()
    office.fails = [0, 503]
    async with desk(tmp_path, office) as it:
        sha256 = await it.note(LONG)
        with pytest.raises(LinkDown):
            await it.uploads.step()
        assert it.uploaded() == [0]
        assert await it.uploads.step()
        assert office.whole == {sha256: LONG}
        assert office.pieces == [0, PIECE_BYTES, 2 * PIECE_BYTES], "no piece travelled twice"


async def test_an_answer_that_was_lost_costs_no_second_copy(tmp_path: Path) -> None:
    office = Office()
    office.fails = [500]
    async with desk(tmp_path, office) as it:
        sha256 = await it.note(LONG)
        with pytest.raises(LinkDown):
            await it.uploads.step()
        await it.uploads.step()
        assert office.pieces == [PIECE_BYTES, 2 * PIECE_BYTES]
        assert office.whole == {sha256: LONG}


async def test_one_that_came_out_wrong_is_begun_anew_once_and_then_left_for_the_others(tmp_path: Path) -> None:
    office = Office()
    async with desk(tmp_path, office) as it:
        await it.note(b"first" * 100)
        await it.note(b"second" * 100)
        office.fails = [422]
        assert await it.uploads.step()
        assert len(office.whole) == 1
        office.fails = [413]
        assert await it.uploads.step()
        assert len(it.uploads.left) == 1
        assert not await it.uploads.step()


async def test_while_nobody_answers_it_waits_and_goes_by_itself_afterwards(tmp_path: Path) -> None:
    office = Office()
    async with desk(tmp_path, office) as it:
        office.fails = [503, 503, 503]
        await it.note(b"sound" * 100)
        running = asyncio.create_task(it.uploads.run())
        try:
            async with asyncio.timeout(10):
                while it.uploaded() != [1]:
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_nobody_there_at_all_is_an_error_that_passes(tmp_path: Path) -> None:
    async with desk(tmp_path, Office()) as it:
        it.mine = identity(tmp_path, "http://127.0.0.1:9")
        await it.note(b"sound")
        with pytest.raises(httpx.ConnectError):
            await it.uploads.step()
        assert it.uploaded() == [0]


async def test_a_sound_stays_for_its_days_and_one_not_uploaded_until_it_is(tmp_path: Path) -> None:
    office = Office()
    async with desk(tmp_path, office) as it:
        old = await it.note(b"old")
        await it.uploads.step()
        waiting = await it.note(b"waiting")
        it.it.pass_time(15 * DAY_S)
        fresh = await it.note(b"fresh")
        assert it.uploads.tidy() == 1
        assert sorted(it.blobs.names()) == sorted((waiting, fresh))
        assert it.blobs.path(old) is None


async def test_a_clinic_on_its_own_lets_every_sound_go_after_its_days(tmp_path: Path) -> None:
    async with desk(tmp_path, None) as it:
        await it.note(b"old")
        it.it.pass_time(15 * DAY_S)
        assert it.uploads.tidy() == 1
        assert not await it.uploads.step()


async def test_under_a_full_disk_what_head_office_has_goes_first(tmp_path: Path, monkeypatch: Any) -> None:
    async with desk(tmp_path, Office()) as it:
        await it.note(b"uploaded")
        await it.uploads.step()
        waiting = await it.note(b"waiting")
        monkeypatch.setattr(store, "FREE_BYTES_MIN", 2**62)
        assert it.uploads.tidy() == 1
        assert list(it.blobs.names()) == [waiting]


async def test_what_somebody_said_goes_from_the_disk_when_they_are_erased_and_is_not_sent(tmp_path: Path) -> None:
    office = Office()
    async with desk(tmp_path, office) as it:
        person_id = new_id()
        await it.it.accepted(AddPerson, person_id=person_id, person=NewPerson("Ana Torres"))
        await it.note(b"hers", person_id)
        others = await it.note(b"of nobody known")
        await it.it.accepted(ErasePerson, person_id=person_id)
        assert it.uploads.tidy() == 1
        assert list(it.blobs.names()) == [others]
        while await it.uploads.step():
            pass
        assert it.uploaded() == [0, 1]
