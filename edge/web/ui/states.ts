/** The shapes the edge sends, as in the live topics and `GET /api/v1/{display,desk,kiosk}`. */

export type Status = "booked" | "waitlisted" | "waiting" | "called" | "in_consultation" | "parked" | "completed" | "no_show" | "cancelled";

export interface Visit {
  id: string;
  number: number;
  /** Drawn at arrival, never at booking. */
  token_number: string | null;
  service: string;
  status: Status;
  urgency: number;
  is_emergency: boolean;
  doctor_id: string | null;
  room: string | null;
  created_at: string | null;
  called_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  version: number;
}

interface Site {
  site_name: string;
  languages?: string[];
  /** IANA name of the site's zone; this machine's own where it is not told. */
  timezone?: string;
}

export type PrinterState = "ok" | "paper_out" | "offline" | "none";

export interface KioskState extends Site {
  services: { letter: string; name: string; waiting: number; is_open: boolean }[];
  printer: PrinterState;
  day_open: boolean;
}

export interface Call {
  key: string;
  token: string;
  room: string;
  doctor: string;
  service: string;
  called_at_ms: number;
  recall: boolean | number;
  clip: string | null;
}

/** A doctor's room: who is inside (or called to it), and who of those given to this doctor comes next. */
export interface RoomNow {
  room: string;
  now: string | null;
  next: string[];
  is_on_break: boolean;
}

/** A message to a doctor's patients that is not ended, as screens get it. */
export interface ShownMessage {
  id: string;
  message: string;
  priority: "low" | "normal" | "high" | "critical";
  delay_min: number;
  doctor: string;
  room: string;
  clip: string | null;
}

export interface DisplayState extends Site {
  now_calling: Call[];
  recent: Call[];
  next: string[];
  waiting: number;
  ticker: string;
  day: string | null;
  rooms: RoomNow[];
  /** The next of those given to no doctor yet. */
  anyone: string[];
  /** The most important first. */
  messages: ShownMessage[];
}

/** A visit as staff see it. */
export interface StaffVisit extends Visit {
  name: string | null;
  phone: string | null;
  reason: string | null;
  category: Category;
  person_id: string | null;
  slot_id: string | null;
  arrived_at: string | null;
  due_at: string | null;
  delay_min: number;
  /** When the clock acts on it: a visit on hold waits again, somebody much too early joins the queue. */
  timer_at: string | null;
  /** What the patient said at the kiosk, where it counts less until staff confirm it. */
  claimed_urgency: number | null;
  doctor_chosen: boolean;
  over_capacity: boolean;
  skips: number;
}

export type Category = "EMERGENCY" | "PRIORITY_PAID" | "FOLLOWUP" | "ONLINE" | "WALKIN";

export interface WaitingVisit extends StaffVisit {
  /** 1 is next to be called by its doctor, or by any of the service. */
  position: number;
  /** Minutes; null while no doctor is here. */
  wait: { min: number; mid: number; max: number } | null;
  why: string;
  why_code: string;
  why_values: Record<string, string | number>;
  score: number;
  wait_min: number;
  /** Why a language model raised the urgency: codes, perhaps none. Null where none did, or somebody has looked since. */
  raised: string | null;
}

export interface Doctor {
  id: string;
  number: number;
  name: string;
  room: string;
  specialization: string | null;
  service: string | null;
  is_active: boolean;
  is_on_break: boolean;
  current: StaffVisit | null;
  called: StaffVisit[];
  /** Ids of those in `waiting` who are next for this doctor. */
  next: string[];
  /** How many wait for this doctor, or for any doctor of the service. */
  waiting: number;
}

export interface Service {
  letter: string;
  name: string;
  is_open: boolean;
  policy: string;
}

export interface Act {
  undo_id: string;
  kind: string;
  label: string;
  /** Of the visit now; null before one was drawn. */
  token: string | null;
  name: string | null;
}

/** A message to the patients of a doctor that is not ended. */
export interface Message {
  id: string;
  doctor_id: string;
  message: string;
  priority: "low" | "normal" | "high" | "critical";
  delay_min: number;
  sent_at: string;
}

export interface DeskState extends Site {
  services: Service[];
  doctors: Doctor[];
  waiting: WaitingVisit[];
  /** On hold, the first to come back first. */
  parked: StaffVisit[];
  /** To come today: booked, or on the waiting list of a full slot. */
  booked: StaffVisit[];
  missed: StaffVisit[];
  finished: Visit[];
  broadcasts: Message[];
  printer: PrinterState;
  link: { state: "up" | "down" | "none"; unsent: number };
  alerts?: { topic: string; title: string; hint: string; since_ms: number }[];
  last_acts: Act[];
  day: string | null;
}
