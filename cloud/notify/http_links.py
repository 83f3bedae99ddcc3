"""What links in messages open: a small page that asks, the acknowledgement itself, and receipts of gateways.

`GET /a/{token}` changes nothing (mail programs and messengers open links by themselves); only the button does. The page
needs no script, names nobody, and holds nothing but the sentence, and for a caregiver the times of the doses the message was
about, each with the way to say what became of it (`link_doses`).
"""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from psycopg.rows import TupleRow

from cloud.accounts.guards import client_address
from cloud.db.pool import Connection, Pool
from cloud.notify import alerts, claims, link_doses
from cloud.notify.acknowledging import Acknowledging
from cloud.notify.link_doses import Answers
from cloud.notify.links import BadLink, Links, Purpose
from cloud.notify.words import text
from shared.clock import Clock
from shared.limits import RateLimit
from shared.problems import Problem

PER_MINUTE: Final = 30.0
BURST: Final = 30
DELIVERED_WORDS: Final = frozenset(("delivered", "read"))
STYLE: Final = (
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:#f4f6f3;color:#11231f;"
    "font:1.15rem/1.5 system-ui,'Noto Sans','Noto Sans Devanagari','Noto Sans Arabic',sans-serif}"
    "main{width:100%;max-width:28rem;padding:2rem 1.5rem;background:#fff;border:1px solid #d3dbd6;border-radius:1.1rem;"
    "border-top:.4rem solid #0b5c56;box-shadow:0 6px 24px rgb(17 35 31/8%)}"
    "main.done{border-top-color:#17683f}main.bad{border-top-color:#a01c17}"
    "p{margin:0 0 .4rem;color:#4a5c57;font-weight:600;font-size:1rem}h1{margin:0;font-size:1.4rem;line-height:1.35}"
    "button{margin-top:1.6rem;font:inherit;font-weight:600;min-height:3.5rem;padding:.8rem 1.4rem;border:0;"
    "border-radius:.8rem;background:#0b5c56;color:#fff;width:100%}"
    "section{margin-top:1.8rem;padding-top:1.4rem;border-top:1px solid #d3dbd6}section h1{font-size:1.2rem}"
    "h2{margin:1.2rem 0 .4rem;font-size:1.05rem}label{display:flex;gap:.6rem;align-items:center}"
    "input{font:inherit;min-height:3rem;padding:.4rem .8rem;border:1.5px solid #6b7d77;border-radius:.7rem}"
    "section button{margin-top:.8rem}button.other{background:#fff;color:#0b5c56;border:1.5px solid #0b5c56}"
    "button:focus-visible{outline:3px solid #0a58ca;outline-offset:3px}"
)
"""As the pages of head office look; the contrast of text is above 4.5:1."""
_HASH: Final = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


