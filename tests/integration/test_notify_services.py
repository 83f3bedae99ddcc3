"""Each way a message leaves, against a receiver on loopback that speaks the service's own protocol.

Three services have a fixed host (Twilio, WhatsApp, Telegram): the constant of apprise that names it is pointed at the
receiver; everything else is the real plugin, over a real connection.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Iterator
from email import message_from_string
from email.header import decode_header, make_header
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cloud.notify.addresses import Subscription
from cloud.notify.hosts import Hosts
from cloud.notify.push import Push, PushKey, encrypt
from cloud.notify.sending import Message, NotSent, Target
from cloud.notify.services import Services, meaning
from cloud.notify.webhook import Webhook
from tests.receivers import Answer, Inbox, inbox, mail_server

SID, SECRET = "AC" + "a" * 32, "b" * 32
TWILIO = f"twilio://{SID}:{SECRET}@+15550001111/+34600000021"


def note(**more: object) -> Message:
    """A message to a caregiver."""
    given = {
        "id": "m-1", "title": "Riverside", "text": "Ana Ruiz has not confirmed taking Metformin (08:00).", "language": "en",
        "repeat": False, "expires_ms": 1_795_000_000_000, "link": "https://chain.example/a/tok",
        "receipt_url": "https://chain.example/r/tok", "facts": {"topic": "missed_dose"},
    }  # fmt: skip
    return Message(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as found:
        yield found


@pytest_asyncio.fixture
async def services() -> AsyncIterator[Services]:
    found = Services(Hosts(private_too=True))
    yield found
    found.close()


@pytest.fixture
def fixed_hosts(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services with a host of their own, here."""
    from apprise.plugins.telegram import NotifyTelegram
    from apprise.plugins.twilio import NotifyTwilio
    from apprise.plugins.whatsapp import NotifyWhatsApp

    messages = f"{box.url}/2010-04-01/Accounts/{{sid}}/Messages.json"
    monkeypatch.setattr(NotifyTwilio, "notify_sms_url", messages)
    monkeypatch.setattr(NotifyWhatsApp, "notify_url", f"{box.url}/{{fb_ver}}/{{phone_id}}/messages")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{box.url}/bot")


@pytest.mark.usefixtures("fixed_hosts")
async def test_an_sms_reaches_the_gateway_with_text_and_link(services: Services, box: Inbox) -> None:
    box.answers = [Answer(201, b'{"sid": "SM1"}')]
    await services.send(Target(kind="services", url=TWILIO), note())
    got = box.got[0]
    form = parse_qs(got.body.decode())
    assert got.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert form["To"] == ["+34600000021"] and form["From"] == ["+15550001111"]
    assert "Metformin (08:00)" in form["Body"][0] and "https://chain.example/a/tok" in form["Body"][0]


@pytest.mark.usefixtures("fixed_hosts")
async def test_a_whatsapp_message_reaches_the_gateway(services: Services, box: Inbox) -> None:
    url = "whatsapp://" + "t" * 20 + "@1234567890/+34600000021"
    await services.send(Target(kind="services", url=url), note())
    said = box.got[0].json()
    assert box.got[0].headers["authorization"] == "Bearer " + "t" * 20
    assert said["to"] == "+34600000021" and "Metformin" in said["text"]["body"]


@pytest.mark.usefixtures("fixed_hosts")
async def test_a_telegram_message_reaches_the_bots_service(services: Services, box: Inbox) -> None:
    box.answers = [Answer(200, b'{"ok": true, "result": {"message_id": 7}}')]
    url = "tgram://123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI/12315544"
    await services.send(Target(kind="services", url=url), note())
    assert box.got[-1].path.endswith("/sendMessage")
    said = box.got[-1].json()
    assert str(said["chat_id"]) == "12315544" and "Metformin" in said["text"]


