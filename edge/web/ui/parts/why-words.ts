/** Why somebody stands where they stand, in the languages that are not the server's own. Fetched when one of them is chosen. */
import type { Language } from "../../../../shared/ui/i18n";

export const WHY: Record<string, Record<Exclude<Language, "en">, string>> = {
  emergency: { hi: "आपातकाल: सबसे पहले।", es: "Urgencia: antes que todos.", ar: "طوارئ: قبل الجميع." },
  by_hand: { hi: "हाथ से यहाँ रखा गया।", es: "Colocado aquí a mano.", ar: "وُضع هنا يدويًا." },
  weighted: {
    hi: "तात्कालिकता {urgency}, {minutes} मिनट प्रतीक्षा: {points} अंक।",
    es: "Urgencia {urgency} y {minutes} min de espera: {points} puntos.",
    ar: "الأولوية {urgency} وانتظار {minutes} د: {points} نقطة.",
  },
  weighted_load: {
    hi: "तात्कालिकता {urgency}, {minutes} मिनट प्रतीक्षा, डॉक्टर के पास {load}: {points} अंक।",
    es: "Urgencia {urgency}, {minutes} min de espera y {load} con el médico: {points} puntos.",
    ar: "الأولوية {urgency} وانتظار {minutes} د و{load} لدى الطبيب: {points} نقطة.",
  },
  tiered: {
    hi: "{tier}, {minutes} मिनट पहले दर्ज: क्रम {priority}।",
    es: "{tier}, reservado hace {minutes} min: prioridad {priority}.",
    ar: "{tier}، حُجز قبل {minutes} د: الأولوية {priority}.",
  },
  appointment_begun: {
    hi: "{due} की बुकिंग, {paid} पर भुगतान; समय शुरू हो चुका है।",
    es: "Cita a las {due}, pagada a las {paid}; la hora ha empezado.",
    ar: "حجز {due}، دُفع {paid}؛ بدأت الساعة.",
  },
  appointment_begun_unpaid: {
    hi: "{due} की बुकिंग, {made} पर की गई; समय शुरू हो चुका है।",
    es: "Cita a las {due}, hecha a las {made}; la hora ha empezado.",
    ar: "حجز {due}، أُجري {made}؛ بدأت الساعة.",
  },
  appointment_delayed: {
    hi: "{due} की बुकिंग, {delay} मिनट देरी; वह समय आ गया है।",
    es: "Cita a las {due}, retrasada {delay} min; ya es la hora.",
    ar: "حجز {due}، تأخر {delay} د؛ وقد حان الوقت.",
  },
  appointment_early: {
    hi: "{due} की बुकिंग, {begins} से: जिनका समय शुरू हुआ उनके बाद।",
    es: "Cita a las {due}, empieza a las {begins}: tras aquellos cuya hora ha empezado.",
    ar: "حجز {due}، يبدأ {begins}: بعد من بدأت ساعتهم.",
  },
  appointment_too_early: {
    hi: "{due} की बुकिंग, बहुत पहले आए: जिनका समय शुरू हुआ उनके बाद।",
    es: "Cita a las {due} y llegó mucho antes: tras aquellos cuya hora ha empezado.",
    ar: "حجز {due} ووصل مبكرًا جدًا: بعد من بدأت ساعتهم.",
  },
  appointment_late: {
    hi: "{due} की बुकिंग, {came} पर आए जब वह समय बीत चुका था: सीधे आने वालों की तरह।",
    es: "Cita a las {due}, llegó a las {came} pasada esa hora: como sin cita.",
    ar: "حجز {due} ووصل {came} بعد انتهاء الساعة: كمن جاء دون موعد.",
  },
  appointment_walkin: {
    hi: "बिना समय, {came} पर आए: {hour} की बुकिंग वालों के साथ बारी-बारी।",
    es: "Sin cita, llegó a las {came}: se alterna con los citados para las {hour}.",
    ar: "دون موعد، وصل {came}: بالتناوب مع أصحاب مواعيد {hour}.",
  },
  fair_normal: { hi: "{minutes} मिनट प्रतीक्षा: पहले आए, पहले।", es: "Espera {minutes} min: por orden de llegada.", ar: "انتظر {minutes} د: بترتيب الوصول." },
  fair_paid: {
    hi: "प्राथमिकता शुल्क, {minutes} मिनट प्रतीक्षा: हर {ratio} के बाद एक।",
    es: "Prioridad pagada, espera {minutes} min: uno tras cada {ratio}.",
    ar: "أولوية مدفوعة، انتظر {minutes} د: واحد بعد كل {ratio}.",
  },
  fair_urgent: {
    hi: "तात्कालिकता {urgency}, {minutes} मिनट प्रतीक्षा: हर {ratio} के बाद एक।",
    es: "Urgencia {urgency}, espera {minutes} min: uno tras cada {ratio}.",
    ar: "الأولوية {urgency}، انتظر {minutes} د: واحد بعد كل {ratio}.",
  },
  fair_aged: {
    hi: "{minutes} मिनट प्रतीक्षा, {limit} से अधिक: प्राथमिकता में भी।",
    es: "Espera {minutes} min, más de {limit}: cuenta también como prioridad.",
    ar: "انتظر {minutes} د، أكثر من {limit}: يُحسب ذا أولوية أيضًا.",
  },
};
export const TIERS: Record<string, Record<Exclude<Language, "en">, string>> = {
  emergency: { hi: "आपातकाल", es: "Urgencia", ar: "طوارئ" },
  priority_paid: { hi: "प्राथमिकता शुल्क", es: "Prioridad pagada", ar: "أولوية مدفوعة" },
  followup: { hi: "फ़ॉलो-अप", es: "Revisión", ar: "مراجعة" },
  online: { hi: "ऑनलाइन बुकिंग", es: "Cita en línea", ar: "حجز عبر الإنترنت" },
  walkin: { hi: "सीधे आए", es: "Sin cita", ar: "دون موعد" },
};
