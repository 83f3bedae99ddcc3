/** Writing a plan: medicines, each with its steps; a change is the next revision, if nobody was faster. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, Problem } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { isLanguage, LANGUAGES, useWords, type Language } from "../../../../shared/ui/i18n";
import { useDoing } from "../care/doing";
import type { Patient, Plan } from "./asked";
import { bodyOf, draftOf, missing, newItem, newStep, WHEN, type ItemDraft, type PlanDraft, type StepDraft } from "./plan-body";
import { Beside, Linked, RareDays, RareLate, Weekdays, WrongFields } from "./plan-more";
import { RARE } from "./plan-more-words";
import { FORM } from "./plan-words";
import { WORDS } from "./words";

interface Catalogue { id: string; name: string; unit: string }
const ALL: Language[] = ["en", "hi", "es", "ar"];

export default function PlanForm({ patient, plan, today, onClose, onSent }: { patient: Patient; plan: Plan | null; today: string; onClose: () => void; onSent: () => void }): JSX.Element {
  const t = useWords(FORM);
  const doing = useDoing();
  const [draft, setDraft] = useState<PlanDraft>(() => (plan ? draftOf(plan) : { start: today, end: "", timezone: patient.timezone, moves: false, notice: "", items: [newItem()] }));
  const [lack, setLack] = useState("");
  const [placed, setPlaced] = useState(false);
  const [catalogue, setCatalogue] = useState<Catalogue[]>([]);
  useEffect(() => { get<Catalogue[]>(`/api/v1/medications?site=${encodeURIComponent(patient.site)}`).then(setCatalogue, () => {}); }, [patient.site]); // only offered words: writing goes on without
  const set = (more: Partial<PlanDraft>): void => setDraft({ ...draft, ...more });
  const setItem = (at: number, more: Partial<ItemDraft>): void => set({ items: draft.items.map((one, n) => (n === at ? { ...one, ...more } : one)) });
  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const lacking = missing(draft);
    setLack(lacking ? t(lacking.what, { n: lacking.item + 1 }) : "");
    if (lacking) return;
    const body = { patient_id: patient.id, ...bodyOf(draft) };
    const done = plan
      ? await doing.run("send", "PUT", `/api/v1/medication-plans/${encodeURIComponent(plan.id)}`, body, { "If-Match": `"${plan.revision}"` })
      : await doing.run("send", "POST", "/api/v1/medication-plans", body);
    if (done) onSent();
  }
  const wrong = doing.problem instanceof Problem ? doing.problem.wrong : [];
  useEffect(() => { // to the server's sentence, also where it stands in a part that is closed
    const beside = wrong.length ? document.querySelector(".plan-form .wrong") : null;
    beside?.closest("details")?.setAttribute("open", "");
    beside?.scrollIntoView({ block: "center" });
    setPlaced(!!beside);
  }, [doing.problem]);
  const newer = doing.problem instanceof Problem && doing.problem.status === 412;
  return (
    <Dialog title={plan ? t("next_revision", { n: plan.revision + 1 }) : t("new_plan")} onClose={onClose}>
      <WrongFields.Provider value={wrong}>
      <form class="form plan-form" onSubmit={(event) => void send(event)} onInvalidCapture={(event) => (event.target as Element).closest("details")?.setAttribute("open", "")}>
        <datalist id="medicines">{catalogue.map((one) => <option key={one.id} value={one.name} />)}</datalist>
        <div class="fields">
          <label>{t("starts")}<input type="date" name="start" required value={draft.start} onInput={(e) => set({ start: e.currentTarget.value })} /><Beside at="start" /></label>
          <label>{t("ends")}<input type="date" name="end" min={draft.start} value={draft.end} onInput={(e) => set({ end: e.currentTarget.value })} /><Beside at="end" /></label>
          <label>{t("zone")}<input name="timezone" dir="ltr" required maxLength={64} value={draft.timezone} onInput={(e) => set({ timezone: e.currentTarget.value })} /><Beside at="timezone" /></label>
          <label>{t("notice")}<input type="number" name="notice" min={1} max={120} value={draft.notice} onInput={(e) => set({ notice: e.currentTarget.value })} /></label>
        </div>
        <label class="tick"><input type="checkbox" checked={draft.moves} onChange={(e) => set({ moves: e.currentTarget.checked })} />{t("moves")}</label>
        {draft.items.map((item, at) => (
          <Medicine key={item.id} n={at + 1} item={item} others={draft.items.filter((one) => one !== item)} patient={patient} catalogue={catalogue} set={(more) => setItem(at, more)}
            onRemove={draft.items.length > 1 ? () => set({ items: draft.items.filter((_, n) => n !== at) }) : null} />
        ))}
        <Button onClick={() => set({ items: [...draft.items, newItem()] })}>+ {t("add_item")}</Button>
        {lack && <p class="note warn" role="alert"><span>{lack}</span></p>}
        {newer || placed ? <p class="note warn" role="alert"><span>{t(newer ? "newer" : "beside")}</span></p> : <ProblemNote problem={doing.problem} />}
        <Button type="submit" look="main" busy={doing.busy !== ""}>{t("send")}</Button>
      </form>
      </WrongFields.Provider>
    </Dialog>
  );
}

function Medicine({ n, item, others: among, patient, catalogue, set, onRemove }: { n: number; item: ItemDraft; others: readonly ItemDraft[]; patient: Patient; catalogue: Catalogue[]; set: (more: Partial<ItemDraft>) => void; onRemove: (() => void) | null }): JSX.Element {
  const t = useWords(FORM);
  const own: Language = isLanguage(patient.language) ? patient.language : "en";
  const others = ALL.filter((one) => one !== own);
  const setStep = (at: number, more: Partial<StepDraft>): void => set({ steps: item.steps.map((one, m) => (m === at ? { ...one, ...more } : one)) });
  const limit = (name: keyof ItemDraft["limits"], label: "most_doses" | "most_quantity" | "in_hours" | "gap", more: object): JSX.Element => (
    <label>{t(label)}<input type="number" name={name} {...more} value={item.limits[name]} onInput={(e) => set({ limits: { ...item.limits, [name]: e.currentTarget.value } })} /></label>
  );
  const say = (lang: Language): JSX.Element => (
    <label key={lang} class="wide">{lang === own ? `${t("say")} (${LANGUAGES[lang].name})` : t("say_in", { language: LANGUAGES[lang].name })}
      <textarea rows={2} maxLength={400} lang={lang} dir={LANGUAGES[lang].dir} value={item.instructions[lang] ?? ""} onInput={(e) => set({ instructions: { ...item.instructions, [lang]: e.currentTarget.value } })} />
    </label>
  );
  const named = (name: string): void => {
    const known = catalogue.find((one) => one.name === name);
    set({ medication: name, ...(known && !item.unit ? { unit: known.unit } : {}) });
  };
  return (
    <fieldset class="medicine" data-testid={`medicine-${n}`}>
      <legend>{t("medicine", { n })}</legend>
      <div class="fields">
        <label>{t("name")}<input name="medication" list="medicines" dir="auto" required maxLength={200} value={item.medication} onInput={(e) => named(e.currentTarget.value)} /></label>
        <label>{t("unit")}<input name="unit" dir="auto" required maxLength={40} value={item.unit} onInput={(e) => set({ unit: e.currentTarget.value })} /></label>
      </div>
      <label class="tick"><input type="checkbox" name="as_needed" checked={item.asNeeded} onChange={(e) => set({ asNeeded: e.currentTarget.checked, steps: e.currentTarget.checked ? item.steps.slice(0, 1) : item.steps })} />{t("as_needed")}</label>
      {item.steps.map((step, at) => (
        <StepFields key={at} n={at + 1} at={`items[${n - 1}].steps[${at}]`} others={among} many={item.steps.length > 1} last={at === item.steps.length - 1} step={step} asNeeded={item.asNeeded} set={(more) => setStep(at, more)}
          onRemove={item.steps.length > 1 ? () => set({ steps: item.steps.filter((_, m) => m !== at) }) : null} />
      ))}
      {!item.asNeeded && <Button look="quiet" onClick={() => set({ steps: [...item.steps, { ...newStep(), times: item.steps.at(-1)?.times ?? ["08:00"] }] })}>+ {t("add_step")}</Button>}
      {item.asNeeded && <label>{t("why")}<input name="as_needed_reason" dir="auto" maxLength={200} value={item.why} onInput={(e) => set({ why: e.currentTarget.value })} /></label>}
      <details open={item.asNeeded || Object.entries(item.limits).some(([name, value]) => name !== "max_hours" && !!value)}>
        <summary>{t("limits")}</summary>
        <div class="fields">
          {limit("max_doses", "most_doses", { min: 1, max: 1000 })}
          {limit("max_quantity", "most_quantity", { min: 0.001, step: "any" })}
          {limit("max_hours", "in_hours", { min: 1, max: 744 })}
          {limit("min_gap_min", "gap", { min: 1, max: 10080 })}
        </div>
      </details>
      <label class="tick"><input type="checkbox" name="critical" checked={item.critical} onChange={(e) => set({ critical: e.currentTarget.checked })} />{t("critical")}</label>
      <label class="tick"><input type="checkbox" name="time_critical" checked={item.timeCritical} onChange={(e) => set({ timeCritical: e.currentTarget.checked })} />{t("exact")}</label>
      {say(own)}
      <details><summary>{t("others")}</summary><div class="fields">{others.map(say)}</div></details>
      <RareLate item={item} at={`items[${n - 1}]`} own={own} others={others} set={set} />
      <details>
        <summary>{t("more")}</summary>
        <div class="fields">
          <label>{t("compartment")}<input type="number" name="compartment" min={1} max={64} value={item.compartment} onInput={(e) => set({ compartment: e.currentTarget.value })} /></label>
          <label>{t("stock")}<input type="number" name="stock" min={0} step="any" value={item.stock} onInput={(e) => set({ stock: e.currentTarget.value })} /></label>
          <label>{t("refill")}<input type="number" name="refill" min={0} step="any" value={item.refill} onInput={(e) => set({ refill: e.currentTarget.value })} /></label>
        </div>
      </details>
      {onRemove && <Button look="danger" onClick={onRemove}>{t("remove_item", { n })}</Button>}
    </fieldset>
  );
}

function StepFields({ n, at: path, others, many, last, step, asNeeded, set, onRemove }: { n: number; at: string; others: readonly ItemDraft[]; many: boolean; last: boolean; step: StepDraft; asNeeded: boolean; set: (more: Partial<StepDraft>) => void; onRemove: (() => void) | null }): JSX.Element {
  const t = useWords(FORM);
  const page = useWords(WORDS);
  const rare = useWords(RARE);
  const kinds = ["times", "meals", "hours", "last", "linked", ...(step.kind === "kept" ? ["kept"] : [])] as StepDraft["kind"][];
  const daily = !asNeeded && (step.kind === "times" || step.kind === "meals");
  const flip = <T,>(all: readonly T[], one: T): T[] => (all.includes(one) ? all.filter((other) => other !== one) : [...all, one]);
  return (
    <div class={many ? "step many" : "step"} role="group" aria-label={t("step", { n })}>
      {many && <header class="row"><strong>{t("step", { n })}</strong>{onRemove && <Button look="quiet" aria-label={t("remove_step", { n })} onClick={onRemove}>✕</Button>}</header>}
      <div class="fields">
        <label>{t("dose")}<input type="number" name="dose" required min={0.001} max={10000} step="any" value={step.dose} onInput={(e) => set({ dose: e.currentTarget.value })} /><Beside at={`${path}.dose`} /></label>
        {many && <label>{t("lasts")}<input type="number" name="days" min={1} max={3660} required={!last} value={step.lasts} onInput={(e) => set({ lasts: e.currentTarget.value })} /><Beside at={`${path}.days`} /></label>}
        {!asNeeded && (
          <label>{t("when")}
            <select name="kind" value={step.kind} onChange={(e) => set({ kind: e.currentTarget.value as StepDraft["kind"] })}>{kinds.map((kind) => <option key={kind} value={kind}>{kind === "last" || kind === "linked" ? rare(kind) : t(kind)}</option>)}</select>
          </label>
        )}
      </div>
      {!asNeeded && step.kind === "times" && (
        <div class="times row">
          {step.times.map((time, at) => (
            <span key={at} class="time"><input type="time" name="time" aria-label={t("time", { n: at + 1 })} required={at === 0} value={time} onInput={(e) => set({ times: step.times.map((one, m) => (m === at ? e.currentTarget.value : one)) })} />
              {step.times.length > 1 && <Button look="quiet" aria-label={`✕ ${t("time", { n: at + 1 })}`} onClick={() => set({ times: step.times.filter((_, m) => m !== at) })}>✕</Button>}</span>
          ))}
          <Button look="quiet" onClick={() => set({ times: [...step.times, ""] })}>+ {t("another_time")}</Button>
          <Beside at={`${path}.timing.times_of_day`} />
        </div>
      )}
      {!asNeeded && step.kind === "meals" && (
        <>
          <fieldset class="ticks"><legend>{t("when")}</legend>{WHEN.map((code) => <label key={code}><input type="checkbox" checked={step.when.includes(code)} onChange={() => set({ when: flip(step.when, code) })} />{page(code)}</label>)}</fieldset>
          <label>{t("offset")}<input type="number" name="offset" min={-1440} max={1440} value={step.offset} onInput={(e) => set({ offset: e.currentTarget.value })} /><Beside at={`${path}.timing.offset_min`} /></label>
        </>
      )}
      {!asNeeded && (step.kind === "hours" || step.kind === "last") && (
        <div class="fields">
          <label>{t("every")}<input type="number" name="hours" required min={1} max={366} value={step.hours} onInput={(e) => set({ hours: e.currentTarget.value })} /><Beside at={`${path}.timing`} /></label>
          <label>{t("first")}<input type="time" name="first_at" value={step.first} onInput={(e) => set({ first: e.currentTarget.value })} /><Beside at={`${path}.first_at`} /></label>
        </div>
      )}
      {!asNeeded && step.kind === "linked" && <Linked step={step} at={path} set={set} others={others} />}
      {!asNeeded && step.kind === "kept" && <p class="quiet">{t("kept_hint")}</p>}
      {daily && (step.rhythm === "days" || (step.rhythm === "every" && step.unit === "wk")) && <Weekdays step={step} at={path} set={set} />}
      {daily && <RareDays step={step} at={path} set={set} />}
    </div>
  );
}