async def test_an_email_reaches_the_mail_server_in_any_script(services: Services) -> None:
    with mail_server() as mails:
        url = f"mailto://127.0.0.1:{mails.port}?from=clinic@example.org&to=ben@example.org&mode=insecure"
        await services.send(
            Target(kind="services", url=url), note(title="Río Clínica", text="أحمد: لم يتم تأكيد تناول الدواء.")
        )
        [mail] = mails.mails
    parsed = message_from_string(mail.content)
    bodies = [part.get_payload(decode=True) for part in parsed.walk() if not part.is_multipart()]
    assert mail.to == ["ben@example.org"]
    assert str(make_header(decode_header(str(parsed["Subject"])))) == "Río Clínica"
    assert "لم يتم تأكيد" in b"".join(body for body in bodies if isinstance(body, bytes)).decode()


@pytest.mark.usefixtures("fixed_hosts")
@pytest.mark.parametrize(
    ("answer", "passing", "begun"),
    [
        (Answer(429, b'{"code": 20429, "message": "Too many"}'), True, False),
        (Answer(400, b'{"code": 21211, "message": "Invalid To"}'), False, False),
        (Answer(401, b'{"code": 20003}'), True, False),
        (Answer(503, b"down"), True, True),
        (Answer(403, b"no"), False, False),
        (Answer(hang=True), True, True),
    ],
)
async def test_a_refusal_of_a_gateway_says_whether_trying_again_helps(
    services: Services, box: Inbox, answer: Answer, passing: bool, begun: bool
) -> None:
    box.answers = [answer]
    with pytest.raises(NotSent) as refused:
        await services.send(Target(kind="services", url=TWILIO), note())
    assert (refused.value.passing, refused.value.begun) == (passing, begun)
    assert "34600000021" not in str(refused.value) and SECRET not in str(refused.value)
    assert refused.value.hint


def test_a_failure_without_an_answer_may_have_arrived() -> None:
    assert meaning(["A Connection error occurred sending Twilio:+34600000021 notification."]).begun


async def test_a_webhook_is_signed_and_holds_what_a_program_needs(box: Inbox) -> None:
    sender = Webhook(Hosts(private_too=True))
    target = Target(kind="webhook", url=f"{box.url}/hook?x=1", secret=b"shown once")
    assert await sender.send(target, note(repeat=True)) == "srv-1"
    got = box.got[0]
    stamp, mac = (part.partition("=")[2] for part in got.headers["x-outpost-signature"].split(","))
    assert mac == hmac.new(b"shown once", f"{stamp}.".encode() + got.body, sha256).hexdigest()
    assert got.headers["idempotency-key"] == "m-1" and got.path == "/hook?x=1"
    said = got.json()
    assert (said["topic"], said["repeat"], said["acknowledge_url"]) == (
        "missed_dose",
        True,
        "https://chain.example/a/tok",
    )


@pytest.mark.parametrize(
    ("answer", "passing", "begun", "gone", "wait_s"),
    [
        (Answer(429, headers={"retry-after": "90"}), True, False, False, 90.0),
        (Answer(500), True, True, False, 0.0),
        (Answer(410), False, False, True, 0.0),
        (Answer(302, headers={"location": "http://127.0.0.1:1/"}), False, False, False, 0.0),
        (Answer(hang=True), True, True, False, 0.0),
    ],
)
async def test_a_webhook_that_does_not_take_it_says_what_that_means(
    box: Inbox, answer: Answer, passing: bool, begun: bool, gone: bool, wait_s: float
) -> None:
    box.answers = [answer]
    with pytest.raises(NotSent) as refused:
        await Webhook(Hosts(private_too=True)).send(Target(kind="webhook", url=f"{box.url}/hook"), note())
    error = refused.value
    assert (error.passing, error.begun, error.gone, error.retry_after_s) == (passing, begun, gone, wait_s)
    assert len(box.got) == 1, "redirects are not followed"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.7", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
