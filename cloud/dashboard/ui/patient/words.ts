/** What a patient's page says at once; the rest is in `more-words.ts` and `plan-words.ts`. */
import { words } from "../../../../shared/ui/i18n";

export const WORDS = words(
  {
    title: "Patient", no_patient: "There is no such patient, or not yours to see.", to_list: "To the list of patients", age: "age {n}", week: "7 days up to yesterday", month: "30 days up to yesterday", no_today: "Doses of today are counted from tomorrow on.", taken: "Taken", on_time: "On time", covered: "Days covered", of_due: "{taken} of {due} due",
    unknown: "Unknown", not_announced: "Never announced", missed: "Missed", nothing_due: "nothing was due", definition: "What these numbers mean",
    plans: "Plans", no_plans: "No plan yet. Write the first one: it reaches the clinic by itself, also when the line is down now.", write: "Write a plan", fhir: "Import FHIR", change: "Change", stop: "Stop", stopped: "stopped", revision: "Revision {n}", from_to: "from {start} to {end}", from_on: "from {start}",
    published: "published", received: "received", applied: "applied", failed: "failed", expired: "expired", at_clinic: "Clinic", at_device: "Device {name}",
    as_fhir: "As FHIR",
    WAKE: "Waking", ACM: "Before breakfast", PCM: "After breakfast", ACD: "Before lunch", PCD: "After lunch", ACV: "Before dinner", PCV: "After dinner", HS: "Bedtime", MORN: "Morning", NOON: "Noon", AFT: "Afternoon", EVE: "Evening", NIGHT: "Night",
    mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun", as_needed: "as needed", every_hours: "every {n} h", by_other: "after another medicine or in another rhythm", then_days: "for {n} days",
  },
  {
    hi: {
      title: "मरीज़", no_patient: "ऐसा कोई मरीज़ नहीं, या आपके देखने का नहीं।", to_list: "मरीज़ों की सूची", age: "आयु {n}", week: "कल तक के 7 दिन", month: "कल तक के 30 दिन", no_today: "आज की ख़ुराकें कल से गिनी जाएँगी।", taken: "ली गई", on_time: "समय पर", covered: "पूरे दिन", of_due: "{due} देय में से {taken}",
      unknown: "अज्ञात", not_announced: "नहीं बताई गई", missed: "छूटी", nothing_due: "कुछ देय नहीं था", definition: "इन संख्याओं का अर्थ",
      plans: "योजनाएँ", no_plans: "अभी कोई योजना नहीं। पहली लिखें: लाइन बंद हो तब भी वह क्लिनिक तक अपने आप पहुँचती है।", write: "योजना लिखें", fhir: "FHIR आयात", change: "बदलें", stop: "रोकें", stopped: "रुकी", revision: "संस्करण {n}", from_to: "{start} से {end} तक", from_on: "{start} से",
      published: "प्रकाशित", received: "मिली", applied: "लागू", failed: "विफल", expired: "समय बीता", at_clinic: "क्लिनिक", at_device: "उपकरण {name}",
      as_fhir: "FHIR के रूप में",
      WAKE: "जागने पर", ACM: "नाश्ते से पहले", PCM: "नाश्ते के बाद", ACD: "दोपहर के खाने से पहले", PCD: "दोपहर के खाने के बाद", ACV: "रात के खाने से पहले", PCV: "रात के खाने के बाद", HS: "सोते समय", MORN: "सुबह", NOON: "दोपहर", AFT: "दोपहर बाद", EVE: "शाम", NIGHT: "रात",
      mon: "सोम", tue: "मंगल", wed: "बुध", thu: "गुरु", fri: "शुक्र", sat: "शनि", sun: "रवि", as_needed: "ज़रूरत पर", every_hours: "हर {n} घंटे", by_other: "दूसरी दवा के बाद या अलग क्रम में", then_days: "{n} दिन तक",
    },
    es: {
      title: "Paciente", no_patient: "No existe ese paciente, o no es suyo.", to_list: "A la lista de pacientes", age: "{n} años", week: "7 días hasta ayer", month: "30 días hasta ayer", no_today: "Las dosis de hoy se cuentan desde mañana.", taken: "Tomadas", on_time: "A tiempo", covered: "Días cubiertos", of_due: "{taken} de {due} debidas",
      unknown: "Desconocidas", not_announced: "No anunciadas", missed: "Olvidadas", nothing_due: "no tocaba nada", definition: "Qué significan estos números",
      plans: "Planes", no_plans: "Aún no hay plan. Escriba el primero: llega solo a la clínica, también si ahora no hay línea.", write: "Escribir un plan", fhir: "Importar FHIR", change: "Cambiar", stop: "Detener", stopped: "detenido", revision: "Revisión {n}", from_to: "del {start} al {end}", from_on: "desde {start}",
      published: "publicado", received: "recibido", applied: "aplicado", failed: "falló", expired: "caducado", at_clinic: "Clínica", at_device: "Aparato {name}",
      as_fhir: "Como FHIR",
      WAKE: "Al despertar", ACM: "Antes del desayuno", PCM: "Después del desayuno", ACD: "Antes de comer", PCD: "Después de comer", ACV: "Antes de cenar", PCV: "Después de cenar", HS: "Al acostarse", MORN: "Mañana", NOON: "Mediodía", AFT: "Tarde", EVE: "Anochecer", NIGHT: "Noche",
      mon: "lun", tue: "mar", wed: "mié", thu: "jue", fri: "vie", sat: "sáb", sun: "dom", as_needed: "si hace falta", every_hours: "cada {n} h", by_other: "tras otro medicamento o con otro ritmo", then_days: "durante {n} días",
    },
    ar: {
      title: "مريض", no_patient: "لا يوجد مريض كهذا، أو ليس لك أن تراه.", to_list: "إلى قائمة المرضى", age: "العمر {n}", week: "7 أيام حتى أمس", month: "30 يومًا حتى أمس", no_today: "تُحسب جرعات اليوم ابتداءً من الغد.", taken: "أُخذت", on_time: "في الوقت", covered: "الأيام المغطاة", of_due: "{taken} من {due} مستحقة",
      unknown: "مجهولة", not_announced: "لم تُعلن", missed: "فائتة", nothing_due: "لم يُستحق شيء", definition: "ماذا تعني هذه الأرقام",
      plans: "الخطط", no_plans: "لا خطة بعد. اكتب الأولى: تصل إلى العيادة وحدها حتى لو انقطع الخط الآن.", write: "اكتب خطة", fhir: "استيراد FHIR", change: "تغيير", stop: "إيقاف", stopped: "متوقفة", revision: "المراجعة {n}", from_to: "من {start} إلى {end}", from_on: "من {start}",
      published: "نُشرت", received: "استُلمت", applied: "طُبقت", failed: "فشلت", expired: "انتهت مهلتها", at_clinic: "العيادة", at_device: "الجهاز {name}",
      as_fhir: "بصيغة FHIR",
      WAKE: "عند الاستيقاظ", ACM: "قبل الفطور", PCM: "بعد الفطور", ACD: "قبل الغداء", PCD: "بعد الغداء", ACV: "قبل العشاء", PCV: "بعد العشاء", HS: "عند النوم", MORN: "الصباح", NOON: "الظهر", AFT: "بعد الظهر", EVE: "المساء", NIGHT: "الليل",
      mon: "الاثنين", tue: "الثلاثاء", wed: "الأربعاء", thu: "الخميس", fri: "الجمعة", sat: "السبت", sun: "الأحد", as_needed: "عند الحاجة", every_hours: "كل {n} س", by_other: "بعد دواء آخر أو بإيقاع آخر", then_days: "لمدة {n} أيام",
    },
  },
);
