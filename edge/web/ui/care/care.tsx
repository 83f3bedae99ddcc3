/** The care page: alerts first, doses that wait for an answer, medicines as needed, what is ahead and was, devices, recordings, stock, holds. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { AlertTitle, ours, useAlertWords, type Worded } from "../../../../shared/ui/alert-says";
import { act, newKey, request } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote, start, useAge } from "../../../../shared/ui/components";
import { alone, clockTime, useWords } from "../../../../shared/ui/i18n";
import { useFlags } from "../../../../shared/ui/flag-words";
import { has, StaffPage, type Staff } from "../parts/frame";
import { AsNeededPart } from "./as-needed";
import { type Asked, type Device, type CareAlert, type Dose, type Everything, useCare } from "./asked";
import { HEARD } from "./heard-words";
import { Holds } from "./holds";
import { Part } from "./part";
import { WORDS } from "./words";
import "./care.css";

type Ask = { dose: Dose } | { device: true } | { remove: Device } | null;

function CarePage({ staff }: { staff: Staff }): JSX.Element {
  const care = useCare();
  const t = useWords(WORDS);
  const [ask, setAsk] = useState<Ask>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const all = care.data;
  if (!all) return <main><ProblemNote problem={care.problem} /></main>;
  const doing = async (work: () => Promise<unknown>): Promise<void> => {
    setProblem(null);
    try {
      await work();
      setAsk(null);
    } catch (met) {
      setProblem(met);
    }
    care.again();
  };
  const now = all.doses.filter((one) => one.open && (one.status !== "PLANNED" || Date.parse(one.due_at) <= all.now_ms));
  const waits = (one: Dose): boolean => one.status === "PLANNED" || one.status === "ANNOUNCED" || one.status === "SNOOZED";
  const ahead = all.doses.filter((one) => waits(one) && !now.includes(one));
  const before = all.doses.filter((one) => !waits(one) && one.status !== "VOIDED").reverse();
  const row = (one: Dose): JSX.Element => <DoseRow key={one.id} dose={one} zone={staff.state.timezone} nowMs={all.now_ms} waits={waits(one)} onAct={(verb) => void doing(() => act(`/api/v1/care/doses/${one.id}/answer`, { act: verb }, { key: newKey() }))} onCorrect={() => setAsk({ dose: one })} />;
  return (
    <main class="care">
      <ProblemNote problem={problem ?? care.problem} onClose={() => setProblem(null)} />
      <Alerts all={all} zone={staff.state.timezone} onTake={(id) => void doing(() => act(`/api/v1/care/alerts/${id}/acknowledge`))} />
      <div class="columns">
        <div class="stack">
          <Part title={t("now")} count={now.length} empty={t("nothing_now")} testid="now">{now.map(row)}</Part>
          <AsNeededPart all={all.needed} nowMs={all.now_ms} zone={staff.state.timezone} onDone={care.again} />
          <Part title={t("ahead")} count={ahead.length} empty={t("nothing_ahead")} hint={all.doses.length ? "" : t("plans_hint")} testid="ahead">{ahead.map(row)}</Part>
          <Part title={t("before")} count={before.length} empty={t("nothing_before")} testid="before">{before.map(row)}</Part>
        </div>
        <div class="stack">
          <Devices all={all} manager={has(staff.user, "manager")} onAdd={() => setAsk({ device: true })} onRemove={(device) => setAsk({ remove: device })} />
          <Notes all={all} zone={staff.state.timezone} />
          <Part title={t("stock")} count={all.stock.length} empty={t("no_stock")} testid="stock">
            {all.stock.map((one) => (
              <li key={`${one.plan_id}/${one.item_id}`}>
                <div><strong dir="auto">{one.medication}</strong> <span class="quiet" dir="auto">{one.patient_name ?? ""}</span></div>
                <span class="num">{t("left", { n: one.units, unit: "" })}{one.days_left !== null && ` · ${t("days", { n: one.days_left })}`}</span>
              </li>
            ))}
          </Part>
          <Holds all={all} zone={staff.state.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone} doing={doing} onDone={care.again} />
        </div>
      </div>
      {ask && "dose" in ask && <Correct dose={ask.dose} zone={staff.state.timezone} onClose={() => setAsk(null)} onSave={(body) => doing(() => act(`/api/v1/care/doses/${ask.dose.id}/correct`, body))} problem={problem} />}
      {ask && "device" in ask && <AddDevice all={all} care={care} onClose={() => setAsk(null)} />}
      {ask && "remove" in ask && (
        <Dialog title={ask.remove.name} onClose={() => setAsk(null)}>
          <p>{t("remove_sure", { name: alone(ask.remove.name) })}</p>
          <Button look="danger" autofocus onClick={() => void doing(() => request("DELETE", `/api/v1/devices/${ask.remove.id}`))}>{t("remove")}</Button>
          <ProblemNote problem={problem} />
        </Dialog>
      )}
    </main>
  );
}

const LOOK: Partial<Record<Dose["status"], string>> = { ON_TIME: "good", EARLY: "good", LATE: "warn", MISSED: "bad", NOT_ANNOUNCED: "warn", UNKNOWN: "warn", ANNOUNCED: "warn", SNOOZED: "pale" };

function DoseRow({ dose, zone, nowMs, waits, onAct, onCorrect }: { dose: Dose; zone: string | undefined; nowMs: number; waits: boolean; onAct: (verb: "taken" | "skipped" | "snoozed") => void; onCorrect: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const time = (text: string): string => clockTime(Date.parse(text), zone);
  const late = Date.parse(dose.on_time_until) < nowMs;
  return (
    <li class={dose.critical && dose.open ? "urgent" : ""} data-dose={dose.id}>
      <time class="num due" dir="ltr">{time(dose.due_at)}</time>
      <div class="what">
        <strong dir="auto">{dose.patient_name ?? t("no_name")}</strong>
        <span dir="auto">{dose.medication} <span class="num">{dose.quantity}</span> {dose.unit}</span>
        <small>
          <span class={`badge ${LOOK[dose.status] ?? "pale"}`}>{t(dose.status)}{dose.taken_at && ` ${time(dose.taken_at)}`}</span>
          {dose.critical && <span class="badge bad">{t("critical")}</span>}
          {dose.open && late && <span class="badge warn">{t("late_since", { time: alone(time(dose.on_time_until)) })}</span>}
          {dose.open && <span>{dose.announced ? t("announced", { n: dose.announced }) : t("untold")}{!late && <> · {t("until", { time: alone(time(dose.on_time_until)) })}</>}</span>}
          {dose.reason && <bdi>{dose.reason}</bdi>}
        </small>
      </div>
      {waits && dose.open ? (
        <div class="do">
          <Button look="main" onClick={() => onAct("taken")}>{t("taken")}</Button>
          <Button onClick={() => onAct("snoozed")}>{t("later")}</Button>
          <Button look="quiet" onClick={() => onAct("skipped")}>{t("skip")}</Button>
        </div>
      ) : !waits && <Button look="quiet" onClick={onCorrect}>{t("correct")}</Button>}
    </li>
  );
}

function Alerts({ all, zone, onTake }: { all: Everything; zone: string | undefined; onTake: (id: string) => void }): JSX.Element | null {
  const t = useWords(WORDS);
  const flags = useFlags(all.alerts.some((one) => one.topic === "red_flag"));
  const said = useAlertWords();
  const who = (one: CareAlert): string => one.patient_name ?? all.people.find((person) => person.id === (one.patient_id ?? all.notes.find((note) => note.id === one.note_id)?.patient_id))?.name ?? "";
  /** With the name we know. The clinic's own sentence has it in front, where it does not name anybody. */
  const named = (one: CareAlert): Worded => {
    const name = who(one);
    return { ...one, source: "edge", patient_name: name, title: !name || one.title.includes(name) ? one.title : `${alone(name)}: ${one.title}` };
  };
  const hint = (one: CareAlert): ComponentChildren => (one.topic === "missed_dose" ? t("hint_missed") : ours(said?.hint(named(one)), one.hint));
  if (!all.alerts.length) return null;
  return (
    <section class="alerts" aria-label={t("alerts")} data-testid="alerts">
      {all.alerts.map((one) => (
        <div key={one.id} class={`note ${one.acked_by ? "taken" : one.severity === "critical" ? "bad" : "warn"}`} role={one.acked_by ? undefined : "alert"}>
          <div>
            <strong><AlertTitle alert={named(one)} /></strong> <span class="quiet num">{clockTime(Date.parse(one.raised_at), zone)}</span>
            {one.body && <p dir={one.topic === "red_flag" ? undefined : "auto"}>{one.topic === "red_flag" ? flags(one.body) : one.body}</p>}
            <p class="quiet">{one.acked_by ? t("acked", { name: alone(one.acked_by) }) : hint(one)}</p>
          </div>
          {!one.acked_by && <Button look="main" onClick={() => onTake(one.id)}>{t("mine")}</Button>}
        </div>
      ))}
    </section>
  );
}