async def test_a_webhook_into_the_servers_own_network_is_not_asked(box: Inbox, host: str) -> None:
    port = box.url.rpartition(":")[2]
    with pytest.raises(NotSent, match="private network") as refused:
        await Webhook(Hosts(private_too=False)).send(Target(kind="webhook", url=f"https://{host}:{port}/"), note())
    assert not refused.value.passing
    assert box.got == []


async def test_plain_http_is_not_spoken_to_the_world() -> None:
    with pytest.raises(NotSent, match="https"):
        await Webhook(Hosts(private_too=False)).send(Target(kind="webhook", url="http://example.org/"), note())


async def test_a_mail_server_inside_the_network_is_not_asked() -> None:
    services = Services(Hosts(private_too=False))
    with mail_server() as mails, pytest.raises(NotSent, match="private network"):
        url = f"mailto://clinic@example.org:{mails.port}?smtp=127.0.0.1&to=ben@example.org"
        await services.send(Target(kind="services", url=url), note())
    services.close()


class Browser:
    """The other end of web push: keys as a browser makes them, and RFC 8291 read backwards."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))
        self.subscription = Subscription(endpoint, _b64(self.point()), _b64(self.auth))

    def point(self) -> bytes:
        """Its public key."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def text(self) -> str:
        """As the page hands it over."""
        return json.dumps(
            {
                "endpoint": self.subscription.endpoint,
                "keys": {"p256dh": self.subscription.p256dh, "auth": self.subscription.auth},
            }
        )

    def open(self, body: bytes) -> dict[str, str]:
        """Decrypt what the push service handed on."""
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        material = HKDF(SHA256(), 32, self.auth, b"WebPush: info\x00" + self.point() + theirs).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain[-1:] == b"\x02"
        found: dict[str, str] = json.loads(plain[:-1])
        return found


def _b64(data: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_a_browser_gets_a_push_only_it_can_read(box: Inbox, tmp_path: Path) -> None:
    key = PushKey.load_or_make(tmp_path / "push.key")
    browser = Browser(f"{box.url}/push/v1/abc")
    box.answers = [Answer(201, b"", {"location": "/message/9"})]
    sender = Push(Hosts(private_too=True), key, "mailto:ops@example.org")
    assert await sender.send(Target(kind="push", url=browser.text()), note(text="ä" * 4000)) == "/message/9"
    got = box.got[0]
    said = browser.open(got.body)
    assert said["link"] == "https://chain.example/a/tok" and said["text"].endswith("…")
    assert "ä" * 20 not in got.body.decode("latin-1") and len(got.body) <= 4096
    scheme, _, rest = got.headers["authorization"].partition(" ")
    token, public = (part.strip().partition("=")[2] for part in rest.split(","))
    claims = jwt.decode(token, key.private.public_key(), algorithms=["ES256"], audience=box.url)
    assert scheme == "vapid" and public == key.public and claims["sub"] == "mailto:ops@example.org"
    assert (got.headers["content-encoding"], got.headers["urgency"]) == ("aes128gcm", "high")
    assert PushKey.load_or_make(tmp_path / "push.key").public == key.public


def test_push_encryption_is_that_of_the_standards_own_example() -> None:
    """RFC 8291, section 5."""
    from base64 import urlsafe_b64decode

    def raw(text: str) -> bytes:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))

    sender = ec.derive_private_key(
        int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    to = Subscription(
        "https://push.example.net/",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    body = encrypt(b"When I grow up, I want to be a watermelon", to, sender, raw("DGv6ra1nlYgDCS1FRnbzlw"))
    assert _b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl"
        "95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


async def test_a_browser_that_unsubscribed_is_gone(box: Inbox, tmp_path: Path) -> None:
    sender = Push(Hosts(private_too=True), PushKey.load_or_make(tmp_path / "push.key"), "mailto:ops@example.org")
    box.answers = [Answer(410)]
    with pytest.raises(NotSent) as refused:
        await sender.send(Target(kind="push", url=Browser(f"{box.url}/p").text()), note())
    assert refused.value.gone
