/**
 * The one live connection of a page: a WebSocket that watches one topic, comes back by itself, and always knows
 * whether what it shows is live and, when not, how old it is.
 *
 * The server sends the whole state at once and after each change, and a beat every 2 s. Not live means: nothing heard
 * for 6 s, or the connection lost and not back within 1.5 s. Time of day and ages are the server's domain time,
 * `now_ms + factor x elapsed`, never this machine's own clock (a Pi or a wall tablet may be hours off).
 */
import { useEffect, useReducer, useRef } from "preact/hooks";

const SILENT_MS = 6_000;
const LOST_MS = 1_500;
const OPENING_MS = 5_000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 8_000;
const JITTER_MS = 400; // a beat this early or late is the network's doing; the shown clock does not jump for it

type Heard<S> =
  | { type: "state"; topic: string; seq: number; now_ms: number; factor: number; state: S }
  | { type: "beat" | "reload"; now_ms: number; factor: number }
  | { type: "error"; code: string; message: string };

/** Refusals that only a person can settle, by signing in or pairing; after any other the page tries again. */
const NEEDS_PERSON = ["unauthorized", "not_signed_in", "not_allowed", "csrf"];

/** What a clock or a badge needs to know of a live connection. */
export type Liveness = Pick<Live<never>, "live" | "nowMs" | "asOfMs" | "ageS" | "realSince">;

export type Phase = "opening" | "open" | "lost" | "refused";

/** Real milliseconds since the page opened; never stepped. */
const real = (): number => performance.now();

export class Live<S> {
  /** The newest state; kept while not live, so that the page can show it together with its age. */
  state: S | null = null;
  phase: Phase = "opening";
  refusal: { code: string; message: string } | null = null;
  factor = 1;

  #socket: WebSocket | null = null;
  #heardAt = -Infinity;
  #heardMs = 0;
  #baseMs = 0;
  #baseAt = 0;
  #lostAt = real();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval>;
  #wasLive = false;
  #closed = false;

  constructor(
    readonly topic: string,
    readonly changed: () => void,
    readonly onState: (state: S, live: Live<S>) => void = () => {},
  ) {
    this.#open();
    this.#watch = setInterval(() => this.#look(), 250);
    for (const name of ["online", "pageshow"]) addEventListener(name, this.#woken);
    document.addEventListener("visibilitychange", this.#woken);
  }

  /** Everything shown is the server's newest state, as far as anyone can know. */
  get live(): boolean {
    if (this.state === null || real() - this.#heardAt > SILENT_MS) return false;
    return this.phase === "open" || real() - this.#lostAt < LOST_MS;
  }

  /** Domain time now, ms since 1970; 0 before anything was heard. */
  get nowMs(): number {
    return this.#baseMs === 0 ? 0 : this.#baseMs + this.factor * (real() - this.#baseAt);
  }

  /** Domain time of the last word from the server; what is shown was true then. */
  get asOfMs(): number {
    return this.#heardMs;
  }

  /** How long ago that was, in domain seconds. */
  get ageS(): number {
    return this.#heardMs === 0 ? 0 : Math.max(0, (this.nowMs - this.#heardMs) / 1000);
  }

  /** Real seconds that have passed since a moment of domain time. */
  realSince(ms: number): number {
    return (this.nowMs - ms) / 1000 / (this.factor || 1);
  }

  /** Try at once: after signing in or pairing, or when a person asks. */
  reconnect(): void {
    this.refusal = null;
    this.#failures = 0;
    this.#drop();
    this.#open();
    this.changed();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const name of ["online", "pageshow"]) removeEventListener(name, this.#woken);
    document.removeEventListener("visibilitychange", this.#woken);
    this.#drop();
  }

  /** The machine slept or the network came back: an open-looking socket may be dead, so do not wait to find out. */
  #woken = (): void => {
    if (document.visibilityState === "hidden" || this.phase === "refused") return;
    if (this.phase === "lost" || (this.phase === "open" && real() - this.#heardAt > 3_000)) this.reconnect();
  };

  #open(): void {
    if (this.#closed) return;
    this.phase = this.phase === "open" ? "lost" : this.phase === "refused" ? "opening" : this.phase;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
    this.#socket = socket;
    this.#timer = setTimeout(() => socket === this.#socket && this.#lost(), OPENING_MS);
    socket.onopen = () => socket.send(JSON.stringify({ action: "watch", topic: this.topic }));
    socket.onmessage = (message) => socket === this.#socket && this.#hear(JSON.parse(String(message.data)) as Heard<S>);
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      if (event.code === 1008 && NEEDS_PERSON.includes(event.reason)) this.#refused({ code: event.reason, message: "" });
      else this.#lost();
    };
  }

  #hear(message: Heard<S>): void {
    clearTimeout(this.#timer);
    if (message.type === "error") {
      if (NEEDS_PERSON.includes(message.code)) this.#refused(message);
      return; // else the server closes, and we come back
    }
    this.#heardAt = real();
    this.#heardMs = message.now_ms;
    const steady = message.factor === this.factor && Math.abs(message.now_ms - this.nowMs) < JITTER_MS * this.factor;
    if (!steady || this.#baseMs === 0) {
      [this.factor, this.#baseMs, this.#baseAt] = [message.factor, message.now_ms, real()];
    }
    if (message.type === "state") {
      this.phase = "open";
      this.#failures = 0;
      this.state = message.state;
      this.onState(message.state, this);
      this.changed();
    }
    this.#look();
  }

  #refused(refusal: { code: string; message: string }): void {
    this.refusal = this.refusal ?? refusal;
    this.phase = "refused";
    this.#drop();
    this.changed();
  }

  #lost(): void {
    if (this.phase === "open") [this.phase, this.#lostAt] = ["lost", real()];
    this.#drop();
    // Full jitter: after a power cut all screens of a clinic come back, and not in the same instant.
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#open(), Math.random() * most);
    this.changed();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #look(): void {
    if (this.phase === "open" && real() - this.#heardAt > SILENT_MS) this.#lost();
    if (this.live !== this.#wasLive) {
      this.#wasLive = this.live;
      this.changed();
    }
  }
}

/** Watch `topic` for as long as the component is shown. `onState` sees every state, also those between two drawings. */
export function useLive<S>(topic: string, onState?: (state: S, live: Live<S>) => void): Live<S> {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const handler = useRef(onState);
  handler.current = onState;
  const live = useRef<Live<S> | null>(null);
  live.current ??= new Live<S>(topic, () => again(0), (state, from) => handler.current?.(state, from));
  useEffect(() => () => live.current?.close(), []);
  return live.current;
}

/** Draw again every `everyMs` for clocks and ages. */
export function useTick(everyMs = 1000): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => again(0), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
