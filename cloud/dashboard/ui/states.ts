/** The shapes the cloud sends. Moments are ms since 1970, domain time. */

export interface Tile {
  site: string;
  name: string;
  state: "live" | "silent" | "never";
  heard_ms: number | null;
  waiting: number;
  longest_since_ms: number | null;
  called: number;
  in_consultation: number;
  issued_today: number;
  completed_today: number;
  no_show_today: number;
  last_call: { token: string; room: string | null; at_ms: number } | null;
  doctors_active: number;
  unsent: number[];
  path: "mqtt" | "https" | null;
  alerts_open: number;
  day: string | null;
  dead_letters: number;
  late: number;
  /** Booked for the open day and not here yet. */
  booked_today?: number;
  /** Promised waits of those who were called, and how many of them held. */
  promised_today?: number;
  kept_today?: number;
}

export interface Totals {
  sites: number;
  live: number;
  silent: number;
  waiting: number;
  issued_today: number;
  completed_today: number;
  longest_since_ms?: number | null;
  unsent?: number;
  alerts_open?: number;
}

export interface ChainState {
  sites: Tile[];
  totals: Totals;
}

export interface Epoch {
  epoch: string;
  ordinal: number;
  state: "current" | "replaced" | "fenced" | "revoked";
  first_ms: number | null;
  received: Record<string, number>;
}

export interface SiteDetails {
  site: string;
  name: string;
  epochs: Epoch[];
  link: { version?: string; status?: string } | null;
  alerts: { id: string; topic: string; title: string; hint: string; at_ms: number }[];
  tile: Tile;
}

export interface Command {
  command_id: string;
  kind: string;
  body: Record<string, unknown>;
  state: "published" | "received" | "applied" | "failed" | "expired";
  detail: string | null;
  at: number;
}

export interface Doctor {
  id: string;
  number: number;
  name: string;
  specialization: string | null;
  service: string | null;
  room: string | null;
  is_active: boolean;
  is_on_break: boolean;
}

export interface Service {
  id: string;
  letter: string;
  name: string;
  is_open: boolean;
}

export interface DeadLetter {
  shelf: "refused" | "not_applied" | "gap";
  reader: string | null;
  epoch: string;
  lane: number;
  seq: number;
  last: number;
  kind: string | null;
  reason: string;
  at: number;
}
