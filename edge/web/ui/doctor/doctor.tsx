/** The doctor's page: one screen, one hand, one key per act. Who is here and why, who is next and why, and how many wait. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, start, Token } from "../../../../shared/ui/components";
import { recall, store, useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import { ActProblem, StaffPage, type Staff } from "../parts/frame";
import { DOCTOR_KEYS, useKeys } from "../parts/keys";
import { later } from "../../../../shared/ui/later";
import { DoctorPanel, targets } from "../parts/panel";
import { useWhy } from "../parts/why";
import { WORDS } from "../parts/words";
import type { DeskState, Doctor, StaffVisit, WaitingVisit } from "../states";
import { useFirstPatient } from "./first";
import "./doctor.css";

const VisitDialog = later(() => import("../parts/visit"));

const DOCTOR = "outpost.desk.doctor";

function DoctorPage({ staff }: { staff: Staff }): JSX.Element {
  const { state, user } = staff;
  const t = useWords(WORDS);
  const [chosen, setChosen] = useState(recall(DOCTOR));
  const own = user?.doctor_id ?? null; // a doctor's account lands on its own doctor
  const doctor = state.doctors.find((one) => one.id === (own ?? chosen)) ?? (state.doctors.length === 1 ? state.doctors[0] : undefined);
  if (!state.doctors.length) return <main><div class="card empty"><strong>{t("no_doctors")}</strong><p>{t("no_doctors_hint")}</p></div></main>;
  if (!doctor) return <main><Choose state={state} onChoose={(id) => { setChosen(id); store(DOCTOR, id); }} /></main>;
  return <One staff={staff} doctor={doctor} onOther={own ? null : () => { setChosen(null); store(DOCTOR, null); }} />;
}

function One({ staff, doctor, onOther }: { staff: Staff; doctor: Doctor; onOther: (() => void) | null }): JSX.Element {
  const { live, state, acts, keys, undo } = staff;
  const t = useWords(WORDS);
  const [asked, setAsked] = useState<{ visit: StaffVisit; step: "transfer" | "park" | "all" } | null>(null);
  const [sound, turnSound] = useFirstPatient(doctor.waiting);
  const held = doctor.current ?? doctor.called.at(-1) ?? null;
  const skipped = doctor.called.at(-1) ?? null;
  const next = doctor.next.flatMap((id) => state.waiting.filter((one) => one.id === id));
  const ask = (step: "transfer" | "park"): void => { if (held) { acts.dismiss(); setAsked({ visit: held, step }); } };
  const flag = (): void => { if (held && !held.is_emergency) void acts.deed({ verb: "emergency", target: held.id }); };
  const skip = (): void => { if (skipped) void acts.deed({ verb: "skip", target: skipped.id }); };
  useKeys(DOCTOR_KEYS, keys && !asked, (name) => {
    if (name === "undo") return undo();
    if (name === "transfer") return ask("transfer");
    if (name === "hold") return ask("park");
    if (name === "emergency") return flag();
    if (name === "skip") return skip();
    const target = targets(doctor)[name];
    if (target) void acts.deed({ verb: name, target });
  });
  const more = (name: "skip" | "transfer" | "hold" | "emergency", able: boolean, press: () => void): JSX.Element => (
    <Button look={name === "emergency" ? "danger" : "plain"} class="act small" disabled={!able || !!acts.busy} aria-keyshortcuts={keys ? DOCTOR_KEYS[name] : undefined}
      {...(keys ? { hint: DOCTOR_KEYS[name] } : {})} onClick={press}>
      {t(name)}
    </Button>
  );
  return (
    <main>
      <div class="who-am-i">
        <h2 dir="auto">{doctor.name}</h2>
        <span class="quiet">{[doctor.specialization, place(t("room"), doctor.room)].filter(Boolean).join(" · ")}</span>
        {!doctor.is_active ? <span class="badge warn">{t("away")}</span> : doctor.is_on_break && <span class="badge warn">{t("on_break")}</span>}
        <Button disabled={!!acts.busy} aria-pressed={doctor.is_on_break} onClick={() => void acts.deed({ verb: "break", target: doctor.id, body: { is_on_break: !doctor.is_on_break } })}>
          {t(doctor.is_on_break ? "back_from_break" : "break")}
        </Button>
        <Button look="quiet" aria-pressed={sound} onClick={turnSound}>{t(sound ? "sound_on" : "sound_off")}</Button>
        {onOther && <Button look="quiet" onClick={onOther}>{t("other_doctor")}</Button>}
      </div>
      <div class="side">
        <DoctorPanel doctor={doctor} live={live} busy={acts.busy} keys={keys} deed={acts.deed} undo={undo} about={(visit) => <About visit={visit} />}>
          {more("skip", !!skipped, skip)}
          {more("transfer", !!held, () => ask("transfer"))}
          {more("hold", !!held, () => ask("park"))}
          {more("emergency", !!held && !held.is_emergency, flag)}
        </DoctorPanel>
        {!asked && <ActProblem acts={acts} />}
      </div>
      <section class="card list next">
        <header><h2>{t("next")}</h2><span class="badge" data-testid="count">{t("waiting_n", { n: doctor.waiting })}</span></header>
        {next.length ? <ol>{next.map((visit) => <Next key={visit.id} visit={visit} staff={staff} onMore={() => { acts.dismiss(); setAsked({ visit, step: "all" }); }} />)}</ol> : <p class="empty">{t("no_next")}</p>}
      </section>
      {asked && <VisitDialog staff={staff} visit={asked.visit} doctor={doctor} first={asked.step} onClose={() => setAsked(null)} />}
    </main>
  );
}

/** What a doctor wants to know before the door opens. */
function About({ visit }: { visit: StaffVisit }): JSX.Element {
  const t = useWords(WORDS);
  const waited = Math.floor((Date.parse(visit.called_at ?? "") - Date.parse(visit.arrived_at ?? "")) / 60_000);
  return (
    <div class="about">
      {visit.reason && <p><b>{t("reason")}:</b> <bdi>{visit.reason}</bdi></p>}
      <p><b>{t("urgency")}:</b> <span class="num">{visit.urgency}</span>{visit.claimed_urgency !== null && ` (${t("claimed", { n: visit.claimed_urgency })})`}</p>
      {waited >= 0 && <p>{t("waited", { n: waited })}</p>}
    </div>
  );
}

