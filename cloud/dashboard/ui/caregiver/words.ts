import { words } from "../../../../shared/ui/i18n";

export const WORDS = words(
  {
    title: "My patients", none: "You are not listed for anybody yet", none_hint: "Ask the clinic to list you as a caregiver, with the name you sign in with.", week: "Taken in the 7 days up to yesterday", of: "{taken} of {due}", beside: "Not counted: unknown {n}, never announced {m}", open_alerts: "Needs somebody", all_well: "Nothing needs you now.", unknown: "{name}: nobody knows whether all doses of today were taken; not known: {n}. Please ask.", not_heard: "{name}: the device ({device}) is not heard. Until it is, nobody knows what is taken.", channels: "How I am told",
  },
  {
    hi: { title: "मेरे मरीज़", none: "आप अभी किसी के लिए दर्ज नहीं हैं", none_hint: "क्लिनिक से कहें कि आपको साइन इन के नाम से देखभाल करने वाला दर्ज करे।", week: "कल तक के 7 दिन में ली गई", of: "{due} में से {taken}", beside: "गिनी नहीं गईं: अज्ञात {n}, नहीं बताई गई {m}", open_alerts: "किसी की ज़रूरत है", all_well: "अभी आपकी ज़रूरत नहीं।", unknown: "{name}: पता नहीं कि आज की सभी ख़ुराकें ली गईं या नहीं; अज्ञात: {n}। कृपया पूछें।", not_heard: "{name}: उपकरण ({device}) से संपर्क नहीं है। तब तक पता नहीं कि क्या लिया गया।", channels: "मुझे कैसे बताया जाए" },
    es: { title: "Mis pacientes", none: "Aún no está apuntado para nadie", none_hint: "Pida a la clínica que le apunte como cuidador, con el nombre con que entra.", week: "Tomadas en los 7 días hasta ayer", of: "{taken} de {due}", beside: "Sin contar: desconocidas {n}, no anunciadas {m}", open_alerts: "Hace falta alguien", all_well: "Ahora nada le necesita.", unknown: "{name}: no se sabe si se tomaron todas las dosis de hoy; desconocidas: {n}. Pregunte, por favor.", not_heard: "{name}: no hay noticias del aparato ({device}). Hasta entonces nadie sabe qué se toma.", channels: "Cómo me avisan" },
    ar: { title: "مرضاي", none: "لست مدرجًا لأحد بعد", none_hint: "اطلب من العيادة إدراجك مقدم رعاية بالاسم الذي تسجل به الدخول.", week: "أُخذت في 7 أيام حتى أمس", of: "{taken} من {due}", beside: "خارج العدّ: مجهولة {n}، لم تُعلن {m}", open_alerts: "يحتاج إلى أحد", all_well: "لا شيء يحتاج إليك الآن.", unknown: "{name}: لا أحد يعلم هل أُخذت كل جرعات اليوم؛ المجهولة: {n}. يرجى السؤال.", not_heard: "{name}: لا خبر من الجهاز ({device}). وحتى يعود لا أحد يعلم ما يؤخذ.", channels: "كيف أُبلَّغ" },
  },
);