function Devices({ all, manager, onAdd, onRemove }: { all: Everything; manager: boolean; onAdd: () => void; onRemove: (device: Device) => void }): JSX.Element {
  const t = useWords(WORDS);
  const age = useAge();
  const name = (id: string | null): string => all.people.find((one) => one.id === id)?.name ?? "";
  return (
    <Part title={t("devices")} count={all.devices.length} empty={t("no_devices")} testid="devices" tools={manager && <Button look="quiet" onClick={onAdd}>+ {t("add_device")}</Button>}>
      {all.devices.map((one) => (
        <li key={one.id}>
          <div class="what">
            <strong dir="auto">{one.name}</strong> <span class="quiet" dir="auto">{one.patient_id ? name(one.patient_id) : t("nobody")}</span>
            <small>
              <span class={`badge ${one.online ? "good" : one.last_heartbeat_at ? "bad" : "pale"}`}><span class="dot" aria-hidden="true" />{one.last_heartbeat_at ? (one.online ? t("heard", { age: age((all.now_ms - Date.parse(one.last_heartbeat_at)) / 1000) }) : t("off")) : t("never")}</span>
              {one.battery !== null && <span>{t("battery", { n: one.battery })}</span>}
              {one.faults.map((fault) => <span key={fault} class="badge bad">{fault}</span>)}
            </small>
          </div>
          {manager && <Button look="quiet" onClick={() => onRemove(one)}>{t("remove")}</Button>}
        </li>
      ))}
    </Part>
  );
}

