"""Which path to the cloud: MQTT first, HTTPS when MQTT does not answer HELLO, and back to MQTT by probing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from edge.sync.https import HttpsLink
from edge.sync.identity import Identity, Keeper
from edge.sync.links import Link, LinkDown, NotWelcome
from edge.sync.mqtt import MqttLink
from edge.sync.state import SyncSettings
from shared.api import Hello, HelloAnswer
from shared.backoff import Backoff
from shared.clock import Clock, transport_s

Greeted = tuple[Link, HelloAnswer]


class Paths:
    """Makes links on which HELLO was answered. `hello`: a fresh one; `wake`: set when a link hears something."""

    def __init__(
        self,
        settings: SyncSettings,
        keeper: Keeper,
        clock: Clock,
        wake: asyncio.Event,
        hello: Callable[[], Awaitable[Hello]],
    ) -> None:
        self._settings, self._keeper, self._clock, self._wake, self._hello = settings, keeper, clock, wake, hello
        self._looks = Backoff(settings.probe_s, settings.probe_max_s)
        """Waits between looks whether MQTT is back, whatever becomes of the sessions over HTTPS between them."""
        self._mqtt_not_before_s = float("-inf")

    async def connect(self, identity: Identity) -> Greeted:
        """A path on which HELLO was answered. Raises LinkDown when there is none."""
        address = self.mqtt_address(identity)
        failure: LinkDown | None = None
        if address is not None and transport_s() >= self._mqtt_not_before_s:
            try:
                return await self._over_mqtt(identity, address)
            except LinkDown as error:
                failure = error
        try:
            greeted = await self._greet(self._https_link(identity))
        except NotWelcome:
            raise
        except LinkDown as error:
            if failure is not None:
                raise LinkDown(f"mqtt: {failure}; {error}", error.hint or failure.hint) from error
            raise
        if failure is not None:
            self._look_later()
        return greeted

    async def _over_mqtt(self, identity: Identity, address: tuple[str, int]) -> Greeted:
        greeted = await self._greet(self._mqtt_link(identity, address))
        self._looks.reset()
        return greeted

    def _look_later(self) -> None:
        """MQTT did not answer though there is a line to the cloud."""
        self._mqtt_not_before_s = transport_s() + self._looks.next_s()

    async def _greet(self, link: Link) -> Greeted:
        """Open a link and say HELLO until it is answered, within hello_wait_s. Closes it and raises LinkDown otherwise."""
        wait_s = self._settings.hello_wait_s
        hello = await self._hello()
        try:
            async with asyncio.timeout(wait_s):
                await link.open(wait_s)
                while True:
                    link.say(hello)
                    again_s = transport_s() + max(0.5, wait_s / 3)
                    while transport_s() < again_s:
                        for item in link.inbox.take():
                            if isinstance(item, HelloAnswer) and item.session == hello.session:
                                self._check_dates(link, item)
                                return link, item
                        await asyncio.sleep(0.01)
        except TimeoutError as error:
            await link.close()
            raise LinkDown(f"no answer to HELLO over {link.path} in {wait_s:g} s") from error
        except BaseException:
            await link.close()
            raise

    def _check_dates(self, link: Link, answer: HelloAnswer) -> None:
        """A machine that did not know the time looked at no dates; now it has been told the time, so it does."""
        if isinstance(link, MqttLink) and not self._clock.trusted():
            dates = link.certificate_dates()
            if dates is not None and not dates[0] <= answer.server_ms / 1000 <= dates[1]:
                raise LinkDown("the broker's certificate is not of this time", "Tell head office.")

    async def mqtt_again(self, identity: Identity) -> Greeted:
        """From time to time, look whether MQTT is back; returns the link when it is."""
        while True:
            await asyncio.sleep(max(0.0, self._mqtt_not_before_s - transport_s()))
            address = self.mqtt_address(identity)
            assert address is not None
            try:
                return await self._over_mqtt(identity, address)
            except LinkDown:
                self._look_later()

    def mqtt_address(self, identity: Identity) -> tuple[str, int] | None:
        """Where the broker is; None: this cloud has none."""
        if self._settings.mqtt is not None:
            return self._settings.mqtt
        told = identity.certificate
        return (told.mqtt_host, told.mqtt_port) if told.mqtt_host and told.mqtt_port else None

    def _mqtt_link(self, identity: Identity, address: tuple[str, int]) -> MqttLink:
        """Raises LinkDown where the credential cannot be used."""
        try:
            context = self._keeper.tls(identity, check_time=self._clock.trusted())
        except (OSError, ValueError) as error:
            raise _unusable(error) from error
        return MqttLink(identity.sender, *address, context, self._wake, self._settings.keepalive_s)

    def _https_link(self, identity: Identity) -> HttpsLink:
        """Raises LinkDown where the credential cannot be used."""
        try:
            return HttpsLink(identity, self._wake, check_time=self._clock.trusted())
        except (OSError, ValueError) as error:
            raise _unusable(error) from error


def _unusable(error: Exception) -> LinkDown:
    hint = "Look whether the disk is full; if not, move identity.json away and claim again."
    return LinkDown(f"the credential cannot be used: {type(error).__name__} {error}"[:200], hint)
