/** The kiosk: touch a service, see the number, take the slip. No names, no list, back to the start by itself. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Clock, LanguagePicker, LiveBadge, ProblemNote, start, Token } from "../../../../shared/ui/components";
import { PairForm } from "../../../../shared/ui/forms";
import { alone, clockTime, language, offered, setLanguage, useWords } from "../../../../shared/ui/i18n";
import { useLive } from "../../../../shared/ui/live";
import { Problem } from "../../../../shared/ui/api";
import { told } from "../../../../shared/ui/problems";
import { COMMON } from "../../../../shared/ui/words";
import mark from "../../../../shared/ui/mark.svg";
import type { KioskState, PrinterState } from "../states";
import { CodeEntry, Early, OnTheWay, RefusedCode, useReader } from "./appointment";
import { SHOWN_MS, SHOWN_WITHOUT_SLIP_MS, usePress, type Press } from "./press";
import { WORDS } from "./words";
import "./kiosk.css";

const UNTOUCHED_MS = 45_000;
const LATE_MS = 15 * 60_000;
const DEAF_MS = 1_200; // a third quick touch must not wipe the number away

function Kiosk(): JSX.Element {
  const live = useLive<KioskState>("kiosk");
  const common = useWords(COMMON);
  const state = live.state;
  const among = offered(state?.languages);
  const home = among[0] ?? "en";
  const toHome = (): void => setLanguage(home);
  const flow = usePress(toHome);
  const asked = new URLSearchParams(location.search).has("lang");

  // The screen starts in the clinic's own language, whatever the tablet was bought with.
  useEffect(() => void (state && !asked && toHome()), [!!state, home]);
  useIdle(UNTOUCHED_MS, () => (flow.press.stage === "code" ? flow.over() : flow.press.stage === "choose" && language() !== home && toHome()));
  useReader(flow.press.stage === "choose" && !!state?.day_open, flow.arrive);

  if (live.phase === "refused") return <PairForm onDone={() => live.reconnect()} />;
  if (!state) return <p class="starting">{common("opening")}</p>;
  return (
    <div class="kiosk">
      <header>
        <img src={mark} alt="" width="48" height="48" />
        <h1>{state.site_name}</h1>
        {!live.live && <LiveBadge live={live} zone={state.timezone} />}
        <Clock live={live} zone={state.timezone} />
      </header>
      <main>
        {flow.press.stage === "choose" && <Choose state={state} choose={flow.choose} type={flow.type} />}
        {flow.press.stage === "code" && <CodeEntry arrive={flow.arrive} over={flow.over} />}
        {flow.press.stage === "asking" && <Asking tried={flow.press.tried} />}
        {flow.press.stage === "failed" && <Failed press={flow.press} again={flow.again} type={flow.type} over={flow.over} />}
        {flow.press.stage === "given" && <Result press={flow.press} state={state} nowMs={live.nowMs} over={flow.over} />}
      </main>
      <footer>{among.length > 1 && flow.press.stage !== "asking" && <LanguagePicker among={among} remember={false} />}</footer>
    </div>
  );
}

type Given = Extract<Press, { stage: "given" }>;

function Choose({ state, choose, type }: { state: KioskState; choose: (letter: string) => void; type: () => void }): JSX.Element {
  const t = useWords(WORDS);
  if (!state.day_open) return <Message title={t("day_closed")} words={t("day_closed_hint")} />;
  if (!state.services.length) return <Message title={t("nothing")} words={t("nothing_hint")} />;
  return (
    <>
      <div class="lead"><h2>{t("choose")}</h2><p>{t("choose_hint")}</p></div>
      <ul class={`services ${state.services.length > 4 ? "many" : state.services.length < 4 ? "few" : ""}`}>
        {state.services.map((service) => (
          <li key={service.letter}>
            <button type="button" class="service" disabled={!service.is_open} onClick={() => choose(service.letter)}>
              <Token class="letter">{service.letter}</Token>
              <span class="name">{service.name}</span>
              <span class="count">{service.is_open ? t("waiting", { n: service.waiting }) : t("closed")}</span>
            </button>
          </li>
        ))}
      </ul>
      <Button class="large booked" onClick={type}>{t("appointment")}</Button>
      {(state.printer === "paper_out" || state.printer === "offline") && <p class="note warn">{t("no_paper_now")}</p>}
    </>
  );
}

const Message = ({ title, words }: { title: string; words: string }): JSX.Element => (
  <div class="message"><h2>{title}</h2><p>{words}</p></div>
);

function Asking({ tried }: { tried: number }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <div class="message" role="status">
      <span class="working" aria-hidden="true"><i /><i /><i /></span>
      <h2>{t("getting")}</h2>
      <p>{tried > 1 ? t("still") : "\u00a0"}</p>
    </div>
  );
}

function Failed({ press, again, type, over }: { press: Extract<Press, { stage: "failed" }>; again: () => void; type: () => void; over: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const common = useWords(COMMON);
  const unknown = press.problem instanceof Problem && press.problem.again;
  const [what] = told(press.problem);
  return (
    <div class="message">
      <h2>{t("no_number")}</h2>
      {unknown ? <p role="alert">{what} {t("safe")}</p> : press.code ? <RefusedCode problem={press.problem} /> : <ProblemNote problem={press.problem} />}
      <div class="row">
        {!unknown && press.code && <Button look="main" class="large" onClick={type}>{t("code_again")}</Button>}
        {unknown && <Button look="main" class="large" onClick={again}>{common("again")}</Button>}
        <Button class="large" onClick={over}>{t("over")}</Button>
      </div>
    </div>
  );
}

function Result({ press, state, nowMs, over }: { press: Given; state: KioskState; nowMs: number; over: () => void }): JSX.Element {
  const { booked, visit } = press;
  if (booked && !booked.admitted) return <Early booked={booked} zone={state.timezone} over={over} />;
  if (booked && visit.status !== "waiting") return <OnTheWay over={over} />;
  const lateMs = nowMs - Date.parse(booked?.due_at ?? "");
  return <Given press={press} printer={state.printer} over={over} due={lateMs > LATE_MS ? alone(clockTime(nowMs - lateMs, state.timezone)) : ""} />;
}

/** due: when the appointment was, where that has passed. */
function Given({ press, printer, due, over }: { press: Given; printer: PrinterState; due: string; over: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const already = !!press.booked?.already;
  const without = already || press.slip === "not_printed" || (press.slip === "queued" && printer !== "ok");
  const shown = without ? SHOWN_WITHOUT_SLIP_MS : SHOWN_MS;
  const [deaf, setDeaf] = useState(true);
  useEffect(() => {
    const hear = setTimeout(() => setDeaf(false), DEAF_MS);
    return () => clearTimeout(hear);
  }, []);
  useEffect(() => {
    const back = setTimeout(over, Math.max(1_000, press.at + shown - performance.now()));
    return () => clearTimeout(back);
  }, [shown]);
  const [readable, setReadable] = useState(true);
  const words = already ? t("already") : press.slip === "printed" ? t("take") : without ? t(printer === "ok" ? "none" : printer) : t("printing");
  return (
    <div class={`given ${without ? "without" : ""}`} role="status">
      <div class="number">
        <p class="yours">{t("yours")}</p>
        <Token class="big">{press.visit.token_number}</Token>
        <p class="ahead">{press.ahead > 0 ? t("ahead", { n: press.ahead }) : t("first")}</p>
        {!!press.estimate?.max && <p class="estimate">{t(press.estimate.min > 0 ? "wait" : "wait_short", press.estimate)}</p>}
      </div>
      {without && readable && (
        <figure class="code">
          <img src={`/api/v1/visits/${press.visit.id}/code.svg`} width="260" height="260" alt={t("code")} onError={() => setReadable(false)} />
          <figcaption>{t("scan")}</figcaption>
        </figure>
      )}
      <p class={`slip ${without && !already ? "warn" : "info"}`}>{words}</p>
      {due && <p class="watch">{t("late", { time: due })}</p>}
      <p class="watch">{t("watch")}</p>
      <Button class="large" disabled={deaf} onClick={over}>{t("done")}</Button>
      <span class="countdown" key={shown} aria-hidden="true" style={{ animationDuration: `${shown}ms` }} />
    </div>
  );
}

/** Calls `then` when nobody has touched the screen for `ms`. */
function useIdle(ms: number, then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    let timer = setTimeout(() => latest.current(), ms);
    const touched = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => latest.current(), ms);
    };
    addEventListener("pointerdown", touched);
    addEventListener("keydown", touched);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointerdown", touched);
      removeEventListener("keydown", touched);
    };
  }, [ms]);
}

start(<Kiosk />);
