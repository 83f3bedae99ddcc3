/**
 * A plan as the form holds it, and as head office takes it (`shared/doses/plan.py`). What the form cannot say (another mode,
 * cycles, days of the month) is kept as it was written and shown as such: nothing is lost by opening a plan here.
 */
export const WHEN = ["WAKE", "ACM", "PCM", "ACD", "PCD", "ACV", "PCV", "HS", "MORN", "NOON", "AFT", "EVE", "NIGHT"] as const;
export type When = (typeof WHEN)[number];
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface Timing { frequency?: number; period?: number; period_unit?: string; days_of_week?: Day[]; times_of_day?: string[]; when?: When[]; offset_min?: number; [more: string]: unknown }
export interface StepBody { dose: number; mode?: string; timing?: Timing; days?: number; first_at?: string; [more: string]: unknown }
export interface Limits { max_doses?: number; max_quantity?: number; max_hours?: number; min_gap_min?: number }
export interface ItemBody {
  id?: string; medication: string; unit: string; policy_class: "STANDARD" | "TIME_CRITICAL"; critical?: boolean; as_needed?: boolean; as_needed_reason?: string;
  limits?: Limits; instructions?: Record<string, string>; compartment?: number; stock_units?: number; refill_at_units?: number; steps: StepBody[]; [more: string]: unknown;
}
export interface PlanBody { start: string; end?: string; timezone: string; tz_policy?: string; pre_notice_min?: number; items: ItemBody[] }

export interface StepDraft { dose: string; kind: "times" | "meals" | "hours" | "kept"; times: string[]; when: When[]; offset: string; hours: string; first: string; days: Day[]; lasts: string; kept: StepBody | null }
export interface ItemDraft {
  medication: string; unit: string; timeCritical: boolean; critical: boolean; asNeeded: boolean; why: string; limits: Record<keyof Limits, string>;
  instructions: Record<string, string>; compartment: string; stock: string; refill: string; steps: StepDraft[]; kept: Partial<ItemBody>;
}
export interface PlanDraft { start: string; end: string; timezone: string; moves: boolean; notice: string; items: ItemDraft[] }

const text = (n: number | undefined | null): string => (n === undefined || n === null ? "" : String(n));
const number = (typed: string): number | undefined => (typed.trim() === "" ? undefined : Number(typed));

export const newStep = (): StepDraft => ({ dose: "1", kind: "times", times: ["08:00"], when: [], offset: "", hours: "8", first: "08:00", days: [], lasts: "", kept: null });
export const newItem = (): ItemDraft => ({
  medication: "", unit: "", timeCritical: false, critical: false, asNeeded: false, why: "", limits: { max_doses: "", max_quantity: "", max_hours: "24", min_gap_min: "" },
  instructions: {}, compartment: "", stock: "", refill: "", steps: [newStep()], kept: {},
});

const PLAIN = new Set(["frequency", "period", "period_unit", "days_of_week", "times_of_day", "when", "offset_min"]);

function draftOfStep(step: StepBody): StepDraft {
  const timing = step.timing ?? {};
  const draft = { ...newStep(), dose: text(step.dose), lasts: text(step.days), kept: step };
  const plain = Object.keys(timing).every((name) => PLAIN.has(name)) && Object.keys(step).every((name) => ["dose", "mode", "timing", "days", "first_at"].includes(name));
  const daily = (timing.period ?? 1) === 1 && (timing.period_unit ?? "d") === "d";
  if (plain && (step.mode ?? "clock") === "clock" && daily) {
    const days = timing.days_of_week ?? [];
    if (timing.when?.length) return { ...draft, kind: "meals", when: timing.when, offset: text(timing.offset_min || undefined), days };
    return { ...draft, kind: "times", times: timing.times_of_day ?? [], days };
  }
  if (plain && step.mode === "elapsed" && timing.period_unit === "h" && (timing.frequency ?? 1) === 1) {
    return { ...draft, kind: "hours", hours: text(timing.period), first: step.first_at ?? "" };
  }
  return { ...draft, kind: "kept" };
}

export function draftOf(plan: PlanBody): PlanDraft {
  return {
    start: plan.start, end: plan.end ?? "", timezone: plan.timezone, moves: plan.tz_policy === "device", notice: text(plan.pre_notice_min),
    items: plan.items.map((item) => ({
      medication: item.medication, unit: item.unit, timeCritical: item.policy_class === "TIME_CRITICAL", critical: !!item.critical, asNeeded: !!item.as_needed, why: item.as_needed_reason ?? "",
      limits: { max_doses: text(item.limits?.max_doses), max_quantity: text(item.limits?.max_quantity), max_hours: text(item.limits?.max_hours ?? 24), min_gap_min: text(item.limits?.min_gap_min) },
      instructions: { ...item.instructions }, compartment: text(item.compartment), stock: text(item.stock_units), refill: text(item.refill_at_units), steps: item.steps.map(draftOfStep), kept: item,
    })),
  };
}

function bodyOfStep(step: StepDraft, asNeeded: boolean): StepBody {
  const days = number(step.lasts);
  const most = { dose: Number(step.dose), ...(days !== undefined ? { days } : {}) };
  if (step.kind === "kept") {
    const { days: _before, ...kept } = step.kept!;
    return { ...kept, ...most };
  }
  if (asNeeded) return { ...most, timing: {} };
  if (step.kind === "hours") return { ...most, mode: "elapsed", timing: { frequency: 1, period: Number(step.hours), period_unit: "h" }, ...(step.first ? { first_at: step.first } : {}) };
  const on = step.days.length ? { days_of_week: DAYS.filter((day) => step.days.includes(day)) } : {};
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
  const body: Record<string, unknown> = {
    ...item.kept, medication: item.medication.trim(), unit: item.unit.trim(), policy_class: item.timeCritical ? "TIME_CRITICAL" : "STANDARD", critical: item.critical || undefined,
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
