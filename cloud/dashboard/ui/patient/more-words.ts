/** Words of what is below the fold of a patient's page, and of its dialogs: they travel with it, after the page is there. */
import { words } from "../../../../shared/ui/i18n";

export const MORE = words(
  {
    devices: "Devices", no_devices: "No device is with this patient.", heard: "heard {time}", never: "never heard", off: "not heard", battery: "battery {n} %",
    stop_title: "Stop this plan?", stop_hint: "Planned doses are taken back; what was taken stays in the record.", stop_do: "Stop the plan",
    fhir_hint: "Paste a MedicationRequest, or a Bundle of them (FHIR R4). What is not understood is named; nothing is left out in silence.", fhir_json: "FHIR as JSON", fhir_bad: "This is not JSON: {why}", fhir_do: "Import", zone: "Time zone",
    timeline: "Timeline", doses_tab: "Doses of 7 days", events_tab: "Events", no_past: "No dose was due in the last 7 days.", no_events: "Nothing was told yet.", correct: "Correct", became: "What became of it", taken_at: "Taken at", corrected: "Sent to the clinic. It decides, and the record keeps both.",
    notes: "Recordings", no_notes: "No recordings yet.", play: "Play {from} s – {to} s", no_audio: "The sound has not arrived, or is past its time.", wordless: "nobody spoke, or not yet written down", analysed: "read by a model", rules_only: "read by rules", stored: "waits to be read", failed_note: "could not be read: listen", said: "said",
    symptom: "symptom", question: "question", urgency: "urgency", red_flag: "red flag", days: "Summaries", day_of: "Day {date}", week_of: "Week of {date}", not_yet: "Not summed up yet.", by_model: "worded by a model", by_template: "worded by a template", insights: "What stands out", no_insights: "Nothing stands out.", reports: "Reports", no_reports: "No report yet: one is made when a week is over.", print: "To print",
    caregivers: "Caregivers", no_caregivers: "Nobody is told of this patient yet.", add_caregiver: "Add a caregiver", relation: "Relation, e.g. daughter", place: "Told in place", place_is: "{n}.", account: "User name, if they sign in", signs_in: "signs in as {name}", channels: "How they are told", remove_sure: "Take {name} from the list?",
    doctors: "Doctors", no_doctors: "No doctor is named.", add_doctor: "Doctor", meals: "Day of the patient", meals_hint: "Doses by meals follow these times. Empty: what is usual.", holds: "On hold", no_holds: "Nothing is held back.", hold: "Hold doses", hold_what: "What", everything: "everything", end_hold: "End hold", asked: "Asked of the clinic", no_asked: "Nothing is on its way.",
    set_meal_times: "Times of the day", set_hold: "Hold", end_hold_kind: "End of a hold", correct_dose: "Correction", saved: "Sent to the clinic.", older: "Alerts that are over",
  },
  {
    hi: {
      devices: "उपकरण", no_devices: "इस मरीज़ के पास कोई उपकरण नहीं।", heard: "{time} को सुना", never: "कभी नहीं सुना", off: "नहीं सुना जा रहा", battery: "बैटरी {n} %",
      stop_title: "यह योजना रोकें?", stop_hint: "आगे की ख़ुराकें वापस ली जाती हैं; जो ली गई वह दर्ज रहती है।", stop_do: "योजना रोकें",
      fhir_hint: "MedicationRequest या उनका Bundle (FHIR R4) चिपकाएँ। जो समझ न आए उसका नाम बताया जाता है; कुछ चुपचाप नहीं छूटता।", fhir_json: "FHIR (JSON)", fhir_bad: "यह JSON नहीं है: {why}", fhir_do: "आयात करें", zone: "समय क्षेत्र",
      timeline: "समयरेखा", doses_tab: "7 दिन की ख़ुराकें", events_tab: "घटनाएँ", no_past: "पिछले 7 दिन में कोई ख़ुराक देय नहीं थी।", no_events: "अभी कुछ नहीं बताया गया।", correct: "सुधारें", became: "क्या हुआ", taken_at: "कब ली", corrected: "क्लिनिक को भेजा। वह तय करता है, और दोनों दर्ज रहते हैं।",
      notes: "रिकॉर्डिंग", no_notes: "अभी कोई रिकॉर्डिंग नहीं।", play: "{from} से – {to} से सुनें", no_audio: "आवाज़ अभी नहीं आई, या उसका समय बीत गया।", wordless: "कोई नहीं बोला, या अभी लिखा नहीं गया", analysed: "मॉडल ने पढ़ा", rules_only: "नियमों ने पढ़ा", stored: "पढ़े जाने की प्रतीक्षा", failed_note: "पढ़ा न जा सका: सुनें", said: "कहा",
      symptom: "लक्षण", question: "प्रश्न", urgency: "तात्कालिकता", red_flag: "ख़तरे का संकेत", days: "सारांश", day_of: "दिन {date}", week_of: "सप्ताह {date}", not_yet: "अभी सारांश नहीं बना।", by_model: "मॉडल के शब्द", by_template: "साँचे के शब्द", insights: "ध्यान देने योग्य", no_insights: "कुछ अलग नहीं।", reports: "रिपोर्ट", no_reports: "अभी कोई रिपोर्ट नहीं: सप्ताह पूरा होने पर बनती है।", print: "छापने के लिए",
      caregivers: "देखभाल करने वाले", no_caregivers: "इस मरीज़ के बारे में अभी किसी को नहीं बताया जाता।", add_caregiver: "देखभाल करने वाला जोड़ें", relation: "रिश्ता, जैसे बेटी", place: "किस क्रम में", place_is: "{n}.", account: "उपयोगकर्ता नाम, अगर साइन इन करते हैं", signs_in: "{name} नाम से साइन इन", channels: "कैसे बताया जाता है", remove_sure: "{name} को सूची से हटाएँ?",
      doctors: "डॉक्टर", no_doctors: "कोई डॉक्टर नहीं चुना गया।", add_doctor: "डॉक्टर", meals: "मरीज़ का दिन", meals_hint: "भोजन की ख़ुराकें इन समयों पर चलती हैं। ख़ाली: जो आम है।", holds: "रोकी गईं", no_holds: "कुछ रोका नहीं गया।", hold: "ख़ुराक रोकें", hold_what: "क्या", everything: "सब कुछ", end_hold: "रोक हटाएँ", asked: "क्लिनिक से माँगा गया", no_asked: "कुछ रास्ते में नहीं।",
      set_meal_times: "दिन के समय", set_hold: "रोक", end_hold_kind: "रोक का अंत", correct_dose: "सुधार", saved: "क्लिनिक को भेजा।", older: "समाप्त चेतावनियाँ",
    },
    es: {
      devices: "Aparatos", no_devices: "Este paciente no tiene aparatos.", heard: "oído {time}", never: "nunca oído", off: "no se oye", battery: "batería {n} %",
      stop_title: "¿Detener este plan?", stop_hint: "Se retiran las dosis previstas; lo tomado queda registrado.", stop_do: "Detener el plan",
      fhir_hint: "Pegue un MedicationRequest o un Bundle (FHIR R4). Lo que no se entiende se nombra; nada se omite en silencio.", fhir_json: "FHIR en JSON", fhir_bad: "Esto no es JSON: {why}", fhir_do: "Importar", zone: "Zona horaria",
      timeline: "Cronología", doses_tab: "Dosis de 7 días", events_tab: "Sucesos", no_past: "No tocaba ninguna dosis en 7 días.", no_events: "Aún no se ha contado nada.", correct: "Corregir", became: "Qué pasó", taken_at: "Tomada a las", corrected: "Enviado a la clínica. Ella decide y quedan ambos registros.",
      notes: "Grabaciones", no_notes: "Aún no hay grabaciones.", play: "Oír {from} s – {to} s", no_audio: "El sonido no ha llegado o ya caducó.", wordless: "nadie habló, o aún sin transcribir", analysed: "leído por un modelo", rules_only: "leído por reglas", stored: "pendiente de leer", failed_note: "no se pudo leer: escúchelo", said: "dicho",
      symptom: "síntoma", question: "pregunta", urgency: "urgencia", red_flag: "señal de alarma", days: "Resúmenes", day_of: "Día {date}", week_of: "Semana del {date}", not_yet: "Aún sin resumir.", by_model: "redactado por un modelo", by_template: "redactado por plantilla", insights: "Lo que destaca", no_insights: "Nada destaca.", reports: "Informes", no_reports: "Aún no hay informe: se hace al acabar la semana.", print: "Para imprimir",
      caregivers: "Cuidadores", no_caregivers: "Aún no se avisa a nadie de este paciente.", add_caregiver: "Añadir un cuidador", relation: "Relación, p. ej. hija", place: "Orden de aviso", place_is: "{n}.º", account: "Usuario, si inicia sesión", signs_in: "entra como {name}", channels: "Cómo se le avisa", remove_sure: "¿Quitar a {name} de la lista?",
      doctors: "Médicos", no_doctors: "No hay médico asignado.", add_doctor: "Médico", meals: "El día del paciente", meals_hint: "Las dosis con comidas siguen estas horas. Vacío: lo habitual.", holds: "Suspendidas", no_holds: "Nada suspendido.", hold: "Suspender dosis", hold_what: "Qué", everything: "todo", end_hold: "Reanudar", asked: "Pedido a la clínica", no_asked: "Nada en camino.",
      set_meal_times: "Horas del día", set_hold: "Suspensión", end_hold_kind: "Fin de suspensión", correct_dose: "Corrección", saved: "Enviado a la clínica.", older: "Alertas cerradas",
    },
    ar: {
      devices: "أجهزة", no_devices: "لا جهاز لدى هذا المريض.", heard: "سُمع {time}", never: "لم يُسمع قط", off: "لا يُسمع", battery: "البطارية {n} %",
      stop_title: "إيقاف هذه الخطة؟", stop_hint: "تُسحب الجرعات المخططة، ويبقى ما أُخذ مسجلًا.", stop_do: "أوقف الخطة",
      fhir_hint: "ألصق MedicationRequest أو Bundle منها (FHIR R4). ما لا يُفهم يُسمى؛ لا شيء يُترك بصمت.", fhir_json: "FHIR بصيغة JSON", fhir_bad: "هذا ليس JSON: {why}", fhir_do: "استيراد", zone: "المنطقة الزمنية",
      timeline: "الخط الزمني", doses_tab: "جرعات 7 أيام", events_tab: "الأحداث", no_past: "لم تُستحق جرعة في آخر 7 أيام.", no_events: "لم يُخبر بشيء بعد.", correct: "تصحيح", became: "ماذا حدث", taken_at: "أُخذت في", corrected: "أُرسل إلى العيادة. هي تقرر، ويُحفظ الاثنان.",
      notes: "تسجيلات", no_notes: "لا تسجيلات بعد.", play: "استمع {from} ث – {to} ث", no_audio: "لم يصل الصوت أو انتهت مدته.", wordless: "لم يتكلم أحد، أو لم يُكتب بعد", analysed: "قرأه نموذج", rules_only: "قرأته القواعد", stored: "ينتظر القراءة", failed_note: "تعذرت قراءته: استمع", said: "قيل",
      symptom: "عَرَض", question: "سؤال", urgency: "إلحاح", red_flag: "علامة خطر", days: "ملخصات", day_of: "يوم {date}", week_of: "أسبوع {date}", not_yet: "لم يُلخص بعد.", by_model: "صاغه نموذج", by_template: "صيغ بقالب", insights: "ما يلفت النظر", no_insights: "لا شيء يلفت النظر.", reports: "تقارير", no_reports: "لا تقرير بعد: يُصنع عند انتهاء الأسبوع.", print: "للطباعة",
      caregivers: "مقدمو الرعاية", no_caregivers: "لا يُبلَّغ أحد عن هذا المريض بعد.", add_caregiver: "أضف مقدم رعاية", relation: "الصلة، مثل ابنة", place: "ترتيب الإبلاغ", place_is: "{n}.", account: "اسم المستخدم إن كان يسجل الدخول", signs_in: "يسجل الدخول باسم {name}", channels: "كيف يُبلَّغ", remove_sure: "إزالة {name} من القائمة؟",
      doctors: "الأطباء", no_doctors: "لم يُسمَّ طبيب.", add_doctor: "طبيب", meals: "يوم المريض", meals_hint: "جرعات الوجبات تتبع هذه الأوقات. فارغ: المعتاد.", holds: "موقوفة", no_holds: "لا شيء موقوف.", hold: "إيقاف الجرعات", hold_what: "ماذا", everything: "كل شيء", end_hold: "إنهاء الإيقاف", asked: "طُلب من العيادة", no_asked: "لا شيء في الطريق.",
      set_meal_times: "أوقات اليوم", set_hold: "إيقاف", end_hold_kind: "إنهاء إيقاف", correct_dose: "تصحيح", saved: "أُرسل إلى العيادة.", older: "تنبيهات منتهية",
    },
  },
);
