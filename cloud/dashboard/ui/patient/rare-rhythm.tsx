/** The rarer part of when a medicine is taken, in words: days off, months, so long after another one. */
import type { JSX } from "preact";
import { alone, useWords, words } from "../../../../shared/ui/i18n";
import type { ItemBody, StepBody } from "./plan-body";

const RHYTHM = words(
  { cycle: "{on} days with it, then {off} without", month_days: "on days {days} of the month", months: "every {n} months", d: "every {n} days", wk: "every {n} weeks", last: "{n} h after the last one was taken", linked: "{n} minutes after {medicine}" },
  {
    hi: { cycle: "{on} दिन दवा, फिर {off} दिन नहीं", month_days: "महीने की तारीख़ {days}", months: "हर {n} महीने", d: "हर {n} दिन", wk: "हर {n} सप्ताह", last: "पिछली लेने के {n} घंटे बाद", linked: "{medicine} के {n} मिनट बाद" },
    es: { cycle: "{on} días con él, luego {off} sin él", month_days: "los días {days} del mes", months: "cada {n} meses", d: "cada {n} días", wk: "cada {n} semanas", last: "{n} h después de tomar la última", linked: "{n} minutos después de {medicine}" },
    ar: { cycle: "أيام معه: {on}، ثم أيام دونه: {off}", month_days: "في أيام الشهر {days}", months: "كل {n} أشهر", d: "كل {n} أيام", wk: "كل {n} أسابيع", last: "بعد {n} س من أخذ الأخيرة", linked: "بعد {medicine} بـ{n} دقيقة" },
  },
);

export default function RareRhythm({ step, items }: { step: StepBody; items: readonly ItemBody[] }): JSX.Element {
  const t = useWords(RHYTHM);
  const timing = step.timing ?? {};
  const n = timing.period ?? 1;
  const said = [
    step.mode === "linked" && t("linked", { n: step.linked_after_min ?? 0, medicine: alone(items.find((one) => one.id === step.linked_item)?.medication ?? "") }),
    step.mode === "from_last_taken" && timing.period_unit === "h" && t("last", { n }),
    timing.cycle_on_days && t("cycle", { on: timing.cycle_on_days, off: timing.cycle_off_days ?? 0 }),
    timing.days_of_month?.length && t("month_days", { days: alone(timing.days_of_month.join(", ")) }),
    n > 1 && timing.period_unit === "mo" && t("months", { n }),
    n > 1 && (timing.period_unit === "d" || timing.period_unit === "wk") && t(timing.period_unit, { n }),
  ];
  return <span>{said.filter(Boolean).join(" · ")}</span>;
}
