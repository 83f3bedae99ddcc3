"""The words people use for what is wrong with them, by what they mean: English, Hindi, Spanish, Arabic.

A word as it is; `stem*` for all that begins so; `two_words` for words that follow each other, which then count only
together ("blood_pressure" is no pressure). Common misspellings, what speech recognition makes of a word, and Hindi in
Latin letters stand with the rest. Accents, Arabic vowels and short or long Hindi vowels make no difference.
"""

from __future__ import annotations

from typing import Final

from shared.triage.signs import SIGNS_A
from shared.triage.signs_more import SIGNS_B

# How a sentence says no: NO and NOT stand before what they deny, AFTERWARDS after it. CANNOT only says that somebody
# cannot: "cannot breathe" is no denial of anything. ANY and HAVE may stand between; SETTLED follows an AFTERWARDS that
# ends its sentence ("दर्द नहीं है"), without which it may deny something else ("दर्द नहीं जा रहा": it does not go away).
# TAIL ends a compound ("no breathing problem"), SAVE takes the denial back ("no pain like this before"), LINK has no weight,
# and NOTHING takes words away that would mean something by themselves.
NEGATION: Final = {
    "NO": (
        "no without nor neither denies denied denying nil",
        "बिना बगैर bina bagair",
        "sin ni niega niegan tampoco",
        "لا ولا ليس ليست لست بدون بلا دون من_غير ما وما لم مافي مافيه مفيش ماعندي ماعنده ماعندها لايوجد مش مو ينفي"
        " تنفي",
    ),
    "NOT": ("not dont doesnt didnt havent hasnt hadnt isnt arent wasnt werent aint", "", "", ""),
    "CANNOT": ("cant cannot couldnt wont unable can_not could_not will_not", "", "", ""),
    "AFTERWARDS": ("", "नहीं नही नहि nahi nahin nahee nhi", "", ""),
    "SETTLED": ("", "है हैं हे था थी थे और लेकिन मगर पर बस hai hain tha thi the aur lekin magar par bas", "", ""),
    "OR": ("or nor", "या ya", "o ni", "او أو ولا"),
    "ANY": (
        "any a an of sign signs symptom symptoms history evidence significant new thoughts left right lower upper",
        "कोई किसी koi kisi",
        "de ningun ninguna tengo tiene tienen tenia hay ha han he habido tenido siento siente me le se nos"
        " presenta puedo puede pueden pude pudo podia poder esta signos sintomas ideas es",
        "يوجد توجد عندي عنده عندها لدي لديه لديها أي هناك يعاني تعاني أعاني من أشعر يشعر تشعر أحس يحس تحس حاسس في"
        " فيه قادر قادرة أقدر يقدر تقدر يستطيع تستطيع أستطيع يمكنه يمكنها يمكنني عم أن",
    ),
    "HAVE": (
        "have has had having been be being feel feels feeling felt get gets getting got take catch draw experience"
        " experiencing experienced able to even really longer currently properly",
        "",
        "",
        "",
    ),
    "BETWEEN": (
        "",
        "है हैं में को का की के भी कोई हो ही तो ले लेने लेना पा आ कर रहा रही hai me mein ko ka ki ke bhi koi ho hi"
        " le lene aa kar pa",
        "",
        "",
    ),
    "LINK": (
        "the my his her our their your this that in on at of is are was am and with some left right lower upper",
        "में की का के को से पर है और मेरे मेरी मुझे मेरा उसके mein me ki ka ke ko se hai aur mere meri mujhe",
        "en el la los las de del mi su al con y un una me le lado",
        "في من على مع و عندي عنده لدي",
    ),
    "TAIL": (
        "problem problems trouble difficulty difficulties issue issues distress shortness infection test sample"
        " culture report symptoms complaint complaints relief medicine medication medications medicines tablets"
        " pills treatment inhaler",
        "",
        "",
        "",
    ),
    "NOTHING": (
        "blood_pressure blood_test blood_tests blood_sample blood_report blood_sugar_test heart_burn a_bit"
        " no_doubt drug_abuse alcohol_abuse substance_abuse fits_in fits_well poison_ivy heat_rash breast_stroke"
        " air_conditioning snake_oil folic_acid uric_acid stomach_acid acid_reflux acid_peptic amino_acid"
        " low_sugar_diet sugar_diet pain_killer* painkiller* blood_work blood_group donate_blood blood_donation"
        " fell_ill fell_sick fall_ill hair_fall",
        "ब्लड_प्रेशर खून_की_जांच khoon_ki_jaanch बाल_गिर* baal_gir* bal_gir*",
        "presion_arterial presion_alta analisis_de_sangre examen_de_sangre prueba_de_sangre aire_acondicionado"
        " presion_sanguinea acido_folico acido_urico acido_clavulanico derrame_en_la_rodilla derrame_en_el_ojo"
        " derrame_ocular derrame_articular derrame_pleural caida_de_cabello caida_del_cabello caida_de_pelo"
        " caida_del_pelo caida_capilar fecha_de_parto tomar_la_presion control_de_presion control_de_la_presion",
        "ضغط_الدم ضغط_دم تحليل_دم تحليل_الدم فحص_دم بعد_ما كل_ما أول_ما مثل_ما زي_ما عند_ما قبل_ما ما_زال ما_زالت"
        " لا_زال منع_الحمل",
    ),
    "SAVE": (
        "like such before until till except unless besides only",
        "ऐसा ऐसी पहले तक aisa aisi pehle",
        "asi como antes hasta salvo excepto solo",
        "مثل هكذا قبل حتى إلا فقط",
    ),
}  # fmt: skip

