/** The desk: one screen, one hand, one key each. What it shows is live or says so. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, start } from "../../../../shared/ui/components";
import { recall, store, useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import { ActProblem, has, StaffPage, type Staff } from "../parts/frame";
import { DESK_KEYS, useKeys } from "../parts/keys";
import { later } from "../../../../shared/ui/later";
import { DoctorPanel, targets } from "../parts/panel";
import { WORDS } from "../parts/words";
import type { DeskState, Doctor, StaffVisit } from "../states";
import { Finished, LastActs, Lists } from "./lists";
import "./desk.css";

const PairDialog = later(() => import("./pair"));
const RegisterDialog = later(() => import("./register"));
const VisitDialog = later(() => import("../parts/visit"));
const MessageDialog = later(() => import("./message"));

const DOCTOR = "outpost.desk.doctor";
const ALL = "outpost.desk.all";
type Open = "pair" | "register" | "message" | null;

function Desk({ staff }: { staff: Staff }): JSX.Element {
  const { live, state, acts, keys, undo } = staff;
  const t = useWords(WORDS);
  const [chosen, setChosen] = useState(recall(DOCTOR));
  const [all, setAll] = useState(recall(ALL) === "1");
  const [open, setOpen] = useState<Open>(null);
  const [about, setAbout] = useState<StaffVisit | null>(null);
  const doctor = state.doctors.find((one) => one.id === chosen) ?? (state.doctors.length === 1 ? state.doctors[0] : undefined);
  useKeys(DESK_KEYS, keys && !open && !about, (name) => {
    if (name === "undo") return undo();
    const target = targets(doctor)[name];
    if (target) void acts.deed({ verb: name, target });
  });
  const theirs = (one: StaffVisit): boolean => all || !doctor || isOf(one, doctor, state.doctors);
  const turn = (one: StaffVisit): number => [...(all ? [] : (doctor?.next ?? [])), one.id].indexOf(one.id); // a doctor's own order begins the list
  const own = state.waiting.filter(theirs).sort((a, b) => turn(a) - turn(b));
  const rows = own.length || !doctor ? own : state.waiting.filter((one) => one.service === doctor.service && !one.doctor_chosen); // whom "Call next" takes then
  const close = (): void => setOpen(null);
  return (
    <>
      <main>
        <div class="side">
          <div class="desk-tools">
            {has(staff.user, "reception", "nurse", "manager") && <Button look="main" onClick={() => setOpen("register")}>{t("register")}</Button>}
            <Button look="quiet" onClick={() => setOpen("message")}>{t("tell")}</Button>
            <Button look="quiet" onClick={() => setOpen("pair")}>{t("pair")}</Button>
          </div>
          <Picker state={state} chosen={doctor?.id ?? ""} onChoose={(id) => { setChosen(id); store(DOCTOR, id); }} />
          {doctor && <DoctorPanel doctor={doctor} live={live} busy={acts.busy} keys={keys} deed={acts.deed} undo={undo} />}
          {!open && !about && <ActProblem acts={acts} />}
        </div>
        <Lists staff={staff} doctor={doctor} rows={rows} theirs={theirs} all={all || !doctor}
          onAll={(on) => { setAll(on); store(ALL, on ? "1" : null); }} onAbout={(visit) => { acts.dismiss(); setAbout(visit); }} />
        <div class="after">
          <LastActs acts={state.last_acts} busy={!!acts.busy} deed={acts.deed} />
          <Finished visits={state.finished} zone={state.timezone} />
        </div>
      </main>
      {open === "pair" && <PairDialog zone={state.timezone} onClose={close} />}
      {open === "register" && <RegisterDialog staff={staff} doctor={doctor} onClose={close} />}
      {open === "message" && <MessageDialog staff={staff} doctor={doctor} onClose={close} />}
      {about && <VisitDialog staff={staff} visit={about} doctor={doctor} onClose={() => setAbout(null)} />}
    </>
  );
}

/** Whether a visit is in a doctor's queue: given to that doctor, or open to all of the service (`is_open_to_all` of the rules). */
function isOf(one: StaffVisit, doctor: Doctor, doctors: Doctor[]): boolean {
  const given = doctors.find((each) => each.id === one.doctor_id);
  if (given?.id === doctor.id || one.service !== doctor.service) return given?.id === doctor.id;
  return !given || !given.is_active || given.service !== one.service || (!one.doctor_chosen && (given.is_on_break || one.is_emergency));
}

function Picker({ state, chosen, onChoose }: { state: DeskState; chosen: string; onChoose: (id: string) => void }): JSX.Element {
  const t = useWords(WORDS);
  if (!state.doctors.length) return <div class="card empty"><strong>{t("no_doctors")}</strong><p>{t("no_doctors_hint")}</p></div>;
  if (!chosen) return <FirstChoice state={state} onChoose={onChoose} />;
  return (
    <div class="picker">
      <label>
        <span>{t("pick")}</span>
        <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
          {state.doctors.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} · {place(t("room"), one.room)}
              {!one.is_active ? ` (${t("away")})` : one.is_on_break ? ` (${t("on_break")})` : ""}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Nobody chosen on this machine yet: the doctors as large buttons, not a closed list. */
function FirstChoice({ state, onChoose }: { state: DeskState; onChoose: (id: string) => void }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">{t("pick_hint")}</h2>
      {state.doctors.map((one) => (
        <Button key={one.id} onClick={() => onChoose(one.id)}>
          <strong dir="auto">{one.name}</strong>
          <span class="quiet">{[one.service, place(t("room"), one.room), !one.is_active ? t("away") : one.is_on_break ? t("on_break") : ""].filter(Boolean).join(" · ")}</span>
        </Button>
      ))}
    </section>
  );
}

start(<StaffPage page="desk" keyed body={Desk} />);
