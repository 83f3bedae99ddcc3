"""Where messages arrive in tests: an HTTP server and an SMTP server on loopback, each in a thread, that keep what they get.

`Inbox` answers as it is told to, one answer a request, then 200. It speaks the shapes of Twilio, WhatsApp, Telegram, a
webhook and a push service because those are its paths' business; what matters is what was posted.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple


class Got(NamedTuple):
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Its body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Answer(NamedTuple):
    """What to say to the next request. hang: say nothing and close instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = MappingProxyType({})
    hang: bool = False


class Inbox:
    """A server on loopback; make it with `inbox()`."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.got: list[Got] = []
        self.answers: list[Answer] = []
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.lock = threading.Lock()

    def take(self, got: Got) -> Answer:
        """Keep a request; what to answer it."""
        with self.lock:
            self.got.append(got)
            return self.answers.pop(0) if self.answers else Answer(body=b'{"id": "srv-1"}')


@contextmanager
def inbox() -> Iterator[Inbox]:
    """Run a server; it is gone afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = box.take(Got(self.path, headers, body))
            if answer.hang:
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box = Inbox(server)
    with _running(server):
        yield box


class Mail(NamedTuple):
    """A mail that arrived: envelope and content as sent."""

    sender: str
    to: list[str]
    content: str


class _Smtp(socketserver.StreamRequestHandler):
    """RFC 5321 as far as one mail needs it, no TLS, any password."""

    server: MailServer

    def handle(self) -> None:
        """One connection."""
        self._say("220 loopback ESMTP")
        sender, to = "", []
        while line := self.rfile.readline():
            word = line.decode().strip()
            verb = word.upper().partition(" ")[0]
            if verb == "EHLO":
                self.wfile.write(b"250-loopback\r\n250 8BITMIME\r\n")
            elif verb == "MAIL":
                sender, to = word, []
                self._say("250 ok")
            elif verb == "RCPT":
                to.append(word.partition(":")[2].strip("<>"))
                self._say(self.server.refuse or "250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                content = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    content += part
                self.server.mails.append(Mail(sender, to, content.decode()))
                self._say("250 kept")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps mails. refuse: what to answer to every recipient instead of "250"."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.mails: list[Mail] = []
        self.refuse = ""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server; it is gone afterwards."""
    server = MailServer()
    with _running(server):
        yield server


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
