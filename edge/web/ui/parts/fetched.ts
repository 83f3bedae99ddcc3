/** What a page asks for beside its live state: read anew when the live state moves, so that it is never older than that. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";

const AGAIN_MS = 1_000;

export interface Fetched<T> {
  data: T | null;
  problem: unknown;
  /** Read it anew now. */
  again: () => void;
}

/** `load` is asked at first, whenever `key` changes, and at most once a second when `moved` is another object. */
export function useFetched<T>(key: string, moved: unknown, load: () => Promise<T>): Fetched<T> {
  const [kept, setKept] = useState<{ key: string; data: T } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const asked = useRef({ key: "", at: -Infinity, number: 0 });
  const latest = useRef({ key, load });
  latest.current = { key, load };
  const ask = (): void => { // whoever kept it from an earlier drawing gets what is wanted now
    const [wanted, number] = [latest.current.key, asked.current.number + 1];
    asked.current = { key: wanted, at: performance.now(), number };
    latest.current.load().then(
      (data) => { if (asked.current.number === number) { setKept({ key: wanted, data }); setProblem(null); } },
      (met) => { if (asked.current.number === number) setProblem(met); },
    );
  };
  useEffect(() => {
    const wait = asked.current.key === key ? asked.current.at + AGAIN_MS - performance.now() : 0;
    if (wait <= 0) return ask();
    const timer = setTimeout(ask, wait);
    return () => clearTimeout(timer);
  }, [key, moved]);
  return { data: kept?.key === key ? kept.data : null, problem, again: ask };
}

export interface Slot {
  id: string;
  doctor_id: string;
  date: string;
  start_time: string;
  end_time: string;
  max_capacity: number;
  current_capacity: number;
  status: "ACTIVE" | "DELAYED" | "CANCELLED";
  delay_minutes: number;
  remaining: number;
  lent: number;
  waiting_list_length: number;
}

export interface Booking {
  id: string;
  slot_id: string | null;
  token_number: number | null;
  number_printed: string | null;
  category: string;
  status: string;
  visit_status: string;
  estimated_time: string | null;
  position?: number | null;
  name: string | null;
}

export interface Patient {
  id: string;
  name: string;
  phone: string;
  email: string;
  age: number | null;
  notify: boolean;
}

const NAMES_MAX = 50;

/**
 * A doctor's day: slots by start, and who is in them or on their waiting lists. Names come from the day by hours, which is the
 * seed's list that has them; of those on a waiting list from each person.
 */
export async function dayOf(doctorId: string, date: string): Promise<{ slots: Slot[]; bookings: Booking[] }> {
  const at = `doctor_id=${encodeURIComponent(doctorId)}&date=${date}`;
  const [slots, tokens, hours, list] = await Promise.all([
    get<Slot[]>(`/api/v1/slots?${at}&limit=200`),
    get<Booking[]>(`/api/v1/tokens?${at}&limit=1000`),
    get<{ data: { slots: { appointments: { appointmentId: string; patientName: string | null }[] }[] } }>(`/api/appointments/queue/slot-based/${encodeURIComponent(doctorId)}?date=${date}`),
    get<Waitlisted[]>(`/api/v1/waiting-list?${at}&limit=1000`),
  ]);
  const names = new Map(hours.data.slots.flatMap((hour) => hour.appointments.map((one) => [one.appointmentId, one.patientName] as const)));
  const named = await Promise.all(list.slice(0, NAMES_MAX).map(async (one) => [one.id, (await get<Patient>(`/api/v1/patients/${one.patient_id}`)).name] as const));
  for (const [id, name] of named) names.set(id, name);
  const waiting = list.map((one): Booking => ({ ...one, token_number: null, status: "WAITLISTED", visit_status: "waitlisted", estimated_time: null, name: null }));
  const place = (one: Booking): number => (one.visit_status === "waitlisted" ? 10_000 + (one.position ?? 0) : (one.token_number ?? 9_999));
  const bookings = [...tokens.filter((one) => one.visit_status !== "waitlisted"), ...waiting].map((one) => ({ ...one, name: names.get(one.id) ?? null }));
  return { slots, bookings: bookings.sort((a, b) => place(a) - place(b)) };
}

type Waitlisted = Pick<Booking, "id" | "slot_id" | "number_printed" | "category" | "position"> & { patient_id: string };
