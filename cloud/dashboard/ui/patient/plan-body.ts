/**
 * A plan as the form holds it, and as head office takes it (`shared/doses/plan.py`). What the form cannot say (so many doses in
 * all, hours of waking) is kept as it was written and shown as such: nothing is lost by opening a plan here.
 */
import { newKey } from "../../../../shared/ui/api";

export const WHEN = ["WAKE", "ACM", "PCM", "ACD", "PCD", "ACV", "PCV", "HS", "MORN", "NOON", "AFT", "EVE", "NIGHT"] as const;
export type When = (typeof WHEN)[number];
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface Timing { frequency?: number; period?: number; period_unit?: string; days_of_week?: Day[]; times_of_day?: string[]; when?: When[]; offset_min?: number; cycle_on_days?: number; cycle_off_days?: number; days_of_month?: number[]; [more: string]: unknown }
export interface StepBody { dose: number; mode?: string; timing?: Timing; days?: number; first_at?: string; linked_item?: string; linked_after_min?: number; [more: string]: unknown }
export interface Limits { max_doses?: number; max_quantity?: number; max_hours?: number; min_gap_min?: number }
export interface ItemBody {
  id?: string; medication: string; unit: string; policy_class: "STANDARD" | "TIME_CRITICAL"; critical?: boolean; as_needed?: boolean; as_needed_reason?: string;
  limits?: Limits; instructions?: Record<string, string>; late_rule?: Record<string, string>; missed_at_share?: number; compartment?: number; stock_units?: number; refill_at_units?: number; steps: StepBody[]; [more: string]: unknown;
}
export interface PlanBody { start: string; end?: string; timezone: string; tz_policy?: string; pre_notice_min?: number; items: ItemBody[] }

/** `hours`: of "hours" by the clock of time that goes by, of "last" from the last one taken.  every, unit: of "month" and "every". */
export interface StepDraft {
  dose: string; kind: "times" | "meals" | "hours" | "last" | "linked" | "kept"; times: string[]; when: When[]; offset: string; hours: string; first: string; days: Day[]; lasts: string; kept: StepBody | null;
  rhythm: "days" | "cycle" | "month" | "every"; onDays: string; offDays: string; monthDays: string; every: string; unit: "d" | "wk"; linkedTo: string; linkedAfter: string;
}
/** `share`: in percent. */
export interface ItemDraft {
  id: string; late: Record<string, string>; share: string; medication: string; unit: string; timeCritical: boolean; critical: boolean; asNeeded: boolean; why: string; limits: Record<keyof Limits, string>;
  instructions: Record<string, string>; compartment: string; stock: string; refill: string; steps: StepDraft[]; kept: Partial<ItemBody>;
}
export interface PlanDraft { start: string; end: string; timezone: string; moves: boolean; notice: string; items: ItemDraft[] }

const text = (n: number | undefined | null): string => (n === undefined || n === null ? "" : String(n));
const number = (typed: string): number | undefined => (typed.trim() === "" ? undefined : Number(typed));

export const newStep = (): StepDraft => ({ dose: "1", kind: "times", times: ["08:00"], when: [], offset: "", hours: "8", first: "08:00", days: [], lasts: "", kept: null, rhythm: "days", onDays: "21", offDays: "7", monthDays: "", every: "1", unit: "d", linkedTo: "", linkedAfter: "30" });
/** With an id of its own, so that others can be linked to it wherever it stands. */
export const newItem = (): ItemDraft => ({
  id: newKey().slice(0, 12), late: {}, share: "",
  medication: "", unit: "", timeCritical: false, critical: false, asNeeded: false, why: "", limits: { max_doses: "", max_quantity: "", max_hours: "24", min_gap_min: "" },
  instructions: {}, compartment: "", stock: "", refill: "", steps: [newStep()], kept: {},
});

const TIMING = new Set(["frequency", "period", "period_unit", "days_of_week", "times_of_day", "when", "offset_min", "cycle_on_days", "cycle_off_days", "days_of_month"]);
const STEP = new Set(["dose", "mode", "timing", "days", "first_at", "linked_item", "linked_after_min"]);
const percent = (share: number): string => text(Math.round(share * 1000) / 10);

