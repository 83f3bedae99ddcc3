/** Words of the form of a plan: they travel with it, after the page is there. */
import { words } from "../../../../shared/ui/i18n";

export const FORM = words(
  {
    new_plan: "New plan", next_revision: "Change the plan: revision {n}", starts: "First day", ends: "Last day, if there is one", zone: "Time zone", moves: "Times move with the patient's device when it travels", notice: "Say it so many minutes before, too", medicine: "Medicine {n}", name: "Medicine", unit: "Unit, e.g. tablet",
    dose: "How much", times: "At times", meals: "By meals", hours: "Every so many hours", kept: "As it was written", kept_hint: "This rhythm was written elsewhere and stays as it is; dose and days can be changed.", time: "Time {n}", another_time: "Another time", when: "When", offset: "Minutes after (before: with a minus)", every: "Hours", first: "First at",
    only_on: "Only on these days", as_needed: "As needed only", why: "For what, e.g. pain", most_doses: "At most so many times", most_quantity: "At most so much", in_hours: "within hours", gap: "Minutes between two", critical: "Critical: a missed one is told to the clinic at once", exact: "Time-critical: a narrow window",
    say: "Instructions", say_in: "Instructions in {language}", others: "In other languages", compartment: "Compartment of the dispenser", stock: "Units there are", refill: "Say so at", more: "Stock and dispenser", step: "Step {n}", add_step: "Then another dose", remove_step: "Remove step {n}", lasts: "For so many days", add_item: "Another medicine", remove_item: "Remove medicine {n}", send: "Send the plan",
    no_times: "Medicine {n}: say at which times.", no_meals: "Medicine {n}: choose at least one meal.", no_days: "Medicine {n}: each step but the last lasts so many days.", newer: "Somebody has changed this plan in the meantime. Close this, look at it, and change it again.", limits: "Limits",
  },
  {
    hi: {
      new_plan: "नई योजना", next_revision: "योजना बदलें: संस्करण {n}", starts: "पहला दिन", ends: "आख़िरी दिन, अगर हो", zone: "समय क्षेत्र", moves: "उपकरण के यात्रा करने पर समय साथ चलें", notice: "इतने मिनट पहले भी बताएँ", medicine: "दवा {n}", name: "दवा", unit: "इकाई, जैसे गोली",
      dose: "कितनी", times: "समय पर", meals: "भोजन के अनुसार", hours: "हर कुछ घंटे", kept: "जैसा लिखा था", kept_hint: "यह क्रम कहीं और लिखा गया और वैसा ही रहता है; मात्रा और दिन बदले जा सकते हैं।", time: "समय {n}", another_time: "एक और समय", when: "कब", offset: "कितने मिनट बाद (पहले: ऋण चिह्न)", every: "घंटे", first: "पहली बार",
      only_on: "केवल इन दिनों", as_needed: "केवल ज़रूरत पर", why: "किसलिए, जैसे दर्द", most_doses: "अधिकतम इतनी बार", most_quantity: "अधिकतम इतनी मात्रा", in_hours: "इतने घंटों में", gap: "दो के बीच मिनट", critical: "गंभीर: छूटने पर क्लिनिक को तुरंत बताया जाता है", exact: "समय-गंभीर: छोटी अवधि",
      say: "निर्देश", say_in: "{language} में निर्देश", others: "दूसरी भाषाओं में", compartment: "डिस्पेंसर का ख़ाना", stock: "कितनी इकाइयाँ हैं", refill: "इतने पर बताएँ", more: "भंडार और डिस्पेंसर", step: "चरण {n}", add_step: "फिर दूसरी मात्रा", remove_step: "चरण {n} हटाएँ", lasts: "इतने दिन", add_item: "एक और दवा", remove_item: "दवा {n} हटाएँ", send: "योजना भेजें",
      no_times: "दवा {n}: समय बताएँ।", no_meals: "दवा {n}: कम से कम एक भोजन चुनें।", no_days: "दवा {n}: आख़िरी को छोड़ हर चरण के दिन बताएँ।", newer: "इस बीच किसी ने योजना बदल दी। इसे बंद करें, देखें और फिर बदलें।", limits: "सीमाएँ",
    },
    es: {
      new_plan: "Plan nuevo", next_revision: "Cambiar el plan: revisión {n}", starts: "Primer día", ends: "Último día, si lo hay", zone: "Zona horaria", moves: "Las horas viajan con el aparato del paciente", notice: "Avisar también tantos minutos antes", medicine: "Medicamento {n}", name: "Medicamento", unit: "Unidad, p. ej. comprimido",
      dose: "Cuánto", times: "A horas", meals: "Con comidas", hours: "Cada tantas horas", kept: "Como se escribió", kept_hint: "Este ritmo se escribió en otro sitio y queda igual; se pueden cambiar dosis y días.", time: "Hora {n}", another_time: "Otra hora", when: "Cuándo", offset: "Minutos después (antes: con menos)", every: "Horas", first: "Primera a las",
      only_on: "Solo estos días", as_needed: "Solo si hace falta", why: "Para qué, p. ej. dolor", most_doses: "Como mucho tantas veces", most_quantity: "Como mucho tanto", in_hours: "en horas", gap: "Minutos entre dos", critical: "Crítico: si se olvida se avisa ya a la clínica", exact: "Hora estricta: plazo corto",
      say: "Instrucciones", say_in: "Instrucciones en {language}", others: "En otros idiomas", compartment: "Compartimento del dispensador", stock: "Unidades que hay", refill: "Avisar al quedar", more: "Existencias y dispensador", step: "Paso {n}", add_step: "Después otra dosis", remove_step: "Quitar paso {n}", lasts: "Durante tantos días", add_item: "Otro medicamento", remove_item: "Quitar medicamento {n}", send: "Enviar el plan",
      no_times: "Medicamento {n}: diga a qué horas.", no_meals: "Medicamento {n}: elija al menos una comida.", no_days: "Medicamento {n}: cada paso menos el último dura tantos días.", newer: "Alguien ha cambiado este plan mientras tanto. Cierre, mírelo y cámbielo otra vez.", limits: "Límites",
    },
    ar: {
      new_plan: "خطة جديدة", next_revision: "تغيير الخطة: المراجعة {n}", starts: "أول يوم", ends: "آخر يوم إن وُجد", zone: "المنطقة الزمنية", moves: "تنتقل الأوقات مع جهاز المريض حين يسافر", notice: "أخبر قبلها بدقائق أيضًا", medicine: "الدواء {n}", name: "الدواء", unit: "الوحدة، مثل قرص",
      dose: "الكمية", times: "في أوقات", meals: "مع الوجبات", hours: "كل عدة ساعات", kept: "كما كُتب", kept_hint: "كُتب هذا الإيقاع في مكان آخر ويبقى كما هو؛ يمكن تغيير الكمية والأيام.", time: "الوقت {n}", another_time: "وقت آخر", when: "متى", offset: "دقائق بعدها (قبلها: بعلامة ناقص)", every: "ساعات", first: "الأولى في",
      only_on: "في هذه الأيام فقط", as_needed: "عند الحاجة فقط", why: "لماذا، مثل الألم", most_doses: "عدد المرات الأقصى", most_quantity: "الكمية القصوى", in_hours: "خلال ساعات", gap: "دقائق بين جرعتين", critical: "حرج: تُبلَّغ العيادة فورًا عند الفوات", exact: "حساس للوقت: نافذة ضيقة",
      say: "تعليمات", say_in: "تعليمات بـ{language}", others: "بلغات أخرى", compartment: "حجرة الموزع", stock: "الوحدات الموجودة", refill: "أخبر عند", more: "المخزون والموزع", step: "الخطوة {n}", add_step: "ثم جرعة أخرى", remove_step: "إزالة الخطوة {n}", lasts: "لعدد أيام", add_item: "دواء آخر", remove_item: "إزالة الدواء {n}", send: "أرسل الخطة",
      no_times: "الدواء {n}: حدد الأوقات.", no_meals: "الدواء {n}: اختر وجبة واحدة على الأقل.", no_days: "الدواء {n}: لكل خطوة عدا الأخيرة عدد أيام.", newer: "غيّر أحدهم هذه الخطة في هذه الأثناء. أغلق وانظر إليها وغيّرها من جديد.", limits: "الحدود",
    },
  },
);
