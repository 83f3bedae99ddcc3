/**
 * Which call has the screen now. Pure: states in, calls out; no timer, no drawing.
 *
 * Every call has a key. A key not seen before joins the queue, oldest first, and each gets its time on the screen: two
 * calls in one instant are shown and said one after the other. What was called before the page opened, or while it was
 * cut off for long, is on the lists but is not called again: a late call sends people to a room that has moved on.
 */
import type { Call, DisplayState } from "../states";

export const HIGHLIGHT_MS = 6_000;
export const STALE_S = 45;
const QUEUE_MAX = 30;
const SEEN_MAX = 1_000;

export class Calls {
  #seen = new Set<string>();
  #queue: Call[] = [];
  #first = true;
  /** Calls that were too old to be shown, since the page opened. */
  dropped = 0;

  /** Take a state; `ageS` gives the real seconds since a moment of domain time. */
  take(state: DisplayState, ageS: (ms: number) => number): void {
    const known = [...state.now_calling, ...state.recent].sort((a, b) => a.called_at_ms - b.called_at_ms);
    for (const call of known) {
      if (this.#seen.has(call.key)) continue;
      this.#seen.add(call.key);
      if (this.#first) continue;
      if (ageS(call.called_at_ms) > STALE_S || this.#queue.length >= QUEUE_MAX) this.dropped++;
      else this.#queue.push(call);
    }
    this.#first = false;
    // Keys leave in the order they came, and never those still on the lists.
    for (const key of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break;
      if (!known.some((call) => call.key === key)) this.#seen.delete(key);
    }
  }

  /** Whether a call is to be shown. */
  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  /** The next call to show, leaving out what became stale while it waited its turn behind others. */
  next(ageS: (ms: number) => number): Call | null {
    for (let call = this.#queue.shift(); call; call = this.#queue.shift()) {
      if (ageS(call.called_at_ms) <= STALE_S * 4) return call;
      this.dropped++;
    }
    return null;
  }
}
