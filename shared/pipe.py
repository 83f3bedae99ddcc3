"""paho as a plain pipe: one client object is one connection, and nothing is queued for a later one.

A pipe is opened once, ends once, and is then thrown away. What could not be handed to the socket is gone: the ends on
both sides number what they send and send it again. Whatever goes wrong on the network thread, including in the
callback, ends the pipe and is told to the event loop, never lost with the thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE_S = 8
"""A black hole is noticed after at most twice this."""
UNACKED_MAX = 256
"""Publishes the broker has not confirmed; beyond it `publish` refuses."""
LINGER_S = 0.5
"""How long a closing pipe may take to say goodbye before its socket is shut."""

Received = Callable[[str, bytes], None]


class PipeEnded(ConnectionError):
    """The connection could not be made, was refused, or is over. A new pipe may work later."""


class Pipe:
    """One MQTT 3.1.1 connection. `received(topic, payload)` runs on the network thread: it must be quick."""

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        name: str,
        topics: Sequence[str],
        received: Received,
        keepalive_s: int = KEEPALIVE_S,
    ) -> None:
        self._host, self._port = host, port
        self._topics = list(topics)
        self._received = received
        self._keepalive_s = keepalive_s
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self.reason = ""
        """Why it ended."""
        self._connecting: asyncio.Future[Any] | None = None
        client = _Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        if context is not None:
            client.tls_set_context(context)
        client.max_inflight_messages_set(UNACKED_MAX)
        client.max_queued_messages_set(UNACKED_MAX)
        client.on_socket_open = _no_delay
        client.on_connect = self._guarded(self._on_connect)
        client.on_subscribe = self._guarded(self._on_subscribe)
        client.on_message = self._guarded(self._on_message)
        client.on_disconnect = self._guarded(self._on_disconnect)
        self._client = client

    async def open(self, wait_s: float) -> None:
        """Connect and subscribe. Raises PipeEnded; then only `close` is left to call."""
        self._client.connect_timeout = max(0.5, wait_s / 2)
        connect = asyncio.to_thread(self._client.connect, self._host, self._port, self._keepalive_s)
        self._connecting = asyncio.ensure_future(connect)
        try:
            async with asyncio.timeout(wait_s):
                await asyncio.shield(self._connecting)
                self._client.loop_start()
                await self._first(self._ready, self._ended)
        except TimeoutError as error:
            raise PipeEnded(f"no answer from {self._host}:{self._port} in {wait_s:g} s") from error
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; paho's WebsocketConnectionError too
            raise PipeEnded(f"{self._host}:{self._port}: {error}") from error
        if self._ended.is_set():
            raise PipeEnded(self.reason)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to the socket at QoS 1. False: it is gone, there is no connection or the broker lags behind."""
        if self._ended.is_set() or not self._client.is_connected():
            return False
        return self._client.publish(topic, payload, qos=1).rc == mqtt.MQTT_ERR_SUCCESS

    async def ended(self) -> str:
        """Wait until the connection is over; the reason."""
        await self._ended.wait()
        return self.reason

    def peer_certificate(self) -> dict[str, Any]:
        """The broker's certificate as `SSLSocket.getpeercert` gives it; empty without TLS."""
        sock = self._client.socket()
        return dict(sock.getpeercert() or {}) if isinstance(sock, ssl.SSLSocket) else {}

    async def close(self) -> None:
        """Say goodbye and end the thread, within about LINGER_S even when the other side is a black hole."""
        if self._connecting is not None and not self._connecting.done():
            self._client.abort()
            await asyncio.wait([self._connecting])
        if self._connecting is not None:
            self._connecting.exception()  # it was told by `open`, or nobody waits for it any more
        self._client.disconnect()
        stopping = asyncio.ensure_future(asyncio.to_thread(self._client.loop_stop))
        done, _ = await asyncio.wait([stopping], timeout=LINGER_S)
        if not done:
            self._client.abort()
            await stopping
        self._client.abort()
        self._finish("closed")

    # On the network thread.

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        def run(*args: Any) -> None:
            try:
                callback(*args)
            except Exception as error:  # paho would end its thread without a word
                self._tell(self._finish, f"{type(error).__name__}: {error}")
                self._client.disconnect()

        return run

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if code.is_failure:
            self._tell(self._finish, f"refused: {code}")
        elif self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._tell(self._ready.set)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self._tell(self._finish, "the broker refused the subscription")
        else:
            self._tell(self._ready.set)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._received(message.topic, bytes(message.payload))

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._tell(self._finish, f"disconnected: {code}")

    def _tell(self, what: Callable[..., None], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *args)

    # On the loop.

    def _finish(self, reason: str) -> None:
        if not self._ended.is_set():
            self.reason = reason
            self._ended.set()

    async def _first(self, *events: asyncio.Event) -> None:
        tasks = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


class _Client(mqtt.Client):
    """paho's client, which closes the socket of a handshake that failed, and can be made to give up."""

    raw: socket.socket | None = None

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        assert self._ssl_context is not None
        self.raw = sock = self._ssl_context.wrap_socket(
            tcp_sock, server_hostname=self._host, do_handshake_on_connect=False
        )
        try:
            sock.settimeout(self.connect_timeout)
            sock.do_handshake()
        except BaseException:
            sock.close()
            raise
        return sock

    def abort(self) -> None:
        """Shut the socket, whatever it is doing."""
        sock = self.raw or self.socket()
        if isinstance(sock, socket.socket) and sock.fileno() >= 0:
            with contextlib.suppress(OSError):  # gone in this very moment
                sock.shutdown(socket.SHUT_RDWR)


def _no_delay(_client: Any, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
