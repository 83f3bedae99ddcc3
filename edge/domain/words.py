"""What the clinic says aloud, by language. Spelled so that a speech synthesiser reads tokens digit by digit."""

from __future__ import annotations

LANGUAGES = ("en", "hi", "es", "ar")

_CALL = {
    "en": ("Token {token}, please go to {room}.", "Token {token}, please go to the desk."),
    "hi": ("टोकन {token}, कृपया {room} पर जाएँ।", "टोकन {token}, कृपया काउंटर पर आएँ।"),
    "es": ("Número {token}, pase a {room}, por favor.", "Número {token}, pase al mostrador, por favor."),
    "ar": ("الرقم {token}، يرجى التوجه إلى {room}.", "الرقم {token}، يرجى التوجه إلى المكتب."),
}
_WAIT = {
    "en": "Token {token}, please wait a little longer.",
    "hi": "टोकन {token}, कृपया थोड़ा और प्रतीक्षा करें।",
    "es": "Número {token}, espere un momento, por favor.",
    "ar": "الرقم {token}، يرجى الانتظار قليلاً.",
}


def spelled(token: str) -> str:
    """``A-012`` as ``A, 0 1 2``: letter, then digit by digit."""
    letter, _, digits = token.partition("-")
    return f"{letter}, {' '.join(digits)}"


def call(token: str, room: str, language: str) -> str:
    """The call of a token to a room (or to the desk where the doctor has no room)."""
    with_room, without = _CALL.get(language, _CALL["en"])
    return with_room.format(token=spelled(token), room=room) if room else without.format(token=spelled(token))


def please_wait(token: str, language: str) -> str:
    """The counterpart of a call that was taken back."""
    return _WAIT.get(language, _WAIT["en"]).format(token=spelled(token))
