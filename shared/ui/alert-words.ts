/** What alerts are about, by their topic: said in the reader's language, whatever language the row was written in. */
import type { Asks, Says, Worded } from "./alert-says";
import type { Table, Values } from "./i18n";

const EN = {
  somebody: "Somebody", unanswered: "{name} has not answered: {medicines}", missed: "{name} missed: {medicines}", unsaid: "{name} was not told of: {unsaid}", missed_unsaid: "{name} missed: {medicines}; was not told of: {unsaid}", skipped: "{name} skips: {medicines}", red_flag: "{name} said something alarming", help: "{name} asks for help",
  twice: "{name} may have taken {medicines} twice", on_hold: "{name} took {medicines} although it is on hold", early: "{name} took {medicines} long before its time", too_soon: "{name} took {medicines} too soon after the last one", too_much: "{name} took more {medicines} than is allowed", limit: "{name} took {medicines} against its limit", device_offline: "The device of {name} is not heard",
  low_battery: "The device of {name}: its battery is low", lid_open: "The device of {name}: its lid is open", speaker: "The device of {name}: its loudspeaker does not work", motor: "The device of {name}: its motor does not move", fault: "The device of {name} reports a fault: {fault}", mend: "Look at the device: charge it, close its lid, or have it repaired. It may not say the next dose.",
  left: "{name} is running out of {medicines}: {left} left", gap: "{name}: {really_h} h instead of {shown_h} h between two doses of {medicines}", not_heard: "The clinic is not heard while {name} has medicines due",
  not_heard_clinic: "The clinic is not heard while medicines are due", note_failed: "Nobody has read what {name} said", model_gone: "The model {model} is not there any more",
  in_recording: "In the recording", by_office: "Head office, in the recording", urgency: "urgency {n}", by_ai: "AI raised the urgency by {n} steps: please check", calls: "asks for help", hear: "Somebody should listen to the recording",
  ask: "Ask the person whether it was taken, and say so on the dose.", speak: "Speak to the person now. Listen to the recording.", send: "Speak to the person now, or send somebody.",
  much: "Ask what was taken. Call the poison line or a doctor if it was too much.", look: "Look at the device: power, network. Until it is heard nobody knows what was taken.", refill: "Order or refill the medicine.",
  decide: "A clock was set: decide whether a dose is to be added.", unknown: "Ask the clinic or the patient; nobody knows yet what became of the doses.", listen: "Please listen to the recording.", next: "Its provider has retired it. The next of the list is asked instead; change the list in the settings.",
};
const ALERT: Table<keyof typeof EN> = {
  en: EN,
  hi: {
    somebody: "किसी", unanswered: "{name} ने उत्तर नहीं दिया: {medicines}", missed: "{name} की ख़ुराक छूटी: {medicines}", unsaid: "{name} को बताया ही नहीं गया: {unsaid}", missed_unsaid: "{name} की ख़ुराक छूटी: {medicines}; बताया ही नहीं गया: {unsaid}", skipped: "{name} नहीं ले रहे: {medicines}", red_flag: "{name} ने चिंताजनक बात कही", help: "{name} मदद माँग रहे हैं",
    twice: "{name} ने शायद {medicines} दो बार ली", on_hold: "{name} ने {medicines} ली, जबकि वह रोकी गई है", early: "{name} ने {medicines} समय से बहुत पहले ली", too_soon: "{name} ने {medicines} पिछली के बहुत जल्दी बाद ली", too_much: "{name} ने {medicines} सीमा से अधिक ली", limit: "{name} ने {medicines} अपनी सीमा के विरुद्ध ली", device_offline: "{name} के उपकरण से संपर्क नहीं है",
    low_battery: "{name} के उपकरण की बैटरी कम है", lid_open: "{name} के उपकरण का ढक्कन खुला है", speaker: "{name} के उपकरण का स्पीकर काम नहीं करता", motor: "{name} के उपकरण की मोटर नहीं चलती", fault: "{name} के उपकरण में ख़राबी: {fault}", mend: "उपकरण देखें: चार्ज करें, ढक्कन बंद करें या मरम्मत कराएँ। हो सकता है कि वह अगली ख़ुराक न बताए।",
    left: "{name} के पास {medicines} ख़त्म होने वाली है: {left} बची", gap: "{name}: {medicines} की दो ख़ुराकों के बीच {shown_h} के बजाय {really_h} घंटे", not_heard: "क्लिनिक से संपर्क नहीं है, और {name} की दवाएँ देय हैं",
    not_heard_clinic: "क्लिनिक से संपर्क नहीं है, और दवाएँ देय हैं", note_failed: "{name} की बात अभी किसी ने नहीं पढ़ी", model_gone: "मॉडल {model} अब नहीं रहा",
    in_recording: "रिकॉर्डिंग में", by_office: "मुख्य कार्यालय को रिकॉर्डिंग में", urgency: "तात्कालिकता {n}", by_ai: "एआई ने तात्कालिकता {n} स्तर बढ़ाई: कृपया जाँचें", calls: "मदद माँगी", hear: "किसी को रिकॉर्डिंग सुननी चाहिए",
    ask: "व्यक्ति से पूछें कि दवा ली या नहीं, और ख़ुराक पर दर्ज करें।", speak: "व्यक्ति से अभी बात करें। रिकॉर्डिंग सुनें।", send: "व्यक्ति से अभी बात करें, या किसी को भेजें।",
    much: "पूछें कि क्या लिया। अधिक हो तो विष हेल्पलाइन या डॉक्टर को फ़ोन करें।", look: "उपकरण देखें: बिजली, नेटवर्क। संपर्क होने तक पता नहीं कि क्या लिया गया।", refill: "दवा मँगाएँ या भरें।",
    decide: "घड़ी बदली गई: तय करें कि ख़ुराक जोड़नी है या नहीं।", unknown: "क्लिनिक या मरीज़ से पूछें; ख़ुराकों का क्या हुआ, अभी पता नहीं।", listen: "कृपया रिकॉर्डिंग सुनें।", next: "प्रदाता ने इसे हटा दिया है। सूची के अगले से पूछा जाता है; सेटिंग में सूची बदलें।",
  },
  es: {
    somebody: "Alguien", unanswered: "{name} no ha respondido: {medicines}", missed: "{name} olvidó: {medicines}", unsaid: "A {name} no se le avisó de: {unsaid}", missed_unsaid: "{name} olvidó: {medicines}; no se le avisó de: {unsaid}", skipped: "{name} omite: {medicines}", red_flag: "{name} dijo algo alarmante", help: "{name} pide ayuda",
    twice: "{name} quizá tomó {medicines} dos veces", on_hold: "{name} tomó {medicines} aunque está suspendida", early: "{name} tomó {medicines} mucho antes de su hora", too_soon: "{name} tomó {medicines} demasiado pronto tras la anterior", too_much: "{name} tomó más {medicines} de lo permitido", limit: "{name} tomó {medicines} contra su límite", device_offline: "No hay noticias del aparato de {name}",
    low_battery: "Aparato de {name}: poca batería", lid_open: "Aparato de {name}: la tapa está abierta", speaker: "Aparato de {name}: no funciona el altavoz", motor: "Aparato de {name}: no se mueve el motor", fault: "El aparato de {name} avisa de un fallo: {fault}", mend: "Mire el aparato: cárguelo, cierre la tapa o hágalo reparar. Puede que no anuncie la próxima toma.",
    left: "A {name} se le acaba {medicines}: quedan {left}", gap: "{name}: {really_h} h en vez de {shown_h} h entre dos dosis de {medicines}", not_heard: "Sin noticias de la clínica y con dosis pendientes de {name}",
    not_heard_clinic: "Sin noticias de la clínica y con dosis pendientes", note_failed: "Nadie ha leído lo que dijo {name}", model_gone: "El modelo {model} ya no está",
    in_recording: "En la grabación", by_office: "La central, en la grabación", urgency: "urgencia {n}", by_ai: "La IA subió la urgencia {n} pasos: compruébelo", calls: "pide ayuda", hear: "Alguien debería escuchar la grabación",
    ask: "Pregunte si se tomó y anótelo en la dosis.", speak: "Hable ya con la persona. Escuche la grabación.", send: "Hable ya con la persona o envíe a alguien.",
    much: "Pregunte qué tomó. Si fue demasiado, llame a toxicología o a un médico.", look: "Mire el aparato: corriente, red. Hasta que responda nadie sabe qué se tomó.", refill: "Pida o reponga la medicina.",
    decide: "Se cambió la hora: decida si hay que añadir una dosis.", unknown: "Pregunte a la clínica o al paciente; aún no se sabe qué pasó con las dosis.", listen: "Escuche la grabación, por favor.", next: "Su proveedor lo retiró. Se pregunta al siguiente de la lista; cambie la lista en los ajustes.",
  },
  ar: {
    somebody: "أحد الأشخاص", unanswered: "{name}: لا إجابة عن {medicines}", missed: "{name}: فات {medicines}", unsaid: "{name}: لم يُعلَن {unsaid}", missed_unsaid: "{name}: فات {medicines}؛ ولم يُعلَن {unsaid}", skipped: "{name}: تخطي {medicines}", red_flag: "{name}: قيل شيء مقلق", help: "{name}: طلب مساعدة",
    twice: "{name}: ربما أُخذ {medicines} مرتين", on_hold: "{name}: أُخذ {medicines} مع أنه موقوف", early: "{name}: أُخذ {medicines} قبل وقته بكثير", too_soon: "{name}: أُخذ {medicines} بعد السابق بقليل", too_much: "{name}: أُخذ {medicines} أكثر من المسموح", limit: "{name}: أُخذ {medicines} خلافًا لحده", device_offline: "لا خبر من جهاز {name}",
    low_battery: "جهاز {name}: البطارية ضعيفة", lid_open: "جهاز {name}: الغطاء مفتوح", speaker: "جهاز {name}: مكبر الصوت لا يعمل", motor: "جهاز {name}: المحرك لا يتحرك", fault: "جهاز {name} يبلغ عن عطل: {fault}", mend: "افحص الجهاز: اشحنه أو أغلق غطاءه أو أصلحه. قد لا يعلن الجرعة القادمة.",
    left: "{name}: دواء {medicines} على وشك النفاد، بقي {left}", gap: "{name}: بين جرعتين من {medicines} {really_h} ساعات بدل {shown_h}", not_heard: "لا خبر من العيادة ولدى {name} أدوية مستحقة",
    not_heard_clinic: "لا خبر من العيادة وهناك أدوية مستحقة", note_failed: "لم يقرأ أحد ما قاله {name}", model_gone: "لم يعد النموذج {model} موجودًا",
    in_recording: "في التسجيل", by_office: "المكتب الرئيسي، في التسجيل", urgency: "الأولوية {n}", by_ai: "رفع الذكاء الاصطناعي الأولوية {n} درجات: يرجى التحقق", calls: "طلب مساعدة", hear: "ينبغي أن يستمع أحد إلى التسجيل",
    ask: "اسأل الشخص هل أخذها، وسجّل ذلك على الجرعة.", speak: "تحدث إلى الشخص الآن. استمع إلى التسجيل.", send: "تحدث إلى الشخص الآن، أو أرسل أحدًا.",
    much: "اسأل عما أُخذ. اتصل بمركز السموم أو بطبيب إن كان كثيرًا.", look: "افحص الجهاز: الكهرباء والشبكة. لا أحد يعلم ما أُخذ حتى يعود.", refill: "اطلب الدواء أو أعد ملأه.",
    decide: "ضُبطت ساعة: قرر هل تضاف جرعة.", unknown: "اسأل العيادة أو المريض؛ لا أحد يعلم بعد ما جرى للجرعات.", listen: "يرجى الاستماع إلى التسجيل.", next: "أزاله مزوده. يُسأل التالي في القائمة؛ غيّر القائمة في الإعدادات.",
  },
};

