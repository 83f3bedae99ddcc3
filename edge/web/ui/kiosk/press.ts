/**
 * One press of a patient, from the touch to the number.
 *
 * A press has one key. It is kept on the machine until its number has been shown, so that neither a double touch, nor a
 * lost answer, nor a page that reloads in the middle makes two tokens of it or loses it. Checking in with the code of an
 * appointment is a press like any other.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { act, get, newKey, Problem } from "../../../../shared/ui/api";
import { recall, store } from "../../../../shared/ui/i18n";
import type { Visit } from "../states";

const KEPT = "outpost.kiosk.press";
const KEPT_FOR_MS = 120_000;
const TRIES = 6; // with pauses 0.3, 0.6 … 4.8 s: gives up after about 10 s when the server refuses connections
const SLIP_LOOKS = 15;
const SLIP_EVERY_MS = 600;
const FAILED_IDLE_MS = 45_000;
export const SHOWN_MS = 8_000;
export const SHOWN_WITHOUT_SLIP_MS = 25_000; // time to take out a phone

export type Slip = "queued" | "printed" | "not_printed";
/** A number for a service, or for whoever has an appointment and brought its code. */
interface Asked {
  key: string;
  service?: string;
  code?: string;
}
/** What is known of an appointment. `admitted` false: much too early, in the queue from `admitted_at` on. */
export interface Booked {
  admitted: boolean;
  admitted_at: string | null;
  due_at: string | null;
  already: boolean;
}
/** The wait as the slip says it, in minutes; null while no doctor is here. */
export type Estimate = { min: number; max: number } | null;
export type Press =
  | { stage: "choose" }
  | { stage: "code" }
  | ({ stage: "asking"; tried: number } & Asked)
  | ({ stage: "failed"; problem: unknown } & Asked)
  | { stage: "given"; visit: Visit; ahead: number; estimate: Estimate; slip: Slip; at: number; booked: Booked | null };

/** The press that a reload or a power cut interrupted, if it is recent. */
function kept(): (Asked & { at: number }) | null {
  try {
    const found = JSON.parse(recall(KEPT) ?? "null") as (Asked & { at: number }) | null;
    return found && Math.abs(Date.now() - found.at) < KEPT_FOR_MS ? found : null;
  } catch {
    return null;
  }
}

export function usePress(onOver: () => void): {
  press: Press;
  choose: (service: string) => void;
  type: () => void;
  arrive: (code: string) => void;
  again: () => void;
  over: () => void;
} {
  const [press, setPress] = useState<Press>({ stage: "choose" });
  const busy = useRef(false); // read in the event itself: a second touch comes before anything is drawn

  async function ask(asked: Asked): Promise<void> {
    busy.current = true;
    store(KEPT, JSON.stringify({ ...asked, at: Date.now() }));
    setPress({ stage: "asking", tried: 0, ...asked });
    try {
      const [path, body] = asked.code ? ["/api/v1/visits/arrive", { code: asked.code }] : ["/api/v1/visits", { service: asked.service }];
      const answer = await act<{ visit: Visit; ahead: number; estimate: Estimate } & Partial<Booked>>(path as string, body as object, {
        key: asked.key,
        tries: TRIES,
        onRetry: (tried) => setPress({ stage: "asking", tried, ...asked }),
      });
      const { visit, ahead, estimate } = answer;
      const { admitted = true, admitted_at = null, due_at = null, already = false } = answer;
      const booked = asked.code ? { admitted, admitted_at, due_at, already } : null;
      setPress({ stage: "given", visit, ahead, estimate, slip: "queued", at: performance.now(), booked });
    } catch (problem) {
      // A refusal is settled; after a lost answer nobody knows, so the key is kept for "try again".
      if (problem instanceof Problem && !problem.again) store(KEPT, null);
      setPress({ stage: "failed", problem, ...asked });
    } finally {
      busy.current = false;
    }
  }

  function over(): void {
    store(KEPT, null);
    setPress({ stage: "choose" });
    onOver();
  }

  useEffect(() => {
    const interrupted = kept();
    if (!interrupted) return;
    const { at: _, ...asked } = interrupted;
    void ask(asked);
  }, []);

  // Ask how the slip is doing, until it is out or known not to come.
  const id = press.stage === "given" ? press.visit.id : null;
  useEffect(() => {
    if (!id) return;
    let left = SLIP_LOOKS;
    const timer = setInterval(async () => {
      if (left-- <= 0) return clearInterval(timer);
      const slip = await get<{ slip: Slip }>(`/api/v1/visits/${id}`).then((visit) => visit.slip, () => null);
      if (!slip || slip === "queued") return;
      clearInterval(timer);
      setPress((now) => (now.stage === "given" && now.visit.id === id ? { ...now, slip } : now));
    }, SLIP_EVERY_MS);
    return () => clearInterval(timer);
  }, [id]);

  useEffect(() => {
    if (press.stage !== "failed") return;
    const timer = setTimeout(over, FAILED_IDLE_MS);
    return () => clearTimeout(timer);
  }, [press.stage]);

  return {
    press,
    choose: (service) => void (busy.current || press.stage !== "choose" || ask({ key: newKey(), service })),
    type: () => void (busy.current || setPress({ stage: "code" })),
    arrive: (code) => void (busy.current || (press.stage !== "code" && press.stage !== "choose") || ask({ key: newKey(), code })),
    again: () => {
      if (busy.current || press.stage !== "failed") return;
      const { stage: _, problem: __, ...asked } = press;
      void ask(asked);
    },
    over: () => void (busy.current || over()),
  };
}
