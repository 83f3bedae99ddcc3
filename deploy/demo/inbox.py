"""A caregiver's inbox for the demo and for walks: a webhook receiver on loopback that keeps what it is sent in a file.

Opened in a browser, the same address is a page of the newest messages.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

BODY_BYTES_MAX: Final = 64 * 1024
"""A longer message is refused with 413."""
READ_S: Final = 5.0
"""Real seconds a sender may take for its request."""
KEPT_MAX: Final = 500
"""Messages that are shown; the file keeps all of a demo."""
PAGE_MAX: Final = 50
"""Messages on the page."""
TEXT_CHARS_MAX: Final = 2_000
"""Of a title or a text on the page."""
PAGE_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
STYLE: Final = (
    ":root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; "
    "padding: 0 1rem } li { margin: 0 0 1.5rem } h2 { font-size: 1rem; margin: 0 } p { margin: 0; white-space: pre-line; "
    "overflow-wrap: anywhere }"
)


class Inbox:
    """POST /<anything> with JSON is a message; GET /inbox shows the newest.

    The file is the memory: what arrived before a restart is there afterwards.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = ""
        """Where to post to; empty while it is not open."""
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def open(self, port: int) -> None:
        """Listen on 127.0.0.1. Raises OSError when the port is taken."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/inbox"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="inbox", daemon=True).start()

    def close(self) -> None:
        """Listen no longer. Closing twice is fine."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server, self.url = None, ""

    def keep(self, body: dict[str, Any]) -> bool:
        """Add a message; False for one that is there already: its `id` says so, however often it was sent."""
        with self._lock:
            if body.get("id") and any(one.get("id") == body["id"] for one in self._read()):
                return False
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(body, ensure_ascii=False) + "\n")
            return True

    def messages(self) -> list[dict[str, Any]]:
        """What arrived, oldest first; at most the last KEPT_MAX."""
        with self._lock:
            return self._read()[-KEPT_MAX:]

    def code(self) -> str | None:
        """The newest code somebody was sent to prove that messages arrive; None: none yet."""
        return next((str(one["code"]) for one in reversed(self.messages()) if one.get("code")), None)

    def _read(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]


def page(messages: Sequence[dict[str, Any]]) -> str:
    """The newest PAGE_MAX messages as HTML, the newest first. messages: oldest first."""
    newest = messages[: -PAGE_MAX - 1 : -1]
    some = (
        f"The newest {PAGE_MAX} of {len(messages)}, the newest first."
        if len(messages) > PAGE_MAX
        else "The newest first."
    )
    shown = some if newest else "No message yet."
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Caregiver's inbox</title><style>{STYLE}</style></head><body><main><h1>Caregiver's inbox</h1>"
        f"<p>{shown} Reload the page to see what arrived since.</p><ul>{''.join(_item(one) for one in newest)}</ul>"
        "</main></body></html>"
    )


def _item(message: dict[str, Any]) -> str:
    language = escape(_text(message, "language"))
    words = "".join(
        f'<{tag} lang="{language}" dir="auto">{escape(_text(message, name))}</{tag}>'
        for tag, name in (("h2", "title"), ("p", "message"))
        if _text(message, name)
    )
    link = _text(message, "acknowledge_url")
    if link.startswith(("http://", "https://")):
        words += f'<p><a href="{escape(link)}">{escape(link)}</a></p>'
    return f"<li>{words}</li>"


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    return value[:TEXT_CHARS_MAX] if isinstance(value, str) else ""


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_S

        def do_GET(self) -> None:
            if self.path.partition("?")[0].rstrip("/") not in ("", "/inbox"):
                return self._say(404)
            return self._say(200, page(inbox.messages()).encode("utf-8", "replace"), PAGE_HEADERS)

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit():
                return self._say(411)
            if int(length) > BODY_BYTES_MAX:
                return self._say(413)
            try:
                body = json.loads(self.rfile.read(int(length)))
            except ValueError:
                return self._say(400)
            if not isinstance(body, dict) or not isinstance(body.get("message"), str):
                return self._say(422)
            inbox.keep(body)
            return self._say(200)

        def _say(self, status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})) -> None:
            self.close_connection = True
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a message is about a patient."""

    return Handler
