/** What an event is called. One that is not known here shows its own name. */
import { language, type Language } from "../../../../shared/ui/i18n";

const WORDS: Record<string, Record<Language, string>> = {
  announced: { en: "announced", hi: "बताई गई", es: "avisada", ar: "أُعلنت" },
  announcing: { en: "being announced", hi: "बताई जा रही", es: "avisando", ar: "تُعلن" },
  answered: { en: "answered", hi: "उत्तर मिला", es: "respondida", ar: "أُجيب" },
  taken: { en: "taken", hi: "ली गई", es: "tomada", ar: "أُخذت" },
  skipped: { en: "skipped", hi: "छोड़ी गई", es: "omitida", ar: "تُخطيت" },
  snoozed: { en: "put off", hi: "टाली गई", es: "aplazada", ar: "أُجلت" },
  missed: { en: "missed", hi: "छूटी", es: "olvidada", ar: "فاتت" },
  not_announced: { en: "never announced", hi: "नहीं बताई गई", es: "no anunciada", ar: "لم تُعلن" },
  unknown: { en: "unknown what became of it", hi: "क्या हुआ, अज्ञात", es: "no se sabe qué pasó", ar: "لا يُعرف ما حدث" },
  voided: { en: "taken back", hi: "वापस ली गई", es: "retirada", ar: "سُحبت" },
  blocked: { en: "stopped: too soon", hi: "रोकी: बहुत जल्दी", es: "parada: demasiado pronto", ar: "مُنعت: مبكر جدًا" },
  corrected: { en: "corrected", hi: "सुधारी गई", es: "corregida", ar: "صُححت" },
  held: { en: "held back", hi: "रोकी गई", es: "suspendida", ar: "أُوقفت" },
  released: { en: "released", hi: "रोक हटी", es: "reanudada", ar: "أُطلقت" },
  button: { en: "button pressed", hi: "बटन दबा", es: "botón pulsado", ar: "ضُغط الزر" },
  lid_open: { en: "lid opened", hi: "ढक्कन खुला", es: "tapa abierta", ar: "فُتح الغطاء" },
  lid_close: { en: "lid closed", hi: "ढक्कन बंद", es: "tapa cerrada", ar: "أُغلق الغطاء" },
  lid: { en: "lid", hi: "ढक्कन", es: "tapa", ar: "الغطاء" },
  weight: { en: "weight changed", hi: "भार बदला", es: "cambió el peso", ar: "تغير الوزن" },
  voice: { en: "by voice", hi: "आवाज़ से", es: "por voz", ar: "بالصوت" },
  nurse: { en: "by staff", hi: "कर्मचारी ने", es: "por el personal", ar: "من الموظفين" },
  caregiver: { en: "by a caregiver", hi: "देखभाल करने वाले ने", es: "por un cuidador", ar: "من مقدم رعاية" },
  clock: { en: "at its time", hi: "अपने समय पर", es: "a su hora", ar: "في وقتها" },
  over: { en: "its time was over", hi: "समय बीत गया", es: "pasó su hora", ar: "انقضى وقتها" },
  device: { en: "by the device", hi: "उपकरण ने", es: "por el aparato", ar: "من الجهاز" },
  import: { en: "brought in", hi: "बाहर से लाई गई", es: "importada", ar: "مستوردة" },
  staff: { en: "by staff", hi: "कर्मचारी ने", es: "por el personal", ar: "من الموظفين" },
  low_battery: { en: "battery low", hi: "बैटरी कम", es: "batería baja", ar: "البطارية منخفضة" },
  fault: { en: "fault", hi: "ख़राबी", es: "avería", ar: "عطل" },
  refilled: { en: "refilled", hi: "भरा गया", es: "rellenado", ar: "أُعيد ملؤه" },
  boot: { en: "device started", hi: "उपकरण चालू हुआ", es: "aparato encendido", ar: "بدأ الجهاز" },
  clock_set: { en: "clock set", hi: "घड़ी मिलाई गई", es: "reloj ajustado", ar: "ضُبطت الساعة" },
};

/** What the clock ends, rather than begins. */
const ENDED = new Set(["missed", "unknown", "not_announced"]);

/** By whom or by what something happened. */
export const through = (source: string, kind: string): string => happened(source === "clock" && ENDED.has(kind) ? "over" : source);

export const happened = (kind: string): string => WORDS[kind]?.[language()] ?? kind.replaceAll("_", " ");
