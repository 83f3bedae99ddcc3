/** The waiting room's screen: who goes where, now. Read from across the room, by people who do not know it. No names. */
import type { JSX } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { Clock, start, Token, useAge } from "../../../../shared/ui/components";
import { PairForm } from "../../../../shared/ui/forms";
import { clockTime, isLanguage, offered, recall, setLanguage, store, useWords, type Language } from "../../../../shared/ui/i18n";
import { type Live, useLive, useTick } from "../../../../shared/ui/live";
import { place } from "../../../../shared/ui/rooms";
import { COMMON } from "../../../../shared/ui/words";
import mark from "../../../../shared/ui/mark.svg";
import type { Call, DisplayState } from "../states";
import { Calls, HIGHLIGHT_MS } from "./calls";
import { Messages, Unsaid } from "./messages";
import { Rooms, roomsOf } from "./rooms";
import { Voice } from "./voice";
import { WORDS } from "./words";
import "./display.css";

const SOUND = "outpost.display.sound";
const OTHERS_SHOWN = 4;
const [NEXT_BESIDE_ROOMS, BEFORE_BESIDE_ROOMS, BEFORE_SHOWN] = [6, 3, 5];

function Display(): JSX.Element {
  const voice = useVoice();
  const [spotlight, setSpotlight] = useState<Call | null>(null);
  const calls = useRef(new Calls()).current;
  const running = useRef(false);
  const messages = useRef(new Unsaid()).current;
  const saying = useRef<string | null>(null);
  const live = useLive<DisplayState>("display", (state, from) => {
    const age = (ms: number): number => from.realSince(ms);
    calls.take(state, age);
    messages.take(state.messages);
    if (saying.current && (calls.waiting || !messages.has(saying.current))) voice.hush();
    void run(age);
  });
  const common = useWords(COMMON);
  const state = live.state;
  const among = offered(state?.languages);
  const asked = new URLSearchParams(location.search).get("lang");
  const main: Language = isLanguage(asked) ? asked : (among[0] ?? "en");
  useEffect(() => void (state && setLanguage(main)), [!!state, main]);
  useAwake();

  /** Show and say one call after another; each stays until its time is over and it was said. */
  async function run(age: (ms: number) => number): Promise<void> {
    if (running.current) return;
    running.current = true;
    for (;;) {
      const call = calls.next(age);
      setSpotlight(call);
      if (call) {
        await Promise.all([new Promise((over) => setTimeout(over, HIGHLIGHT_MS)), voice.say(call.clip)]);
        continue;
      }
      const message = messages.next(); // a call that comes in between goes first; the message then begins again
      if (!message) break;
      saying.current = message.id;
      if (await voice.say(message.clip)) messages.said(message.id);
      saying.current = null;
    }
    running.current = false;
  }

  if (live.phase === "refused") return <PairForm onDone={() => live.reconnect()} />;
  if (!state) return <p class="starting">{common("opening")}</p>;
  const second = among.find((lang) => lang !== main);
  return (
    <div class={`display ${live.live ? "" : "stale"}`}>
      <header>
        <img src={mark} alt="" width="56" height="56" />
        <h1>{state.site_name}</h1>
        <SoundControl voice={voice} />
        <Clock live={live} zone={state.timezone} date lang={main} />
      </header>
      <Stale live={live} zone={state.timezone} />
      <Messages messages={state.messages} />
      <Board state={state} spotlight={spotlight} second={second} />
      <Ticker text={state.ticker} />
    </div>
  );
}

/** A label in the site's first language and, smaller, in its second. */
function Label({ word, second }: { word: keyof (typeof WORDS)["en"]; second?: Language | undefined }): JSX.Element {
  const t = useWords(WORDS);
  const also = useWords(WORDS, second ?? "en");
  return <>{t(word)}{second && <small><bdi lang={second}>{also(word)}</bdi></small>}</>;
}

/** The room in the first language and, smaller, in the second where that differs; the desk where there is none, as the voice says. */
function Where({ room, second }: { room: string; second?: Language | undefined }): JSX.Element {
  const t = useWords(WORDS);
  const also = useWords(WORDS, second ?? "en");
  const [first, other] = room ? [place(t("room"), room), place(also("room"), room)] : [t("desk"), also("desk")];
  return <>{first}{second && other !== first && <small><bdi lang={second}>{other}</bdi></small>}</>;
}

