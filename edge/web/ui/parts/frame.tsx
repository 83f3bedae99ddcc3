/** What every page for staff has around it: who is signed in, whether it is live, alerts, what was done, the way to the others. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, signOut, whoAmI, type User } from "../../../../shared/ui/api";
import { Button, LanguagePicker, LiveBadge, ProblemNote, Toast } from "../../../../shared/ui/components";
import { Card, SignInForm } from "../../../../shared/ui/forms";
import { alone, clockTime, recall, store, useWords } from "../../../../shared/ui/i18n";
import { useLive, type Live } from "../../../../shared/ui/live";
import { place } from "../../../../shared/ui/rooms";
import { COMMON } from "../../../../shared/ui/words";
import mark from "../../../../shared/ui/mark.svg";
import type { DeskState } from "../states";
import { forgetMine, useActs, type Acts, type Done } from "./acts";
import { WORDS } from "./frame-words";
import "./staff.css";

setTimeout(() => void import("./refusals").catch(() => {}), 1_000);

const KEYS_OFF = "outpost.desk.keys-off";
const TOAST_MS = 5_000;
const PAGES = ["desk", "doctor", "book", "care", "admin"] as const;
export type PageName = (typeof PAGES)[number];

/** What a page for staff works with. */
export interface Staff {
  live: Live<DeskState>;
  state: DeskState;
  acts: Acts;
  /** Null until it is known. */
  user: User | null;
  /** Whether one key does one act here. */
  keys: boolean;
  /** Take back the newest act of this page; says so where there is none. */
  undo: () => void;
  /** Say something in passing. */
  say: (text: string) => void;
  signedOut: () => void;
}

export const has = (user: User | null, ...roles: string[]): boolean => !user || roles.some((role) => user.roles.includes(role));

export function StaffPage({ page, keyed = false, tools, body: Body }: {
  page: PageName;
  keyed?: boolean;
  tools?: (staff: Staff) => ComponentChildren;
  body: (props: { staff: Staff }) => JSX.Element;
}): JSX.Element {
  const live = useLive<DeskState>("desk");
  const t = useWords(WORDS);
  const common = useWords(COMMON);
  const [gone, setGone] = useState(false);
  const [user, setUser] = useState<User | null>(null);
  const [keys, setKeys] = useState(recall(KEYS_OFF) === null);
  const [word, setWord] = useState("");
  const acts = useActs(() => setGone(true));
  const state = live.state;
  const ask = (): void => void whoAmI().then(setUser, () => {});
  useEffect(ask, []);
  useTitle(state?.waiting.length, state?.site_name);

  if (gone || live.phase === "refused") {
    const back = (): void => {
      setGone(false);
      acts.dismiss();
      ask();
      live.reconnect();
    };
    const forbidden = live.refusal?.code === "not_allowed" ? new Problem(403, "not_allowed", live.refusal.message, "", false) : null;
    return <Card title={common("signin")}><SignInForm onDone={back} before={forbidden} /></Card>;
  }
  if (!state) return <p class="starting">{common("opening")}</p>;
  const leave = (): void => {
    forgetMine();
    void signOut().finally(() => setGone(true));
  };
  const undo = (): void => setWord(acts.undoMine() ? "" : t("nothing_to_undo"));
  const staff: Staff = { live, state, acts, user, keys: keyed && keys, undo, say: setWord, signedOut: () => setGone(true) };
  return (
    <div class={`staff page-${page} ${live.live ? "" : "stale"}`}>
      <header class="top">
        <img src={mark} alt="" width="40" height="40" />
        <h1>{state.site_name}</h1>
        <States state={state} />
        <LiveBadge live={live} zone={state.timezone} />
        {tools?.(staff)}
        <Button look="quiet" onClick={leave}>{common("signout")}</Button>
      </header>
      {!live.live && <p class="note bad"><span>{t("stale_words")}</span></p>}
      {!state.day && <p class="note warn"><span>{t("day_none")}</span></p>}
      {state.alerts?.map((alert) => (
        <div class="note bad" key={alert.topic} role="alert"><div dir="auto"><strong>{alert.title}</strong><p>{alert.hint}</p></div></div>
      ))}
      <Messages staff={staff} />
      <Body staff={staff} />
      <footer>
        <nav aria-label={t("nav")}>
          {PAGES.filter((name) => (name !== "admin" || (user !== null && has(user, "manager"))) && (name !== "care" || has(user, "nurse", "doctor", "manager"))).map((name) => (
            <a key={name} href={`/pages/${name}`} aria-current={name === page ? "page" : undefined}>{t(`nav_${name}`)}</a>
          ))}
        </nav>
        {keyed && (
          <Button look="quiet" aria-pressed={keys} onClick={() => { setKeys(!keys); store(KEYS_OFF, keys ? "1" : null); }}>
            {t(keys ? "keys_on" : "keys_off")}
          </Button>
        )}
        <LanguagePicker among={["en", "hi", "es", "ar"]} remember />
      </footer>
      <DoneToast done={acts.done} word={word} zone={state.timezone} onGone={() => setWord("")} />
    </div>
  );
}

