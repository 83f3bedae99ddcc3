/** The plans of a patient: what is taken when, how far each revision is, and the acts on them. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../../../../shared/ui/components";
import { alone, isLanguage, language, useWords } from "../../../../shared/ui/i18n";
import { later } from "../../../../shared/ui/later";
import { Part } from "../care/parts";
import { CARE } from "../care/words";
import type { Delivery, Patient, Plan } from "./asked";
import type { ItemBody, StepBody } from "./plan-body";
import { WORDS } from "./words";

const PlanForm = later(() => import("./plan-form"));
const RareRhythm = later(() => import("./rare-rhythm"));
const PlanDialog = later(() => import("./plan-dialogs"));
type Ask = { form: Plan | null } | { stop: Plan } | "fhir" | null;

export function Plans({ patient, plans, today, onChanged }: { patient: Patient; plans: Plan[]; today: string; onChanged: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [ask, setAsk] = useState<Ask>(null);
  const done = (): void => { setAsk(null); onChanged(); };
  const active = plans.filter((one) => one.status === "active");
  const close = (): void => setAsk(null);
  return (
    <Part title={t("plans")} count={active.length} empty={plans.length ? undefined : t("no_plans")} testid="plans"
      tools={<span class="row"><Button look="main" onClick={() => setAsk({ form: null })}>{t("write")}</Button><Button look="quiet" onClick={() => setAsk("fhir")}>{t("fhir")}</Button></span>}
      also={<>
        {ask && ask !== "fhir" && "form" in ask && <PlanForm patient={patient} plan={ask.form} today={today} onClose={close} onSent={done} />}
        {ask && (ask === "fhir" || "stop" in ask) && <PlanDialog stop={ask === "fhir" ? null : ask.stop} patient={patient} onClose={close} onDone={done} />}
      </>}>
      <ul class="plans">
        {[...active, ...plans.filter((one) => one.status !== "active")].map((plan) => (
          <li key={plan.id} data-plan={plan.id} data-status={plan.status}>
            <ul class="items">{plan.items.map((item, at) => <li key={item.id ?? at}><Item item={item} items={plan.items} lang={patient.language} /></li>)}</ul>
            <div class="about">
              <span class="quiet">{t("revision", { n: plan.revision })}</span>
              <span class="quiet">{plan.end ? t("from_to", { start: alone(plan.start), end: alone(plan.end) }) : t("from_on", { start: alone(plan.start) })}</span>
              {plan.status === "stopped" && <span class="badge pale">{t("stopped")}{plan.reason && <>: <bdi>{plan.reason}</bdi></>}</span>}
            </div>
            {plan.delivery.map((one) => <DeliverySteps key={`${one.to}${one.device_id ?? ""}`} delivery={one} />)}
            <div class="do">
              {plan.status === "active" && <><Button onClick={() => setAsk({ form: plan })}>{t("change")}</Button><Button look="danger" onClick={() => setAsk({ stop: plan })}>{t("stop")}</Button></>}
              <a class="button quiet" href={`/api/v1/medication-plans/${encodeURIComponent(plan.id)}/fhir`} target="_blank" rel="noopener">{t("as_fhir")}</a>
            </div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Item({ item, items, lang }: { item: ItemBody; items: ItemBody[]; lang: string }): JSX.Element {
  const care = useWords(CARE);
  const said = item.instructions?.[isLanguage(lang) ? lang : "en"] ?? item.instructions?.[language()] ?? Object.values(item.instructions ?? {})[0];
  return (
    <>
      <strong dir="auto">{item.medication}</strong>
      {item.critical && <span class="badge bad">{care("critical")}</span>}
      {item.steps.map((step, at) => <div key={at} class="quiet"><Rhythm item={item} items={items} step={step} /></div>)}
      {said && <p class="quiet"><bdi>{said}</bdi></p>}
    </>
  );
}

function Rhythm({ item, items, step }: { item: ItemBody; items: ItemBody[]; step: StepBody }): JSX.Element {
  const t = useWords(WORDS);
  const timing = step.timing ?? {};
  const when = timing.when?.map((one) => t(one)).join(", ");
  const times = timing.times_of_day?.map((one) => alone(one)).join(", ");
  const counted = step.mode === "linked" || step.mode === "from_last_taken";
  const rare = !item.as_needed && (counted || timing.cycle_on_days || timing.days_of_month?.length || (timing.period_unit !== "h" && (timing.period ?? 1) > 1));
  const rhythm = item.as_needed ? t("as_needed") : counted ? "" : when || times || (timing.period_unit === "h" ? t("every_hours", { n: timing.period ?? 1 }) : t("by_other"));
  return (
    <>
      <bdi><span class="num">{step.dose}</span> {item.unit}</bdi> · {rhythm}{timing.offset_min ? ` (${timing.offset_min > 0 ? "+" : ""}${timing.offset_min} min)` : ""}
      {timing.days_of_week?.length ? ` · ${timing.days_of_week.map((day) => t(day)).join(", ")}` : ""}
      {rare && <>{counted ? "" : " · "}<RareRhythm step={step} items={items} /></>}
      {step.days ? ` · ${t("then_days", { n: step.days })}` : ""}
      {item.as_needed && item.as_needed_reason && <> (<bdi>{item.as_needed_reason}</bdi>)</>}
    </>
  );
}

const STEPS = ["published", "received", "applied"] as const;

function DeliverySteps({ delivery }: { delivery: Delivery }): JSX.Element {
  const t = useWords(WORDS);
  const bad = delivery.state === "failed" || delivery.state === "expired";
  const reached = bad ? 2 : STEPS.indexOf(delivery.state as (typeof STEPS)[number]);
  return (
    <div class="delivery" data-state={delivery.state} data-to={delivery.to}>
      <span>{delivery.to === "site" ? t("at_clinic") : t("at_device", { name: alone(delivery.name ?? "") })}</span>
      <ol class="steps" aria-label={t(delivery.state)}>
        {STEPS.map((step, at) => <li key={step} class={at > reached ? "open" : bad && at === 2 ? "bad" : "done"}>{bad && at === 2 ? t(delivery.state) : t(step)}</li>)}
      </ol>
      {delivery.detail && <p class={bad ? "bad" : "quiet"}><bdi>{delivery.detail}</bdi></p>}
    </div>
  );
}
