/** Words of medicines as needed and of holds on the care page. */
import { words } from "../../../../shared/ui/i18n";

export const NEEDED = words(
  {
    title: "As needed", none: "Nobody has a medicine as needed.", may: "may be taken now", not_before: "not before {time}", too_soon: "too soon after the last one", daily: "daily limit reached",
    most: "the most for its time is taken", on_hold: "on hold", last: "last taken {time}", take: "Taken", ask: "{name} takes {dose} now?", yes: "Yes, taken now", swallowed: "It was swallowed already",
    swallowed_hint: "Was it swallowed already? Note it as it was: it counts, and the clinic is told.", noted: "Noted.", set_hold: "Hold doses", no_holds: "Nothing is on hold.", who: "Patient", what: "What is held",
    everything: "All medicines", from: "From", until: "Until", reason: "Reason", until_short: "until {time}", order: "The end is before the beginning.",
  },
  {
    hi: {
      title: "ज़रूरत पर", none: "किसी की ज़रूरत पर लेने वाली दवा नहीं है।", may: "अभी ले सकते हैं", not_before: "{time} से पहले नहीं", too_soon: "पिछली के बहुत जल्दी बाद", daily: "दिन की सीमा पूरी",
      most: "इस अवधि की सीमा पूरी", on_hold: "रोकी गई", last: "पिछली बार {time} पर ली", take: "ली गई", ask: "{name} अभी {dose} ले रहे हैं?", yes: "हाँ, अभी ली", swallowed: "पहले ही निगल ली",
      swallowed_hint: "क्या पहले ही निगल ली? जैसा हुआ वैसा लिखें: वह गिनी जाएगी और क्लिनिक को बताया जाएगा।", noted: "लिख लिया।", set_hold: "ख़ुराक रोकें", no_holds: "कुछ रोका नहीं गया है।", who: "मरीज़", what: "क्या रोकना है",
      everything: "सब दवाएँ", from: "से", until: "तक", reason: "कारण", until_short: "{time} तक", order: "अंत शुरू से पहले है।",
    },
    es: {
      title: "Si hace falta", none: "Nadie tiene medicinas para tomar si hace falta.", may: "se puede tomar ya", not_before: "no antes de las {time}", too_soon: "muy pronto tras la anterior", daily: "límite diario alcanzado",
      most: "máximo de su plazo alcanzado", on_hold: "suspendida", last: "última a las {time}", take: "Tomada", ask: "¿{name} toma {dose} ahora?", yes: "Sí, tomada ahora", swallowed: "Ya se la tragó",
      swallowed_hint: "¿Ya se la tragó? Anótelo tal como fue: cuenta, y se avisa a la clínica.", noted: "Anotado.", set_hold: "Suspender dosis", no_holds: "No hay nada suspendido.", who: "Paciente", what: "Qué se suspende",
      everything: "Todas las medicinas", from: "Desde", until: "Hasta", reason: "Motivo", until_short: "hasta {time}", order: "El final es antes del comienzo.",
    },
    ar: {
      title: "عند الحاجة", none: "لا أحد لديه دواء عند الحاجة.", may: "يمكن أخذه الآن", not_before: "ليس قبل {time}", too_soon: "بعد السابق بقليل", daily: "بلغ الحد اليومي",
      most: "بلغ حد مدته", on_hold: "موقوف", last: "آخر مرة {time}", take: "أُخذ", ask: "{name}: هل يؤخذ {dose} الآن؟", yes: "نعم، أُخذ الآن", swallowed: "تم ابتلاعه بالفعل",
      swallowed_hint: "هل تم ابتلاعه بالفعل؟ سجّله كما كان: سيُحتسب وتُبلَّغ العيادة.", noted: "سُجّل.", set_hold: "إيقاف الجرعات", no_holds: "لا شيء موقوف.", who: "المريض", what: "ما الذي يوقف",
      everything: "كل الأدوية", from: "من", until: "حتى", reason: "السبب", until_short: "حتى {time}", order: "النهاية قبل البداية.",
    },
  },
);