function Notes({ all, zone }: { all: Everything; zone: string | undefined }): JSX.Element {
  const t = useWords(WORDS);
  const heard = useWords(HEARD);
  const name = (id: string | null): string => all.people.find((one) => one.id === id)?.name ?? t("nobody");
  return (
    <Part title={t("notes")} count={all.notes.length} empty={t("no_notes")} testid="notes">
      {all.notes.map((one) => (
        <li key={one.id} class="spoken">
          <div class="what">
            <strong dir="auto">{name(one.patient_id)}</strong> <span class="quiet num">{clockTime(Date.parse(one.recorded_at), zone)}</span>
            <small>{one.heard ? <><bdi>“{one.transcript}”</bdi> {one.intent && <span class="badge pale">{t("heard_as", { act: one.intent in HEARD.en ? heard(one.intent as keyof typeof HEARD.en) : one.intent.replaceAll("_", " ") })}</span>}</> : t("silence")}</small>
          </div>
          {one.has_audio ? <audio controls preload="none" src={`/api/v1/voice/${one.id}/audio`} /> : <small class="quiet">{t("gone")}</small>}
        </li>
      ))}
    </Part>
  );
}

function Correct({ dose, zone, onClose, onSave, problem }: { dose: Dose; zone: string | undefined; onClose: () => void; onSave: (body: object) => Promise<void>; problem: unknown }): JSX.Element {
  const t = useWords(WORDS);
  const [status, setStatus] = useState<"ON_TIME" | "SKIPPED" | "MISSED">("ON_TIME");
  const [time, setTime] = useState(clockTime(Date.parse(dose.taken_at ?? dose.due_at), zone));
  const [reason, setReason] = useState("");
  const takenAt = (): number => {
    const [hours, minutes] = time.split(":").map(Number);
    const [dueHours, dueMinutes] = clockTime(Date.parse(dose.due_at), zone).split(":").map(Number);
    let by = ((hours ?? 0) - (dueHours ?? 0)) * 60 + ((minutes ?? 0) - (dueMinutes ?? 0));
    if (by > 720) by -= 1440;
    if (by < -720) by += 1440;
    return Date.parse(dose.due_at) + by * 60_000;
  };
  return (
    <Dialog title={`${dose.patient_name ?? ""} · ${dose.medication}`} onClose={onClose}>
      <form class="form" onSubmit={(e) => { e.preventDefault(); void onSave({ status, reason, ...(status === "ON_TIME" ? { taken_at: takenAt() } : {}) }); }}>
        <label>{t("became")}
          <select name="status" value={status} onChange={(e) => setStatus(e.currentTarget.value as "ON_TIME")}>
            <option value="ON_TIME">{t("taken")}</option><option value="SKIPPED">{t("SKIPPED")}</option><option value="MISSED">{t("MISSED")}</option>
          </select>
        </label>
        {status === "ON_TIME" && <label>{t("took_at")}<input name="time" type="time" required value={time} onInput={(e) => setTime(e.currentTarget.value)} /></label>}
        <label>{t("reason")}<input name="reason" required maxLength={200} dir="auto" value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <ProblemNote problem={problem} />
        <Button type="submit" look="main">{t("save")}</Button>
      </form>
    </Dialog>
  );
}

function AddDevice({ all, care, onClose }: { all: Everything; care: Asked; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [name, setName] = useState("");
  const [person, setPerson] = useState("");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    setProblem(null);
    try {
      const made = await act<{ claim_code: string }>("/api/v1/devices", { kind: "dispenser", name: name.trim(), patient_id: person || null });
      setCode(made.claim_code);
      care.again();
    } catch (met) {
      setProblem(met);
    }
  }
  return (
    <Dialog title={t("add_device")} onClose={onClose}>
      {code ? (
        <><p>{t("code_is")}</p><p class="big-code" dir="ltr" data-testid="claim">{code}</p></>
      ) : (
        <form class="form" onSubmit={(event) => void add(event)}>
          <label>{t("device_name")}<input name="name" required maxLength={60} dir="auto" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
          <label>{t("for_whom")}
            <select name="patient" value={person} onChange={(e) => setPerson(e.currentTarget.value)}>
              <option value="">{t("nobody")}</option>
              {all.people.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </label>
          <ProblemNote problem={problem} />
          <Button type="submit" look="main">{t("add_device")}</Button>
        </form>
      )}
    </Dialog>
  );
}

start(<StaffPage page="care" body={CarePage} />);
