"""What the words of a reason do to its urgency: red flags count at once, in four languages, and nothing ever counts less."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sentences import LANGUAGES
from shared.triage import red_flag_rules, sign_words
from shared.triage.red_flags import NOTHING, PATIENT_MAX, TEXT_MAX, URGENCY_DEFAULT, Finding, effective, rules, why

RED = {
    "en": {
        "not_breathing": (
            "cannot breathe", "I can't breathe!", "she is not breathing", "gasping for air", "blue lips",
        ),
        "throat_closing": ("my throat is closing", "anaphylaxis", "hives and short of breath"),
        "unresponsive": ("unconscious", "he won't wake up", "not responding"),
        "seizure": ("having a seizure", "fits since morning", "convulsions"),
        "heavy_bleeding": ("bleeding that will not stop", "heavy bleeding", "can't stop bleeding"),
        "heart_attack": ("heart attack",),
        "chest_pain": (
            "chest pain", "CHEST PAIN!!", "my chest hurts", "pain on the left side of my chest",
            "crushing pressure in my chest",
            "tightness in chest", "chest-pain", "chestpain", "chess pain", "jaw pain and sweating",
            "ＣＨＥＳＴ　ＰＡＩＮ", "Chest. Pain.",
        ),
        "stroke": (
            "face drooping", "my arm is suddenly weak", "slurred speech", "he can't speak", "sudden blindness",
        ),
        "fainted": ("lost consciousness", "fainted and is confused"),
        "vomiting_blood": ("vomiting blood", "blood in vomit"),
        "black_stool": ("black tarry stool", "black stools"),
        "mouth_swelling": ("tongue is swelling", "swollen lips"),
        "poisoning": ("overdose", "took too many pills", "drank poison", "the child swallowed a battery"),
        "self_harm": ("I want to die", "wants to kill himself", "suicidal"),
        "harm_to_others": ("I will kill someone",),
        "sudden_headache": ("worst headache ever", "thunderclap headache"),
        "stiff_neck_fever": ("stiff neck and fever", "fever for two days and now the neck is stiff"),
        "young_baby": (
            "2 month old baby with fever", "two month old baby, fever", "baby 6 weeks not feeding",
            "newborn with fever",
        ),
        "pregnancy": (
            "pregnant and bleeding", "7 months pregnant, since yesterday I have a severe headache",
            "pregnant, blurred vision",
        ),
        "labour": ("my waters broke", "in labour"),
        "snake_bite": ("snake bite",),
        "burn": ("large burn on the arm", "burnt by acid"),
        "electric_shock": ("electric shock",),
        "drowning": ("nearly drowned",),
        "head_injury": ("hit his head and is vomiting", "fell on the head, takes blood thinners"),
        "low_sugar": ("sugar 45", "hypo and confused", "sugar is low and very sleepy"),
        "hard_belly": ("belly pain and it is rigid",),
        "testicle_pain": ("sudden testicle pain",),
        "stabbed": ("stabbed",),
        "low_oxygen": ("spo2 80%",),
    },
    "hi": {
        "not_breathing": ("सांस नहीं आ रही", "साँस नहीं ले पा रहा", "दम घुट रहा है", "saans nahi aa rahi"),
        "unresponsive": ("बेहोश है", "होश में नहीं है", "होश नहीं आ रहा"),
        "seizure": ("दौरा पड़ा", "मिर्गी का दौरा"),
        "heavy_bleeding": ("खून नहीं रुक रहा", "बहुत खून बह रहा है"),
        "heart_attack": ("दिल का दौरा", "हार्ट अटैक"),
        "chest_pain": (
            "सीने में दर्द", "छाती में दर्द है", "सीने में भारीपन", "सीने मे दर्द", "seene me dard",
            "chest me dard",
        ),
        "stroke": ("चेहरा टेढ़ा हो गया", "लकवा", "बोल नहीं पा रहे", "हाथ नहीं हिल रहा"),
        "vomiting_blood": ("खून की उल्टी",),
        "black_stool": ("काला मल",),
        "mouth_swelling": ("होंठ सूज गए",),
        "poisoning": ("ज़हर खा लिया", "बहुत सारी गोलियाँ खा ली"),
        "self_harm": ("आत्महत्या", "मरना चाहता हूँ", "जीना नहीं चाहती"),
        "stiff_neck_fever": ("गर्दन में अकड़न और बुखार",),
        "young_baby": ("2 महीने का बच्चा, बुखार", "२ महीने का बच्चा, बुखार", "नवजात को बुखार"),
        "pregnancy": ("गर्भवती है और खून बह रहा है",),
        "snake_bite": ("सांप ने काटा", "साँप"),
        "electric_shock": ("करंट लग गया",),
        "head_injury": ("सिर में चोट और उल्टी",),
        "low_sugar": ("शुगर 45",),
    },
    "es": {
        "not_breathing": ("no puedo respirar", "no respira", "se está ahogando", "labios azules"),
        "unresponsive": ("inconsciente", "no despierta", "no responde"),
        "seizure": ("convulsiones", "ataque epiléptico"),
        "heavy_bleeding": ("no para de sangrar", "sangrado abundante"),
        "heart_attack": ("infarto", "ataque al corazón"),
        "chest_pain": (
            "dolor de pecho", "me duele el pecho", "opresión en el pecho", "siento la presión en el pecho",
            "el dolor de pecho no para",
            "dolor fuerte en el lado izquierdo del pecho",
        ),
        "stroke": ("cara torcida", "no puede hablar", "derrame cerebral"),
        "fainted": ("perdió el conocimiento",),
        "vomiting_blood": ("vomita sangre", "vómito con sangre"),
        "black_stool": ("heces negras",),
        "mouth_swelling": ("labios hinchados", "lengua hinchada"),
        "poisoning": ("sobredosis", "se tomó muchas pastillas", "bebió lejía"),
        "self_harm": ("quiero morir", "se quiere matar", "ideas de suicidio"),
        "sudden_headache": ("el peor dolor de cabeza", "dolor de cabeza repentino"),
        "stiff_neck_fever": ("rigidez de cuello con fiebre",),
        "young_baby": ("bebé de 2 meses con fiebre", "recién nacido con fiebre"),
        "pregnancy": ("embarazada con sangrado",),
        "labour": ("rompió la fuente",),
        "snake_bite": ("mordedura de serpiente",),
        "electric_shock": ("descarga eléctrica",),
        "head_injury": ("golpe en la cabeza y vómito",),
        "low_sugar": ("azúcar 48",),
    },
    "ar": {
        "not_breathing": ("لا أستطيع التنفس", "لا يتنفس", "ما يقدر يتنفس", "يختنق"),
        "unresponsive": ("فاقد الوعي", "لا يستيقظ", "غيبوبة"),
        "seizure": ("تشنجات", "نوبة صرع"),
        "heavy_bleeding": ("نزيف لا يتوقف", "نزيف شديد"),
        "heart_attack": ("نوبة قلبية", "ذبحة صدرية"),
        "chest_pain": (
            "ألم في الصدر", "الم في الصدر", "أَلَمٌ فِي الصَّدْرِ", "وجع بصدري", "صدري يوجعني",
            "ضغط على الصدر",
        ),
        "stroke": ("اعوجاج في الوجه", "لا يستطيع الكلام", "جلطة دماغية"),
        "fainted": ("فقدان الوعي",),
        "vomiting_blood": ("تقيؤ دم", "يستفرغ دم"),
        "black_stool": ("براز أسود",),
        "mouth_swelling": ("تورم الشفاه", "تورم في اللسان"),
        "poisoning": ("تسمم", "ابتلع بطارية", "جرعة زائدة"),
        "self_harm": ("أريد أن أموت", "محاولة انتحار"),
        "sudden_headache": ("صداع مفاجئ", "أسوأ صداع"),
        "stiff_neck_fever": ("تيبس الرقبة مع حمى",),
        "young_baby": ("رضيع عمره شهرين وعنده حرارة", "حديث الولادة وعنده حمى"),
        "pregnancy": ("حامل وعندها نزيف",),
        "snake_bite": ("لدغة ثعبان",),
        "electric_shock": ("صعقة كهربائية",),
        "head_injury": ("ضربة على الرأس وتقيؤ",),
        "low_sugar": ("السكر 45",),
    },
}  # fmt: skip

SERIOUS = (
    "short of breath", "short of breadth", "trouble breathing", "asthma attack", "coughing up blood",
    "very drowsy", "fainted",
    "fever and a rash", "fever on chemo", "can't keep anything down", "no urine since yesterday",
    "one leg swollen and painful",
    "severe pain", "pain 9/10", "pain 8 out of 10", "fell down, takes warfarin", "headache after a fall",
    "82 year old fell",
    "missed my insulin",
    "double dose", "rash after antibiotics", "raped", "dog bite", "needlestick",
    "cannot breathe through my nose", "sugar 450",
    "सांस लेने में तकलीफ", "खांसी में खून", "कुत्ते ने काट लिया", "पेशाब नहीं आ रहा", "असहनीय दर्द",
    "falta de aire", "dificultad para respirar", "tose sangre", "se desmayó", "dolor insoportable", "no orina",
    "mordió un perro",
    "ضيق في التنفس", "سعال مع دم", "إغماء", "ألم شديد", "لا يتبول", "عضة كلب",
)  # fmt: skip

DENIED = (
    "no chest pain", "No Chest Pain.", "without any chest pain", "denies chest pain",
    "I do not have chest pain", "I don't have any chest pain",
    "no chest or arm pain", "no fever or chest pain", "no trouble breathing", "no breathing problem",
    "no shortness of breath",
    "no pain in the chest", "no seizures", "no suicidal thoughts", "no blood in stool", "no urine infection",
    "not unconscious",
    "सीने में दर्द नहीं है", "सीने में कोई दर्द नहीं", "बिना दर्द के", "सांस लेने में तकलीफ नहीं है",
    "seene me dard nahi hai",
    "sin dolor de pecho", "no tengo dolor en el pecho", "no me duele el pecho", "niega dolor de pecho",
    "ni fiebre ni dolor de pecho",
    "sin dificultad para respirar", "no ha perdido el conocimiento", "sin convulsiones",
    "بدون ألم في الصدر", "لا يوجد ألم في الصدر", "ليس عندي ألم في الصدر", "ما عندي وجع بصدري", "بلا نزيف",
    "لا يوجد ضيق في التنفس",
)  # fmt: skip

IN_DOUBT = (
    "no, chest pain", "No. Chest pain", "no fever, chest pain", "no fever chest pain",
    "no chest pain but chest tightness",
    "no relief from chest pain", "no better chest pain", "no doubt chest pain", "not only chest pain",
    "not getting chest pain relief",
    "never had chest pain like this", "no chest pain until today", "cannot sleep because of chest pain",
    "no medicine chest pain",
    "no pain in chest but pressure in chest", "no pain in the arm, chest pain", "no my chest hurts",
    "सीने में दर्द नहीं जा रहा", "बुखार नहीं सीने में दर्द है", "सीने में दर्द है, बुखार नहीं है",
    "सीने में दर्द, नींद नहीं आती",
    "no, dolor de pecho", "no se me quita el dolor de pecho", "sin fiebre, dolor de pecho",
    "no puedo dormir por dolor de pecho",
    "لا حمى، ألم في الصدر", "لا يزال الألم في الصدر", "لما يوجعني صدري", "لا أتحمل ألم الصدر",
)  # fmt: skip

EVERYDAY = (
    "", "Fever / Cold", "Follow-up", "Back pain", "Vaccination", "Cough", "blood pressure check", "blood test",
    "chest x-ray",
    "heartburn", "heart burn", "fit note", "burning urine", "headache", "sore throat", "knee pain for 3 weeks",
    "sugar check",
    "sugar patient 45 years", "sugar tablets 500 mg refill", "folic acid tablets taken",
    "pain since 8/10/2024", "pregnancy check",
    "fever for 2 months", "child with fever for 2 days", "I hurt myself at work", "doesn't speak English",
    "couldn't see the doctor",
    "can't keep my appointment", "not responding to antibiotics", "hemorrhoids", "stomach pain", "no symptoms",
    "prescription refill",
    "बुखार और खांसी", "सिर दर्द", "पेट दर्द", "ब्लड प्रेशर", "dawai chahiye", "बाल गिर रहे हैं",
    "dolor de espalda", "control de presión arterial", "caída del cabello", "fecha de parto",
    "no habla español", "no veo mejoría",
    "ألم في الظهر", "حرارة وسعال", "قياس ضغط الدم", "مراجعة", "تجديد وصفة", "لا يتكلم الإنجليزية",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_red_flag_is_found_in_every_language(language: str) -> None:
    for code, reasons in RED[language].items():
        for reason in reasons:
            found = rules(reason)
            assert (found.code, found.urgency >= 9) == (code, True), (reason, found)


@pytest.mark.parametrize("reason", SERIOUS)
def test_serious_sign_counts_seven_or_eight(reason: str) -> None:
    assert rules(reason).urgency in (7, 8), rules(reason)


@pytest.mark.parametrize("reason", DENIED)
def test_what_is_plainly_denied_raises_nothing(reason: str) -> None:
    assert rules(reason) == NOTHING


@pytest.mark.parametrize("reason", IN_DOUBT)
def test_doubtful_denial_of_chest_pain_still_counts(reason: str) -> None:
    assert rules(reason).code == "chest_pain", rules(reason)


@pytest.mark.parametrize("reason", EVERYDAY)
def test_everyday_reason_raises_nothing(reason: str) -> None:
    assert rules(reason) == NOTHING


@pytest.mark.parametrize("sign", ["chest pain", "सीने में दर्द", "dolor de pecho", "ألم في الصدر"])
def test_sign_is_found_among_other_words_and_punctuation(sign: str) -> None:
    for around in ("¡¡%s!!", "…since 2 days: %s, cough", "token 12\n%s\n", "«%s»", "\u200f%s\u200e", "😟%s😟", "%s???"):
        assert rules(around % sign).code == "chest_pain", around


def test_part_of_another_word_is_no_sign() -> None:
    assert rules("the orchestra paints chestnuts") == NOTHING
    assert rules("strokes of luck, snoring, cafeteria") == NOTHING


def test_words_are_those_that_were_written() -> None:
    assert rules("Hello, my CHEST really hurts today").words == "CHEST really hurts"
    assert rules("since noon I can’t really breathe").words == "can’t really breathe"
    assert rules("no puedo respirar").words == "no puedo respirar"
    assert rules("साँस नहीं आ रही").words == "साँस नहीं"


def test_words_of_a_finding_stay_short_when_they_stand_far_apart() -> None:
    found = rules("pregnant, " + "we came by bus and waited long " * 10 + "and now there is bleeding")
    assert found == Finding(9, "pregnancy", "pregnant … bleeding")


def test_most_urgent_of_several_signs_is_the_finding() -> None:
    assert rules("dog bite, chest pain and now he cannot breathe").code == "not_breathing"
    assert rules("dog bite and chest pain").code == "chest_pain"


def test_fever_counts_more_in_a_baby_and_most_in_a_very_young_one() -> None:
    assert rules("fever").urgency == 0
    assert rules("baby with fever").urgency == 7
    assert rules("baby fever 2 days").urgency == 7
    assert rules("7 month old baby with fever").urgency == 7
    assert rules("2 month old baby with fever").urgency == 9
    assert rules("10 days old, fever").urgency == 9


def test_only_the_first_thousand_characters_are_looked_at() -> None:
    assert rules("x " * (TEXT_MAX // 2 - 6) + "chest pain").code == "chest_pain"
    assert rules("x " * (TEXT_MAX // 2) + "chest pain") == NOTHING


def test_patients_ten_counts_seven_and_is_remembered() -> None:
    assert effective(10, "", claimed=True) == (PATIENT_MAX, 10) == (7, 10)
    assert effective(8, "cough", claimed=True) == (7, 8)


def test_patients_seven_and_less_count_as_given() -> None:
    assert [effective(given, "cough", claimed=True) for given in range(8)] == [(given, None) for given in range(8)]


def test_staffs_ten_counts_ten() -> None:
    assert [effective(given, "cough", claimed=False) for given in range(11)] == [(given, None) for given in range(11)]


def test_chest_pain_at_the_kiosk_counts_as_the_red_flag_whatever_was_given() -> None:
    assert effective(3, "chest pain", claimed=True) == (9, None)
    assert effective(URGENCY_DEFAULT, "chest pain", claimed=True) == (9, None)
    assert effective(10, "chest pain", claimed=True) == (9, 10)
    assert effective(3, "cannot breathe", claimed=True) == (10, None)
    assert effective(3, "chest pain", claimed=False) == (9, None)
    assert effective(10, "chest pain", claimed=False) == (10, None)


def test_default_is_what_nobody_has_assessed() -> None:
    assert URGENCY_DEFAULT == 5
    assert effective(URGENCY_DEFAULT, "", claimed=True) == (5, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_are_told_why_in_their_language(language: str) -> None:
    told = why(rules("dolor de pecho"), language)
    assert "9" in told and "dolor de pecho" in told
    assert red_flag_rules.NAMES["chest_pain"][LANGUAGES.index(language)] in told


def test_why_is_empty_where_nothing_was_found_and_english_where_the_language_is_unknown() -> None:
    assert why(NOTHING, "en") == ""
    assert why(rules("chest pain"), "fr") == why(rules("chest pain"), "en")
    assert "{0}" in why(Finding(9, "chest_pain", "{0} {words!r} %s"), "hi")


def test_every_rule_has_a_name_in_every_language_and_only_words_that_are_listed() -> None:
    listed = {*sign_words.BODY, *sign_words.SIGNS, "UNDER_54", "OVER_399", "UNDER_85", "UNDER_92", "OF_TEN"}
    for code, value, line in red_flag_rules.RULES:
        assert 7 <= value <= 10
        assert set(re.findall(r"\w+", line)) <= listed, line
        assert len([name for name in red_flag_rules.NAMES[code] if name]) == len(LANGUAGES)
    assert {code for code, _, _ in red_flag_rules.RULES} == set(red_flag_rules.NAMES)


def test_red_flags_count_nine_or_ten_and_their_codes_do_not_change() -> None:
    """Codes are kept with visits and counted by readers: add, do not rename."""
    assert set(red_flag_rules.NAMES) >= {
        "not_breathing", "throat_closing", "unresponsive", "seizure", "heavy_bleeding", "heart_attack",
        "chest_pain", "stroke",
        "vomiting_blood", "mouth_swelling", "poisoning", "self_harm", "sudden_headache", "stiff_neck_fever",
        "young_baby",
        "pregnancy", "labour", "snake_bite", "burn", "electric_shock", "head_injury", "low_sugar",
        "breathless", "severe_pain",
    }  # fmt: skip


LISTED = sorted(
    {
        word.replace("_", " ").rstrip("*")
        for table in (sign_words.NEGATION, sign_words.BODY, sign_words.SIGNS, sign_words.NUMBERS)
        for languages in table.values()
        for word in " ".join(languages).split()
    }
)
reasons = st.one_of(
    st.text(max_size=1200),
    st.text(st.characters(exclude_categories=()), max_size=200),  # lone surrogates too
    st.lists(
        st.one_of(
            st.sampled_from(LISTED),
            st.sampled_from([",", ".", "no", "9", "10", "/", "2", "45", "!"]),
            st.text(max_size=3),
        ),
        max_size=60,
    ).map(" ".join),
)


@given(st.integers(0, 10), reasons, st.booleans())
def test_no_text_lowers_what_was_given_or_leaves_the_scale(given_: int, reason: str, claimed: bool) -> None:
    counts, cut = effective(given_, reason, claimed=claimed)
    assert 0 <= counts <= 10
    assert counts >= (min(given_, PATIENT_MAX) if claimed else given_)
    assert counts == max(min(given_, PATIENT_MAX) if claimed else given_, rules(reason).urgency)
    assert cut == (given_ if claimed and given_ > PATIENT_MAX else None)


@given(reasons)
def test_no_text_is_refused_and_a_finding_is_whole_or_nothing(reason: str) -> None:
    found = rules(reason)
    assert found == NOTHING or (7 <= found.urgency <= 10 and found.code and found.words)
    assert rules(reason) == found
    for language in LANGUAGES:
        assert bool(why(found, language)) == bool(found.code)


@given(st.sampled_from(["chest pain", "सीने में दर्द", "dolor de pecho", "ألم في الصدر"]), st.text(max_size=60))
def test_nothing_written_after_a_red_flag_in_a_new_sentence_lowers_it(sign: str, more: str) -> None:
    assert rules(f"{sign}.\n{more}").urgency >= 9


@pytest.mark.parametrize(
    "words", ["no ", "pain severe ", "chest ", "no pain or ", "many pill ", "a b ", "ﷺ", "नहीं दर्द ", "9/10 "]
)
def test_longest_and_worst_text_does_not_hold_up_the_desk(words: str) -> None:
    began = time.perf_counter()
    rules(words * TEXT_MAX)
    assert time.perf_counter() - began < 0.5  # some milliseconds, on a machine that does other things too
