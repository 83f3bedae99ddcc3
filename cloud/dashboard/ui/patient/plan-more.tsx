/** The rarer parts of a plan's form, behind "more": other days, doses that count from another one, late and missed ones. */
import { createContext, type JSX } from "preact";
import { useContext } from "preact/hooks";
import type { Wrong } from "../../../../shared/ui/api";
import { LANGUAGES, useWords, type Language } from "../../../../shared/ui/i18n";
import { DAYS, type Day, type ItemDraft, type StepDraft } from "./plan-body";
import { RARE } from "./plan-more-words";
import { FORM } from "./plan-words";
import { WRONG } from "./plan-wrong-words";
import { WORDS } from "./words";

/** What the server said was wrong with the plan that was sent, until it is sent again. */
export const WrongFields = createContext<readonly Wrong[]>([]);

/** What is wrong with the field at `at`, e.g. "items[0].steps[1].dose", or with what is inside it; where we have no words, the server's sentence. */
export function Beside({ at }: { at: string }): JSX.Element | null {
  const wrong = useContext(WrongFields).find((one) => one.field === at || one.field.startsWith(`${at}.`) || one.field.startsWith(`${at}[`));
  const t = useWords(WRONG);
  if (!wrong) return null;
  return wrong.code && wrong.code in WRONG.en ? <small class="wrong">{t(wrong.code as keyof typeof WRONG.en, wrong.values)}</small> : <small class="wrong" lang="en" dir="ltr">{wrong.message}</small>;
}

interface Of { step: StepDraft; at: string; set: (more: Partial<StepDraft>) => void }
const flip = (all: readonly Day[], one: Day): Day[] => (all.includes(one) ? all.filter((other) => other !== one) : [...all, one]);

export function Weekdays({ step, at, set }: Of): JSX.Element {
  const t = useWords(FORM);
  const page = useWords(WORDS);
  return (
    <fieldset class="ticks"><legend>{t("only_on")}</legend>
      {DAYS.map((day) => <label key={day}><input type="checkbox" checked={step.days.includes(day)} onChange={() => set({ days: flip(step.days, day) })} />{page(day)}</label>)}
      <Beside at={`${at}.timing.days_of_week`} />
    </fieldset>
  );
}

/** On which days, for doses at times of day or by meals. */
export function RareDays({ step, at, set }: Of): JSX.Element {
  const t = useWords(RARE);
  const timing = `${at}.timing`;
  return (
    <details open={step.rhythm !== "days"}>
      <summary>{t("more_days")}</summary>
      <div class="fields">
        <label class="wide">{t("rhythm")}
          <select name="rhythm" value={step.rhythm} onChange={(e) => set({ rhythm: e.currentTarget.value as StepDraft["rhythm"] })}>{(["days", "cycle", "month", "every"] as const).map((one) => <option key={one} value={one}>{t(one)}</option>)}</select>
        </label>
        {step.rhythm === "cycle" && <>
          <label>{t("on_days")}<input type="number" name="on_days" value={step.onDays} onInput={(e) => set({ onDays: e.currentTarget.value })} /><Beside at={`${timing}.cycle_on_days`} /></label>
          <label>{t("off_days")}<input type="number" name="off_days" value={step.offDays} onInput={(e) => set({ offDays: e.currentTarget.value })} /><Beside at={`${timing}.cycle_off_days`} /></label>
        </>}
        {step.rhythm === "month" && <>
          <label>{t("month_days")}<input name="month_days" dir="ltr" inputMode="numeric" maxLength={120} value={step.monthDays} onInput={(e) => set({ monthDays: e.currentTarget.value })} /><Beside at={`${timing}.days_of_month`} /></label>
          <label>{t("months")}<input type="number" name="months" value={step.every} onInput={(e) => set({ every: e.currentTarget.value })} /><Beside at={`${timing}.period`} /></label>
          <p class="quiet wide">{t("month_hint")}</p>
        </>}
        {step.rhythm === "every" && <>
          <label>{t("every_n")}<input type="number" name="every_n" value={step.every} onInput={(e) => set({ every: e.currentTarget.value })} /><Beside at={`${timing}.period`} /></label>
          <label>{t("unit")}<select name="every_unit" value={step.unit} onChange={(e) => set({ unit: e.currentTarget.value as StepDraft["unit"] })}><option value="d">{t("d")}</option><option value="wk">{t("wk")}</option></select></label>
        </>}
      </div>
    </details>
  );
}

/** So many minutes after another medicine of the plan that is ever due. */
export function Linked({ step, at, set, others }: Of & { others: readonly ItemDraft[] }): JSX.Element {
  const t = useWords(RARE);
  return (
    <div class="fields">
      <label>{t("after_which")}
        <select name="linked_item" value={step.linkedTo} onChange={(e) => set({ linkedTo: e.currentTarget.value })}>
          <option value="">{t("choose")}</option>
          {others.filter((one) => !one.asNeeded && one.medication.trim()).map((one) => <option key={one.id} value={one.id}>{one.medication}</option>)}
        </select>
        <Beside at={`${at}.linked_item`} />
      </label>
      <label>{t("after_min")}<input type="number" name="linked_after" value={step.linkedAfter} onInput={(e) => set({ linkedAfter: e.currentTarget.value })} /><Beside at={`${at}.linked_after_min`} /></label>
    </div>
  );
}

/** What is said of a late dose, and when one counts as missed. */
export function RareLate({ item, at, own, others, set }: { item: ItemDraft; at: string; own: Language; others: readonly Language[]; set: (more: Partial<ItemDraft>) => void }): JSX.Element {
  const t = useWords(RARE);
  const said = (lang: Language): JSX.Element => (
    <label key={lang} class="wide">{lang === own ? `${t("late")} (${LANGUAGES[lang].name})` : t("late_in", { language: LANGUAGES[lang].name })}
      <textarea rows={2} maxLength={400} lang={lang} dir={LANGUAGES[lang].dir} name={`late_${lang}`} value={item.late[lang] ?? ""} onInput={(e) => set({ late: { ...item.late, [lang]: e.currentTarget.value } })} />
      <Beside at={`${at}.late_rule.${lang}`} />
    </label>
  );
  return (
    <details open={!!item.share || Object.values(item.late).some(Boolean)}>
      <summary>{t("more_late")}</summary>
      <div class="fields">
        {said(own)}
        {others.map(said)}
        <label class="wide">{t("share")}<input type="number" name="missed_share" step="any" value={item.share} onInput={(e) => set({ share: e.currentTarget.value })} /><Beside at={`${at}.missed_at_share`} /></label>
      </div>
    </details>
  );
}