/** On which days, as far as the form can say it. */
function rhythmOf(timing: Timing): Partial<StepDraft> | null {
  const every = timing.period ?? 1;
  const unit = timing.period_unit ?? "d";
  const days = timing.days_of_week ?? [];
  const month = timing.days_of_month ?? [];
  if (timing.cycle_on_days) return every === 1 && unit === "d" && !days.length && !month.length ? { rhythm: "cycle", onDays: text(timing.cycle_on_days), offDays: text(timing.cycle_off_days) } : null;
  if ((unit === "mo" || (unit === "d" && every === 1 && month.length)) && !days.length) return { rhythm: "month", monthDays: month.join(", "), every: text(every) };
  if (month.length) return null;
  if (unit === "wk") return { rhythm: "every", every: text(every), unit, days };
  if (unit === "d" && every > 1 && !days.length) return { rhythm: "every", every: text(every), unit };
  return unit === "d" && every === 1 ? { rhythm: "days", days } : null;
}

function draftOfStep(step: StepBody): StepDraft {
  const timing = step.timing ?? {};
  const mode = step.mode ?? "clock";
  const draft = { ...newStep(), dose: text(step.dose), lasts: text(step.days), kept: step };
  const plain = Object.keys(timing).every((name) => TIMING.has(name)) && Object.keys(step).every((name) => STEP.has(name));
  if (!plain) return { ...draft, kind: "kept" };
  if (mode === "clock") {
    const on = rhythmOf(timing);
    if (on && timing.when?.length) return { ...draft, ...on, kind: "meals", when: timing.when, offset: text(timing.offset_min || undefined) };
    if (on) return { ...draft, ...on, kind: "times", times: timing.times_of_day ?? [] };
  }
  if (mode === "linked") return { ...draft, kind: "linked", linkedTo: step.linked_item ?? "", linkedAfter: text(step.linked_after_min ?? 0) };
  if ((mode === "elapsed" || mode === "from_last_taken") && timing.period_unit === "h" && (timing.frequency ?? 1) === 1) {
    return { ...draft, kind: mode === "elapsed" ? "hours" : "last", hours: text(timing.period), first: step.first_at ?? "" };
  }
  return { ...draft, kind: "kept" };
}

export function draftOf(plan: PlanBody): PlanDraft {
  return {
    start: plan.start, end: plan.end ?? "", timezone: plan.timezone, moves: plan.tz_policy === "device", notice: text(plan.pre_notice_min),
    items: plan.items.map((item, place) => ({
      id: item.id ?? `item-${place + 1}`, late: { ...item.late_rule }, share: item.missed_at_share == null ? "" : percent(item.missed_at_share),
      medication: item.medication, unit: item.unit, timeCritical: item.policy_class === "TIME_CRITICAL", critical: !!item.critical, asNeeded: !!item.as_needed, why: item.as_needed_reason ?? "",
      limits: { max_doses: text(item.limits?.max_doses), max_quantity: text(item.limits?.max_quantity), max_hours: text(item.limits?.max_hours ?? 24), min_gap_min: text(item.limits?.min_gap_min) },
      instructions: { ...item.instructions }, compartment: text(item.compartment), stock: text(item.stock_units), refill: text(item.refill_at_units), steps: item.steps.map(draftOfStep), kept: item,
    })),
  };
}

/** What is left empty is sent as 0, and refused by name: it never becomes "every day" in silence. */
function daysOf(step: StepDraft): Timing {
  const week = step.days.length ? { days_of_week: DAYS.filter((day) => step.days.includes(day)) } : {};
  if (step.rhythm === "cycle") return { cycle_on_days: Number(step.onDays), cycle_off_days: Number(step.offDays) };
  if (step.rhythm === "every") return { period: Number(step.every), period_unit: step.unit, ...(step.unit === "wk" ? week : {}) };
  if (step.rhythm === "days") return week;
  const days = step.monthDays.split(/[\s,;،]+/).filter(Boolean).map(Number);
  return { period: Number(step.every), period_unit: "mo", ...(days.length ? { days_of_month: days } : {}) };
}

