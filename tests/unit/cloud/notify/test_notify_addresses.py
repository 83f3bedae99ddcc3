"""What may be entered as an address, and what is ever shown of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.notify.addresses import BadAddress, hosts_of, read, read_gateway
from cloud.notify.hosts import is_public
from cloud.notify.links import BadLink, Links
from cloud.notify.sealing import NotOurs, Seal

PUSH = json.dumps({"endpoint": "https://push.example/abc", "keys": {"p256dh": "BK8", "auth": "xyz"}})
TWILIO = "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@+15550001111"


@pytest.mark.parametrize(
    ("kind", "text", "url", "shown"),
    [
        ("sms", "+34 600-000 021", "+34600000021", "+34…21"),
        ("whatsapp", "34600000021", "34600000021", "346…21"),
        ("email", "ben@example.org", "ben@example.org", "b…@example.org"),
        ("telegram", "12315544", "12315544", "123…44"),
        ("telegram", "tgram://1234:abcd/12315544", "tgram://1234:abcd/12315544", "tgram://…"),
        ("sms", f"{TWILIO}/+34600000021", f"{TWILIO}/+34600000021", "twilio://…"),
        ("webhook", "https://hooks.example/in?k=1", "https://hooks.example/in?k=1", "https://hooks.example/…"),
        ("push", PUSH, PUSH, "push via push.example"),
    ],
)
def test_an_address_is_taken_and_hardly_shown(kind: str, text: str, url: str, shown: str) -> None:
    found = read(kind, text)
    assert (found.url, found.shown) == (url, shown)
    assert found.plain == ("://" not in url)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sms", "call me"), ("sms", "+34"), ("email", "ben"), ("email", "https://example.org"), ("webhook", "ftp://x/y"),
        ("webhook", "file:///etc/passwd"), ("webhook", "https://"), ("webhook", "https://user:pass@example.org/"),
        ("webhook", "https://example.org/#x"), ("webhook", "https://example.org:99999/"), ("webhook", "https://[::1/"),
        ("sms", "https://example.org/"), ("telegram", "mailto://x@example.org"), ("push", "https://push.example"),
        ("push", '{"endpoint": "file:///x", "keys": {"p256dh": "a", "auth": "b"}}'), ("sms", ""), ("fax", "1234567"),
        ("sms", f"{TWILIO}/+34600000021?attach=/etc/passwd"), ("telegram", "tgram://1:a/2?format=html&image=yes"),
        ("webhook", "https://example.org/\nx"), ("webhook", "https://ex ample.org\\@evil/"), ("sms", "1" * 3000),
    ],
)  # fmt: skip
def test_what_is_no_address_of_its_kind_is_refused_without_repeating_it(kind: str, text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read(kind, text)
    assert refused.value.hint
    assert len(text) < 5 or text not in str(refused.value)


def test_only_a_clinics_gateway_may_be_a_mail_server() -> None:
    with pytest.raises(BadAddress, match="mail server"):
        read("email", "mailto://u:p@mail.example?to=x@example.org")
    assert read("email", "mailto://u:p@mail.example?to=x@example.org", staff=True).shown == "mailto://mail.example/…"


def test_a_gateway_says_once_where_the_target_goes() -> None:
    assert read_gateway("sms", f"{TWILIO}/{{to}}").shown == "twilio://…"
    assert read_gateway("sms", "https://sms.example/send").url == "https://sms.example/send"
    assert read_gateway("email", "mailtos://u:p@mail.example?to={to}").kind == "email"
    for wrong in (TWILIO, f"{TWILIO}/{{to}}/{{to}}", "https://{to}/x", "mailto://{to}", "push", ""):
        with pytest.raises(BadAddress):
            read_gateway("sms", wrong)


def test_a_parameter_cannot_point_mail_elsewhere_unseen() -> None:
    assert list(hosts_of("mailto://u:p@mail.example?smtp=10.0.0.1&to=x@example.org")) == ["10.0.0.1"]
    assert list(hosts_of("mailto://u:p@mail.example?to=x@example.org")) == ["mail.example"]
    assert list(hosts_of(f"{TWILIO}/+34600000021")) == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
     "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "not an address"],
)  # fmt: skip
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.text(max_size=60))
def test_no_text_opens_a_link_that_was_not_signed(text: str) -> None:
    with pytest.raises(BadLink):
        Links(b"k" * 32).read(text, "acknowledge", 0)


@given(st.integers(0, 47), st.sampled_from("ABCDwxyz0189-_"))
def test_a_link_with_one_sign_changed_opens_nothing(place: int, sign: str) -> None:
    links = Links(b"k" * 32)
    token = links.token("0f" * 16, "acknowledge", 10_000)
    changed = token[:place] + sign + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            links.read(changed, "acknowledge", 0)


def test_a_link_is_good_for_one_purpose_one_server_and_its_time() -> None:
    links = Links(b"k" * 32)
    token = links.token("0f" * 16, "acknowledge", 10_000)
    assert links.read(token, "acknowledge", 9_999) == "0f" * 16
    for reader, purpose, now_ms in (
        (links, "receipt", 0),
        (Links(b"j" * 32), "acknowledge", 0),
        (links, "acknowledge", 10_000),
    ):
        with pytest.raises(BadLink):
            reader.read(token, purpose, now_ms)  # type: ignore[arg-type]


def test_a_sealed_address_opens_in_its_own_row_only() -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.close("+34600000021", "alpha/c1")
    assert b"600000021" not in sealed and seal.open(sealed, "alpha/c1") == "+34600000021"
    for other, row in ((seal, "alpha/c2"), (Seal(b"j" * 32), "alpha/c1")):
        with pytest.raises(NotOurs):
            other.open(sealed, row)
    with pytest.raises(NotOurs):
        seal.open(b"", "alpha/c1")
