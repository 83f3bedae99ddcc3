/** Complaints a model finds in what somebody says, by their code (`cloud/llm/schema.py`), in the reader's language. */
import { language, LANGUAGES, type Language } from "./i18n";

/** In the order of LANGUAGES. */
const COMPLAINTS: Record<string, readonly [string, string, string, string]> = {
  pain: ["pain", "दर्द", "dolor", "ألم"], chest_pain: ["chest pain", "सीने में दर्द", "dolor de pecho", "ألم في الصدر"], headache: ["headache", "सिरदर्द", "dolor de cabeza", "صداع"],
  abdominal_pain: ["belly pain", "पेट दर्द", "dolor de barriga", "ألم في البطن"], back_pain: ["back pain", "पीठ दर्द", "dolor de espalda", "ألم في الظهر"], shortness_of_breath: ["shortness of breath", "साँस की तकलीफ़", "falta de aire", "ضيق في التنفس"],
  cough: ["cough", "खाँसी", "tos", "سعال"], fever: ["fever", "बुख़ार", "fiebre", "حمى"], dizziness: ["dizziness", "चक्कर", "mareo", "دوار"], fainting: ["fainting", "बेहोशी", "desmayo", "إغماء"],
  weakness: ["weakness", "कमज़ोरी", "debilidad", "ضعف"], numbness: ["numbness", "सुन्नपन", "entumecimiento", "خدر"], speech_trouble: ["trouble speaking", "बोलने में तकलीफ़", "dificultad para hablar", "صعوبة في الكلام"],
  confusion: ["confusion", "भ्रम", "confusión", "تشوش"], seizure: ["seizure", "दौरा", "convulsión", "تشنجات"], bleeding: ["bleeding", "ख़ून बहना", "sangrado", "نزيف"], nausea: ["nausea", "जी मिचलाना", "náuseas", "غثيان"],
  vomiting: ["vomiting", "उल्टी", "vómitos", "تقيؤ"], diarrhoea: ["diarrhoea", "दस्त", "diarrea", "إسهال"], constipation: ["constipation", "क़ब्ज़", "estreñimiento", "إمساك"], rash: ["rash", "चकत्ते", "erupción", "طفح"],
  itching: ["itching", "खुजली", "picor", "حكة"], swelling: ["swelling", "सूजन", "hinchazón", "تورم"], palpitations: ["palpitations", "धड़कन तेज़", "palpitaciones", "خفقان"], fatigue: ["tiredness", "थकान", "cansancio", "تعب"],
  sleeplessness: ["sleeplessness", "नींद न आना", "insomnio", "أرق"], low_mood: ["low mood", "उदासी", "ánimo bajo", "مزاج منخفض"], anxiety: ["anxiety", "घबराहट", "ansiedad", "قلق"], loss_of_appetite: ["loss of appetite", "भूख न लगना", "falta de apetito", "فقدان الشهية"],
  fall: ["fall", "गिरना", "caída", "سقوط"], urinary_trouble: ["trouble passing water", "पेशाब की तकलीफ़", "problemas al orinar", "صعوبة في التبول"], vision_trouble: ["trouble seeing", "देखने में तकलीफ़", "problemas de vista", "صعوبة في الرؤية"],
  other: ["another complaint", "अन्य तकलीफ़", "otra molestia", "شكوى أخرى"], unknown: ["not clear", "स्पष्ट नहीं", "no está claro", "غير واضح"],
};

/** A complaint in the page's language; a code that has no words is read out. */
export const complaint = (code: string): string => COMPLAINTS[code]?.[(Object.keys(LANGUAGES) as Language[]).indexOf(language())] ?? code.replaceAll("_", " ");
