/** Words of recordings: what was asked in them and answered, who has to look, and the search over them. */
import { words } from "../../../../shared/ui/i18n";

export const NOTE = words(
  {
    answer: "Answer", plan: "from the plan, in fixed sentences", vetted: "in the clinic's own words, from the plan", clinic: "not answered here: it is for the clinic", found_by: "The question was found by AI; no AI wrote the answer.", untold: "The patient is not told this by itself.",
    when: "when to take it", how_much: "how much to take", what_for: "what it is for", missed: "after a missed dose", how_to_take: "how to take it", stop: "stopping it", interaction: "together with something else", other: "something else", unknown: "not clear",
    look: "Somebody should listen to this", raised: "AI raised the urgency by {n} steps: please check", looked: "I have looked at this", looked_by: "{name} has looked at this", looked_hint: "The urgency stays as it is.",
    search: "Search in what was said", find: "Search", all: "All recordings", by_meaning: "By meaning, the closest first.", by_words: "By the words themselves, the closest first.", nothing: "No recording speaks of this. Only what was written down is searched; other words may find it.", searching: "Searching…",
  },
  {
    hi: {
      answer: "उत्तर", plan: "योजना से, तय वाक्यों में", vetted: "क्लिनिक के अपने शब्दों में, योजना से", clinic: "यहाँ उत्तर नहीं: यह क्लिनिक के लिए है", found_by: "प्रश्न एआई ने पहचाना; उत्तर किसी एआई ने नहीं लिखा।", untold: "मरीज़ को यह अपने आप नहीं बताया जाता।",
      when: "कब लेनी है", how_much: "कितनी लेनी है", what_for: "किसलिए है", missed: "ख़ुराक छूटने पर", how_to_take: "कैसे लेनी है", stop: "बंद करना", interaction: "किसी और चीज़ के साथ", other: "कुछ और", unknown: "स्पष्ट नहीं",
      look: "किसी को इसे सुनना चाहिए", raised: "एआई ने तात्कालिकता {n} स्तर बढ़ाई: कृपया जाँचें", looked: "मैंने इसे देख लिया", looked_by: "{name} ने इसे देख लिया", looked_hint: "तात्कालिकता वैसी ही रहती है।",
      search: "कही गई बातों में खोजें", find: "खोजें", all: "सभी रिकॉर्डिंग", by_meaning: "अर्थ के अनुसार, सबसे नज़दीकी पहले।", by_words: "शब्दों के अनुसार, सबसे नज़दीकी पहले।", nothing: "किसी रिकॉर्डिंग में यह बात नहीं। केवल लिखी गई बातें खोजी जाती हैं; दूसरे शब्दों से मिल सकती है।", searching: "खोजा जा रहा है…",
    },
    es: {
      answer: "Respuesta", plan: "del plan, en frases fijas", vetted: "con las palabras de la clínica, del plan", clinic: "sin respuesta aquí: es para la clínica", found_by: "La IA reconoció la pregunta; ninguna IA escribió la respuesta.", untold: "Al paciente no se le dice por sí solo.",
      when: "cuándo tomarlo", how_much: "cuánto tomar", what_for: "para qué es", missed: "tras una dosis olvidada", how_to_take: "cómo tomarlo", stop: "dejar de tomarlo", interaction: "junto con otra cosa", other: "otra cosa", unknown: "no está claro",
      look: "Alguien debería escuchar esto", raised: "La IA subió la urgencia {n} pasos: compruébelo", looked: "Lo he revisado", looked_by: "{name} lo ha revisado", looked_hint: "La urgencia queda como está.",
      search: "Buscar en lo dicho", find: "Buscar", all: "Todas las grabaciones", by_meaning: "Por significado, lo más cercano primero.", by_words: "Por las propias palabras, lo más cercano primero.", nothing: "Ninguna grabación habla de esto. Solo se busca en lo transcrito; pruebe con otras palabras.", searching: "Buscando…",
    },
    ar: {
      answer: "الجواب", plan: "من الخطة، بجمل ثابتة", vetted: "بكلمات العيادة نفسها، من الخطة", clinic: "لا جواب هنا: السؤال للعيادة", found_by: "تعرّف الذكاء الاصطناعي على السؤال، ولم يكتب الجواب أي ذكاء اصطناعي.", untold: "لا يُقال هذا للمريض تلقائيًا.",
      when: "متى يؤخذ", how_much: "كم يؤخذ", what_for: "لماذا هو", missed: "بعد جرعة فائتة", how_to_take: "كيف يؤخذ", stop: "التوقف عنه", interaction: "مع شيء آخر", other: "شيء آخر", unknown: "غير واضح",
      look: "ينبغي أن يستمع أحد إلى هذا", raised: "رفع الذكاء الاصطناعي الإلحاح {n} درجات: يرجى التحقق", looked: "اطّلعت على هذا", looked_by: "اطّلع {name} على هذا", looked_hint: "يبقى الإلحاح كما هو.",
      search: "البحث في ما قيل", find: "بحث", all: "كل التسجيلات", by_meaning: "بحسب المعنى، الأقرب أولًا.", by_words: "بحسب الكلمات نفسها، الأقرب أولًا.", nothing: "لا تسجيل يتحدث عن هذا. يُبحث في ما كُتب فقط؛ قد تجده كلمات أخرى.", searching: "جارٍ البحث…",
    },
  },
);
