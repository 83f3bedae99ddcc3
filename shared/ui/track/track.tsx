/** What a patient follows on the phone: the number, what to do now, how long it may take, and how old that is. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, Problem } from "../api";
import { LanguagePicker, Token } from "../components";
import { alone, language, setLanguage, useWords, type Language } from "../i18n";
import { checkInCode } from "../kiosk-code";
import { place } from "../rooms";
import { COMMON } from "../words";
import { WORDS } from "./words";
import mark from "../mark.svg";
import "./track.css";

const EVERY_MS = 10_000;
const EVERY_MAX_MS = 60_000; // while nothing can change any more, or nobody answers
const NOT_YET = "no_such_visit"; // head office may hear of a slip a little after it was printed
const OVER = ["completed", "no_show", "cancelled"];
const LANGUAGES: Language[] = ["en", "hi", "es", "ar"];

interface Tracked {
  appointment: {
    id: string; tokenNumber: string | null; hospitalName: string; doctorName: string | null; room: string | null;
    bookedFor: string | null; date: string; status: string;
  };
  queue: { position: number | null; queueStatus: string; estimatedWaitTime: number | null };
  estimatedWaitRange: { min: number; max: number } | null;
  patientsAhead: number | null;
  queueStatusCode: string;
  emergency: { message: string; priority: string; estimatedDelay: number } | null;
  asOf: string;
  stale: boolean;
}

interface Followed { told: Tracked | null; lost: boolean; refused: Problem | null }

/** The part of the link behind #. It never leaves the phone but in requests for this very visit. */
const tokenOf = (): string => location.hash.replace(/^#/, "");

function useTracked(token: string, lang: Language): Followed {
  const [followed, setFollowed] = useState<Followed>({ told: null, lost: false, refused: null });
  useEffect(() => {
    if (!token) return;
    let ended = false;
    let timer = 0;
    let every = EVERY_MS;
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") return; // `woken` asks when somebody looks again
      try {
        const { data } = await get<{ data: Tracked }>(`/api/appointments/track/${encodeURIComponent(token)}?lang=${lang}`);
        if (!ended) setFollowed({ told: data, lost: false, refused: null });
        every = OVER.includes(data.queueStatusCode) ? EVERY_MAX_MS : EVERY_MS;
      } catch (problem) {
        if (ended) return;
        const refused = problem instanceof Problem && [400, 404].includes(problem.status) ? problem : null;
        setFollowed((before) => ({ told: refused ? null : before.told, lost: !refused, refused }));
        if (refused && refused.code !== NOT_YET) return;
        if (!refused) every = Math.min(EVERY_MAX_MS, every * 1.5);
      }
      // Phones behind one address do not ask all at once.
      if (!ended) timer = window.setTimeout(() => void ask(), every * (0.9 + Math.random() / 5));
    };
    const woken = (): void => void (document.visibilityState === "visible" && ask());
    document.addEventListener("visibilitychange", woken);
    window.addEventListener("online", woken);
    void ask();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", woken);
      window.removeEventListener("online", woken);
    };
  }, [token, lang]);
  return followed;
}

