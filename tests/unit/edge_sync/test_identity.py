"""Who a clinic is: where it may claim, what it keeps, what it signs."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from cloud.accounts.authority import Authority
from edge.sync.identity import ClaimError, Identity, Keeper, check_url, claim, signing_request
from shared import clock
from shared.api import Certificate

EPOCH = "00000000000000e1"


def identity(folder: Path) -> tuple[Keeper, Identity]:
    keeper, authority = Keeper(folder / "id"), Authority.open(folder / "ca")
    key_pem = keeper.key_pem()
    pem, _ = authority.issue_device(signing_request(key_pem, EPOCH), "north", EPOCH)
    certificate = Certificate(site="north", site_name="North", certificate_pem=pem, authority_pem=authority.ca_pem)
    return keeper, Identity(key_pem, EPOCH, certificate, "https://chain.example")


@pytest.mark.parametrize(
    "url",
    [
        "http://chain.example",
        "http://10.0.0.1:8800",
        "ftp://x",
        "chain.example",
        "http://",
        "http://127.0.0.1.evil.example",
    ],
)
def test_plain_http_goes_to_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8800/", "http://localhost:8800", "http://[::1]:8800", "https://chain.example/"]
)
def test_https_goes_anywhere(url: str) -> None:
    assert check_url(url) == url.rstrip("/")


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "id")
    key = keeper.key_pem()
    assert keeper.key_pem() == key and "PRIVATE KEY" in key
    assert (tmp_path / "id" / "identity.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "id").stat().st_mode & 0o777 == 0o700


def test_an_identity_is_kept_whole_and_is_only_for_its_own_store(tmp_path: Path) -> None:
    keeper, mine = identity(tmp_path)
    assert keeper.load(EPOCH) is None
    keeper.keep(mine)
    assert keeper.load(EPOCH) == mine
    assert keeper.load("00000000000000e2") is None
    assert keeper.key_pem() == mine.key_pem
    assert not list((tmp_path / "id").glob("*.new"))


def test_a_token_is_short_lived_and_signed_by_the_certified_key(tmp_path: Path) -> None:
    _, mine = identity(tmp_path)
    key = serialization.load_pem_private_key(mine.key_pem.encode(), None).public_key()
    claims = jwt.decode(mine.token(), key, algorithms=["ES256"])  # type: ignore[arg-type]
    assert claims["sub"] == f"north.{EPOCH}" and claims["exp"] - claims["iat"] <= 300
    assert mine.token() != mine.token(), "no token is used twice"
    ahead = jwt.decode(mine.token(3600), key, algorithms=["ES256"], options={"verify_iat": False})  # type: ignore[arg-type]
    assert 3595 <= ahead["iat"] - claims["iat"] <= 3605


def test_the_certificate_is_renewed_after_two_thirds_of_its_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.sync import keeper as module

    _, mine = identity(tmp_path)
    now_s = clock.wall_s()
    for days, due in ((1, False), (59, False), (61, True), (200, True)):
        monkeypatch.setattr(module, "wall_s", lambda days=days: now_s + days * 86400)
        assert mine.renew_due() is due


async def test_a_cloud_that_is_not_there_is_told_and_may_be_tried_again(tmp_path: Path) -> None:
    from deploy.demo.ports import free_port

    with pytest.raises(ClaimError) as told:
        await claim(Keeper(tmp_path), f"http://127.0.0.1:{free_port()}", "CODE-CODE", EPOCH)
    assert told.value.passing and told.value.hint