# Parts of the body: "no chest pain" denies the pain, not the chest.
BODY: Final = {
    "CHEST": (
        "chest chess cheast chst sternum breastbone chestpain",
        "सीना सीने छाती seena seene sine chhati chati chhaati",
        "pecho torax toracico",
        "صدر*",
    ),
    "HEART": ("heart", "दिल हृदय dil", "corazon", "قلب*"),
    "ARM": ("arm arms hand hands", "हाथ बांह haath hath", "brazo* mano manos", "ذراع* يد يدي يده يدها"),
    "SHOULDER": ("shoulder shoulders", "कंधा कंधे kandha kandhe", "hombro hombros", "كتف*"),
    "LEG": (
        "leg legs calf thigh foot",
        "पैर टांग पांव पिंडली tang paon",
        "pierna* pantorrilla*",
        "ساق* رجل رجلي رجله رجلها قدم*",
    ),
    "ONE": (
        "one single left right",
        "एक बायां दायां दाएं बाएं ek",
        "una sola izquierda derecha",
        "واحدة اليسرى اليمنى",
    ),
    "BOTH": ("both", "दोनों dono", "ambas ambos dos", "كلتا كلا رجليه ساقيه"),
    "SIDE": (
        "one_side left_side right_side half_body half_of",
        "एक_तरफ एक_साइड आधा_शरीर आधे_शरीर ek_taraf",
        "un_lado medio_cuerpo mitad_del_cuerpo lado_izquierdo lado_derecho",
        "جانب_واحد جهة_واحدة نصف_الجسم نصف_جسم* الجهة_اليسرى الجهة_اليمنى",
    ),
    "JAW": ("jaw", "जबड़ा जबड़े", "mandibula quijada", "فك فكي"),
    "FACE": ("face facial mouth", "चेहरा चेहरे मुंह chehra muh munh", "cara rostro boca", "وجه* فم فمه فمها"),
    "LIP": ("lip lips", "होंठ होठ ओंठ honth", "labio labios", "شفاه شفة شفته شفتيه شفتاه شفايف"),
    "TONGUE": ("tongue", "जीभ jeebh", "lengua", "لسان*"),
    "THROAT": ("throat", "गला गले gala gale", "garganta", "حلق حلقي حلقه حنجرة زور"),
    "NOSE": ("nose nasal nostril*", "नाक naak", "nariz", "أنف* خشم*"),
    "NECK": ("neck", "गर्दन gardan", "cuello nuca", "رقبة رقبته رقبتي رقبتها عنق*"),
    "HEAD": ("head skull", "सिर सर sar", "cabeza", "رأس*"),
    "BELLY": (
        "belly stomach abdomen* abdominal tummy",
        "पेट pet pait",
        "barriga estomago vientre abdomen panza",
        "بطن* معدة معدتي",
    ),
    "TESTICLE": ("testic* scrotum", "अंडकोष andkosh", "testic*", "خصية الخصية خصيتي خصيته خصيتين"),
    "BABY": ("baby babies infant newborn", "शिशु बेबी", "bebe bebes lactante", "رضيع* بيبي"),
    "CHILD": (
        "child kid toddler son daughter boy girl",
        "बच्चा बच्चे बच्ची बेटा बेटी bachcha bacha bacche bachi bache beta beti",
        "nino nina hijo hija",
        "طفل* ابني ابنتي بنتي ولدي",
    ),
    "DOCTOR": ("doctor doctors dr", "डॉक्टर doctor", "doctor doctora medico", "طبيب* دكتور*"),
    "NOT_EYES": (
        "glasses spectacles far near distance read reading improvement result results change well clearly clear"
        " properly",
        "चश्मा दूर chashma साफ ठीक saaf",
        "lentes gafas lejos cerca mejoria cambio cambios bien claro",
        "نظارة* بعيد قريب تحسن نتيجة جيدا بوضوح",
    ),
    "LANGUAGE": (
        "english hindi spanish arabic urdu french language",
        "अंग्रेजी हिंदी भाषा angrezi",
        "ingles espanol castellano idioma",
        "الإنجليزية إنجليزي العربية عربي الإسبانية لغة",
    ),
    "PERIOD": (
        "period periods menstrua* menses",
        "माहवारी पीरियड* मासिक mahwari",
        "regla periodo menstrua*",
        "حيض الدورة دورة",
    ),
}  # fmt: skip

# What is wrong, and words about it. Any of these can be denied.
SIGNS: Final = {**SIGNS_A, **SIGNS_B}
"""Signs, by what they mean."""

# What stands beside a number.
NUMBERS: Final = {
    "MONTH": ("month months mth mths", "महीने महीना माह mahine mahina", "mes meses", "شهر أشهر شهور"),
    "WEEK": ("week weeks", "हफ्ते हफ्ता सप्ताह hafte hafta", "semana semanas", "أسبوع أسابيع"),
    "DAY": ("day days", "दिन din", "dia dias", "يوم أيام"),
    "YEAR": ("year years yr yrs yo", "साल वर्ष saal", "ano anos", "سنة سنوات عام عاما"),
    "AGE": ("age aged", "उम्र umar umr", "edad", "عمر عمره عمرها عمري العمر"),
    "OLD": ("old", "का की के ka ki ke", "edad nacido nacida", ""),
    "SINCE": ("for since past last", "से se", "desde hace durante por", "منذ من"),
    "OUT_OF": ("out_of", "में_से", "de sobre", "من"),
    "OTHER_UNIT": (
        "hour hours hr hrs minute minutes min mins mg ml kg am pm rs rupees",
        "घंटे मिनट",
        "hora horas minutos",
        "ساعة ساعات دقيقة دقائق",
    ),
    "PER": ("dl", "", "", ""),
}  # fmt: skip
COUNT: Final = {"one": 1, "two": 2, "un": 1, "una": 1, "dos": 2, "एक": 1, "दो": 2, "ek": 1}
