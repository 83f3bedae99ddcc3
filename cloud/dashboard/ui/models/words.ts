import { words } from "../../../../shared/ui/i18n";

export const WORDS = words(
  {
    title: "Models", budget: "Budget of today", spent: "Spent today", of_day: "of ${day} a day (UTC)", refused: "Not asked: over the budget", used_up: "The budget of today is used up: rules answer, and models look again after midnight UTC.", free: "No budget is set: models that cost money are not asked.",
    models: "Models, in the order they are asked", hint: "The last 24 hours. When none answers, rules alone stand, and every sentence says which it was.", none: "No model is set up", none_hint: "Rules alone work on recordings. To have models asked, set groq_api_key or llm_base_url.",
    model: "Model", purpose: "For", state: "State", breaker: "Breaker", calls: "Calls", failures: "Failures", half: "Median time", p95: "95 % within", cost: "Cost", text: "text", speech: "speech", embedding: "search",
    ready: "ready", dead: "gone", no_key: "no key", closed: "closed", open: "open: left alone", half_open: "half open: one try", blocked: "left alone for {s} s more", revive: "Ask it again", dead_since: "not there since {time}",
    jobs: "Work", no_jobs: "Nothing is waiting and nothing was done yet.", pipeline: "Pipeline", count: "How many", requests: "Last requests", no_requests: "No model was asked yet.", when: "When", stage: "What", outcome: "Outcome", tokens: "Tokens", took: "Took",
    ok: "ok", only_failed: "Only failures", ms: "{n} ms", req_hint: "What was said is never shown here.", clinic: "Clinic", queued: "waiting", running: "running", done: "done", fallback: "by rules alone", dead_job: "given up",
  },
  {
    hi: {
      title: "मॉडल", budget: "आज का बजट", spent: "आज ख़र्च", of_day: "प्रतिदिन ${day} में से (UTC)", refused: "नहीं पूछा: बजट से ऊपर", used_up: "आज का बजट समाप्त: नियम उत्तर देते हैं, आधी रात UTC के बाद मॉडल फिर देखेंगे।", free: "कोई बजट नहीं: जिन मॉडल का पैसा लगता है, उनसे नहीं पूछा जाता।",
      models: "मॉडल, पूछे जाने के क्रम में", hint: "पिछले 24 घंटे। जब कोई उत्तर न दे, तो केवल नियम चलते हैं, और हर वाक्य बताता है कि किसने कहा।", none: "कोई मॉडल नहीं लगाया गया", none_hint: "रिकॉर्डिंग पर केवल नियम काम करते हैं। मॉडल के लिए groq_api_key या llm_base_url भरें।",
      model: "मॉडल", purpose: "किसलिए", state: "स्थिति", breaker: "ब्रेकर", calls: "पूछा", failures: "विफल", half: "माध्यिका समय", p95: "95 % इतने में", cost: "ख़र्च", text: "पाठ", speech: "आवाज़", embedding: "खोज",
      ready: "तैयार", dead: "हट गया", no_key: "कुंजी नहीं", closed: "बंद (ठीक)", open: "खुला: नहीं पूछा जा रहा", half_open: "आधा खुला: एक कोशिश", blocked: "{s} से और रुका", revive: "फिर पूछें", dead_since: "{time} से नहीं है",
      jobs: "काम", no_jobs: "कुछ बाक़ी नहीं और अभी कुछ नहीं हुआ।", pipeline: "पाइपलाइन", count: "कितने", requests: "पिछले अनुरोध", no_requests: "अभी किसी मॉडल से नहीं पूछा गया।", when: "कब", stage: "क्या", outcome: "परिणाम", tokens: "टोकन", took: "समय",
      ok: "ठीक", only_failed: "केवल विफल", ms: "{n} मिसे", req_hint: "जो कहा गया वह यहाँ कभी नहीं दिखता।", clinic: "क्लिनिक", queued: "बाक़ी", running: "चल रहा", done: "पूरा", fallback: "केवल नियमों से", dead_job: "छोड़ा गया",
    },
    es: {
      title: "Modelos", budget: "Presupuesto de hoy", spent: "Gastado hoy", of_day: "de ${day} al día (UTC)", refused: "Sin preguntar: sin presupuesto", used_up: "El presupuesto de hoy se agotó: responden las reglas y los modelos vuelven tras la medianoche UTC.", free: "Sin presupuesto: no se pregunta a modelos que cuestan dinero.",
      models: "Modelos, en el orden en que se preguntan", hint: "Últimas 24 horas. Si ninguno responde quedan solo las reglas, y cada frase dice quién la dijo.", none: "No hay ningún modelo", none_hint: "Las grabaciones se tratan solo con reglas. Para usar modelos, ponga groq_api_key o llm_base_url.",
      model: "Modelo", purpose: "Para", state: "Estado", breaker: "Disyuntor", calls: "Llamadas", failures: "Fallos", half: "Tiempo mediano", p95: "95 % en", cost: "Coste", text: "texto", speech: "voz", embedding: "búsqueda",
      ready: "listo", dead: "retirado", no_key: "sin clave", closed: "cerrado", open: "abierto: en reposo", half_open: "a medias: un intento", blocked: "en reposo {s} s más", revive: "Preguntar otra vez", dead_since: "no está desde {time}",
      jobs: "Trabajo", no_jobs: "Nada espera y nada se ha hecho aún.", pipeline: "Proceso", count: "Cuántos", requests: "Últimas peticiones", no_requests: "Aún no se preguntó a ningún modelo.", when: "Cuándo", stage: "Qué", outcome: "Resultado", tokens: "Tokens", took: "Tardó",
      ok: "bien", only_failed: "Solo fallos", ms: "{n} ms", req_hint: "Aquí nunca se muestra lo que se dijo.", clinic: "Clínica", queued: "en espera", running: "en curso", done: "hecho", fallback: "solo con reglas", dead_job: "abandonado",
    },
    ar: {
      title: "النماذج", budget: "ميزانية اليوم", spent: "أُنفق اليوم", of_day: "من ${day} في اليوم (UTC)", refused: "لم تُسأل: فوق الميزانية", used_up: "نفدت ميزانية اليوم: تجيب القواعد، وتعود النماذج بعد منتصف الليل UTC.", free: "لا ميزانية: لا تُسأل النماذج المدفوعة.",
      models: "النماذج بترتيب سؤالها", hint: "آخر 24 ساعة. إن لم يجب أيها فالقواعد وحدها، وكل جملة تقول من قالها.", none: "لا نموذج مُعد", none_hint: "تعمل القواعد وحدها على التسجيلات. لسؤال النماذج عيّن groq_api_key أو llm_base_url.",
      model: "النموذج", purpose: "لأجل", state: "الحالة", breaker: "القاطع", calls: "الطلبات", failures: "الإخفاقات", half: "الزمن الوسيط", p95: "95 % خلال", cost: "الكلفة", text: "نص", speech: "صوت", embedding: "بحث",
      ready: "جاهز", dead: "أُزيل", no_key: "بلا مفتاح", closed: "مغلق", open: "مفتوح: متروك", half_open: "نصف مفتوح: محاولة واحدة", blocked: "متروك {s} ث أخرى", revive: "اسأله مجددًا", dead_since: "غير موجود منذ {time}",
      jobs: "العمل", no_jobs: "لا شيء ينتظر ولم يُنجز شيء بعد.", pipeline: "المسار", count: "كم", requests: "آخر الطلبات", no_requests: "لم يُسأل نموذج بعد.", when: "متى", stage: "ماذا", outcome: "النتيجة", tokens: "الرموز", took: "استغرق",
      ok: "نجح", only_failed: "الإخفاقات فقط", ms: "{n} م‌ث", req_hint: "لا يظهر هنا ما قيل أبدًا.", clinic: "العيادة", queued: "ينتظر", running: "يعمل", done: "تم", fallback: "بالقواعد وحدها", dead_job: "تُرك",
    },
  },
);
