"""Everything live at the edge besides the pages: the feed and its two doors, put together for `app`."""

from __future__ import annotations

from fastapi import FastAPI

from edge.web import central
from edge.web.audit import Audit
from edge.web.credentials import Credentials
from edge.web.faces import Faces
from edge.web.live_stats import Registry
from edge.web.queue_feed import QueueFeed
from edge.web.socketio_door import SocketDoor
from edge.web.wiring import Wiring


class QueueDoors:
    """The feed of all queues, seed 004's WebSocket and Socket.IO."""

    def __init__(self, wiring: Wiring, faces: Faces, credentials: Credentials, counted: Registry, audit: Audit) -> None:
        self.feed = QueueFeed(wiring, faces)
        self.central = central.Central(wiring, self.feed, faces, credentials, counted.door("websocket"), audit)
        self.sockets = SocketDoor(wiring, self.feed, faces, credentials, counted.door("socketio"), audit)
        self.feed.outlets = [self.central, self.sockets]

    def install(self, app: FastAPI) -> None:
        """Open the doors."""
        central.install(app, self.central)
        app.router.routes += self.sockets.routes()

    async def run(self) -> None:
        """Feed them. Until cancelled."""
        try:
            await self.feed.run()
        finally:
            await self.sockets.stop()
