/** What the page of a patient asks for, and the shapes of the answers. */
import { get, Problem } from "../../../../shared/ui/api";
import type { CareAlert, Dose } from "../care/parts";
import { places, type Places } from "../care/polled";
import type { PlanBody } from "./plan-body";

const query = new URLSearchParams(location.search);
export const ID = query.get("id") ?? "";
const DAY_MS = 86_400_000;
const BACK_DAYS = 7;
/** Doses are read so far back, so that an event of an older one can name its medicine. */
const NAMED_DAYS = 14;

export interface Patient { id: string; site: string; name: string; language: string; timezone: string; phone?: string | null; age?: number | null; gender?: string | null }
export interface Numbers { due: number; taken: number; on_time: number; late: number; early: number; missed: number; skipped: number; held: number; unknown: number; not_announced: number; critical_missed: number; taken_percent: number | null; on_time_percent: number | null; days_covered_percent: number | null; holidays: number }
export interface Device { id: string; name: string; status: string; online: boolean; battery: number | null; heard_at: string | null }
export interface Dashboard { date: string; doses: Dose[]; next_dose: Dose | null; devices: Device[]; definition: string; adherence: { days_7: Numbers; days_30: Numbers } }
export interface Delivery { to: "site" | "device"; site: string; device_id: string | null; name?: string; state: "published" | "received" | "applied" | "failed" | "expired"; detail: string; revision_applied: number | null }
export interface Plan extends PlanBody { id: string; patient_id: string; site: string; revision: number; status: "active" | "stopped"; reason: string; created_at: string; changed_at: string; delivery: Delivery[] }
export interface Event { of: string; id: string; kind: string; at: string; uncertainty_s: number | null; device_id: string | null; occurrence_id: string | null; quantity: number | null; source: string | null; status: string | null; reason: string | null }
export interface NoteItem { kind: string; value: string; quote: string; start_s: number | null; end_s: number | null }
/** `answered_from` "clinic": not answered here. `understood_by`: what found the question; no model ever words an answer. */
export interface Question { topic: string; medication: string | null; quote: string; start_s: number | null; end_s: number | null; answer: string; language: string; answered_from: "plan" | "vetted" | "clinic"; sources: string[]; understood_by: string }
/** `to_look_at`: it asks for a person (`needs_human`, or `review`: a model raised the urgency by much), and nobody has looked at this `version` yet. */
export interface Note {
  id: string; recorded_at: string; transcript: string; language: string | null; intent: string; status: string; seconds: number | null; has_audio: boolean; items: NoteItem[]; questions: Question[]; alerts: string[];
  version: number; raised_by_model: number; needs_human: boolean; review: boolean; to_look_at: boolean; looked_by: string | null; looked_at: string | null;
}
export type Summary = Numbers & { date?: string; week?: string; text: string; definition: string; source: string; generated_at: string; version: number };
export interface Insight { id: string; period: string; starts_on: string; kind: string; severity: string; numbers: Record<string, number>; text: string; language: string; source: string; generated_at: string }
export interface Report { id: string; from: string; to: string; version: number; text: string; source: string; page: string; generated_at: string }
export interface Caregiver { id: string; name: string; language: string | null; relation: string; place: number; account: string | null }
export interface Doctor { id: string; name: string; specialization: string; is_active?: boolean }
export interface Hold { id: string; plan_id: string | null; item_id: string | null; from_at: string; until_at: string; reason: string }
export interface Requested { id: string; kind: "set_meal_times" | "set_hold" | "end_hold" | "correct_dose" | "tell_dose"; state: string; detail: string; at: string }

export interface Now { patient: Patient; sites: Places; dashboard: Dashboard; plans: Plan[]; alerts: CareAlert[] }

/** What changes by the minute. */
export async function now(): Promise<Now> {
  const id = encodeURIComponent(ID);
  const [patient, sites, dashboard, plans, alerts] = await Promise.all([
    get<Patient>(`/api/v1/patients/${id}`), places(), get<Dashboard>(`/api/v1/summary/dashboard?patient_id=${id}`),
    get<Plan[]>(`/api/v1/medication-plans?patient_id=${id}`), get<CareAlert[]>(`/api/v1/alerts?patient_id=${id}&open=false&limit=20`),
  ]);
  return { patient, sites, dashboard, plans, alerts };
}

/** notes: those that ask for a person first, however old.  names: medicines by dose. */
export interface Rest { notes: Note[]; events: Event[]; past: Dose[]; names: Record<string, string>; daily: Summary | null; weekly: Summary | null; insights: Insight[]; reports: Report[]; caregivers: Caregiver[]; doctors: Doctor[]; meals: Record<string, string>; holds: Hold[]; requests: Requested[] }

/** Null where there is nothing yet. */
const maybe = <T>(asked: Promise<T>): Promise<T | null> => asked.catch((met: unknown) => {
  if (met instanceof Problem && met.status === 404) return null;
  throw met;
});

/** What is read more seldom, and again after an act. */
export async function rest(plans: readonly Plan[], nowMs: number, lang: string): Promise<Rest> {
  const of = `patient_id=${encodeURIComponent(ID)}`;
  const person = `/api/v1/patients/${encodeURIComponent(ID)}`;
  const span = `from=${nowMs - NAMED_DAYS * DAY_MS}&to=${nowMs}`;
  const [open, recent, events, doses, daily, weekly, insights, reports, caregivers, doctors, meals, holds, requests] = await Promise.all([
    get<Note[]>(`/api/v1/voice?${of}&to_look_at=true&from=0&limit=30`), get<Note[]>(`/api/v1/voice?${of}&limit=30`), get<Event[]>(`/api/v1/events?${of}&limit=100`),
    Promise.all(plans.map((plan) => get<Dose[]>(`/api/v1/medication-plans/${encodeURIComponent(plan.id)}/doses?${span}`))),
    maybe(get<Summary>(`/api/v1/summary/daily?${of}&lang=${lang}`)), maybe(get<Summary>(`/api/v1/summary/weekly?${of}&lang=${lang}`)),
    get<Insight[]>(`/api/v1/summary/insights?${of}`), get<Report[]>(`/api/v1/summary/reports?${of}`),
    get<Caregiver[]>(`${person}/caregivers`), get<Doctor[]>(`${person}/doctors`), get<{ times: Record<string, string> }>(`${person}/meal-times`),
    get<Hold[]>(`${person}/holds`), get<Requested[]>(`${person}/requests`),
  ]);
  const notes = [...open, ...recent.filter((one) => !open.some((other) => other.id === one.id))];
  const since = nowMs - BACK_DAYS * DAY_MS;
  const names = Object.fromEntries(doses.flat().map((one) => [one.occurrence_id, one.medication]));
  const past = doses.flat().filter((one) => Date.parse(one.due_at_utc) >= since && one.status !== "VOIDED" && one.status !== "PLANNED").sort((a, b) => Date.parse(b.due_at_utc) - Date.parse(a.due_at_utc));
  return { notes, events, past, names, daily, weekly, insights, reports, caregivers, doctors, meals: meals.times, holds, requests };
}