function Next({ visit, staff, onMore }: { visit: WaitingVisit; staff: Staff; onMore: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const why = useWhy();
  return (
    <li class={visit.is_emergency ? "urgent" : ""}>
      <Token>{visit.token_number}</Token>
      <div>
        <strong class={visit.name ? "" : "quiet"}><bdi>{visit.name ?? t("no_name")}</bdi></strong>
        {visit.is_emergency && <span class="badge bad">{t("urgent")}</span>}
        {visit.reason && <p><bdi>{visit.reason}</bdi></p>}
        <small><bdi>{why(visit)}</bdi></small>
      </div>
      <span class="num quiet">{t("minutes", { n: Math.floor(visit.wait_min) })}</span>
      <Button look="quiet" aria-label={t("more", { token: visit.token_number ?? "" })} disabled={!!staff.acts.busy} onClick={onMore}>⋯</Button>
    </li>
  );
}

function Choose({ state, onChoose }: { state: DeskState; onChoose: (id: string) => void }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">{t("pick")}</h2>
      {state.doctors.map((one) => (
        <Button key={one.id} onClick={() => onChoose(one.id)}>
          <strong dir="auto">{one.name}</strong>
          <span class="quiet">{[one.service, place(t("room"), one.room)].filter(Boolean).join(" · ")}</span>
        </Button>
      ))}
    </section>
  );
}

start(<StaffPage page="doctor" keyed body={DoctorPage} />);
