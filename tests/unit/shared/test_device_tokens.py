"""A device proves itself with its own key, for five minutes, and nobody else can."""

from __future__ import annotations

import jwt
import pytest

from shared import device_tokens as tokens
from shared.tokens import BadToken

KEY = tokens.new_key()
PUBLIC = tokens.public_of(KEY)
NOW_S = 1_795_000_000.0


def test_a_token_proves_its_device_and_carries_its_message() -> None:
    token = tokens.sign(KEY, "d1", now_s=NOW_S, message={"t": "event"})
    assert tokens.claimed_device(token) == "d1"
    assert tokens.verify(PUBLIC, "d1", token, now_s=NOW_S) == {"t": "event"}
    assert tokens.verify(PUBLIC, "d1", tokens.sign(KEY, "d1", now_s=NOW_S), now_s=NOW_S) is None


def test_another_key_another_device_and_a_changed_message_prove_nothing() -> None:
    with pytest.raises(BadToken):
        tokens.verify(PUBLIC, "d1", tokens.sign(tokens.new_key(), "d1", now_s=NOW_S), now_s=NOW_S)
    with pytest.raises(BadToken):
        tokens.verify(PUBLIC, "d2", tokens.sign(KEY, "d1", now_s=NOW_S), now_s=NOW_S)
    head, body, signature = tokens.sign(KEY, "d1", now_s=NOW_S, message={"quantity": 1}).split(".")
    with pytest.raises(BadToken):
        tokens.verify(PUBLIC, "d1", f"{head}.{body[:-2]}xx.{signature}", now_s=NOW_S)


@pytest.mark.parametrize("off_s", [-61, 361])
def test_a_token_of_another_time_says_how_far_the_clocks_are_apart(off_s: int) -> None:
    with pytest.raises(tokens.WrongTime) as wrong:
        tokens.verify(PUBLIC, "d1", tokens.sign(KEY, "d1", now_s=NOW_S), now_s=NOW_S + off_s)
    assert wrong.value.ahead_s == off_s


def test_a_token_that_would_last_a_day_is_none() -> None:
    claims = {"iss": tokens.ISSUED_BY_DEVICE, "sub": "d1", "iat": int(NOW_S), "exp": int(NOW_S) + 86_400}
    with pytest.raises(BadToken):
        tokens.verify(PUBLIC, "d1", jwt.encode(claims, KEY, algorithm="ES256"), now_s=NOW_S)


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_none() -> None:
    unsigned = jwt.encode({"iss": tokens.ISSUED_BY_DEVICE, "sub": "d1", "iat": 1, "exp": 2}, "", algorithm="none")
    with pytest.raises(BadToken):
        tokens.verify(PUBLIC, "d1", unsigned, now_s=1)


def test_a_persons_token_names_no_device() -> None:
    assert tokens.claimed_device(jwt.encode({"sub": "d1", "iss": "x"}, "k" * 32, algorithm="HS256")) is None
    assert tokens.claimed_device("opk_nothing") is None


def test_only_a_p256_key_is_taken() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    for key in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(ValueError, match="P-256"):
            tokens.checked_public(pem.decode())
    with pytest.raises(ValueError, match="PEM"):
        tokens.checked_public("hello")
    assert tokens.checked_public(PUBLIC + "\n") == PUBLIC


def test_a_claim_code_may_be_typed_in_small_letters_and_with_blanks() -> None:
    code = tokens.new_claim_code()
    assert tokens.claim_hash(f" {code[:5].lower()} {code[5:]}") == tokens.claim_hash(code)
    assert tokens.claim_hash(code) != tokens.claim_hash(tokens.new_claim_code())