export function Track(): JSX.Element {
  const [token, setToken] = useState(tokenOf);
  const [lang, setLang] = useState(language);
  useEffect(() => {
    const changed = (): void => setToken(tokenOf());
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  const { told, lost, refused } = useTracked(token, lang);
  const common = useWords(COMMON);
  const choose = (wanted: Language): void => (setLanguage(wanted, true), setLang(wanted));
  return (
    <div class="track">
      <header><img src={mark} alt="" width="36" height="36" /><h1>{told?.appointment.hospitalName ?? "Outpost"}</h1></header>
      <main>
        {!token || refused ? <Nothing refused={refused} /> : told ? <Place told={told} lost={lost} /> : <p class="starting" role="status">{common(lost ? "trying" : "opening")}</p>}
      </main>
      <footer><LanguagePicker among={LANGUAGES} remember onChoose={choose} /></footer>
    </div>
  );
}

function Nothing({ refused }: { refused: Problem | null }): JSX.Element {
  const t = useWords(WORDS);
  const what = !refused ? "empty" : refused.code === NOT_YET ? "soon" : refused.code === "tracking_expired" || refused.status === 404 ? "expired" : "wrong";
  return <div class="message" role="status"><h2>{t(what)}</h2><p>{t(`${what}_hint` as const)}</p></div>;
}

/** A moment of the clinic's clock: the time alone where that is today, else the day too. */
const whenOf = (moment: string, asOf: string): string =>
  moment.slice(0, 10) === asOf.slice(0, 10) ? moment.slice(11, 16) : `${moment.slice(0, 10)}, ${moment.slice(11, 16)}`;

function Place({ told, lost }: { told: Tracked; lost: boolean }): JSX.Element {
  const t = useWords(WORDS);
  const { appointment: visit, queue, queueStatusCode: code } = told;
  const called = code === "called";
  const waits = code === "waiting" || code === "next";
  const old = lost || told.stale;
  // The clinic's own time of day, wherever the phone is.
  const asOf = <p class={`as-of ${old ? "note warn" : ""}`} data-testid="as-of" role={old ? "alert" : undefined}>{t(lost ? "lost" : told.stale ? "stale" : "as_of", { time: alone(told.asOf.slice(11, 19)) })}</p>;
  useEffect(() => {
    document.title = [visit.tokenNumber, queue.queueStatus].filter(Boolean).join(" · ");
    if (called) navigator.vibrate?.([300, 150, 300]);
  }, [queue.queueStatus, called]);
  return (
    <>
      {old && asOf}
      <section class={`now ${code} ${OVER.includes(code) ? "over" : ""} ${old ? "old" : ""}`}>
        <p class="label">{t(visit.tokenNumber ? "your_number" : "no_number_yet")}</p>
        {visit.tokenNumber && <p class="number"><Token>{visit.tokenNumber}</Token></p>}
        <p class="sentence" role="status">{queue.queueStatus}</p>
        {code === "next" && !!told.estimatedWaitRange?.max && (
          <p class="range">{t(told.estimatedWaitRange.min > 0 ? "wait" : "wait_short", told.estimatedWaitRange)}</p>
        )}
      </section>
      {told.emergency && <Message message={told.emergency} />}
      <dl>
        {visit.doctorName && <><dt>{t("doctor")}</dt><dd><bdi>{visit.doctorName}</bdi></dd></>}
        {visit.room && <><dt>{t("room")}</dt><dd><bdi>{place("{room}", visit.room)}</bdi></dd></>}
        {visit.status === "confirmed" && visit.bookedFor && <><dt>{t("booked_for")}</dt><dd><bdi dir="ltr">{whenOf(visit.bookedFor, told.asOf)}</bdi></dd></>}
        {visit.status === "confirmed" && !visit.tokenNumber && <><dt>{t("kiosk_code")}</dt><dd><bdi dir="ltr" class="kiosk-code">{checkInCode(visit.id)}</bdi></dd></>}
      </dl>
      {!old && asOf}
      {waits && <p class="keep">{t("keep_open")}</p>}
    </>
  );
}

function Message({ message }: { message: NonNullable<Tracked["emergency"]> }): JSX.Element {
  const t = useWords(WORDS);
  const isUrgent = message.priority === "critical";
  return (
    <section class={`note ${isUrgent ? "bad" : "warn"}`} role="alert" data-testid="message">
      <div>
        <strong>{t(isUrgent ? "urgent_message" : "message")}</strong>
        <p dir="auto">{message.message}</p>
        {message.estimatedDelay > 0 && <p class="late">{t("late", { n: message.estimatedDelay })}</p>}
      </div>
    </section>
  );
}
