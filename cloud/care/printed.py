"""A report as a page to be printed: without scripts and without anything from elsewhere."""

from __future__ import annotations

import base64
import html
from hashlib import sha256
from typing import Any, Final

from cloud.care.access import Patient
from shared.clock import iso
from shared.doses import adherence

STYLE: Final = (
    "body{font:12pt/1.5 'Noto Sans','Noto Sans Devanagari','Noto Sans Arabic',system-ui,sans-serif;max-width:42rem;"
    "margin:2rem auto;padding:0 1rem;color:#11231f;background:#fff}h1{font-size:1.4rem;margin:0 0 .2rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{padding:.4rem .6rem;border-bottom:1px solid #d3dbd6}"
    "th{text-align:start;font-weight:600}td{text-align:end;font-variant-numeric:tabular-nums}small{color:#4a5c57}"
    "@media print{body{margin:0}}@page{margin:2cm}"
)
_HASH: Final = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "private, no-store",
}
_WORDS: Final = {
    "en": ("Report", "taken", "on time", "missed", "skipped", "unknown", "never announced", "of {due} doses due"),
    "hi": ("रिपोर्ट", "ली गई", "समय पर", "छूटी", "छोड़ी गई", "अज्ञात", "नहीं बताई गई", "{due} देय ख़ुराकों में से"),
    "es": (
        "Informe", "tomadas", "a tiempo", "olvidadas", "omitidas", "desconocidas", "nunca anunciadas", "de {due} dosis debidas",
    ),
    "ar": ("تقرير", "مأخوذة", "في وقتها", "فائتة", "متخطاة", "مجهولة", "لم تُعلن", "من {due} جرعات مستحقة"),
}  # fmt: skip


def page(patient: Patient, row: tuple[Any, ...]) -> str:
    """row: person, first and last day, numbers, text, language, made (ms). What came from people is escaped."""
    _, first, last, numbers, text, language, made_ms = row
    language = language if language in _WORDS else "en"
    words = _WORDS[language]
    names = ("taken", "on_time", "missed", "skipped", "unknown", "not_announced")
    lines = "".join(
        f"<tr><th>{html.escape(word)}</th><td>{numbers.get(name, 0)}</td></tr>"
        for name, word in zip(names, words[1:7], strict=True)
    )
    said = html.escape(text)
    return (
        f'<!doctype html><html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style><title>{html.escape(words[0])}</title></head><body>"
        f"<h1>{html.escape(words[0])}: <bdi>{html.escape(patient.name)}</bdi></h1>"
        f"<p>{first.isoformat()} – {last.isoformat()}</p><p>{said}</p>"
        f"<p>{html.escape(words[7].format(due=numbers.get('due', 0)))}</p><table>{lines}</table>"
        f"<p><small>{html.escape(adherence.DEFINITION[language])}</small></p><p><small>{iso(made_ms)}</small></p></body></html>"
    )
