"""What the phone of somebody who waits says: one sentence, with a code for programs, in four languages (seed 003).

The clinic and head office say it in the same words, whichever of them a phone asks. `told` chooses, `sentence` writes.
Pure; times come in as a person reads them (`09:30`), because nothing here knows a zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

LANGUAGES: Final = ("en", "hi", "es", "ar")
CODES: Final = (
    "booked", "early", "waiting", "next", "called", "in_consultation", "on_hold", "delayed", "waitlisted", "completed",
    "no_show", "cancelled",
)  # fmt: skip


_ROOM: Final = re.compile(r"(?:(room|sala|कमरा|غرفة)\s+)?(\d+\w?|(?<=\s)\S{1,4})", re.IGNORECASE)
_ROOM_IN: Final = {"room": "en", "sala": "es", "कमरा": "hi", "غرفة": "ar"}


class Told(NamedTuple):
    """What is so, before it is put into words. `values` are those the sentence of `code` needs."""

    code: str
    values: dict[str, Any]


def told(
    visit: Mapping[str, Any],
    *,
    position: int | None,
    range_min: tuple[int, int] | None,
    doctor: str,
    room: str,
    delay_min: int,
    due: str,
    joins: str,
    estimated: bool = True,
) -> Told:
    """What the person of a visit is told. Of the visit only `status` and `arrived_at` are looked at.

    position: 1 is next, 0 called or inside, None not in the queue.  range_min: how long it may take, None while no doctor
    is here.  doctor: name, empty for none.  delay_min: how late that doctor is.  due, joins: when it is booked for, and
    when an early arrival joins the queue, as a person reads it; empty for none.  estimated: False where nobody knows how
    long it may take, so that no range does not mean that no doctor is here.
    """
    status = str(visit["status"])
    if status == "booked":
        if visit["arrived_at"] is not None:
            return Told("early", {"time": joins})
        if delay_min > 0 and doctor:
            return Told("delayed", {"doctor": doctor, "minutes": delay_min})
        return Told("booked", {"time": due})
    if status == "waiting":
        if position == 1:
            return Told("next", {"room": room})
        low, high = range_min if range_min is not None else (None, None)
        return Told("waiting", {"ahead": max(0, (position or 1) - 1), "low": low, "high": high, "known": estimated})
    if status == "called":
        return Told("called", {"room": room})
    return Told(_SAME[status], {})


def sentence(what: Told, language: str) -> str:
    """The sentence in a language of LANGUAGES; in English for any other."""
    words = _WORDS.get(language, _WORDS["en"])
    values = what.values
    match what.code:
        case "waiting":
            ahead = words[_people(values["ahead"], language)].format(ahead=values["ahead"])
            low, high = values["low"], values["high"]
            if high is None:
                return f"{ahead} {words['nobody_here']}" if values["known"] else ahead
            return f"{ahead} {words['about' if low else 'up_to'].format(low=low, high=high)}"
        case "next" | "called" if not values["room"]:
            return words[f"{what.code}_desk"]
        case "next" | "called":
            return words[what.code].format(room=_room(values["room"], language))
        case "booked" if not values["time"]:
            return words["booked_day"]
    return words[what.code].format_map(values)


def _room(room: str, language: str) -> str:
    """A room that is only numbered ("2", "Sala 2"), named in the language spoken; any other as the clinic wrote it."""
    numbered = _ROOM.fullmatch(room.strip())
    if numbered is None or (numbered[1] and _ROOM_IN[numbered[1].lower()] == language):
        return room
    return _WORDS.get(language, _WORDS["en"])["room"].format(room=numbered[2])


def _people(count: int, language: str) -> str:
    """Which sentence counts so many people: each language has its own plurals."""
    if count == 0:
        return "ahead_0"
    if count == 1:
        return "ahead_1"
    if language != "ar":
        return "ahead"
    if count == 2:
        return "ahead_2"
    rest = count % 100
    return "ahead_few" if 3 <= rest <= 10 else "ahead_many" if rest >= 11 else "ahead"


_SAME: Final = {
    "waitlisted": "waitlisted", "in_consultation": "in_consultation", "parked": "on_hold", "completed": "completed",
    "no_show": "no_show", "cancelled": "cancelled",
}  # fmt: skip
"""Status -> code, where nothing but the status matters."""

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "room": "room {room}",
        "booked": "Booked for {time}. Please check in when you arrive.",
        "booked_day": "Your place is booked. Please check in when you arrive.",
        "early": "You are early. You will join the queue at {time}.",
        "ahead_0": "Nobody is before you.",
        "ahead_1": "1 person is before you.",
        "ahead": "{ahead} people are before you.",
        "about": "About {low} to {high} minutes.",
        "up_to": "At most about {high} minutes.",
        "nobody_here": "No doctor is here yet.",
        "next": "You are next. Please stay near {room}.",
        "next_desk": "You are next. Please stay near the desk.",
        "called": "Please go to {room} now.",
        "called_desk": "Please go to the desk now.",
        "in_consultation": "You are with the doctor.",
        "on_hold": "You are on hold. Please speak to the desk.",
        "delayed": "{doctor} is running about {minutes} minutes late.",
        "waitlisted": "You are on the waiting list. You will be told when a place is free.",
        "completed": "Your visit is finished.",
        "no_show": "You were called and not seen; please speak to the desk.",
        "cancelled": "This booking was cancelled.",
    },
    "hi": {
        "room": "कमरा {room}",
        "booked": "{time} के लिए बुकिंग है। आने पर कृपया काउंटर पर बताएँ।",
        "booked_day": "आपकी बुकिंग है। आने पर कृपया काउंटर पर बताएँ।",
        "early": "आप जल्दी आ गए हैं। आप {time} बजे कतार में शामिल होंगे।",
        "ahead_0": "आपसे पहले कोई नहीं है।",
        "ahead_1": "आपसे पहले 1 व्यक्ति है।",
        "ahead": "आपसे पहले {ahead} लोग हैं।",
        "about": "लगभग {low} से {high} मिनट।",
        "up_to": "अधिक से अधिक लगभग {high} मिनट।",
        "nobody_here": "अभी कोई डॉक्टर नहीं है।",
        "next": "अगली बारी आपकी है। कृपया {room} के पास रहें।",
        "next_desk": "अगली बारी आपकी है। कृपया काउंटर के पास रहें।",
        "called": "कृपया अब {room} में जाएँ।",
        "called_desk": "कृपया अब काउंटर पर आएँ।",
        "in_consultation": "आप डॉक्टर के पास हैं।",
        "on_hold": "आपकी बारी रोकी गई है। कृपया काउंटर पर बात करें।",
        "delayed": "{doctor} को लगभग {minutes} मिनट की देर है।",
        "waitlisted": "आप प्रतीक्षा सूची में हैं। जगह मिलने पर आपको बताया जाएगा।",
        "completed": "आपकी भेंट पूरी हो गई है।",
        "no_show": "आपको बुलाया गया था, पर आप नहीं मिले; कृपया काउंटर पर बात करें।",
        "cancelled": "यह बुकिंग रद्द कर दी गई है।",
    },
    "es": {
        "room": "la sala {room}",
        "booked": "Cita a las {time}. Avise en el mostrador cuando llegue.",
        "booked_day": "Tiene una cita. Avise en el mostrador cuando llegue.",
        "early": "Ha llegado temprano. Entrará en la fila a las {time}.",
        "ahead_0": "No hay nadie antes que usted.",
        "ahead_1": "Hay 1 persona antes que usted.",
        "ahead": "Hay {ahead} personas antes que usted.",
        "about": "De {low} a {high} minutos, aproximadamente.",
        "up_to": "Como mucho unos {high} minutos.",
        "nobody_here": "Todavía no hay ningún médico.",
        "next": "Usted es el siguiente turno. Quédese cerca: {room}.",
        "next_desk": "Usted es el siguiente turno. Quédese cerca del mostrador.",
        "called": "Pase ahora, por favor: {room}.",
        "called_desk": "Pase ahora al mostrador, por favor.",
        "in_consultation": "Está en consulta.",
        "on_hold": "Su turno está en espera. Hable con el mostrador, por favor.",
        "delayed": "{doctor} lleva unos {minutes} minutos de retraso.",
        "waitlisted": "Está en la lista de espera. Le avisaremos cuando haya un lugar.",
        "completed": "Su visita ha terminado.",
        "no_show": "Le llamamos y no le vimos; hable con el mostrador, por favor.",
        "cancelled": "Esta cita fue cancelada.",
    },
    "ar": {
        "room": "الغرفة {room}",
        "booked": "موعدك الساعة {time}. يرجى تسجيل وصولك عند الحضور.",
        "booked_day": "لديك موعد محجوز. يرجى تسجيل وصولك عند الحضور.",
        "early": "لقد وصلت مبكرًا. ستنضم إلى الدور الساعة {time}.",
        "ahead_0": "لا أحد قبلك.",
        "ahead_1": "قبلك شخص واحد.",
        "ahead_2": "قبلك شخصان.",
        "ahead_few": "قبلك {ahead} أشخاص.",
        "ahead_many": "قبلك {ahead} شخصًا.",
        "ahead": "قبلك {ahead} شخص.",
        "about": "حوالي {low} إلى {high} دقيقة.",
        "up_to": "حوالي {high} دقيقة على الأكثر.",
        "nobody_here": "لا يوجد طبيب بعد.",
        "next": "دورك هو التالي. يرجى البقاء قرب {room}.",
        "next_desk": "دورك هو التالي. يرجى البقاء قرب المكتب.",
        "called": "يرجى التوجه الآن إلى {room}.",
        "called_desk": "يرجى التوجه الآن إلى المكتب.",
        "in_consultation": "أنت عند الطبيب.",
        "on_hold": "دورك معلّق. يرجى مراجعة المكتب.",
        "delayed": "{doctor}: تأخير حوالي {minutes} دقيقة.",
        "waitlisted": "أنت في قائمة الانتظار. سنخبرك عندما يتوفر مكان.",
        "completed": "انتهت زيارتك.",
        "no_show": "تم النداء عليك ولم تحضر؛ يرجى مراجعة المكتب.",
        "cancelled": "تم إلغاء هذا الموعد.",
    },
}
