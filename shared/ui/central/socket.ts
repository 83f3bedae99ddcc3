/** A subscription to one date over seed 004's WebSocket, as its examples do it: whole states, and it comes back by itself. */

export interface Appointment {
  appointment_id: string;
  slot: number | null;
  status: "confirmed" | "completed" | "no_show";
  patient: { name: string };
  queue: { position: number | null; status: string } | null;
  number_printed: string | null;
}

/** Head office says whose doctor it is, and how that clinic is. */
export interface Site {
  id: string;
  name: string;
  state: "live" | "silent" | "never";
}

export interface DoctorOfDay {
  doctor: { id: string; name: string; code: string; specialty: string };
  total_appointments: number;
  checked_in_count: number;
  is_active: boolean;
  is_on_break: boolean;
  appointments: Appointment[];
  site?: Site;
}

export interface CentralQueue {
  date: string;
  total_appointments: number;
  total_doctors: number;
  doctors: DoctorOfDay[];
  unassigned: Appointment[];
}

export interface Heard {
  at: Date;
  type: string;
  bytes: number;
}

export type Line = "opening" | "open" | "closed";

interface Told {
  line: (line: Line) => void;
  queue: (queue: CentralQueue | null) => void;
  heard: (heard: Heard) => void;
  signedOut: () => void;
}

export const PATH = "/api/v1/ws/queue";
const AGAIN_MS = 1000;
const AGAIN_MAX_MS = 8000;
const POLICY = 1008;

/** Open the line; `subscribe` and `unsubscribe` may be called at any time, also while it is down. */
export class Central {
  #socket: WebSocket | null = null;
  #date: string | null = null;
  #tries = 0;
  #timer = 0;

  constructor(private readonly told: Told) {
    this.#open();
  }

  subscribe(date: string): void {
    this.#date = date;
    this.#say({ action: "subscribe", date });
  }

  unsubscribe(): void {
    this.#date = null;
    this.#say({ action: "unsubscribe" });
  }

  close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #open(): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`);
    this.#socket = socket;
    this.told.line("opening");
    socket.onopen = () => {
      this.#tries = 0;
      this.told.line("open");
      if (this.#date) this.subscribe(this.#date);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.#hear(event.data);
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.told.line("closed");
      if (event.code === POLICY && event.reason === "unauthorized") return this.told.signedOut();
      const pause = Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** this.#tries++);
      this.#timer = window.setTimeout(() => this.#open(), Math.random() * pause);
    };
  }

  #hear(text: string): void {
    const message = JSON.parse(text) as { type: string; data?: CentralQueue };
    this.told.heard({ at: new Date(), type: message.type, bytes: text.length });
    if ((message.type === "snapshot" || message.type === "update") && message.data) this.told.queue(message.data);
    if (message.type === "unsubscribed") this.told.queue(null);
  }
}
