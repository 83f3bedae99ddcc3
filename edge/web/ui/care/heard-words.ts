/** What a device understood, in words. */
import { words } from "../../../../shared/ui/i18n";

export const HEARD = words(
  {
    taken: "taken", taken_all: "all taken", not_taken: "not taken", skip: "skip it", snooze: "later", repeat: "say it again", which: "which one?", choice: "a choice", yes: "yes", no: "no", stop: "stop",
    need: "a medicine as needed", need_taken: "took a medicine as needed", note: "a message", well: "feels well", unwell: "feels unwell", help: "a call for help", red_flag: "words of danger", unknown: "not understood",
  },
  {
    hi: {
      taken: "ली गई", taken_all: "सब ली गईं", not_taken: "नहीं ली", skip: "छोड़ें", snooze: "बाद में", repeat: "फिर से कहें", which: "कौन सी?", choice: "एक विकल्प", yes: "हाँ", no: "नहीं", stop: "रुकें",
      need: "ज़रूरत की दवा", need_taken: "ज़रूरत की दवा ली", note: "संदेश", well: "ठीक हैं", unwell: "तबीयत ठीक नहीं", help: "मदद की पुकार", red_flag: "ख़तरे के शब्द", unknown: "समझ नहीं आया",
    },
    es: {
      taken: "tomada", taken_all: "todas tomadas", not_taken: "no tomada", skip: "omitir", snooze: "más tarde", repeat: "repetir", which: "¿cuál?", choice: "una elección", yes: "sí", no: "no", stop: "parar",
      need: "pide medicina", need_taken: "tomó medicina si hacía falta", note: "un mensaje", well: "se siente bien", unwell: "se siente mal", help: "pide ayuda", red_flag: "palabras de peligro", unknown: "no se entendió",
    },
    ar: {
      taken: "أُخذت", taken_all: "أُخذت كلها", not_taken: "لم تُؤخذ", skip: "تخطي", snooze: "لاحقًا", repeat: "أعد القول", which: "أيها؟", choice: "اختيار", yes: "نعم", no: "لا", stop: "توقف",
      need: "دواء عند الحاجة", need_taken: "أُخذ دواء عند الحاجة", note: "رسالة", well: "يشعر بخير", unwell: "ليس بخير", help: "طلب مساعدة", red_flag: "كلمات خطر", unknown: "لم يُفهم",
    },
  },
);
