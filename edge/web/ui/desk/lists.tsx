/** The lists of the desk: who waits and why in this order, who is to come, on hold or missed, who is through, the last acts. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, Token, useAge } from "../../../../shared/ui/components";
import { alone, clockTime, useWords } from "../../../../shared/ui/i18n";
import { later } from "../../../../shared/ui/later";
import { useTick } from "../../../../shared/ui/live";
import type { Deed } from "../parts/acts";
import type { Staff } from "../parts/frame";
import { useWhy } from "../parts/why";
import { WORDS } from "../parts/words";
import type { Act, Doctor, StaffVisit, Visit, WaitingVisit } from "../states";

const Raised = later(() => import("./raised"));

type Tab = "queue" | "booked" | "parked" | "missed";

/** Fits when every word of `search` is in the name, the phone (spaces and dashes aside) or the token. */
export function fits(visit: StaffVisit, search: string): boolean {
  const text = [visit.name, visit.phone?.replace(/[\s-]/g, ""), visit.token_number, visit.reason].filter(Boolean).join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word) || text.includes(word.replace(/-/g, "")));
}

export function Lists({ staff, doctor, rows, theirs, all, onAll, onAbout }: {
  staff: Staff;
  doctor: Doctor | undefined;
  rows: WaitingVisit[];
  theirs: (visit: StaffVisit) => boolean;
  all: boolean;
  onAll: (all: boolean) => void;
  onAbout: (visit: StaffVisit) => void;
}): JSX.Element {
  const t = useWords(WORDS);
  const { state } = staff;
  const [tab, setTab] = useState<Tab>("queue");
  const [search, setSearch] = useState("");
  const lists: Record<Tab, StaffVisit[]> = {
    queue: rows, booked: state.booked.filter(theirs), parked: state.parked.filter(theirs), missed: state.missed.filter(theirs),
  };
  const shown = lists[tab].filter((one) => fits(one, search.trim()));
  const empty: Record<Tab, JSX.Element> = {
    queue: <p class="empty"><strong>{t("nobody")}</strong> {t("nobody_hint")}</p>,
    booked: <p class="empty"><strong>{t("none_booked")}</strong></p>,
    parked: <p class="empty"><strong>{t("none_parked")}</strong></p>,
    missed: <p class="empty"><strong>{t("none_missed")}</strong></p>,
  };
  const line = { staff, onAbout };
  return (
    <section class="card list waiting">
      <header>
        <h2 class="unseen">{t("waiting")} {rows.length}</h2>
        <div class="tabs" role="group" aria-label={t("waiting")}>
          {(Object.keys(lists) as Tab[]).map((name) => (
            <button type="button" key={name} aria-pressed={tab === name} onClick={() => setTab(name)}>
              {t(name)} <b class="num">{lists[name].length}</b>
            </button>
          ))}
        </div>
        <input type="search" class="search" value={search} placeholder={t("search")} aria-label={t("search")} onInput={(e) => setSearch(e.currentTarget.value)} />
        <div class="switch" role="group">
          <button type="button" aria-pressed={!all} disabled={!doctor} onClick={() => onAll(false)}>{t("mine")}</button>
          <button type="button" aria-pressed={all} onClick={() => onAll(true)}>{t("all")}</button>
        </div>
      </header>
      {shown.length ? (
        <div class="scroll" tabIndex={0} role="group" aria-label={t(tab)}>
          <table>
            <thead><tr><th scope="col">{t(tab === "booked" ? "due" : "token")}</th><th scope="col">{t("person")}</th><th scope="col"><span class="unseen">{t("more_short")}</span></th></tr></thead>
            <tbody>
              {tab === "queue" && (shown as WaitingVisit[]).map((visit) => <QueueRow key={visit.id} visit={visit} doctor={doctor} {...line} />)}
              {tab === "booked" && shown.map((visit) => <BookedRow key={visit.id} visit={visit} {...line} />)}
              {tab === "parked" && shown.map((visit) => <ParkedRow key={visit.id} visit={visit} {...line} />)}
              {tab === "missed" && shown.map((visit) => (
                <Row key={visit.id} visit={visit} {...line} first={<Token>{visit.token_number ?? (visit.due_at ? alone(clockTime(Date.parse(visit.due_at), state.timezone)) : "–")}</Token>}>
                  <Button disabled={!!staff.acts.busy} onClick={() => void staff.acts.deed({ verb: "return", target: visit.id })}>{t("return")}</Button>
                </Row>
              ))}
            </tbody>
          </table>
        </div>
      ) : search.trim() && lists[tab].length ? <p class="empty"><strong>{t("none_found")}</strong></p> : empty[tab]}
    </section>
  );
}

