/** What is wrong with a field of a plan, by the codes of `shared/doses/plan_reading.py`. */
import { words } from "../../../../shared/ui/i18n";

export const WRONG = words(
  {
    missing: "Please fill this in.", no_times: "Say when: by times or by meals.", text: "At most {most} characters, on one line.", number: "A number from {low} to {high}.", whole: "A whole number from {low} to {high}.",
    date: "This is no date.", before_start: "This is before the start.", twice: "This stands there twice.", zone: "The name of a time zone, e.g. Europe/Berlin.", item: "Choose another medicine of this plan.",
  },
  {
    hi: {
      missing: "कृपया यह भरें।", no_times: "बताएँ कब: समय से या भोजन से।", text: "अधिक से अधिक {most} अक्षर, एक पंक्ति में।", number: "{low} से {high} तक की संख्या।", whole: "{low} से {high} तक की पूरी संख्या।",
      date: "यह तारीख़ नहीं है।", before_start: "यह शुरुआत से पहले है।", twice: "यह दो बार लिखा है।", zone: "समय क्षेत्र का नाम, जैसे Europe/Berlin।", item: "इस योजना की दूसरी दवा चुनें।",
    },
    es: {
      missing: "Rellene este campo.", no_times: "Diga cuándo: por horas o por comidas.", text: "Como máximo {most} caracteres, en una línea.", number: "Un número de {low} a {high}.", whole: "Un número entero de {low} a {high}.",
      date: "No es una fecha.", before_start: "Es anterior al inicio.", twice: "Está dos veces.", zone: "El nombre de una zona horaria, p. ej. Europe/Berlin.", item: "Elija otro medicamento de este plan.",
    },
    ar: {
      missing: "يرجى ملء هذا الحقل.", no_times: "حدّد متى: بالأوقات أو بالوجبات.", text: "{most} حرفًا على الأكثر، في سطر واحد.", number: "رقم من {low} إلى {high}.", whole: "عدد صحيح من {low} إلى {high}.",
      date: "هذا ليس تاريخًا.", before_start: "هذا قبل البداية.", twice: "هذا مكتوب مرتين.", zone: "اسم منطقة زمنية، مثل Europe/Berlin.", item: "اختر دواءً آخر من هذه الخطة.",
    },
  },
);
