"""Tracking tokens: what is signed can be read, and nothing else can."""

from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import tracking
from shared.clock import iso
from shared.ids import new_id
from shared.tracking import CLAIMS, TOKEN_CHARS_MAX, BadTracking, Tracked, TrackingKey, expires_ms_of, peek, read

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = TrackingKey(PRIVATE)
OTHER = TrackingKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
VISIT, DOCTOR = "019a2f4e-7c31-7d02-9e55-0b1c2d3e4f50", "019a2f4e-1111-7d02-9e55-0b1c2d3e4f50"
NOW_MS = 1_795_000_000_000
END_MS = NOW_MS + 36 * 3_600_000
TOKEN = KEY.sign(VISIT, "riverside", DOCTOR, NOW_MS, END_MS)
GOOD: dict[str, Any] = {
    "appointmentId": VISIT, "hospitalId": "riverside", "doctorId": DOCTOR, "iat": NOW_MS // 1000, "exp": END_MS // 1000,
}  # fmt: skip
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def kind_of(token: str, *publics: str, now_ms: int = NOW_MS) -> str:
    with pytest.raises(BadTracking) as caught:
        read(token, publics or (KEY.public,), now_ms)
    assert str(caught.value).endswith(".")
    return caught.value.kind


def signed(claims: object, head: dict[str, Any] | None = None) -> str:
    """Properly signed by the site's key, whatever it says."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    said = joined(json.dumps(head or {"alg": "EdDSA"}).encode(), body)
    return said + "." + joined(PRIVATE.sign(said.encode()))


def joined(*parts: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_what_was_signed_is_read() -> None:
    tracked = Tracked(VISIT, "riverside", DOCTOR, NOW_MS, END_MS)
    assert read(TOKEN, [KEY.public], NOW_MS) == tracked
    assert read(KEY.sign(VISIT, "a", None, NOW_MS, END_MS), [KEY.public], NOW_MS).doctor_id is None
    assert peek(TOKEN) == "riverside"


def test_another_program_that_knows_jwt_reads_it_too() -> None:
    claims = jwt.decode(TOKEN, PRIVATE.public_key(), ["EdDSA"], options={"verify_exp": False, "verify_iat": False})
    assert claims == GOOD
    assert claims.keys() == CLAIMS
    assert jwt.get_unverified_header(TOKEN) == {"alg": "EdDSA"}


def test_it_is_short_enough_for_a_code_on_paper() -> None:
    assert len(KEY.sign(new_id(), "riverside", new_id(), NOW_MS, END_MS)) == 328
    assert len(KEY.sign("v" * 36, "s" * 40, "d" * 36, 0, 9_999_999_999_999)) <= 370 < TOKEN_CHARS_MAX


def test_it_ends_when_it_says_and_only_by_the_time_it_is_told() -> None:
    read(TOKEN, [KEY.public], END_MS - 1)
    assert kind_of(TOKEN, now_ms=END_MS) == "expired"
    assert read(TOKEN, [KEY.public], 0), "a clinic whose clock is ahead of the cloud's is no forger"


def test_keys_of_earlier_epochs_go_on_and_bad_ones_verify_nothing() -> None:
    read(TOKEN, [OTHER.public, "no key", "", "é", KEY.public], NOW_MS)
    assert kind_of(TOKEN, OTHER.public) == "forged"
    with pytest.raises(BadTracking):
        read(TOKEN, [], NOW_MS)
    assert tracking.is_public(KEY.public)
    assert not any(tracking.is_public(text) for text in (KEY.public[:-1], KEY.public + "=", "é", ""))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "RS256", "ES256", "eddsa", "", None, 7, ["EdDSA"]])
def test_only_one_algorithm_is_ours(algorithm: object) -> None:
    assert kind_of(signed(GOOD, {"alg": algorithm})) == "forged"


def test_the_public_key_is_no_shared_secret() -> None:
    raw = PRIVATE.public_key().public_bytes_raw()
    for secret in (raw, KEY.public.encode()):
        assert kind_of(jwt.encode(GOOD, secret, "HS256", headers={"typ": None})) == "forged"
    unsigned = joined(b'{"alg":"none"}', json.dumps(GOOD).encode()) + "."
    assert kind_of(unsigned) == "malformed", "nothing after the last point"
    assert kind_of(unsigned + TOKEN.rpartition(".")[2]) == "forged"


@pytest.mark.parametrize("more", [{"typ": "JWT"}, {"kid": "1"}, {"b64": False, "crit": ["b64"]}, {"jwk": {}}])
def test_a_header_says_nothing_else(more: dict[str, Any]) -> None:
    assert kind_of(signed(GOOD, {"alg": "EdDSA", **more})) == "malformed"


NOT_IDS: list[object] = [7, True, "", "a b", "x" * 65, "a\x00", "é", [VISIT], {}]
NOT_TIMES: list[object] = [None, True, 1.5, "1795000000", -1, 10**10, 10**30, [1]]


@pytest.mark.parametrize(
    "claims",
    [
        {**GOOD, "name": "A. Person"}, {**GOOD, "nbf": 0}, {}, [], None, "text", 5, b"no json", b'{"iat":NaN}', b"\xff",
        *({key: value for key, value in GOOD.items() if key != missing} for missing in GOOD),
        *({**GOOD, name: value} for name in ("appointmentId", "hospitalId", "doctorId") for value in NOT_IDS),
        *({**GOOD, name: value} for name in ("iat", "exp") for value in NOT_TIMES),
        {**GOOD, "appointmentId": None}, {**GOOD, "hospitalId": None}, {**GOOD, "hospitalId": "River-"},
        {**GOOD, "iat": GOOD["exp"] + 1},
    ],
)  # fmt: skip
def test_other_claims_are_refused_though_the_key_signed_them(claims: object) -> None:
    assert kind_of(signed(claims)) == "malformed"
    with pytest.raises(BadTracking) as caught:
        peek(signed(claims))
    assert caught.value.kind == "malformed"


def test_nothing_is_signed_that_could_not_be_read() -> None:
    for visit, site, doctor, issued, expires in [
        ("", "a", None, 0, 1), ("v", "No Site", None, 0, 1), ("v", "a", "d d", 0, 1), ("v", "a", None, 5000, 4000),
        ("v", "a", None, -1, 1), ("v", "a", None, 0, 10**14),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="no tracking token"):
            KEY.sign(visit, site, doctor, issued, expires)


@given(st.text(max_size=TOKEN_CHARS_MAX + 20))
def test_any_text_is_refused_in_words(text: str) -> None:
    assert kind_of(text) in ("malformed", "forged")
    with pytest.raises(BadTracking):
        peek(text)


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=190), min_size=2, max_size=4), st.booleans())
def test_any_bytes_in_the_right_clothes_are_refused_in_words(parts: list[bytes], json_head: bool) -> None:
    whole = [b'{"alg":"EdDSA"}', *parts] if json_head else parts
    assert kind_of(joined(*whole)) in ("malformed", "forged")


@settings(max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner),
    )
)
def test_any_signed_json_is_refused_in_words(claims: object) -> None:
    assert kind_of(signed(claims)) == "malformed"


def test_deep_nests_are_only_malformed() -> None:
    deep = b"[" * 380
    assert kind_of(signed(deep)) == "malformed"
    assert kind_of(signed(b"[" * 190 + b"]" * 190)) == "malformed"


def test_every_single_changed_bit_is_refused() -> None:
    for place, sign in enumerate(TOKEN):
        for bit in range(7):
            kind_of(TOKEN[:place] + chr(ord(sign) ^ 1 << bit) + TOKEN[place + 1 :])


def test_every_changed_sign_of_the_last_part_is_refused() -> None:
    for place in range(TOKEN.rindex(".") + 1, len(TOKEN)):
        for sign in SIGNS.replace(TOKEN[place], ""):
            kind_of(TOKEN[:place] + sign + TOKEN[place + 1 :])


@pytest.mark.parametrize("change", ["{}=", "{}==", " {}", "{}\n", "{}.", ".{}", "{}A", "{}.a"])
def test_one_token_has_one_spelling(change: str) -> None:
    assert kind_of(change.format(TOKEN)) in ("malformed", "forged")


def test_the_limit_is_kept_before_anything_is_understood() -> None:
    assert kind_of("a" * 10_000_000) == "malformed"
    assert kind_of("a.b." + "c" * TOKEN_CHARS_MAX) == "malformed"


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tracking.key"
    with ThreadPoolExecutor(8) as pool:
        made = {key.public for key in pool.map(lambda _: TrackingKey.load_or_make(path), range(8))}
    assert made == {TrackingKey.load_or_make(path).public}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["tracking.key"]
    assert len(path.read_bytes()) == 32
    (public,) = made
    assert len(public) == 43


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_broken_key_file_says_what_to_do(tmp_path: Path, size: int) -> None:
    path = tmp_path / "tracking.key"
    path.write_bytes(bytes(size))
    with pytest.raises(ValueError, match="backup"):
        TrackingKey.load_or_make(path)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-11-20", "Asia/Kolkata", "2026-11-22T00:00:00.000+05:30"),
        ("2026-10-24", "Europe/Berlin", "2026-10-25T23:00:00.000+01:00"),  # 25 hours long: 24 h are 24 h
        ("2026-03-28", "Europe/Berlin", "2026-03-30T01:00:00.000+02:00"),
        ("2026-12-31", "America/New_York", "2027-01-02T00:00:00.000-05:00"),
    ],
)
def test_a_token_ends_a_day_after_its_service_day(day: str, zone: str, end: str) -> None:
    assert iso(expires_ms_of(day, ZoneInfo(zone)), ZoneInfo(zone)) == end
