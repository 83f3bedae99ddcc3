/** "I have an appointment": the code is held to a reader (which types it) or typed; who is much too early is told from when on. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { Problem } from "../../../../shared/ui/api";
import { alone, clockTime, useWords } from "../../../../shared/ui/i18n";
import type { Booked } from "./press";
import { WORDS } from "./words";

const DIGITS = 8;
const TEXT_MAX = 800;
const READER_GAP_MS = 400; // a reader types faster than a person
const SHOWN_MS = 20_000;
const REFUSED = {
  no_booking: "no_booking", tracking_malformed: "no_booking", tracking_forged: "no_booking", not_found: "no_booking", no_such_visit: "no_booking",
  tracking_expired: "another_day", another_day: "another_day", wrong_state: "over_already", waitlisted: "waitlisted",
  double_booking: "second", too_many: "tried", day_closed: "day_closed_hint", no_day: "day_closed_hint",
} as const;

/** What a reader types while nobody is asked for a code: the whole of it, once it ends with Enter. */
export function useReader(listening: boolean, onCode: (code: string) => void): void {
  const latest = useRef(onCode);
  latest.current = onCode;
  useEffect(() => {
    if (!listening) return;
    let text = "";
    let last = 0;
    const pressed = (event: KeyboardEvent): void => {
      if (event.timeStamp - last > READER_GAP_MS) text = "";
      last = event.timeStamp;
      if (event.key.length === 1) text = (text + event.key).slice(0, TEXT_MAX);
      else if (event.key === "Enter" && text.length >= DIGITS) {
        event.preventDefault(); // or it would press the button that has the focus
        latest.current(text);
        text = "";
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [listening]);
}

export function CodeEntry({ arrive, over }: { arrive: (code: string) => void; over: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [text, setText] = useState("");
  const typed = useRef("");
  const add = (sign: string): void => put((typed.current + sign).slice(0, TEXT_MAX));
  const put = (now: string): void => { typed.current = now; setText(now); };
  const isCode = /^\d*$/.test(text); // else a reader is typing a link
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Backspace") put(typed.current.slice(0, -1));
      else if (event.key === "Escape") over();
      else if (event.key.length === 1 && event.key !== " ") add(event.key);
      else if (event.key === "Enter" && typed.current.length >= DIGITS) {
        event.preventDefault();
        arrive(typed.current);
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const shown = isCode ? text : "";
  const digit = (sign: string): JSX.Element => (
    <button type="button" class="digit" key={sign} onClick={() => shown.length < DIGITS && isCode && add(sign)}>{sign}</button>
  );
  return (
    <div class="entry">
      <div class="lead"><h2>{t("appointment")}</h2><p>{t("code_hint")}</p></div>
      <p class="typed" dir="ltr" role="status" aria-label={t("typed", { n: shown.length, all: DIGITS })}>
        {Array.from({ length: DIGITS }, (_, n) => <span key={n} class={shown[n] ? "full" : ""}>{shown[n] ?? ""}</span>)}
      </p>
      <div class="keypad" dir="ltr" role="group" aria-label={t("appointment")}>
        {[..."123456789"].map(digit)}
        <button type="button" class="digit" aria-label={t("delete")} onClick={() => put(isCode ? text.slice(0, -1) : "")}>⌫</button>
        {digit("0")}
      </div>
      <div class="row">
        <Button look="main" class="large" disabled={text.length < DIGITS} onClick={() => arrive(text)}>{t("check_in")}</Button>
        <Button class="large" onClick={over}>{t("over")}</Button>
      </div>
    </div>
  );
}

/** Why there is no number, for somebody with an appointment, and what to do. */
export function RefusedCode({ problem }: { problem: unknown }): JSX.Element {
  const t = useWords(WORDS);
  const word = problem instanceof Problem ? (REFUSED as Record<string, (typeof REFUSED)[keyof typeof REFUSED]>)[problem.code] : undefined;
  return word ? <p role="alert">{t(word)}</p> : <ProblemNote problem={problem} />;
}

/** Here, and not in the queue yet. */
export function Early({ booked, zone, over }: { booked: Booked; zone: string | undefined; over: () => void }): JSX.Element {
  const t = useWords(WORDS);
  useEffect(() => {
    const back = setTimeout(over, SHOWN_MS);
    return () => clearTimeout(back);
  }, []);
  const time = alone(clockTime(Date.parse(booked.admitted_at ?? ""), zone));
  return (
    <div class="message" role="status">
      <h2>{t("early")}</h2>
      <p>{t("early_hint", { time })}</p>
      <Button class="large" onClick={over}>{t("done")}</Button>
    </div>
  );
}

/** Checked in before and on the way by now: not a number to wait for any more. */
export function OnTheWay({ over }: { over: () => void }): JSX.Element {
  const t = useWords(WORDS);
  useEffect(() => {
    const back = setTimeout(over, SHOWN_MS);
    return () => clearTimeout(back);
  }, []);
  return (
    <div class="message" role="status">
      <h2>{t("already")}</h2>
      <p>{t("called_now")}</p>
      <Button class="large" onClick={over}>{t("done")}</Button>
    </div>
  );
}
