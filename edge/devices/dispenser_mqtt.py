"""Devices for medicine on a broker in the clinic: ``outpost-devices/<device>/up`` and ``.../down``, QoS 1.

A message up is a token signed by the device with the message inside, so that nobody else on the broker can speak for it;
a claim, from a device that has no id yet, is plain. The broker's own acknowledgement is never taken for ours.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import Any, Final

import orjson
import structlog

from edge.devices.dispenser import DeviceLink, MedicineDevices, who
from shared import device_messages as messages
from shared.backoff import Backoff
from shared.device_tokens import MESSAGE_CHARS_MAX, claimed_device, verify
from shared.limits import RateLimit
from shared.pipe import Pipe, PipeEnded
from shared.stream import new_stream
from shared.tokens import BadToken

CONNECT_S: Final = 5.0
BACK_OFF_S: Final = (0.1, 10.0)
LINKS_MAX: Final = 500
"""Devices on one broker; beyond these the one that spoke longest ago is let go, and says hello again."""
STRANGERS_BURST: Final = 10
STRANGERS_PER_MINUTE: Final = 30.0
"""Messages a minute of senders who have proved nothing, from all together: claims, and clocks that are wrong."""

log = structlog.get_logger("edge.dispenser")


class MqttDispensers:
    """All devices of one broker. `run` keeps the connection and carries until cancelled."""

    def __init__(
        self, host: str, port: int, devices: MedicineDevices, back_off_s: tuple[float, float] = BACK_OFF_S
    ) -> None:
        self._address, self._devices, self._back_off_s = (host, port), devices, back_off_s
        self._links: OrderedDict[str, tuple[DeviceLink, asyncio.Task[None]]] = OrderedDict()
        self._strangers = RateLimit(STRANGERS_BURST, STRANGERS_PER_MINUTE)
        self._pipe: Pipe | None = None
        self._group: asyncio.TaskGroup
        self.left = 0
        """Messages there was no room for, or of too many strangers."""

    @property
    def is_open(self) -> bool:
        """Whether the broker is reached."""
        return self._pipe is not None

    async def run(self) -> None:
        """Connect, carry, and connect again."""
        backoff = Backoff(*self._back_off_s)
        loop = asyncio.get_running_loop()

        def received(topic: str, payload: bytes) -> None:
            loop.call_soon_threadsafe(self._received, topic, payload)

        said = False
        async with asyncio.TaskGroup() as self._group:  # a link that fails takes the part down, and the program
            while True:
                pipe = Pipe(*self._address, None, f"outpost-edge-{new_stream()}", [messages.ALL_UP], received)
                try:
                    await pipe.open(CONNECT_S)
                    self._pipe = pipe
                    backoff.reset()
                    said = False
                    log.info("device_broker_connected", broker=f"{self._address[0]}:{self._address[1]}")
                    reason = await pipe.ended()
                except PipeEnded as error:
                    reason = str(error)
                finally:
                    self._pipe = None
                    await pipe.close()
                    self._let_go(len(self._links))
                if not said:
                    log.warning("device_broker_lost", why=reason)
                    said = True
                await asyncio.sleep(backoff.next_s())

    def _received(self, topic: str, payload: bytes) -> None:
        """On the loop. A signature takes about 0.1 ms to check."""
        device_id = messages.device_of(topic)
        if device_id is None or len(payload) > MESSAGE_CHARS_MAX:
            return
        try:
            if payload.startswith(b"{"):
                self._stranger(device_id, payload)
            else:
                self._signed(device_id, payload.decode())
        except (UnicodeDecodeError, orjson.JSONDecodeError):
            self.left += 1

    def _signed(self, device_id: str, token: str) -> None:
        key = self._devices.intake.public_key(device_id)
        try:
            if key is None or claimed_device(token) != device_id:
                raise BadToken("not a device of this clinic")
            message = verify(key, device_id, token)
            if message is None:
                raise BadToken("a token without a message")
        except BadToken as error:
            self._turn_away(device_id, str(error))
            return
        link = self._link(device_id)
        self._devices.arrived(link, device_id)
        link.offer(message)

    def _stranger(self, name: str, payload: bytes) -> None:
        """A device that has no key here yet may bring it, and nothing else."""
        message = orjson.loads(payload)
        if not isinstance(message, dict) or message.get("t") != "claim":
            self._turn_away(name, "say it signed")
        elif self._strangers.wait_s("all"):
            self.left += 1
        else:
            self._link(name).offer(message)

    def _turn_away(self, name: str, reason: str) -> None:
        if self._strangers.wait_s("all"):
            self.left += 1
        else:
            self._send(name, messages.written(who(reason)))

    def _link(self, name: str) -> DeviceLink:
        if name in self._links:
            self._links.move_to_end(name)
            return self._links[name][0]
        if len(self._links) >= LINKS_MAX:
            self._let_go(1)
        link = DeviceLink(self._devices, f"broker:{name}", partial(self._send, name))
        task = self._group.create_task(link.run(), name=f"answers {name}")
        self._links[name] = (link, task)
        return link

    def _send(self, name: str, message: dict[str, Any]) -> bool:
        return self._pipe is not None and self._pipe.publish(messages.topic_down(name), orjson.dumps(message))

    def _let_go(self, many: int) -> None:
        """Of those who spoke longest ago."""
        for _ in range(many):
            self._links.popitem(last=False)[1][1].cancel()