function bodyOfStep(step: StepDraft, asNeeded: boolean): StepBody {
  const days = number(step.lasts);
  const most = { dose: Number(step.dose), ...(days !== undefined ? { days } : {}) };
  if (step.kind === "kept") {
    const { days: _before, ...kept } = step.kept!;
    return { ...kept, ...most };
  }
  if (asNeeded) return { ...most, timing: {} };
  if (step.kind === "linked") return { ...most, mode: "linked", linked_item: step.linkedTo, linked_after_min: number(step.linkedAfter) ?? 0 };
  if (step.kind === "hours" || step.kind === "last") return { ...most, mode: step.kind === "hours" ? "elapsed" : "from_last_taken", timing: { frequency: 1, period: Number(step.hours), period_unit: "h" }, ...(step.first ? { first_at: step.first } : {}) };
  const on = daysOf(step);
  if (step.kind === "meals") {
    const offset = number(step.offset);
    return { ...most, timing: { frequency: step.when.length, when: WHEN.filter((one) => step.when.includes(one)), ...(offset !== undefined ? { offset_min: offset } : {}), ...on } };
  }
  const times = [...new Set(step.times.filter(Boolean))].sort();
  return { ...most, timing: { frequency: times.length, times_of_day: times, ...on } };
}

function bodyOfItem(item: ItemDraft): ItemBody {
  const said = Object.fromEntries(Object.entries(item.instructions).filter(([, words]) => words.trim()));
  const limits = Object.fromEntries(Object.entries(item.limits).map(([name, typed]) => [name, number(typed)] as const).filter(([, value]) => value !== undefined)) as Limits;
  const limited = limits.max_doses !== undefined || limits.max_quantity !== undefined || limits.min_gap_min !== undefined;
  const late = Object.fromEntries(Object.entries(item.late).filter(([, words]) => words.trim()));
  const share = item.kept.missed_at_share != null && percent(item.kept.missed_at_share) === item.share ? item.kept.missed_at_share : number(item.share);
  const body: Record<string, unknown> = {
    ...item.kept, id: item.id, late_rule: Object.keys(late).length ? late : undefined, missed_at_share: share === undefined || share === item.kept.missed_at_share ? share : share / 100, medication: item.medication.trim(), unit: item.unit.trim(), policy_class: item.timeCritical ? "TIME_CRITICAL" : "STANDARD", critical: item.critical || undefined,
    as_needed: item.asNeeded || undefined, as_needed_reason: (item.asNeeded && item.why.trim()) || undefined, limits: limited ? limits : undefined,
    instructions: Object.keys(said).length ? said : undefined, compartment: number(item.compartment), stock_units: number(item.stock), refill_at_units: number(item.refill),
    steps: item.steps.map((step) => bodyOfStep(step, item.asNeeded)),
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as unknown as ItemBody;
}

export function bodyOf(draft: PlanDraft): PlanBody {
  const notice = number(draft.notice);
  return {
    start: draft.start, ...(draft.end ? { end: draft.end } : {}), timezone: draft.timezone.trim(), tz_policy: draft.moves ? "device" : "home",
    ...(notice !== undefined ? { pre_notice_min: notice } : {}), items: draft.items.map(bodyOfItem),
  };
}

/** What is missing before it makes sense to send it: [item, step, what], or null. The server checks everything in any case. */
export function missing(draft: PlanDraft): { item: number; what: "no_times" | "no_meals" | "no_days" } | null {
  for (const [item, one] of draft.items.entries()) {
    for (const [at, step] of one.steps.entries()) {
      if (at < one.steps.length - 1 && !step.lasts) return { item, what: "no_days" };
      if (one.asNeeded) continue;
      if (step.kind === "times" && !step.times.some(Boolean)) return { item, what: "no_times" };
      if (step.kind === "meals" && !step.when.length) return { item, what: "no_meals" };
    }
  }
  return null;
}
