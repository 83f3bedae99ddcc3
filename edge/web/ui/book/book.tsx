/** The appointment book: a doctor's day, its bookable times with who is in them, and what reception does with both. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote, start, Token } from "../../../../shared/ui/components";
import { alone, clockTime, dateWords, recall, store, useWords } from "../../../../shared/ui/i18n";
import { COMMON } from "../../../../shared/ui/words";
import { dayOf, useFetched, type Booking, type Slot } from "../parts/fetched";
import { ActProblem, StaffPage, type Staff } from "../parts/frame";
import { later } from "../../../../shared/ui/later";
import type { Doctor } from "../states";
import { WORDS } from "./words";
import "./book.css";

const PersonDialog = later(() => import("./person"));
const AddSlots = later(() => import("./add"));

const DOCTOR = "outpost.book.doctor";
export type Where = { slot_id: string } | { doctor_id: string; date: string; time: string };
type Asked =
  | { kind: "book"; where: Where; time: string }
  | { kind: "delay" | "close"; slot: Slot }
  | { kind: "cancel"; booking: Booking };

/** The date at the site, as YYYY-MM-DD, `days` later. */
const dateAt = (ms: number, zone: string | undefined, days = 0): string =>
  new Intl.DateTimeFormat("sv-SE", zone ? { timeZone: zone } : {}).format(ms + days * 86_400_000);
const shifted = (date: string, days: number): string => dateAt(Date.parse(`${date}T12:00:00Z`), "UTC", days);

