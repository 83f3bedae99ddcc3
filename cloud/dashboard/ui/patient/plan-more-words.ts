/** Words of the rarer parts of a plan's form: other days, doses that count from another one, late and missed ones. */
import { words } from "../../../../shared/ui/i18n";

export const RARE = words(
  {
    last: "So many hours after the last one was taken", linked: "So many minutes after another medicine", after_which: "After which medicine", choose: "choose", after_min: "Minutes after it is due",
    more_days: "More: days off, months", rhythm: "On which days", days: "Every day, or days of the week", cycle: "Some days on, then some days off", month: "Days of the month", every: "Every so many days or weeks", on_days: "Days with it", off_days: "Then days without it",
    month_days: "Which days, e.g. 1, 15", month_hint: "A day that a month does not have is its last. Empty: the day of the month of the first day.", months: "Every how many months", every_n: "Every how many", unit: "Of what", d: "days", wk: "weeks",
    more_late: "More: late and missed doses", late: "What is said when a dose is late", late_in: "When a dose is late, in {language}", share: "Missed after so much of the time to the next dose, in percent (10 to 75; empty: as usual)",
  },
  {
    hi: {
      last: "पिछली लेने के इतने घंटे बाद", linked: "दूसरी दवा के इतने मिनट बाद", after_which: "किस दवा के बाद", choose: "चुनें", after_min: "उसके समय के कितने मिनट बाद",
      more_days: "और: बिना दवा के दिन, महीने", rhythm: "किन दिनों", days: "हर दिन, या सप्ताह के दिन", cycle: "कुछ दिन दवा, फिर कुछ दिन नहीं", month: "महीने की तारीख़ें", every: "हर कुछ दिन या सप्ताह", on_days: "दवा के दिन", off_days: "फिर बिना दवा के दिन",
      month_days: "कौन-सी तारीख़ें, जैसे 1, 15", month_hint: "जो तारीख़ महीने में न हो, वहाँ महीने का आख़िरी दिन। ख़ाली: पहले दिन की तारीख़।", months: "हर कितने महीने", every_n: "हर कितने", unit: "किसके", d: "दिन", wk: "सप्ताह",
      more_late: "और: देर से और छूटी ख़ुराकें", late: "ख़ुराक में देर होने पर क्या कहा जाए", late_in: "देर होने पर, {language} में", share: "अगली ख़ुराक तक के समय के इतने प्रतिशत बाद छूटी मानी जाए (10 से 75; ख़ाली: सामान्य)",
    },
    es: {
      last: "Tantas horas después de tomar la última", linked: "Tantos minutos después de otro medicamento", after_which: "Después de qué medicamento", choose: "elija", after_min: "Minutos después de su hora",
      more_days: "Más: días de descanso, meses", rhythm: "Qué días", days: "Todos los días, o días de la semana", cycle: "Unos días sí, luego unos días no", month: "Días del mes", every: "Cada tantos días o semanas", on_days: "Días con él", off_days: "Luego días sin él",
      month_days: "Qué días, p. ej. 1, 15", month_hint: "Un día que el mes no tiene es su último. Vacío: el día del mes del primer día.", months: "Cada cuántos meses", every_n: "Cada cuántos", unit: "De qué", d: "días", wk: "semanas",
      more_late: "Más: dosis tardías y olvidadas", late: "Qué se dice cuando una dosis llega tarde", late_in: "Cuando llega tarde, en {language}", share: "Olvidada tras tanto del tiempo hasta la siguiente, en por ciento (10 a 75; vacío: lo habitual)",
    },
    ar: {
      last: "بعد عدد من الساعات من أخذ الأخيرة", linked: "بعد عدد من الدقائق من دواء آخر", after_which: "بعد أي دواء", choose: "اختر", after_min: "دقائق بعد موعده",
      more_days: "المزيد: أيام توقف وأشهر", rhythm: "في أي أيام", days: "كل يوم، أو أيام من الأسبوع", cycle: "أيام معه ثم أيام دونه", month: "أيام من الشهر", every: "كل عدد من الأيام أو الأسابيع", on_days: "أيام معه", off_days: "ثم أيام دونه",
      month_days: "أي أيام، مثل 1, 15", month_hint: "اليوم الذي ليس في الشهر هو آخر يوم فيه. فارغ: يوم الشهر الموافق لأول يوم.", months: "كل كم شهر", every_n: "كل كم", unit: "ماذا", d: "أيام", wk: "أسابيع",
      more_late: "المزيد: الجرعات المتأخرة والفائتة", late: "ماذا يُقال حين تتأخر جرعة", late_in: "حين تتأخر جرعة، بـ{language}", share: "تُعد فائتة بعد هذه النسبة المئوية من الوقت حتى التالية (10 إلى 75؛ فارغ: المعتاد)",
    },
  },
);
