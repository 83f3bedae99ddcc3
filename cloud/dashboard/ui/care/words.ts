/** Words that the pages of medicine share, and the way from one page to the other. */
import { words } from "../../../../shared/ui/i18n";

export const CARE = words(
  {
    nav: "Pages", nav_chain: "Clinics", nav_patients: "Patients", nav_alerts: "Alerts", nav_caregiver: "My patients", nav_models: "Models",
    not_live: "Not live: {age} old", cut_off: "Head office's server does not answer: what is below may be old.", unheard: "{clinic}: not heard for {age}. What is below is as of {time}.", unheard_for: "Clinic not heard for {age}", unheard_n: "Clinics not heard: {n}", unheard_more: "and {n} more clinics", office_live: "Head office: live", no_role: "This page is not for your account.",
    no_role_hint: "Sign in with another account, or ask an administrator for the role it needs: {roles}.", home: "Head office", mine: "I look after this",
    acked: "{name} is looking after this", nobody: "Nobody is looking after this yet", critical: "critical", warning: "warning", info: "for information", no_name: "no name", alerts: "Alerts", no_alerts: "No open alerts.", told: "Who was told",
    PLANNED: "planned", ANNOUNCED: "announced", SNOOZED: "put off", EARLY: "early", ON_TIME: "on time", LATE: "late", SKIPPED: "skipped",
    MISSED: "missed", HELD: "on hold", UNKNOWN: "unknown", NOT_ANNOUNCED: "never announced", VOIDED: "void", today: "Today", no_doses: "No dose is planned for today.",
    at: "at {time}", until: "on time until {time}", late_since: "late since {time}", after_all: "taken after all at {time}", not_heard: "nobody was heard yet", next: "Next: {what} at {time}", due_since: "Due since {time}: {what}", save: "Save", add: "Add", remove: "Remove", reason: "Reason",
    loading: "Loading…", from: "From", to: "Until", language: "Language", none: "none", name: "Name", lang_patient: "the patient's",
  },
  {
    hi: {
      nav: "पृष्ठ", nav_chain: "क्लिनिक", nav_patients: "मरीज़", nav_alerts: "चेतावनियाँ", nav_caregiver: "मेरे मरीज़", nav_models: "मॉडल",
      not_live: "लाइव नहीं: {age} पुराना", cut_off: "मुख्य कार्यालय का सर्वर उत्तर नहीं दे रहा: नीचे का विवरण पुराना हो सकता है।", unheard: "{clinic}: {age} से कोई ख़बर नहीं। नीचे का विवरण {time} का है।", unheard_for: "क्लिनिक की {age} से कोई ख़बर नहीं", unheard_n: "जिन क्लिनिक से ख़बर नहीं: {n}", unheard_more: "और {n} क्लिनिक", office_live: "मुख्य कार्यालय: लाइव", no_role: "यह पृष्ठ आपके खाते के लिए नहीं है।",
      no_role_hint: "दूसरे खाते से साइन इन करें, या प्रशासक से यह भूमिका माँगें: {roles}।", home: "मुख्य कार्यालय", mine: "इसका ज़िम्मा मेरा",
      acked: "{name} इसे देख रहे हैं", nobody: "अभी कोई इसे नहीं देख रहा", critical: "गंभीर", warning: "चेतावनी", info: "सूचना", no_name: "नाम नहीं", alerts: "चेतावनियाँ", no_alerts: "कोई खुली चेतावनी नहीं।", told: "किसे बताया गया",
      PLANNED: "तय", ANNOUNCED: "बताई गई", SNOOZED: "टाली गई", EARLY: "जल्दी", ON_TIME: "समय पर", LATE: "देर से", SKIPPED: "छोड़ी गई",
      MISSED: "छूटी", HELD: "रोकी गई", UNKNOWN: "अज्ञात", NOT_ANNOUNCED: "नहीं बताई गई", VOIDED: "रद्द", today: "आज", no_doses: "आज कोई ख़ुराक तय नहीं है।",
      at: "{time} पर", until: "{time} तक समय पर", late_since: "{time} से देर", after_all: "फिर भी {time} पर ली गई", not_heard: "अभी किसी से ख़बर नहीं", next: "अगली: {what}, {time} पर", due_since: "{time} से देय: {what}", save: "सहेजें", add: "जोड़ें", remove: "हटाएँ", reason: "कारण",
      loading: "खुल रहा है…", from: "से", to: "तक", language: "भाषा", none: "कोई नहीं", name: "नाम", lang_patient: "मरीज़ की",
    },
    es: {
      nav: "Páginas", nav_chain: "Clínicas", nav_patients: "Pacientes", nav_alerts: "Alertas", nav_caregiver: "Mis pacientes", nav_models: "Modelos",
      not_live: "No en vivo: hace {age}", cut_off: "El servidor de la central no responde: lo de abajo puede ser antiguo.", unheard: "{clinic}: sin noticias desde hace {age}. Lo de abajo es de las {time}.", unheard_for: "Clínica sin noticias desde hace {age}", unheard_n: "Clínicas sin noticias: {n}", unheard_more: "y {n} clínicas más", office_live: "Central: en vivo", no_role: "Esta página no es para su cuenta.",
      no_role_hint: "Entre con otra cuenta o pida a un administrador el rol necesario: {roles}.", home: "Central", mine: "Me encargo de esto",
      acked: "{name} se encarga", nobody: "Aún no se encarga nadie", critical: "crítica", warning: "aviso", info: "información", no_name: "sin nombre", alerts: "Alertas", no_alerts: "No hay alertas abiertas.", told: "A quién se avisó",
      PLANNED: "prevista", ANNOUNCED: "avisada", SNOOZED: "aplazada", EARLY: "antes", ON_TIME: "a tiempo", LATE: "tarde", SKIPPED: "omitida",
      MISSED: "olvidada", HELD: "suspendida", UNKNOWN: "desconocida", NOT_ANNOUNCED: "no anunciada", VOIDED: "anulada", today: "Hoy", no_doses: "Hoy no hay dosis previstas.",
      at: "a las {time}", until: "a tiempo hasta las {time}", late_since: "con retraso desde las {time}", after_all: "tomada al final a las {time}", not_heard: "aún sin noticias", next: "Siguiente: {what} a las {time}", due_since: "Toca desde las {time}: {what}", save: "Guardar", add: "Añadir", remove: "Quitar", reason: "Motivo",
      loading: "Cargando…", from: "Desde", to: "Hasta", language: "Idioma", none: "ninguno", name: "Nombre", lang_patient: "el del paciente",
    },
    ar: {
      nav: "الصفحات", nav_chain: "العيادات", nav_patients: "المرضى", nav_alerts: "التنبيهات", nav_caregiver: "مرضاي", nav_models: "النماذج",
      not_live: "ليس مباشرًا: قبل {age}", cut_off: "خادم المكتب الرئيسي لا يجيب: قد يكون ما أدناه قديمًا.", unheard: "{clinic}: لا خبر منذ {age}. ما أدناه كما كان في {time}.", unheard_for: "لا خبر من العيادة منذ {age}", unheard_n: "عيادات لا خبر منها: {n}", unheard_more: "و{n} عيادات أخرى", office_live: "المكتب الرئيسي: مباشر", no_role: "هذه الصفحة ليست لحسابك.",
      no_role_hint: "سجّل الدخول بحساب آخر، أو اطلب من المسؤول الدور اللازم: {roles}.", home: "المكتب الرئيسي", mine: "أتولى هذا الأمر",
      acked: "يتولاه {name}", nobody: "لم يتولَّه أحد بعد", critical: "حرج", warning: "تحذير", info: "للعلم", no_name: "بلا اسم", alerts: "تنبيهات", no_alerts: "لا تنبيهات مفتوحة.", told: "من أُبلغ",
      PLANNED: "مخططة", ANNOUNCED: "معلنة", SNOOZED: "مؤجلة", EARLY: "مبكرة", ON_TIME: "في الوقت", LATE: "متأخرة", SKIPPED: "متخطاة",
      MISSED: "فائتة", HELD: "موقوفة", UNKNOWN: "مجهولة", NOT_ANNOUNCED: "لم تُعلن", VOIDED: "ملغاة", today: "اليوم", no_doses: "لا جرعات مخططة لليوم.",
      at: "في {time}", until: "في الوقت حتى {time}", late_since: "متأخرة منذ {time}", after_all: "أُخذت بعد ذلك في {time}", not_heard: "لم يُسمع من أحد بعد", next: "التالية: {what} في {time}", due_since: "مستحقة منذ {time}: {what}", save: "حفظ", add: "إضافة", remove: "إزالة", reason: "السبب",
      loading: "جارٍ الفتح…", from: "من", to: "حتى", language: "اللغة", none: "لا أحد", name: "الاسم", lang_patient: "لغة المريض",
    },
  },
);
