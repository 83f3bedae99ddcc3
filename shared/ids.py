"""Identifiers: version 7 UUIDs, so that rows made together lie together."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A version 7 UUID in its usual 36-character form; sorts by time of making."""
    return str(uuid_utils.uuid7())