function Book({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const { state, live, acts, user } = staff;
  const today = state.day ?? dateAt(live.nowMs, state.timezone);
  const [day, setDay] = useState<string | null>(null);
  const date = day ?? today;
  const [chosen, setChosen] = useState(recall(DOCTOR));
  const [asked, setAsked] = useState<Asked | null>(null);
  const wanted = user?.roles.join() === "doctor" ? (user.doctor_id ?? null) : chosen;
  const doctor = state.doctors.find((one) => one.id === wanted) ?? state.doctors[0];
  const { data, problem, again } = useFetched(`${doctor?.id} ${date}`, state, () => dayOf(doctor?.id ?? "", date));
  const ask = (what: Asked): void => { acts.dismiss(); setAsked(what); };
  const close = (): void => { setAsked(null); again(); };
  const span = (slot: Slot): string => alone(`${clockTime(Date.parse(slot.start_time), state.timezone)}–${clockTime(Date.parse(slot.end_time), state.timezone)}`);
  const bookings = data?.bookings ?? [];
  const loose = bookings.filter((one) => !one.slot_id && one.visit_status !== "cancelled" && one.category !== "WALKIN" && one.category !== "EMERGENCY");
  return (
    <main>
      <div class="day">
        <Button aria-label={t("before")} onClick={() => setDay(shifted(date, -1))}><span class="mirrored">←</span></Button>
        <label><span class="unseen">{t("day")}</span><input type="date" required value={date} onChange={(e) => e.currentTarget.value && setDay(e.currentTarget.value)} /></label>
        <Button aria-label={t("after")} onClick={() => setDay(shifted(date, 1))}><span class="mirrored">→</span></Button>
        {date !== today && <Button look="quiet" onClick={() => setDay(null)}>{t("today")}</Button>}
        <h2>{dateWords(Date.parse(`${date}T12:00:00Z`), "UTC")}</h2>
      </div>
      <div class="tabs doctors" role="group" aria-label={t("slots")}>
        {state.doctors.map((one) => (
          <button type="button" key={one.id} aria-pressed={one.id === doctor?.id} onClick={() => { setChosen(one.id); store(DOCTOR, one.id); }}><bdi>{one.name}</bdi></button>
        ))}
      </div>
      <div class="day-list">
        <ProblemNote problem={problem} onAgain={again} />
        {!asked && <ActProblem acts={acts} />}
        {data && !data.slots.length && <p class="card empty"><strong>{t("none")}</strong> {t("none_hint")}</p>}
        {data?.slots.map((slot) => (
          <SlotCard key={slot.id} slot={slot} time={span(slot)} zone={state.timezone} busy={!!acts.busy} ask={ask} reopen={() => void acts.deed({ verb: "change", target: slot.id, body: { status: "ACTIVE" } }).then(again)}
            bookings={bookings.filter((one) => one.slot_id === slot.id && one.visit_status !== "cancelled")} />
        ))}
        {loose.length > 0 && <section class="card slot"><header><h3>{t("other")}</h3></header><People bookings={loose} zone={state.timezone} ask={ask} /></section>}
      </div>
      {doctor && (
        <div class="side">
          <Suggestions doctor={doctor} date={date} staff={staff} ask={ask} />
          <AddSlots staff={staff} doctor={doctor} date={date} onDone={again} />
        </div>
      )}
      {asked?.kind === "book" && <PersonDialog staff={staff} where={asked.where} time={asked.time} onClose={close} />}
      {asked?.kind === "delay" && <DelayDialog staff={staff} slot={asked.slot} time={span(asked.slot)} onClose={close} />}
      {asked?.kind === "close" && (
        <Sure staff={staff} title={t("close_title", { time: span(asked.slot) })} hint={t("close_hint")} onClose={close}
          go={() => acts.deed({ verb: "change", target: asked.slot.id, body: { status: "CANCELLED" } })} />
      )}
      {asked?.kind === "cancel" && (
        <Sure staff={staff} title={t("cancel_title", { name: alone(asked.booking.name ?? "") })} onClose={close} go={() => acts.deed({ verb: "cancel", target: asked.booking.id })} />
      )}
    </main>
  );
}

function SlotCard({ slot, time, zone, bookings, busy, ask, reopen }: { slot: Slot; time: string; zone: string | undefined; bookings: Booking[]; busy: boolean; ask: (what: Asked) => void; reopen: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const off = slot.status === "CANCELLED";
  const taken = Math.min(100, (100 * slot.current_capacity) / slot.max_capacity);
  return (
    <section class={`card slot ${off ? "off" : ""}`} aria-label={time}>
      <header>
        <h3><Token class="num">{time}</Token></h3>
        {off ? <span class="badge">{t("cancelled")}</span> : <span class={`badge ${slot.remaining ? "good" : "warn"}`}>{slot.remaining ? t("free", { n: slot.remaining }) : t("full")}</span>}
        {slot.status === "DELAYED" && <span class="badge warn">{t("late", { n: slot.delay_minutes })}</span>}
        {slot.waiting_list_length > 0 && <span class="badge warn">{t("list", { n: slot.waiting_list_length })}</span>}
        {slot.lent > 0 && <span class="badge">{t("lent", { n: slot.lent })}</span>}
        <span class="quiet num">{t("taken", { n: slot.current_capacity, all: slot.max_capacity })}</span>
      </header>
      <progress max={100} value={taken} aria-hidden="true" />
      <People bookings={bookings} zone={zone} ask={ask} />
      <div class="slot-acts">
        {!off && <Button look={slot.remaining ? "main" : "plain"} disabled={busy} onClick={() => ask({ kind: "book", where: { slot_id: slot.id }, time })}>{t("book")}</Button>}
        {!off && <Button look="quiet" disabled={busy} onClick={() => ask({ kind: "delay", slot })}>{t("delay")}</Button>}
        {!off && <Button look="quiet" disabled={busy} onClick={() => ask({ kind: "close", slot })}>{t("close")}</Button>}
        {off && <Button look="quiet" disabled={busy} onClick={reopen}>{t("open")}</Button>}
      </div>
    </section>
  );
}

const OPEN = ["booked", "waitlisted", "waiting", "called", "in_consultation", "parked", "completed", "no_show"] as const;

function People({ bookings, zone, ask }: { bookings: Booking[]; zone: string | undefined; ask: (what: Asked) => void }): JSX.Element {
  const t = useWords(WORDS);
  if (!bookings.length) return <p class="quiet nobody">{t("nobody")}</p>;
  return (
    <ul class="people-in">
      {bookings.map((one) => (
        <li key={one.id} class={one.category === "EMERGENCY" ? "urgent" : ""}>
          <span class="num place" aria-label={one.token_number ? t("place", { n: one.token_number }) : undefined}>{one.token_number ?? "–"}</span>
          <bdi class="name">{one.name ?? "–"}</bdi>
          {one.visit_status === "booked" && one.estimated_time && <span class="quiet num" dir="ltr">{clockTime(Date.parse(one.estimated_time), zone)}</span>}
          {one.number_printed && <Token>{one.number_printed}</Token>}
          <span class={`badge ${one.visit_status === "waitlisted" ? "warn" : ""}`}>{OPEN.includes(one.visit_status as "booked") ? t(one.visit_status as "booked") : one.visit_status}</span>
          {one.category !== "ONLINE" && one.category !== "WALKIN" && <span class={`badge ${one.category === "EMERGENCY" ? "bad" : ""}`}>{t(one.category as "FOLLOWUP")}</span>}
          {(one.visit_status === "booked" || one.visit_status === "waitlisted") && (
            <Button look="quiet" aria-label={t("cancel", { name: one.name ?? "" })} onClick={() => ask({ kind: "cancel", booking: one })}>✕</Button>
          )}
        </li>
      ))}
    </ul>
  );
}

interface Suggestion { timeSlot: string; currentAppointments: number; estimatedWaitTime: number; priorityScore: number; startTime: string; slotId: string | null; remaining: number }

/** Hours of the day with a place free, best first: for a patient who can choose. */
function Suggestions({ doctor, date, staff, ask }: { doctor: Doctor; date: string; staff: Staff; ask: (what: Asked) => void }): JSX.Element {
  const t = useWords(WORDS);
  const [hour, setHour] = useState("");
  const prefer = /^\d+$/.test(hour) && Number(hour) < 24 ? `&preferredHour=${Number(hour)}` : "";
  const path = `/api/appointments/queue/suggest-slots/${doctor.id}?date=${date}${prefer}`;
  const { data, problem } = useFetched(path, staff.state, () => get<{ data: { suggestions: Suggestion[] } }>(path));
  const at = (one: Suggestion): string => clockTime(Date.parse(one.startTime), staff.state.timezone);
  return (
    <section class="card pad" aria-label={t("suggest")}>
      <h2>{t("suggest")}</h2>
      <div class="form"><label>{t("hour")}<input name="hour" type="number" min={0} max={23} value={hour} onInput={(e) => setHour(e.currentTarget.value)} /></label></div>
      <ProblemNote problem={problem} />
      {data && !data.data.suggestions.length && <p class="quiet">{t("none_suggested")}</p>}
      <ul class="suggested">
        {data?.data.suggestions.slice(0, 5).map((one) => (
          <li key={one.startTime}>
            <Button onClick={() => ask({ kind: "book", time: alone(at(one)), where: one.slotId ? { slot_id: one.slotId } : { doctor_id: doctor.id, date, time: at(one) } })}>
              <Token class="num">{one.timeSlot}</Token>
            </Button>
            <span class="quiet">{t("wait", { n: one.estimatedWaitTime })}<br />{t("free", { n: one.remaining })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function DelayDialog({ staff, slot, time, onClose }: { staff: Staff; slot: Slot; time: string; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [minutes, setMinutes] = useState(slot.delay_minutes || 15);
  return (
    <Dialog title={t("delay_title", { time })} onClose={onClose}>
      <form class="form" onSubmit={(e) => { e.preventDefault(); void staff.acts.deed({ verb: "late", target: slot.id, body: { delay_minutes: minutes } }).then((done) => done && onClose()); }}>
        <p class="quiet">{t("delay_hint")}</p>
        <label>{t("minutes")}<input name="minutes" type="number" min={0} max={720} required autofocus value={minutes} onInput={(e) => setMinutes(Number(e.currentTarget.value))} /></label>
        <ActProblem acts={staff.acts} />
        <Button type="submit" look="main" busy={!!staff.acts.busy}>{t("set")}</Button>
      </form>
    </Dialog>
  );
}

function Sure({ staff, title, hint, go, onClose }: { staff: Staff; title: string; hint?: string; go: () => Promise<boolean>; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const common = useWords(COMMON);
  return (
    <Dialog title={title} onClose={onClose}>
      {hint && <p class="quiet">{hint}</p>}
      <ActProblem acts={staff.acts} />
      <div class="choices">
        <Button look="danger" autofocus disabled={!!staff.acts.busy} onClick={() => void go().then((done) => done && onClose())}>{t("yes")}</Button>
        <Button onClick={onClose}>{common("cancel")}</Button>
      </div>
    </Dialog>
  );
}

start(<StaffPage page="book" body={Book} />);
