import { words } from "../../../../shared/ui/i18n";

export const WORDS = words(
  {
    title: "Alerts", open: "Open", over: "All, also finished ones", none: "No open alert", none_hint: "When a dose is not answered, words of danger are said, or a clinic falls silent while doses are due, it stands here at once.",
    nobody_told: "Nobody was told yet. Caregivers are told on channels they have verified.", step: "round {n}", waiting: "waits", claimed: "on its way", sent: "sent", delivered: "delivered", failed: "failed",
    expired: "too old, not sent", cancelled: "not sent: somebody looks after it", tries: "{n} tries", clinic: "the clinic", office: "head office", caregiver: "caregivers", person: "the patient", escalate: "Tell the clinic now",
    sum: "{n} open, nobody is on them yet", sum_one: "1 open, nobody is on it yet", on_it: "{n} being looked after", to_no_one: "nobody could be reached: no verified channel", ended: "finished", sources: "Raised by", edge: "the clinic", llm: "a recording", watchdog: "the watch", cloud: "head office",
  },
  {
    hi: {
      title: "चेतावनियाँ", open: "खुली", over: "सभी, समाप्त भी", none: "कोई खुली चेतावनी नहीं", none_hint: "जब ख़ुराक का उत्तर न मिले, ख़तरे के शब्द कहे जाएँ, या ख़ुराक के समय क्लिनिक चुप हो, तो वह तुरंत यहाँ दिखता है।",
      nobody_told: "अभी किसी को नहीं बताया गया। देखभाल करने वालों को उनके पक्के माध्यमों पर बताया जाता है।", step: "सूचना का दौर {n}", waiting: "रुका है", claimed: "भेजा जा रहा है", sent: "भेजा गया", delivered: "पहुँचा", failed: "विफल",
      expired: "पुराना, नहीं भेजा", cancelled: "नहीं भेजा: कोई देख रहा है", tries: "{n} कोशिशें", clinic: "क्लिनिक", office: "मुख्य कार्यालय", caregiver: "देखभाल करने वाले", person: "मरीज़", escalate: "क्लिनिक को अभी बताएँ",
      sum: "{n} खुली, अभी कोई नहीं देख रहा", sum_one: "1 खुली, अभी कोई नहीं देख रहा", on_it: "{n} पर कोई काम कर रहा है", to_no_one: "किसी तक नहीं पहुँचा: कोई पक्का माध्यम नहीं", ended: "समाप्त", sources: "किसने दी", edge: "क्लिनिक", llm: "रिकॉर्डिंग", watchdog: "निगरानी", cloud: "मुख्य कार्यालय",
    },
    es: {
      title: "Alertas", open: "Abiertas", over: "Todas, también las terminadas", none: "No hay alertas abiertas", none_hint: "Cuando una dosis queda sin respuesta, alguien dice palabras de peligro o una clínica calla con dosis pendientes, aparece aquí al instante.",
      nobody_told: "Aún no se avisó a nadie. Se avisa por canales verificados.", step: "aviso n.º {n}", waiting: "en espera", claimed: "en camino", sent: "enviado", delivered: "entregado", failed: "falló",
      expired: "caducado, no enviado", cancelled: "no enviado: alguien se encarga", tries: "{n} intentos", clinic: "la clínica", office: "la central", caregiver: "cuidadores", person: "el paciente", escalate: "Avisar ya a la clínica",
      sum: "{n} abiertas, aún sin nadie", sum_one: "1 abierta, aún sin nadie", on_it: "{n} en manos de alguien", to_no_one: "no se pudo avisar: ningún canal verificado", ended: "terminada", sources: "Origen", edge: "la clínica", llm: "una grabación", watchdog: "la vigilancia", cloud: "la central",
    },
    ar: {
      title: "التنبيهات", open: "المفتوحة", over: "الكل، والمنتهية أيضًا", none: "لا تنبيه مفتوح", none_hint: "حين لا يُجاب على جرعة، أو تُقال كلمات خطر، أو تصمت عيادة وجرعاتها مستحقة، يظهر ذلك هنا فورًا.",
      nobody_told: "لم يُبلَّغ أحد بعد. يُبلَّغ مقدمو الرعاية عبر قنوات مؤكدة.", step: "جولة الإبلاغ {n}", waiting: "ينتظر", claimed: "في الطريق", sent: "أُرسل", delivered: "وصل", failed: "فشل",
      expired: "قديم، لم يُرسل", cancelled: "لم يُرسل: يتولاه أحد", tries: "{n} محاولات", clinic: "العيادة", office: "المكتب الرئيسي", caregiver: "مقدمو الرعاية", person: "المريض", escalate: "أبلغ العيادة الآن",
      sum: "{n} مفتوحة، لم يتولَّها أحد بعد", sum_one: "1 مفتوح، لم يتولَّه أحد بعد", on_it: "{n} يتولاها أحد", to_no_one: "تعذر الإبلاغ: لا قناة مؤكدة", ended: "انتهى", sources: "المصدر", edge: "العيادة", llm: "تسجيل", watchdog: "المراقبة", cloud: "المكتب الرئيسي",
    },
  },
);