/** Topic → what to do about it. */
const HINT = {
  missed_dose: "ask", red_flag: "speak", help: "send", double_dose: "much", dose_limit: "much", device_offline: "look", device_fault: "mend", low_stock: "refill", time_critical_gap: "decide",
  not_heard: "unknown", not_heard_clinic: "unknown", note_failed: "listen", model_gone: "next",
} as const;

const OF_DOSES = ["unanswered", "missed", "unsaid", "missed_unsaid", "skipped", "twice", "on_hold", "early", "too_soon", "too_much", "limit", "left", "gap", "low_battery", "lid_open", "speaker", "motor", "fault"] as const;

/** What the words are put together with. Handed over, not imported: this file would tear what every page loads first into two. */
type Tools = Pick<typeof import("./i18n"), "alone" | "fill" | "language" | "LANGUAGES">;

export function worded({ alone, fill, language, LANGUAGES }: Tools) {
  const t = (key: keyof (typeof ALERT)["en"], values?: Values): string => fill(ALERT[language()][key], values);

  /** The title by code or topic, and values; where these are not known, and of a topic that has no words, as it was written. */
  function title({ topic, title: written, patient_name, says, source }: Worded): string {
    const list = (names: string[] = []): string => alone(new Intl.ListFormat(LANGUAGES[language()].locale).format(names));
    const { left = 0, really_h = 0, shown_h = 0 } = says;
    const values = { name: alone(patient_name || t("somebody")), medicines: list(says.medicines), unsaid: list(says.unsaid), left, really_h, shown_h, model: alone(says.model ?? ""), fault: alone(says.fault ?? "") };
    switch (topic) {
      case "missed_dose": case "double_dose": case "dose_limit": case "low_stock": case "time_critical_gap": case "device_fault": {
        const code = OF_DOSES.find((one) => one === says.code);
        return code ? t(code, values) : written;
      }
      case "red_flag": case "help": return source === "edge" || says.words !== undefined ? t(topic, values) : written;
      case "device_offline": case "not_heard": return patient_name ? t(topic, values) : written;
      case "not_heard_clinic": case "note_failed": return t(topic, values);
      case "model_gone": return says.model ? t(topic, values) : written;
      default: return written;
    }
  }

  /** What to do about it. */
  const hint = ({ topic, hint: written }: Worded): string => (topic in HINT ? t(HINT[topic as keyof typeof HINT]) : written);

  /** Before the words that were found in a recording: by whom, what they mean and how urgent that is. `office`: head office, on the clinic's alert. */
  function found(topic: string, says: Says, urgency: number | null, office: boolean, flags: (codes: string) => string): string {
    return `${t(office ? "by_office" : "in_recording")}: ${[office && topic === "help" && t("calls"), says.code && flags(says.code), urgency && t("urgency", { n: urgency })].filter(Boolean).join(" · ")}`;
  }

  /** Why somebody should look at its recording, each a badge. */
  const asks = (why: Asks): string[] => [...(why.review ? [t("by_ai", { n: why.raised_by_model })] : []), ...(why.needs_human ? [t("hear")] : [])];

  return { title, hint, found, asks };
}
