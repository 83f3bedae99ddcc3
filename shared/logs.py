"""How every program writes its log: one line an event on stderr, JSON, or coloured for a person at a terminal."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog

from shared.clock import iso, wall_s


def configure(level: str = "info", as_json: bool | None = None, *, tracebacks: bool = True) -> None:
    """Set up structlog and the standard library's logging alike.

    as_json: None for JSON unless stderr is a terminal.  tracebacks: False for one line that says what an
    error is and where it came up.
    """
    plain = not sys.stderr.isatty() if as_json is None else as_json
    before: list[Any] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, _stamp]
    last: Any = structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([] if tracebacks else [_in_one_line]),
                *([structlog.processors.format_exc_info] if plain else []),
                last,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("httpx", "uvicorn.error"):  # each request, each connection: what matters of it we log ourselves
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _stamp(_logger: Any, _method: str, event: Any) -> Any:
    """Real time: a log is read beside others of the machine."""
    event["at"] = iso(int(wall_s() * 1000))
    return event


def _in_one_line(_logger: Any, _method: str, event: Any) -> Any:
    """`error` and `where` instead of the traceback of an exception."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event.setdefault("error", f"{type(error).__name__}: {error}".strip())
        frames = traceback.extract_tb(error.__traceback__)
        if frames:
            event["where"] = f"{frames[-1].filename}:{frames[-1].lineno} {frames[-1].name}"
    return event
