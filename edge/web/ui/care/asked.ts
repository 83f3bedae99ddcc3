/** What the care page asks the clinic for, every few seconds, and the shapes of the answers. */
import { useEffect, useState } from "preact/hooks";
import type { Worded } from "../../../../shared/ui/alert-says";
import { get } from "../../../../shared/ui/api";

const EVERY_MS = 4_000;

export interface Dose {
  id: string;
  patient_id: string;
  patient_name: string | null;
  plan_id: string;
  medication: string;
  quantity: number;
  unit: string;
  critical: boolean;
  status: "PLANNED" | "ANNOUNCED" | "SNOOZED" | "EARLY" | "ON_TIME" | "LATE" | "SKIPPED" | "MISSED" | "HELD" | "UNKNOWN" | "NOT_ANNOUNCED" | "VOIDED";
  open: boolean;
  due_at: string;
  on_time_until: string;
  taken_at: string | null;
  snoozed_until: string | null;
  announced: number;
  reason: string;
  compartment: number | null;
}
export interface CareAlert extends Omit<Worded, "source"> { id: string; patient_id: string | null; severity: "info" | "warning" | "critical"; body: string; acked_by: string | null; raised_at: string; note_id: string | null }
export interface Device { id: string; name: string; kind: string; patient_id: string | null; status: string; online: boolean; last_heartbeat_at: string | null; battery: number | null; faults: string[] }
export interface Note { id: string; patient_id: string | null; recorded_at: string; seconds: number; transcript: string | null; intent: string | null; has_audio: boolean; heard: object | null; alerts: string[] }
export interface Stock { patient_name: string | null; plan_id: string; item_id: string; medication: string; units: number; days_left: number | null }
export interface Hold { id: string; patient_name: string | null; medication: string | null; from: string; to: string; reason: string }
export interface Medicine { patient_id: string; patient_name: string | null; plan_id: string; item_id: string; medication: string }
export interface AsNeeded extends Medicine { quantity: number; unit: string; reason: string; max_hours: number; taken_at: string | null; blocked: "min_gap" | "limit" | "on_hold" | null; not_before: string | null }
export interface Person { id: string; name: string }

export interface Everything {
  now_ms: number;
  doses: Dose[];
  alerts: CareAlert[];
  devices: Device[];
  notes: Note[];
  stock: Stock[];
  holds: Hold[];
  needed: AsNeeded[];
  people: Person[];
}

async function ask(): Promise<Everything> {
  const [doses, alerts, devices, notes, stock, holds, needed, people] = await Promise.all([
    get<{ now_ms: number; doses: Dose[] }>("/api/v1/care/doses"),
    get<CareAlert[]>("/api/v1/care/alerts"),
    get<Device[]>("/api/v1/devices"),
    get<Note[]>("/api/v1/voice?limit=20"),
    get<Stock[]>("/api/v1/care/stock"),
    get<Hold[]>("/api/v1/care/holds"),
    get<AsNeeded[]>("/api/v1/care/as-needed"),
    get<Person[]>("/api/v1/patients?limit=500"),
  ]);
  return { ...doses, alerts, devices, notes, stock, holds, needed, people };
}

export interface Asked {
  data: Everything | null;
  problem: unknown;
  again: () => void;
}

/** Asked again every few seconds while somebody looks, and at once after an act. */
export function useCare(): Asked {
  const [data, setData] = useState<Everything | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let over = false;
    const look = (): void => {
      if (document.hidden) return;
      ask().then(
        (all) => { if (!over) { setData(all); setProblem(null); } },
        (met) => { if (!over) setProblem(met); },
      );
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => { over = true; clearInterval(timer); };
  }, [round]);
  return { data, problem, again: () => setRound((n) => n + 1) };
}
