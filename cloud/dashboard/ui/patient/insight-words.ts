/** What stands out in a week, by its kind and numbers, in the reader's language. */
import { words } from "../../../../shared/ui/i18n";

/** The sentences of `cloud/insights/wording.py`. */
export const INSIGHT = words(
  {
    critical_missed: "Missed doses of a critical medicine: {missed}.", adherence_low: "{taken} of {due} doses were taken ({percent} %).", adherence_fell: "The share of doses taken fell from {before} % to {percent} %.",
    unknown_doses: "Doses of which nobody knows whether they were taken: {doses}.", symptom_repeated: "Spoken of in {notes} notes: {symptom}.",
  },
  {
    hi: {
      critical_missed: "एक अति आवश्यक दवा की छूटी ख़ुराकें: {missed}।", adherence_low: "{due} में से {taken} ख़ुराकें ली गईं ({percent} %)।", adherence_fell: "ली गई ख़ुराकों का हिस्सा {before} % से घटकर {percent} % हो गया।",
      unknown_doses: "जिन ख़ुराकों का पता नहीं कि ली गईं या नहीं: {doses}।", symptom_repeated: "{notes} संदेशों में बताया गया: {symptom}।",
    },
    es: {
      critical_missed: "Dosis olvidadas de un medicamento crítico: {missed}.", adherence_low: "Se tomaron {taken} de {due} dosis ({percent} %).", adherence_fell: "La parte de dosis tomadas bajó del {before} % al {percent} %.",
      unknown_doses: "Dosis de las que no se sabe si se tomaron: {doses}.", symptom_repeated: "Se habló de esto en {notes} notas: {symptom}.",
    },
    ar: {
      critical_missed: "الجرعات الفائتة من دواء حرج: {missed}.", adherence_low: "أُخذت {taken} من {due} جرعة ({percent} %).", adherence_fell: "انخفضت نسبة الجرعات المأخوذة من {before} % إلى {percent} %.",
      unknown_doses: "الجرعات التي لا يُعرف هل أُخذت: {doses}.", symptom_repeated: "ذُكر في {notes} ملاحظات: {symptom}.",
    },
  },
);
