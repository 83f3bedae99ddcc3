/**
 * Messages of the staff to a doctor's patients, over everything else until they are ended.
 *
 * On the screen there is room for one, so several take turns, the most important first. A screen reader gets all of them,
 * each once: what it reads does not change when the screen does.
 */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import type { ShownMessage } from "../states";
import { WORDS } from "./words";

const TURN_MS = 10_000;
/** From how many characters on the letters get smaller, so that the longest message still leaves room for the call. */
const LONG = 110;
const LONGEST = 260;

const isUrgent = (message: ShownMessage): boolean => message.priority === "critical";

/** Messages that came while the page was open and are still to be said aloud. */
export class Unsaid {
  #open: ShownMessage[] = [];
  #heard: Set<string> | null = null;

  take(open: ShownMessage[]): void {
    this.#heard ??= new Set(open.map((one) => one.id)); // what was sent before the screen came on is only shown
    this.#open = open;
  }

  has(id: string): boolean {
    return this.#open.some((one) => one.id === id);
  }

  next(): ShownMessage | undefined {
    return this.#open.find((one) => !this.#heard?.has(one.id));
  }

  said(id: string): void {
    this.#heard?.add(id);
  }
}

export function Messages({ messages }: { messages: ShownMessage[] }): JSX.Element {
  const t = useWords(WORDS);
  const [turn, setTurn] = useState(0);
  const ids = messages.map((one) => one.id).join(" ");
  useEffect(() => {
    setTurn(0); // a new one is shown at once
    const timer = setInterval(() => setTurn((n) => n + 1), TURN_MS);
    return () => clearInterval(timer);
  }, [ids]);
  const index = turn % Math.max(1, messages.length);
  const shown = messages[index];
  const parts = (one: ShownMessage): [string, string, string] => [
    isUrgent(one) ? t("urgent") : t("message"),
    [one.doctor, one.room && place(t("room"), one.room)].filter(Boolean).join(" · "),
    one.delay_min > 0 ? t("late", { n: one.delay_min }) : "",
  ];
  const said = (one: ShownMessage): JSX.Element => <p key={one.id}>{[...parts(one).slice(0, 2), one.message, parts(one)[2]].filter(Boolean).join(". ")}</p>;
  return (
    <div class="messages">
      <div class="unseen" role="alert">{messages.filter(isUrgent).map(said)}</div>
      <div class="unseen" role="status">{messages.filter((one) => !isUrgent(one)).map(said)}</div>
      {shown && <Banner key={shown.id} message={shown} parts={parts(shown)} of={messages.length > 1 ? [index + 1, messages.length] : null} />}
    </div>
  );
}

function Banner({ message, parts, of }: { message: ShownMessage; parts: [string, string, string]; of: [number, number] | null }): JSX.Element {
  const [kind, who, late] = parts;
  const size = message.message.length > LONGEST ? "longest" : message.message.length > LONG ? "long" : "";
  return (
    <section class={`tidings ${message.priority} ${size}`} aria-hidden="true" data-testid="message">
      <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">
        {isUrgent(message) ? <path d="M12 3 2 20h20zM12 10v4m0 3v.1" /> : <path d="M4 5h16v11H9l-5 4z" />}
      </svg>
      <div class="from"><strong>{kind}</strong>{who && <bdi>{who}</bdi>}</div>
      <p class="text" dir="auto">{message.message}</p>
      {(late || of) && <div class="aside">{late && <b>{late}</b>}{of && <bdi dir="ltr" class="turn">{of[0]} / {of[1]}</bdi>}</div>}
    </section>
  );
}