/** The refusal of the last act, with "Try again" where that is safe, and word of what is still being tried. */
export function ActProblem({ acts }: { acts: Acts }): JSX.Element {
  const common = useWords(COMMON);
  return (
    <>
      <ProblemNote problem={acts.problem} onAgain={acts.again} onClose={acts.dismiss} />
      {acts.trying && <p class="note warn" role="status"><span>{common("trying")}</span></p>}
    </>
  );
}

/** Messages to patients that are still up, each with the button that ends it. */
function Messages({ staff: { state, acts } }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <>
      {state.broadcasts.map((message) => {
        const doctor = state.doctors.find((one) => one.id === message.doctor_id)?.name ?? "";
        return (
          <div class="note warn broadcast" key={message.id}>
            <div>
              <strong>{t("message_of", { doctor: alone(doctor) })}</strong> <span dir="auto">{message.message}</span>
              {message.delay_min > 0 && <span class="quiet"> ({t("delay_words", { n: message.delay_min })})</span>}
            </div>
            <Button look="quiet" disabled={!!acts.busy} onClick={() => void acts.deed({ verb: "untell", target: message.id })}>{t("end_message")}</Button>
          </div>
        );
      })}
    </>
  );
}

/** Printer and link to head office: quiet while well, plain words and what to do when not. */
function States({ state }: { state: DeskState }): JSX.Element {
  const t = useWords(WORDS);
  const linked = state.link.state === "up";
  const trouble = state.printer === "paper_out" || state.printer === "offline";
  return (
    <div class="states">
      <span class={`badge ${trouble ? "bad" : state.printer === "ok" ? "good" : ""}`} title={trouble ? t("printer_hint") : undefined} data-testid="printer">
        <span class="dot" aria-hidden="true" />{t(`printer_${state.printer}`)}
      </span>
      {state.link.state !== "none" && <span class={`badge ${linked ? "good" : "warn"}`} title={linked ? undefined : t("link_off_hint")} data-testid="link">
        <span class="dot" aria-hidden="true" />{linked ? t("link_ok") : t("link_off", { n: state.link.unsent })}
      </span>}
    </div>
  );
}

function DoneToast({ done, word, zone, onGone }: { done: Done | null; word: string; zone: string | undefined; onGone: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    setShown(true);
    const gone = setTimeout(() => { setShown(false); onGone(); }, TOAST_MS);
    return () => clearTimeout(gone);
  }, [done, word]);
  const text = (): string => {
    if (!done) return "";
    const joins = Date.parse(done.answer.admitted_at ?? "");
    if (done.verb === "checkin" && done.answer.admitted === false && !Number.isNaN(joins)) return t("did_checkin_early", { time: alone(clockTime(joins, zone)) });
    if (done.verb === "book" && done.answer.status === "WAITLISTED") return t("did_book_list");
    return t(`did_${done.verb}`, { token: alone(done.token), place: place(t("room"), done.room) });
  };
  return <Toast text={shown ? word || text() : ""} />;
}

/** "(7) Lakeside": the queue is seen even when another tab is open. */
function useTitle(waiting: number | undefined, site: string | undefined): void {
  const before = useRef(document.title);
  useEffect(() => {
    document.title = waiting === undefined ? before.current : `(${waiting}) ${site ?? ""}`;
  }, [waiting, site]);
}
