"""A caregiver's inbox for the demo and for walks: a webhook receiver on loopback that keeps what it is sent in a file."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

BODY_BYTES_MAX: Final = 64 * 1024
"""A longer message is refused with 413."""
READ_S: Final = 5.0
"""Real seconds a sender may take for its request."""
KEPT_MAX: Final = 500
"""Messages that are shown; the file keeps all of a demo."""


class Inbox:
    """POST /<anything> with JSON is a message. The file is the memory: what arrived before a restart is there afterwards."""

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


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_S

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

        def _say(self, status: int) -> None:
            self.close_connection = True
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a message is about a patient."""

    return Handler