function Board({ state, spotlight, second }: { state: DisplayState; spotlight: Call | null; second?: Language | undefined }): JSX.Element {
  const hero = spotlight ?? state.now_calling[0] ?? null;
  const others = state.now_calling.filter((call) => call.key !== hero?.key).slice(0, OTHERS_SHOWN);
  const rooms = roomsOf(state);
  const next = rooms.length ? state.anyone.slice(0, NEXT_BESIDE_ROOMS) : state.next;
  return (
    <main>
      <section class={`hero ${spotlight ? "calling" : ""} ${hero ? "" : "empty"} ${others.length ? "" : "alone"}`} aria-live="assertive">
        {hero ? (
          <>
            <h2><Label word={spotlight?.recall ? "recall" : "now"} second={second} /></h2>
            <div class="pair" key={hero.key}>
              <Token class="huge">{hero.token}</Token>
              <span class="where"><Where room={hero.room} second={second} /></span>
            </div>
          </>
        ) : (
          <>
            <h2 class="wait"><Label word={state.day ? "nobody" : "closed"} second={second} /></h2>
            {state.day && <p><Label word="nobody_hint" second={second} /></p>}
          </>
        )}
      </section>
      {others.length > 0 && (
        <ul class="others">
          {others.map((call) => (
            <li key={call.key}><Token>{call.token}</Token><span class="arrow" aria-hidden="true" /><Place call={call} /></li>
          ))}
        </ul>
      )}
      <aside class={rooms.length ? "with-rooms" : ""}>
        {rooms.length > 0 && (
          <section class="rooms">
            <h2><Label word="serving" second={second} /><Count n={state.waiting} /></h2>
            <Rooms rooms={rooms} />
          </section>
        )}
        {(next.length > 0 || !rooms.length) && (
          <section class="next">
            <h2><Label word="next" second={second} />{!rooms.length && <Count n={state.waiting} />}</h2>
            {next.length
              ? <ol>{next.map((token) => <li key={token}><Token>{token}</Token></li>)}</ol>
              : <p><Label word="nobody_next" /></p>}
          </section>
        )}
        {state.recent.length > 0 && (
          <section class="before">
            <h2><Label word="before" second={second} /></h2>
            <ol>{state.recent.slice(0, rooms.length ? BEFORE_BESIDE_ROOMS : BEFORE_SHOWN).map((call) => <li key={call.key}><Token>{call.token}</Token><Place call={call} /></li>)}</ol>
          </section>
        )}
      </aside>
    </main>
  );
}

const Count = ({ n }: { n: number }): JSX.Element => <span class="count"><Label word="waiting" /> <b class="num">{n}</b></span>;

const Place = ({ call }: { call: Call }): JSX.Element => (
  <span class="place"><Where room={call.room} /></span>
);

/** A screen that has stopped must not look as if it had not. */
function Stale({ live, zone }: { live: Live<DisplayState>; zone: string | undefined }): JSX.Element | null {
  useTick(500);
  const t = useWords(WORDS);
  const age = useAge();
  if (live.live) return null;
  return (
    <div class="stopped" role="alert" data-testid="not-live">
      <strong>{t("stale")}</strong>
      <span>{t("stale_words", { time: clockTime(live.asOfMs, zone, true), age: age(live.ageS) })}</span>
    </div>
  );
}

/** One line at the bottom; several, divided by "|" or lines, take turns. Nothing runs across the screen. */
function Ticker({ text }: { text: string }): JSX.Element | null {
  const lines = (text || "").split(/[|\n]/).map((line) => line.trim()).filter(Boolean);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((n) => n + 1), 9_000);
    return () => clearInterval(timer);
  }, []);
  return lines.length ? <footer dir="auto">{lines[turn % lines.length]}</footer> : null;
}

function SoundControl({ voice }: { voice: Voice }): JSX.Element {
  const t = useWords(WORDS);
  const press = (): void => (voice.on ? voice.silence() : voice.unlock());
  return (
    <button type="button" class={`sound ${voice.on ? "on" : "off"}`} aria-pressed={voice.on} onClick={() => { press(); store(SOUND, voice.wanted ? "1" : null); }}>
      <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
        <path d="M4 9v6h4l5 4V5L8 9z" fill="currentColor" />
        {voice.on ? <path d="M16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12" /> : <path d="m17 9 5 6m0-6-5 6" />}
      </svg>
      <span class={voice.on ? "unseen" : ""}>{voice.on ? t("sound_off") : t("sound_on")}</span>
    </button>
  );
}

/** Sound is tried at once when asked for by `?sound=1` or on an earlier day; any touch then lets it through. */
function useVoice(): Voice {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const voice = useRef<Voice | null>(null);
  voice.current ??= new Voice(() => again(0));
  useEffect(() => {
    const it = voice.current!;
    if (new URLSearchParams(location.search).get("sound") === "1" || recall(SOUND) === "1") it.unlock();
    const touched = (event: Event): void => {
      if (it.blocked && !(event.target as Element | null)?.closest?.(".sound")) it.unlock();
    };
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touched);
    return () => {
      for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, touched);
    };
  }, []);
  return voice.current;
}

/** Keep the television from going dark, where the browser lets a page ask for it. */
function useAwake(): void {
  useEffect(() => {
    const ask = (): void => {
      if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").catch(() => null);
    };
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => document.removeEventListener("visibilitychange", ask);
  }, []);
}

start(<Display />);