interface Line {
  staff: Staff;
  visit: StaffVisit;
  onAbout: (visit: StaffVisit) => void;
}

/** One line: what stands first, who it is, one thing to do, and the rest behind "more". */
function Row({ visit, staff, onAbout, first, words, children }: Line & { first: ComponentChildren; words?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <tr class={visit.is_emergency ? "urgent" : ""}>
      <td>{first}</td>
      <td class="whom">
        <div>
          {visit.is_emergency && <span class="badge bad">{t("urgent")}</span>}
          <bdi class={visit.name ? "name" : "quiet"}>{visit.name ?? t("no_name")}</bdi>
          {visit.reason && <> · <bdi>{visit.reason}</bdi></>}
        </div>
        {words && <small>{words}</small>}
      </td>
      <td class="do">
        {children}
        <Button look="quiet" class="dots" disabled={!!staff.acts.busy} aria-label={t("more", { token: visit.token_number ?? visit.name ?? "" })} onClick={() => onAbout(visit)}>⋯</Button>
      </td>
    </tr>
  );
}

function QueueRow({ visit, doctor, ...line }: Omit<Line, "visit"> & { visit: WaitingVisit; doctor: Doctor | undefined }): JSX.Element {
  const t = useWords(WORDS);
  const why = useWhy();
  const { acts } = line.staff;
  return (
    <Row visit={visit} {...line}
      first={<><Token>{visit.token_number}</Token><small class="num">{t("minutes", { n: Math.floor(visit.wait_min) })}</small></>}
      words={<>
        {visit.claimed_urgency !== null && <span class="badge warn">{t("claimed", { n: visit.claimed_urgency })}</span>}
        {visit.raised !== null && <Raised visit={visit} acts={acts} />}
        <span dir="auto">{why(visit)}</span>
        {visit.wait && <span class="num"> {t("wait_about", { min: visit.wait.min, max: visit.wait.max })}</span>}
      </>}>
      {doctor && (
        <Button disabled={!!acts.busy} aria-label={`${t("callthis")} ${visit.token_number ?? ""}`}
          onClick={() => void acts.deed({ verb: "callthis", target: visit.id, body: { doctor_id: doctor.id } })}>{t("callthis")}</Button>
      )}
    </Row>
  );
}

/** Minutes from now until a booked time with its delay; negative when it has passed. */
const minutesTo = (visit: StaffVisit, nowMs: number): number => Math.round((Date.parse(visit.due_at ?? "") + visit.delay_min * 60_000 - nowMs) / 60_000);

function BookedRow({ visit, ...line }: Line): JSX.Element {
  useTick(10_000);
  const t = useWords(WORDS);
  const { state, acts, live } = line.staff;
  const clock = (text: string | null): string => alone(clockTime(Date.parse(text ?? ""), state.timezone));
  const to = visit.due_at ? minutesTo(visit, live.nowMs) : 0;
  const doctor = state.doctors.find((one) => one.id === visit.doctor_id);
  const waitlisted = visit.status === "waitlisted";
  return (
    <Row visit={visit} {...line}
      first={<>
        <Token class="token">{visit.due_at ? clock(visit.due_at) : "–"}</Token>
        {visit.due_at && to !== 0 && <small class={to < 0 ? "late num" : "num"}>{t(to < 0 ? "late_by" : "early_by", { n: Math.abs(to) })}</small>}
      </>}
      words={<>
        {waitlisted && <span class="badge warn">{t("on_list")}</span>}
        {visit.arrived_at && <span class="badge good">{t("here_since", { time: clock(visit.timer_at) })}</span>}
        {visit.delay_min > 0 && <span class="badge warn">{t("delayed", { n: visit.delay_min })}</span>}
        {visit.phone && <span class="num" dir="ltr">{visit.phone}</span>}
        {doctor && <span dir="auto"> {doctor.name}</span>}
      </>}>
      {!waitlisted && !visit.arrived_at && (
        <Button disabled={!!acts.busy} aria-label={`${t("checkin")}: ${visit.name ?? ""}`} onClick={() => void acts.deed({ verb: "checkin", target: visit.id })}>{t("checkin")}</Button>
      )}
    </Row>
  );
}

