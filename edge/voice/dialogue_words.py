"""What a device says in a dialogue, by language. `{doses}`, `{time}`, `{later}`, `{seconds}` and `{list}` are filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge.domain.utterances import OpenDose

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "read_back_taken": "You took {doses} at {time}, yes?",
        "read_back_skip": "You want to skip {doses}, yes?",
        "read_back_snooze": "Shall I remind you in {minutes} minutes, yes?",
        "read_back_need": "You may take {doses} now. Are you taking it, yes?",
        "read_back_need_taken": "You took {doses} at {time}, yes?",
        "read_back_early": "{doses} was not to be taken before {later}. Did you take it already, yes?",
        "not_before": "Not before {later}: {doses}. If you need help now, say help.",
        "no_need": "You have no medicine to take as needed. Your words are kept for your nurse.",
        "which": "Which one do you mean? {list} Say the number.",
        "number": "Number {number}: {dose}.",
        "noted_taken": "Noted: {doses} taken at {time}. Thank you.",
        "noted_skip": "Noted: {doses} skipped.",
        "noted_snooze": "I will remind you in {minutes} minutes.",
        "not_noted": "Nothing was noted. Please press the button, or ask your clinic.",
        "dropped": "All right. Nothing was noted.",
        "later": "All right. I will remind you again.",
        "due": "Due now: {doses}.",
        "nothing_due": "No medicine is due now. Your words are kept for your nurse.",
        "kept": "Your words are kept for your nurse. If you need help now, say help.",
        "again": "I did not understand. Please say it again, or press the button.",
        "button": "Please press the button. Your words are kept for your nurse.",
        "countdown": "Do you need help? I will call in {seconds} seconds unless you say no.",
        "calling": "I am calling for help.",
        "stood_down": "All right. I am not calling. Press the button if you need help.",
        "and": " and ",
    },
    "hi": {
        "read_back_taken": "आपने {time} बजे {doses} ली, हाँ?",
        "read_back_skip": "आप {doses} छोड़ना चाहते हैं, हाँ?",
        "read_back_snooze": "क्या मैं {minutes} मिनट में याद दिलाऊँ, हाँ?",
        "read_back_need": "आप अभी {doses} ले सकते हैं। क्या आप ले रहे हैं, हाँ?",
        "read_back_need_taken": "आपने {time} बजे {doses} ली, हाँ?",
        "read_back_early": "{doses} {later} से पहले नहीं लेनी थी। क्या आपने ले ली है, हाँ?",
        "not_before": "{later} से पहले नहीं: {doses}। अभी मदद चाहिए तो बटन दबाएँ।",
        "no_need": "ज़रूरत पर लेने की आपकी कोई दवा नहीं है। आपकी बात नर्स के लिए रखी गई है।",
        "which": "कौन सी? {list} नंबर बोलिए।",
        "number": "नंबर {number}: {dose}।",
        "noted_taken": "लिख लिया: {time} बजे {doses} ली। धन्यवाद।",
        "noted_skip": "लिख लिया: {doses} छोड़ी गई।",
        "noted_snooze": "मैं {minutes} मिनट में याद दिलाऊँगा।",
        "not_noted": "कुछ नहीं लिखा गया। कृपया बटन दबाएँ, या क्लिनिक से पूछें।",
        "dropped": "ठीक है। कुछ नहीं लिखा गया।",
        "later": "ठीक है। मैं फिर याद दिलाऊँगा।",
        "due": "अभी लेनी है: {doses}।",
        "nothing_due": "अभी कोई दवा नहीं लेनी है। आपकी बात नर्स के लिए रखी गई है।",
        "kept": "आपकी बात नर्स के लिए रखी गई है। अभी मदद चाहिए तो बटन दबाएँ।",
        "again": "समझ नहीं आया। कृपया फिर बोलें, या बटन दबाएँ।",
        "button": "कृपया बटन दबाएँ। आपकी बात नर्स के लिए रखी गई है।",
        "countdown": "क्या आपको मदद चाहिए? अगर आप नहीं न कहें तो मैं {seconds} सेकंड में फ़ोन करूँगा।",
        "calling": "मैं मदद के लिए फ़ोन कर रहा हूँ।",
        "stood_down": "ठीक है। मैं फ़ोन नहीं कर रहा हूँ। मदद चाहिए तो बटन दबाएँ।",
        "and": " और ",
    },
    "es": {
        "read_back_taken": "Tomó {doses} a las {time}, ¿sí?",
        "read_back_skip": "Quiere saltarse {doses}, ¿sí?",
        "read_back_snooze": "¿Se lo recuerdo en {minutes} minutos, sí?",
        "read_back_need": "Puede tomar ya {doses}. ¿Lo toma ahora, sí?",
        "read_back_need_taken": "Tomó {doses} a las {time}, ¿sí?",
        "read_back_early": "No debía tomar {doses} antes de las {later}. ¿Ya se lo tomó, sí?",
        "not_before": "No antes de las {later}: {doses}. Si necesita ayuda ahora, pulse el botón.",
        "no_need": "No tiene medicinas para tomar si hace falta. Sus palabras quedan guardadas para su enfermera.",
        "which": "¿Cuál de ellos? {list} Diga el número.",
        "number": "Número {number}: {dose}.",
        "noted_taken": "Anotado: {doses} a las {time}. Gracias.",
        "noted_skip": "Anotado: no toma {doses}.",
        "noted_snooze": "Se lo recordaré en {minutes} minutos.",
        "not_noted": "No se anotó nada. Pulse el botón o pregunte a su clínica.",
        "dropped": "De acuerdo. No se anotó nada.",
        "later": "De acuerdo. Se lo recordaré otra vez.",
        "due": "Le toca ahora: {doses}.",
        "nothing_due": "Ahora no le toca ninguna medicina. Sus palabras quedan guardadas para su enfermera.",
        "kept": "Sus palabras quedan guardadas para su enfermera. Si necesita ayuda ahora, pulse el botón.",
        "again": "No le entendí. Repítalo, por favor, o pulse el botón.",
        "button": "Pulse el botón, por favor. Sus palabras quedan guardadas para su enfermera.",
        "countdown": "¿Necesita ayuda? Llamaré en {seconds} segundos si no dice que no.",
        "calling": "Estoy pidiendo ayuda.",
        "stood_down": "De acuerdo. No llamo. Pulse el botón si necesita ayuda.",
        "and": " y ",
    },
    "ar": {
        "read_back_taken": "أخذت {doses} الساعة {time}، نعم؟",
        "read_back_skip": "تريد ترك {doses}، نعم؟",
        "read_back_snooze": "هل أذكّرك بعد {minutes} دقيقة، نعم؟",
        "read_back_need": "يمكنك أخذ {doses} الآن. هل تأخذه، نعم؟",
        "read_back_need_taken": "أخذت {doses} الساعة {time}، نعم؟",
        "read_back_early": "لم يكن يجب أخذ {doses} قبل {later}. هل أخذته بالفعل، نعم؟",
        "not_before": "ليس قبل {later}: {doses}. إذا احتجت إلى مساعدة الآن فاضغط الزر.",
        "no_need": "ليس لديك دواء يؤخذ عند الحاجة. حُفظ كلامك للممرضة.",
        "which": "أيها تقصد؟ {list} قل الرقم.",
        "number": "رقم {number}: {dose}.",
        "noted_taken": "تم التسجيل: أخذت {doses} الساعة {time}. شكرًا.",
        "noted_skip": "تم التسجيل: تُركت {doses}.",
        "noted_snooze": "سأذكّرك بعد {minutes} دقيقة.",
        "not_noted": "لم يُسجَّل شيء. اضغط الزر أو اسأل عيادتك.",
        "dropped": "حسنًا. لم يُسجَّل شيء.",
        "later": "حسنًا. سأذكّرك مرة أخرى.",
        "due": "موعده الآن: {doses}.",
        "nothing_due": "لا دواء موعده الآن. حُفظ كلامك للممرضة.",
        "kept": "حُفظ كلامك للممرضة. إذا احتجت إلى مساعدة الآن فاضغط الزر.",
        "again": "لم أفهم. أعد القول من فضلك أو اضغط الزر.",
        "button": "اضغط الزر من فضلك. حُفظ كلامك للممرضة.",
        "countdown": "هل تحتاج إلى مساعدة؟ سأتصل بعد {seconds} ثانية ما لم تقل لا.",
        "calling": "أطلب المساعدة الآن.",
        "stood_down": "حسنًا. لن أتصل. اضغط الزر إذا احتجت إلى مساعدة.",
        "and": " و",
    },
}


def said(key: str, language: str, **values: object) -> str:
    """A sentence; in English for a language that has none."""
    return WORDS.get(language, WORDS["en"])[key].format(**values)


def named(doses: Sequence[OpenDose], language: str) -> str:
    """ "1 metformin and 2 aspirin"."""
    return said("and", language).join(f"{dose.quantity} {dose.medication}" for dose in doses)


def listed(doses: Sequence[OpenDose], language: str) -> str:
    """Doses with the numbers by which they are chosen."""
    return " ".join(
        said("number", language, number=number, dose=f"{dose.quantity} {dose.medication}")
        for number, dose in enumerate(doses, 1)
    )
