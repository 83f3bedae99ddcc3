"""uvicorn, as the edge runs it: on the program's own loop, without its own signal handlers, and gone within a second."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACE_S: Final = 1
UNREAD_MS: Final = 30_000
"""A client that takes nothing for so long loses its connection, whatever the program has still to say to it."""
LIVE_MESSAGE_BYTES_MAX: Final = 16 * 1024
"""Of a live message on the wire. The doors take less, and can say so as long as it is below this."""
BACKLOG: Final = 256
FILES: Final = 8192
"""Open files we ask for: systemd hands out 1,024, and a thousand live connections are a thousand files."""


class Server(uvicorn.Server):
    """`await serve(sockets=[...])` until `should_exit` is set. Signals are the program's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; `port` 0 takes any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # without it Nagle stays on
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def server_of(app: ASGIApp) -> Server:
    """The server for an application. The process may open FILES files from now on, where the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", ws="websockets-sansio", ws_max_size=LIVE_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False, timeout_graceful_shutdown=GRACE_S, timeout_keep_alive=30, server_header=False,
        proxy_headers=False,
    )  # fmt: skip
    return Server(config)
