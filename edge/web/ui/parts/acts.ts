/** What staff pages ask of the server, one act at a time, each under its own key, and how it is taken back. */
import { useRef, useState } from "preact/hooks";
import { act, newKey, Problem, type Method } from "../../../../shared/ui/api";
import type { Visit } from "../states";

/** verb -> method and path; `{}` is the target. Where the answer holds an undo_id, the act can be taken back. */
const ACTS = {
  call: ["POST", "/api/v1/doctors/{}/call-next"],
  recall: ["POST", "/api/v1/visits/{}/recall"],
  start: ["POST", "/api/v1/visits/{}/start"],
  complete: ["POST", "/api/v1/visits/{}/complete"],
  noshow: ["POST", "/api/v1/visits/{}/no-show"],
  undo: ["POST", "/api/v1/visits/undo"],
  callthis: ["POST", "/api/v1/visits/{}/call"],
  skip: ["POST", "/api/v1/visits/{}/skip"],
  park: ["POST", "/api/v1/visits/{}/park"],
  resume: ["POST", "/api/v1/visits/{}/resume"],
  transfer: ["POST", "/api/v1/visits/{}/transfer"],
  move: ["POST", "/api/v1/visits/{}/move"],
  emergency: ["POST", "/api/v1/visits/{}/flag-emergency"],
  urgency: ["POST", "/api/v1/visits/{}/urgency"],
  looked: ["POST", "/api/v1/visits/{}/looked-at"],
  cancel: ["POST", "/api/v1/visits/{}/cancel"],
  return: ["POST", "/api/v1/visits/{}/return"],
  checkin: ["POST", "/api/v1/visits/{}/check-in"],
  break: ["PUT", "/api/staff/toggle-doctor/{}"],
  register: ["POST", "/api/staff/register-walkin"],
  urgent: ["POST", "/api/staff/add-emergency"],
  tell: ["POST", "/api/appointments/queue/emergency/{}"],
  untell: ["POST", "/api/v1/broadcasts/{}/end"],
  book: ["POST", "/api/v1/appointments"],
  slot: ["POST", "/api/v1/slots"],
  change: ["PUT", "/api/v1/slots/{}"],
  late: ["PUT", "/api/v1/slots/{}/delay"],
} as const satisfies Record<string, readonly [Method, string]>;

export type Verb = keyof typeof ACTS;
/** Something done or tried: `target` is a doctor for "call" and "break", an undo_id for "undo", else a visit. */
export type Deed = { verb: Verb; target: string; body?: object; then?: (answer: Answer) => void };
export interface Answer {
  visit?: Visit;
  visits?: Visit[];
  undo_id?: string | null;
  admitted?: boolean;
  admitted_at?: string | null;
  token_number?: string;
  person_id?: string;
  status?: string;
}
export interface Done {
  verb: Verb;
  token: string;
  room: string;
  answer: Answer;
  at: number;
}
export interface Acts {
  busy: Deed | null;
  trying: boolean;
  problem: unknown;
  done: Done | null;
  /** Resolves with true once it is done, with false when it was refused, failed or one is still running. */
  deed: (deed: Deed) => Promise<boolean>;
  undoMine: () => boolean;
  again: (() => void) | undefined;
  dismiss: () => void;
}

const MINE = "outpost.desk.mine";
const MINE_MAX = 30;
/** The same act again within this time is taken for a trembling hand, not for a second patient. */
const TREMBLE_MS: Partial<Record<Verb, number>> = { call: 1_500, callthis: 1_500, undo: 500, recall: 500, skip: 1_000 };

/** The acts of this page, newest last, that its undo key takes back: never those of another desk. */
function mine(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(MINE) ?? "[]") as string[];
  } catch {
    return [];
  }
}

function keepMine(ids: string[]): void {
  try {
    sessionStorage.setItem(MINE, JSON.stringify(ids.slice(-MINE_MAX)));
  } catch {
    /* a browser that keeps nothing only forgets across a reload */
  }
}

/** Another person signs in on this page: what was done before is not theirs to take back by a key. */
export const forgetMine = (): void => keepMine([]);

export function useActs(onSignedOut: () => void): Acts {
  const [busy, setBusy] = useState<Deed | null>(null);
  const [trying, setTrying] = useState(false);
  const [failed, setFailed] = useState<{ problem: unknown; deed: Deed; key: string } | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const running = useRef(false); // read in the event itself: the second of two key strokes comes before a drawing
  const last = useRef<{ verb: Verb; at: number } | null>(null);

  async function go(deed: Deed, key: string): Promise<boolean> {
    const since = last.current?.verb === deed.verb ? performance.now() - last.current.at : Infinity;
    if (running.current || since < (TREMBLE_MS[deed.verb] ?? 0)) return false;
    running.current = true;
    setBusy(deed);
    setFailed(null);
    setDone(null);
    try {
      const [method, path] = ACTS[deed.verb];
      const body = deed.verb === "undo" ? { undo_id: deed.target } : (deed.body ?? {});
      const onRetry = (): void => setTrying(true);
      const answer = await act<Answer>(path.replace("{}", encodeURIComponent(deed.target)), body, { key, method, onRetry });
      const visit = answer.visit ?? answer.visits?.[0];
      const kept = mine().filter((id) => id !== deed.target);
      keepMine(answer.undo_id && deed.verb !== "undo" ? [...kept, answer.undo_id] : kept);
      const token = visit ? (visit.token_number ?? "") : (answer.token_number ?? "");
      deed.then?.(answer);
      setDone({ verb: deed.verb, token, room: visit?.room ?? "", answer, at: performance.now() });
      last.current = { verb: deed.verb, at: performance.now() };
      return true;
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) onSignedOut();
      // What can never be undone any more must not sit on top of what can.
      if (deed.verb === "undo" && problem instanceof Problem && !problem.again) keepMine(mine().filter((id) => id !== deed.target));
      setFailed({ problem, deed, key });
      return false;
    } finally {
      running.current = false;
      setBusy(null);
      setTrying(false);
    }
  }

  return {
    busy,
    trying,
    problem: failed?.problem ?? null,
    done,
    deed: (deed) => go(deed, newKey()),
    undoMine: () => {
      const newest = mine().pop();
      if (newest) void go({ verb: "undo", target: newest }, newKey());
      return !!newest;
    },
    again: failed && failed.problem instanceof Problem && failed.problem.again ? () => void go(failed.deed, failed.key) : undefined,
    dismiss: () => {
      setFailed(null);
      setDone(null);
    },
  };
}