function ParkedRow({ visit, ...line }: Line): JSX.Element {
  useTick();
  const t = useWords(WORDS);
  const age = useAge();
  const { acts, live, state } = line.staff;
  const back = Date.parse(visit.timer_at ?? "");
  return (
    <Row visit={visit} {...line} first={<Token>{visit.token_number}</Token>}
      words={!Number.isNaN(back) && <span class="num">{t("back_at", { time: alone(clockTime(back, state.timezone)) })} · {t("back_in", { age: age((back - live.nowMs) / 1000) })}</span>}>
      <Button disabled={!!acts.busy} onClick={() => void acts.deed({ verb: "resume", target: visit.id })}>{t("resume")}</Button>
    </Row>
  );
}

/** The server names acts in English; those we know are said in the page's language. */
const KNOWN = {
  call_next: "did_called", call_visit: "did_called", recall: "again", start_consultation: "started", start_with: "started",
  complete_consultation: "completed", mark_no_show: "no_show", undo: "undone", park_visit: "k_parked", resume_visit: "k_resumed",
  transfer_visit: "k_sent", return_visit: "k_returned", cancel_visit: "k_cancelled", flag_emergency: "k_emergency", set_urgency: "k_urgency",
  raise_urgency: "k_urgency", look_at_urgency: "k_looked",
  move_visit: "k_moved", check_in: "k_checked", register_visit: "k_registered", book_visit: "k_booked", skip_visit: "k_skipped",
  timer_due: "k_self", rebalance: "k_rebalanced",
} as const;

export function LastActs({ acts, busy, deed }: { acts: Act[]; busy: boolean; deed: (deed: Deed) => unknown }): JSX.Element {
  const t = useWords(WORDS);
  const name = (act: Act): string => (act.kind in KNOWN ? t(KNOWN[act.kind as keyof typeof KNOWN]) : act.label);
  return (
    <section class="card list acts-list">
      <header><h2>{t("acts")}</h2></header>
      {acts.length ? (
        <ul class="scroll">
          {acts.map((act) => (
            <li key={act.undo_id}>
              {act.token ? <Token>{act.token}</Token> : <bdi>{act.name ?? "–"}</bdi>}
              <span class="quiet" dir="auto">{name(act)}</span>
              <Button look="quiet" disabled={busy} aria-label={`${t("undo")}: ${act.token ?? act.name ?? ""} ${name(act)}`} onClick={() => deed({ verb: "undo", target: act.undo_id })}>
                {t("undo")}
              </Button>
            </li>
          ))}
        </ul>
      ) : <p class="empty">{t("no_acts")}</p>}
    </section>
  );
}

export function Finished({ visits, zone }: { visits: Visit[]; zone: string | undefined }): JSX.Element {
  const t = useWords(WORDS);
  const name: Partial<Record<Visit["status"], "completed" | "no_show" | "k_cancelled">> = { completed: "completed", no_show: "no_show", cancelled: "k_cancelled" };
  return (
    <section class="card list">
      <header><h2>{t("finished")}</h2></header>
      {visits.length ? (
        <ul class="scroll">
          {visits.map((visit) => {
            const ended = Date.parse(visit.ended_at ?? "");
            const word = name[visit.status];
            return (
              <li key={visit.id}>
                <Token>{visit.token_number}</Token>
                <span class="quiet">{word ? t(word) : visit.status}</span>
                <span class="quiet num" dir="ltr">{Number.isNaN(ended) ? "" : clockTime(ended, zone)}</span>
              </li>
            );
          })}
        </ul>
      ) : <p class="empty">{t("none_finished")}</p>}
    </section>
  );
}