def links_router(pool: Pool, links: Links, acknowledging: Acknowledging, answers: Answers, clock: Clock) -> APIRouter:
    """`/a/{token}`, `/a/{token}/dose` and the receipts."""
    api = APIRouter(tags=["notifications"])
    limit = RateLimit(BURST, PER_MINUTE)

    def slow_down(request: Request) -> None:
        wait_s = limit.wait_s(client_address(request))
        if wait_s:
            raise Problem(429, "Too many requests.", retry_after_s=wait_s)

    @api.get("/a/{token}", response_class=HTMLResponse, include_in_schema=False)
    async def ask(token: str, request: Request) -> HTMLResponse:
        slow_down(request)
        now_ms = clock.now_ms()
        try:
            async with pool.transaction() as conn:
                link = await _link(conn, links, token, "acknowledge", now_ms)
                state = await acknowledging.state(conn, link["site"], link["alert_ids"])
                more = link_doses.forms(await doses(conn, link), token, link["language"])
        except BadLink as error:
            return _page("en", "page_ended" if error.ended else "page_wrong", 410 if error.ended else 400)
        return _page(
            link["language"], "page_ask" if state == "open" else "page_over", button=state == "open", more=more
        )

    @api.post("/a/{token}", response_class=HTMLResponse, include_in_schema=False)
    async def acknowledge(token: str, request: Request) -> HTMLResponse:
        slow_down(request)
        now_ms = clock.now_ms()
        try:
            async with pool.transaction() as conn:
                link = await _link(conn, links, token, "acknowledge", now_ms)
                done = await acknowledging.by_link(conn, link["site"], link["alert_ids"], link["recipient"], now_ms)
                await conn.execute(
                    "update notification_links set used_ms = coalesce(used_ms, %s) where site = %s and link_id = %s",
                    (now_ms, link["site"], link["link_id"]),
                )
                more = link_doses.forms(await doses(conn, link), token, link["language"])
        except BadLink as error:
            return _page("en", "page_ended" if error.ended else "page_wrong", 410 if error.ended else 400)
        return _page(link["language"], "page_done" if done or link["used"] else "page_over", more=more)

    @api.post("/a/{token}/dose", response_class=HTMLResponse, include_in_schema=False)
    async def tell(token: str, request: Request) -> HTMLResponse:
        """Said of all doses of one due time. Who says it takes the alert on, too: nobody else need be called."""
        slow_down(request)
        given, now_ms = await link_doses.said(request), clock.now_ms()
        try:
            async with pool.transaction() as conn:
                link = await _link(conn, links, token, "acknowledge", now_ms)
                site, recipient = link["site"], link["recipient"]
                meant = [one for one in await doses(conn, link) if one["due_ms"] == given.due_ms]
                by = await alerts.name_of(conn, site, recipient)
                for one in meant:
                    taken = given.act == "taken"
                    at_ms = link_doses.moment(one["due_ms"], given.time, one["timezone"]) if taken else None
                    await answers.keep_named(conn, site, one, given.act, at_ms, by, f"link:{recipient}")
                if meant:
                    await acknowledging.by_link(conn, site, link["alert_ids"], recipient, now_ms)
                rest = [one for one in await doses(conn, link) if one["due_ms"] != given.due_ms]
        except BadLink as error:
            return _page("en", "page_ended" if error.ended else "page_wrong", 410 if error.ended else 400)
        language = link["language"]
        if not meant:
            return _page(language, "page_over", more=link_doses.forms(rest, token, language))
        told = link_doses.WORDS.get(language, link_doses.WORDS["en"])["told"]
        return _page(language, "page_done", more=link_doses.forms(rest, token, language), words=told)

    async def doses(conn: Connection, link: dict[str, Any]) -> list[dict[str, Any]]:
        return await link_doses.unanswered(conn, answers, link["site"], link["alert_ids"], link["recipient"])

    @api.post("/api/v1/notifications/receipts/{token}", status_code=204)
    async def receipt(token: str, request: Request) -> None:
        """A gateway tells what became of a message: JSON or form, `status` or `MessageStatus` "delivered" or "read"."""
        slow_down(request)
        status = await _status(request)
        try:
            async with pool.transaction() as conn:
                link = await _link(conn, links, token, "receipt", clock.now_ms())
                if status in DELIVERED_WORDS:
                    await claims.delivered(conn, link["site"], link["message_id"], clock.now_ms())
        except BadLink as error:
            raise Problem(400, str(error), code="bad_link") from error

    return api


async def _link(conn: Connection, links: Links, token: str, purpose: Purpose, now_ms: int) -> dict[str, Any]:
    """The row a token stands for. Raises BadLink."""
    link_id = links.read(token, purpose, now_ms)
    found = await conn.execute(
        "select site, link_id, message_id, recipient, alert_ids, language, used_ms from notification_links"
        " where link_id = %s and purpose = %s",
        (link_id, purpose),
    )
    row: TupleRow | None = await found.fetchone()
    if row is None:
        raise BadLink(ended=True)  # from before a restored backup
    names = ("site", "link_id", "message_id", "recipient", "alert_ids", "language", "used")
    return dict(zip(names, row, strict=True))


async def _status(request: Request) -> str:
    """The word for what became of the message; "" when there is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/x-www-form-urlencoded":
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=50)
        return form.get("MessageStatus", form.get("status", [""]))[0].lower()
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Problem(422, "The receipt is neither JSON nor a form.") from error
    return str(body.get("status", "")).lower() if isinstance(body, dict) else ""


def _page(
    language: str, sentence: str, status: int = 200, *, button: bool = False, more: str = "", words: str = ""
) -> HTMLResponse:
    """words: in place of the sentence."""
    form = f"<form method='post'><button>{escape(text('page_button', language))}</button></form>" if button else ""
    direction = "rtl" if language == "ar" else "ltr"
    look = "bad" if status >= 400 else "" if button else "done"
    html = (
        f"<!doctype html><html lang='{language}' dir='{direction}'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='referrer' content='no-referrer'>"
        f"<title>{escape(text('page_title', language))}</title><style>{STYLE}</style>"
        f"<main class='{look}'><p>Outpost</p><h1>{escape(words or text(sentence, language))}</h1>{form}{more}</main></html>"
    )
    return HTMLResponse(html, status, HEADERS)
