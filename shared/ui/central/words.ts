import { words } from "../i18n";

export const WORDS = words(
  {
    title: "Central queue", about: "Every doctor of one date, live. This page tries the WebSocket {path}.",
    date: "Date", subscribe: "Subscribe", unsubscribe: "Unsubscribe",
    opening: "Connecting…", open: "Connected", closed: "Not connected. Trying again…",
    totals: "{doctors} doctors, {visits} appointments", counts: "{visits} appointments, {here} checked in",
    nobody: "Nobody yet.", unassigned: "No doctor yet", slot: "Slot {n}", place: "Position {n}", away: "Not here", pause: "On break", unheard: "not heard at present",
    heard: "Last messages",
    confirmed: "confirmed", checked_in: "checked in", called: "called", in_consultation: "in consultation",
    on_hold: "on hold", completed: "completed", no_show: "not come",
  },
  {
    hi: {
      title: "केंद्रीय कतार", about: "एक तारीख के सभी डॉक्टर, लाइव। यह पन्ना WebSocket {path} को आज़माता है।",
      date: "तारीख", subscribe: "देखना शुरू करें", unsubscribe: "देखना बंद करें",
      opening: "जुड़ रहा है…", open: "जुड़ा है", closed: "जुड़ा नहीं है। फिर कोशिश हो रही है…",
      totals: "{doctors} डॉक्टर, {visits} अपॉइंटमेंट", counts: "{visits} अपॉइंटमेंट, {here} आ चुके हैं",
      nobody: "अभी कोई नहीं।", unassigned: "अभी डॉक्टर तय नहीं", slot: "स्लॉट {n}", place: "स्थान {n}", away: "यहाँ नहीं", pause: "अवकाश पर", unheard: "अभी संपर्क में नहीं",
      heard: "पिछले संदेश",
      confirmed: "पक्का", checked_in: "आ चुके", called: "बुलाया गया", in_consultation: "डॉक्टर के पास",
      on_hold: "रोका गया", completed: "पूरा", no_show: "नहीं आए",
    },
    es: {
      title: "Cola central", about: "Todos los médicos de una fecha, en directo. Esta página prueba el WebSocket {path}.",
      date: "Fecha", subscribe: "Suscribirse", unsubscribe: "Cancelar suscripción",
      opening: "Conectando…", open: "Conectado", closed: "Sin conexión. Intentando de nuevo…",
      totals: "{doctors} médicos, {visits} citas", counts: "{visits} citas, {here} presentes",
      nobody: "Nadie todavía.", unassigned: "Aún sin médico", slot: "Turno {n}", place: "Posición {n}", away: "Ausente", pause: "En pausa", unheard: "sin noticias ahora",
      heard: "Últimos mensajes",
      confirmed: "confirmada", checked_in: "presente", called: "llamado", in_consultation: "en consulta",
      on_hold: "en espera", completed: "terminada", no_show: "no vino",
    },
    ar: {
      title: "الطابور المركزي", about: "كل أطباء تاريخ واحد مباشرةً. تجرّب هذه الصفحة WebSocket {path}.",
      date: "التاريخ", subscribe: "اشتراك", unsubscribe: "إلغاء الاشتراك",
      opening: "جارٍ الاتصال…", open: "متصل", closed: "غير متصل. تُعاد المحاولة…",
      totals: "{doctors} أطباء، {visits} مواعيد", counts: "{visits} مواعيد، {here} حضروا",
      nobody: "لا أحد بعد.", unassigned: "بلا طبيب بعد", slot: "الترتيب {n}", place: "الموضع {n}", away: "غير موجود", pause: "في استراحة", unheard: "لا اتصال الآن",
      heard: "آخر الرسائل",
      confirmed: "مؤكد", checked_in: "حضر", called: "نودي عليه", in_consultation: "عند الطبيب",
      on_hold: "معلّق", completed: "انتهى", no_show: "لم يحضر",
    },
  },
);
