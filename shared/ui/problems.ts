/** What a refusal or a failure is called in the four languages. A code not listed here shows the server's own words. */
import { language, type Language } from "./i18n";
import { Problem } from "./api";

export type Told = readonly [message: string, hint: string];

/** Somebody at a clinic can go and look at its computer; who uses head office's pages can look at the own connection. */
const NO_ANSWER: Record<Language, Told> = import.meta.env.MODE === "cloud"
  ? {
    en: ["Head office did not answer.", "Check that you are online. Trying again is safe: nothing is done twice."],
    hi: ["मुख्य कार्यालय ने उत्तर नहीं दिया।", "देखें कि आप ऑनलाइन हैं। फिर कोशिश करना सुरक्षित है: कुछ भी दो बार नहीं होगा।"],
    es: ["La central no responde.", "Compruebe que tiene conexión. Reintentar es seguro: nada se hace dos veces."],
    ar: ["المكتب الرئيسي لا يجيب.", "تأكد أنك متصل بالشبكة. إعادة المحاولة آمنة: لا شيء يُنفَّذ مرتين."],
  }
  : {
    en: ["The clinic computer did not answer.", "Check that it is switched on and its cable is in. Trying again is safe: nothing is done twice."],
    hi: ["क्लिनिक के कंप्यूटर ने उत्तर नहीं दिया।", "देखें कि वह चालू है और केबल लगी है। फिर कोशिश करना सुरक्षित है: कुछ भी दो बार नहीं होगा।"],
    es: ["El ordenador de la clínica no responde.", "Compruebe que está encendido y con el cable puesto. Reintentar es seguro: nada se hace dos veces."],
    ar: ["حاسوب العيادة لا يجيب.", "تأكد أنه يعمل وأن الكابل موصول. إعادة المحاولة آمنة: لا شيء يُنفَّذ مرتين."],
  };

