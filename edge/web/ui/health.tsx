/** `/pages/health`: is the clinic's computer well, part by part, and what to do where it is not. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LanguagePicker, start, useAge } from "../../../shared/ui/components";
import { useWords } from "../../../shared/ui/i18n";
import { useTick } from "../../../shared/ui/live";
import mark from "../../../shared/ui/mark.svg";
import { type Part, PARTS, WORDS } from "./health-words";
import "./health.css";

const LOOK_EVERY_MS = 3_000;
const TIMEOUT_MS = 8_000;
const STALE_S = 10;
const APART = new Set(["status", "version", "hints"]);

type State = "up" | "down" | "none";

interface Answer {
  status: string;
  parts: [string, State][];
  /** The server's own words, for a part this page does not know. */
  hints: Record<string, string>;
  /** On this page's own wrist watch. */
  heardMs: number;
}

/** What `/health` says; also with 503, which is an answer too. Rejects where there is none. */
async function look(): Promise<Answer> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch("/health", { signal: giveUp.signal, cache: "no-store" });
    const said = (await answer.json()) as Record<string, unknown>;
    const hints = (said["hints"] ?? {}) as Record<string, string>;
    const parts = Object.entries(said).filter(([name]) => !APART.has(name)) as [string, State][];
    if (typeof said["database"] !== "string") throw new Error("not what /health says");
    return { status: String(said["status"]), parts, hints, heardMs: performance.now() };
  } finally {
    clearTimeout(timer);
  }
}

const isKnown = (name: string): name is Part => (PARTS as readonly string[]).includes(name);

function Row({ name, state, hint }: { name: string; state: State; hint: string }): JSX.Element {
  const t = useWords(WORDS);
  const board = name.startsWith("board ") ? name.slice("board ".length) : null;
  const called = board !== null ? t("board", { id: board }) : isKnown(name) ? t(name) : name;
  const advice = board !== null ? t("board_do") : isKnown(name) ? t(`${name}_do`) : hint;
  return (
    <li data-part={name} data-state={state}>
      <strong><bdi>{called}</bdi></strong>
      <span class={`badge ${state === "up" ? "good" : state === "down" ? "bad" : "pale"}`}>
        <span class="dot" aria-hidden="true" />{t(state)}
      </span>
      {state === "down" && advice && <p>{advice}</p>}
    </li>
  );
}

function Health(): JSX.Element {
  const t = useWords(WORDS);
  const age = useAge();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [failed, setFailed] = useState(false);
  useTick(500);
  useEffect(() => {
    let isHere = true;
    let timer = 0;
    const again = (): void => {
      look()
        .then((said) => { if (isHere) { setAnswer(said); setFailed(false); } }, () => { if (isHere) setFailed(true); })
        .finally(() => { if (isHere) timer = window.setTimeout(again, LOOK_EVERY_MS); });
    };
    again();
    return () => { isHere = false; clearTimeout(timer); };
  }, []);
  const wrong = answer ? answer.parts.filter(([, state]) => state === "down") : [];
  const oldS = answer ? (performance.now() - answer.heardMs) / 1000 : 0;
  const isStale = failed || oldS > STALE_S;
  const shown = answer ? [...wrong, ...answer.parts.filter(([, state]) => state === "up"), ...answer.parts.filter(([, state]) => state === "none")] : [];
  return (
    <main class={`health ${isStale ? "stale" : ""}`}>
      <header>
        <img src={mark} alt="" width="48" height="48" />
        <h1>{t("title")}</h1>
        {answer && !isStale && (
          <span class={`badge ${wrong.length ? "bad" : "good"}`} role="status" data-testid="overall">
            <span class="dot" aria-hidden="true" />{wrong.length ? t("wrong", { n: wrong.length }) : t("well")}
          </span>
        )}
      </header>
      {isStale && (
        <p class="note bad" role="alert" data-testid="silent">
          <span>{answer ? t("silent", { age: age(oldS) }) : t("no_answer")}</span>
        </p>
      )}
      {answer && <ul class="card parts">{shown.map(([name, state]) => <Row key={name} name={name} state={state} hint={answer.hints[name] ?? ""} />)}</ul>}
      {answer && !isStale && <p class="quiet">{t("looked", { age: age(oldS) })}</p>}
      <footer><a href="/">{t("start")}</a><LanguagePicker among={["en", "hi", "es", "ar"]} remember /></footer>
    </main>
  );
}

start(<Health />);