const TOLD: Record<string, Record<Language, Told>> = {
  no_answer: NO_ANSWER,
  unauthorized: {
    en: ["You are not signed in any more.", "Sign in again and repeat the step."],
    hi: ["आप अब साइन इन नहीं हैं।", "फिर साइन इन करें और यही कदम दोहराएँ।"],
    es: ["La sesión ha terminado.", "Inicie sesión otra vez y repita el paso."],
    ar: ["انتهت جلستك.", "سجّل الدخول مرة أخرى وأعد الخطوة."],
  },
  bad_login: {
    en: ["User name or password is wrong.", "Check capital letters. After five wrong tries the account waits 15 minutes."],
    hi: ["उपयोगकर्ता नाम या पासवर्ड ग़लत है।", "बड़े-छोटे अक्षर देखें। पाँच ग़लत कोशिशों के बाद खाता 15 मिनट रुकता है।"],
    es: ["Usuario o contraseña incorrectos.", "Revise las mayúsculas. Tras cinco errores la cuenta espera 15 minutos."],
    ar: ["اسم المستخدم أو كلمة المرور غير صحيحة.", "تحقق من الأحرف الكبيرة. بعد خمس محاولات خاطئة يتوقف الحساب 15 دقيقة."],
  },
  locked: {
    en: ["This account is locked for a while.", "There were five wrong passwords. Wait 15 minutes, or ask a manager."],
    hi: ["यह खाता थोड़ी देर के लिए बंद है।", "पाँच बार ग़लत पासवर्ड डाला गया। 15 मिनट रुकें या प्रबंधक से कहें।"],
    es: ["La cuenta está bloqueada por un rato.", "Hubo cinco contraseñas erróneas. Espere 15 minutos o avise al responsable."],
    ar: ["هذا الحساب مقفل مؤقتًا.", "كانت هناك خمس كلمات مرور خاطئة. انتظر 15 دقيقة أو اسأل المدير."],
  },
  too_many: {
    en: ["Too many tries in a short time.", "Wait a minute, then try again."],
    hi: ["थोड़े समय में बहुत सी कोशिशें।", "एक मिनट रुककर फिर कोशिश करें।"],
    es: ["Demasiados intentos en poco tiempo.", "Espere un minuto y vuelva a intentarlo."],
    ar: ["محاولات كثيرة في وقت قصير.", "انتظر دقيقة ثم حاول مرة أخرى."],
  },
  nobody_waiting: {
    en: ["Nobody is waiting for this doctor.", "New arrivals appear in the list by themselves."],
    hi: ["इस डॉक्टर के लिए कोई प्रतीक्षा में नहीं है।", "नए लोग सूची में अपने आप दिखेंगे।"],
    es: ["Nadie espera a este médico.", "Quien llegue aparecerá solo en la lista."],
    ar: ["لا أحد ينتظر هذا الطبيب.", "سيظهر القادمون الجدد في القائمة تلقائيًا."],
  },
  doctor_busy: {
    en: ["This doctor still has a patient.", "Complete the visit, or mark a no-show, then call the next."],
    hi: ["इस डॉक्टर के पास अभी मरीज़ है।", "परामर्श पूरा करें या “नहीं आया” लगाएँ, फिर अगला बुलाएँ।"],
    es: ["Este médico aún tiene un paciente.", "Termine la visita o márquela como ausente y llame al siguiente."],
    ar: ["لدى هذا الطبيب مريض بعد.", "أنهِ الزيارة أو سجّل الغياب، ثم استدعِ التالي."],
  },
  doctor_absent: {
    en: ["This doctor is away or on break.", "Set the doctor active, or choose another."],
    hi: ["यह डॉक्टर अनुपस्थित या अवकाश पर है।", "डॉक्टर को सक्रिय करें या दूसरा चुनें।"],
    es: ["Este médico no está o descansa.", "Actívelo o elija otro."],
    ar: ["هذا الطبيب غائب أو في استراحة.", "فعّل الطبيب أو اختر غيره."],
  },
  wrong_state: {
    en: ["This visit has already moved on.", "Look at the list: it shows where it stands now."],
    hi: ["यह मरीज़ पहले ही आगे बढ़ चुका है।", "सूची देखें: वहाँ अभी की स्थिति है।"],
    es: ["Esta visita ya ha avanzado.", "Mire la lista: muestra cómo está ahora."],
    ar: ["تقدمت هذه الزيارة بالفعل.", "انظر إلى القائمة: تُظهر وضعها الآن."],
  },
  came_between: {
    en: ["This cannot be undone any more: something else happened to the visit.", "The list shows what came between."],
    hi: ["इसे अब वापस नहीं लिया जा सकता: बीच में कुछ और हुआ।", "सूची में दिखता है कि क्या हुआ।"],
    es: ["Ya no se puede deshacer: la visita ha cambiado después.", "La lista muestra qué pasó."],
    ar: ["لم يعد التراجع ممكنًا: حدث شيء آخر للزيارة.", "تُظهر القائمة ما حدث."],
  },
  not_allowed: {
    en: ["This account may not do that.", "Sign in with an account that has the role, or ask a manager."],
    hi: ["इस खाते को इसकी अनुमति नहीं है।", "सही भूमिका वाले खाते से साइन इन करें या प्रबंधक से कहें।"],
    es: ["Esta cuenta no puede hacerlo.", "Entre con una cuenta que tenga el permiso o avise al responsable."],
    ar: ["لا يُسمح لهذا الحساب بذلك.", "سجّل الدخول بحساب له هذا الدور أو اسأل المدير."],
  },
  day_closed: {
    en: ["The clinic day is not open.", "Numbers are given once the day has been opened."],
    hi: ["क्लिनिक का दिन अभी खुला नहीं है।", "दिन खुलने पर नंबर मिलेंगे।"],
    es: ["La jornada no está abierta.", "Se darán números cuando se abra."],
    ar: ["يوم العيادة غير مفتوح.", "تُعطى الأرقام بعد فتح اليوم."],
  },
  queue_full: {
    en: ["The queue is full.", "Please ask at the reception desk."],
    hi: ["कतार भर गई है।", "कृपया रिसेप्शन पर पूछें।"],
    es: ["La cola está llena.", "Pregunte en recepción, por favor."],
    ar: ["الطابور ممتلئ.", "يرجى السؤال في الاستقبال."],
  },
  no_service: {
    en: ["This service is closed.", "Please choose another or ask at the reception desk."],
    hi: ["यह सेवा बंद है।", "कृपया दूसरी चुनें या रिसेप्शन पर पूछें।"],
    es: ["Este servicio está cerrado.", "Elija otro o pregunte en recepción."],
    ar: ["هذه الخدمة مغلقة.", "اختر غيرها أو اسأل في الاستقبال."],
  },
};

/** A page's own refusals; English is the server's. */
export function tellAlso(more: Record<string, Record<Exclude<Language, "en">, Told>>): void {
  for (const [code, words] of Object.entries(more)) TOLD[code] ??= { en: ["", ""], ...words };
}

const ALSO: Record<string, string> = { not_signed_in: "unauthorized" };

/** [what happened, what to do about it] in the page's language. */
export function told(problem: unknown, lang: Language = language()): Told {
  if (!(problem instanceof Problem)) return [String(problem), ""];
  const known = TOLD[ALSO[problem.code] ?? problem.code]?.[lang];
  // English readers get the server's own sentence, which may name the doctor or the token.
  if (!known?.[0] || (lang === "en" && problem.status !== 0 && problem.message)) return [problem.message, problem.hint || (known?.[1] ?? "")];
  return known;
}
