/** Everything that can be done with one visit. What leads away from the queue asks once more: no-show, cancel, send on. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, Dialog } from "../../../../shared/ui/components";
import { alone, clockTime, useWords, words } from "../../../../shared/ui/i18n";
import { checkInCode } from "../../../../shared/ui/kiosk-code";
import { place } from "../../../../shared/ui/rooms";
import type { DeskState, Doctor, StaffVisit, Status } from "../states";
import type { Verb } from "./acts";
import { useFirstFocus } from "./focus";
import { ActProblem, type Staff } from "./frame";
import { Triage } from "./triage";
import { WORDS as STAFF_WORDS } from "./words";

const WORDS = words(
  {
    minutes: "On hold for how many minutes?", min: "{n} min", where: "Send {token} on to", any: "any doctor", because: "Reason (for the log)",
    sure_noshow: "Mark {token} as a no-show?", sure_cancel: "Cancel the visit of {token}?", sure_transfer: "Send {token} on to {to}?",
    yes: "Yes", back: "Back", up: "One place up", down: "One place down", place: "Place {n} of {all}", to_place: "To place", go: "Move",
    confirm: "Confirm urgency", set: "Set urgency", gone: "This visit is over. Close this window.", booked_for: "Booked for {time}", with: "With {doctor}", kiosk_code: "Code for the kiosk:", triage: "Vitals and signs…",
  },
  {
    hi: {
      minutes: "कितने मिनट के लिए रोकें?", min: "{n} मिनट", where: "{token} को कहाँ भेजें", any: "कोई भी डॉक्टर", because: "कारण (रिकॉर्ड के लिए)",
      sure_noshow: "{token} को “नहीं आया” लगाएँ?", sure_cancel: "{token} रद्द करें?", sure_transfer: "{token} को {to} भेजें?",
      yes: "हाँ", back: "वापस", up: "एक जगह ऊपर", down: "एक जगह नीचे", place: "जगह {n}, कुल {all}", to_place: "इस जगह पर", go: "ले जाएँ",
      confirm: "तात्कालिकता की पुष्टि", set: "तात्कालिकता बदलें", gone: "यह मुलाक़ात समाप्त है। इसे बंद करें।", booked_for: "{time} की बुकिंग", with: "{doctor} के साथ", kiosk_code: "कियोस्क का कोड:", triage: "जाँच और लक्षण…",
    },
    es: {
      minutes: "¿Cuántos minutos en pausa?", min: "{n} min", where: "Derivar {token} a", any: "cualquier médico", because: "Motivo (para el registro)",
      sure_noshow: "¿Marcar {token} como ausente?", sure_cancel: "¿Cancelar la visita de {token}?", sure_transfer: "¿Derivar {token} a {to}?",
      yes: "Sí", back: "Atrás", up: "Subir un puesto", down: "Bajar un puesto", place: "Puesto {n} de {all}", to_place: "Al puesto", go: "Mover",
      confirm: "Confirmar urgencia", set: "Fijar urgencia", gone: "Esta visita ha terminado. Cierre la ventana.", booked_for: "Cita a las {time}", with: "Con {doctor}", kiosk_code: "Código para el quiosco:", triage: "Constantes y signos…",
    },
    ar: {
      minutes: "كم دقيقة تعليق؟", min: "{n} د", where: "تحويل {token} إلى", any: "أي طبيب", because: "السبب (للسجل)",
      sure_noshow: "تسجيل {token} غائبًا؟", sure_cancel: "إلغاء زيارة {token}؟", sure_transfer: "تحويل {token} إلى {to}؟",
      yes: "نعم", back: "رجوع", up: "مكان واحد للأعلى", down: "مكان واحد للأسفل", place: "المكان {n} من {all}", to_place: "إلى المكان", go: "انقل",
      confirm: "تأكيد الأولوية", set: "تعيين الأولوية", gone: "انتهت هذه الزيارة. أغلق النافذة.", booked_for: "حجز {time}", with: "مع {doctor}", kiosk_code: "رمز جهاز الأرقام:", triage: "القياسات والعلامات…",
    },
  },
);
const MINUTES = [5, 10, 15, 30, 60];
/** What makes sense for which status; the server has the last word. */
const ABLE: Record<Status, Verb[]> = {
  booked: ["checkin", "emergency", "noshow", "cancel"],
  waitlisted: ["emergency", "cancel"],
  waiting: ["callthis", "park", "transfer", "skip", "move", "urgency", "emergency", "noshow", "cancel"],
  called: ["recall", "park", "transfer", "skip", "emergency", "noshow", "cancel"],
  in_consultation: ["complete", "park", "transfer", "emergency"],
  parked: ["resume", "transfer", "emergency", "noshow", "cancel"],
  completed: [],
  no_show: ["return"],
  cancelled: [],
};
export type Step = "all" | "park" | "transfer" | "noshow" | "cancel" | "triage";
type Target = { service?: string; doctor_id?: string; words: string };

/** The visit as it stands now, wherever it is. */
function now(state: DeskState, visit: StaffVisit): StaffVisit | undefined {
  const held = state.doctors.flatMap((one) => [...one.called, ...(one.current ? [one.current] : [])]);
  return [...state.waiting, ...state.parked, ...state.booked, ...state.missed, ...held].find((one) => one.id === visit.id);
}

export default function VisitDialog({ staff, visit: asked, doctor, first = "all", onClose }: {
  staff: Staff;
  visit: StaffVisit;
  doctor: Doctor | undefined;
  first?: Step;
  onClose: () => void;
}): JSX.Element {
  const t = useWords(WORDS);
  const staffWords = useWords(STAFF_WORDS);
  const { state, acts } = staff;
  const [step, setStep] = useState<Step>(first);
  const [target, setTarget] = useState<Target | null>(null);
  const [reason, setReason] = useState("");
  useFirstFocus(step, target);
  const visit = now(state, asked) ?? asked;
  const over = !now(state, asked);
  const token = alone(visit.token_number ?? visit.name ?? "");
  useEffect(() => { if (over && !acts.busy && !acts.problem) onClose(); }, [over, acts.busy]);
  async function go(verb: Verb, body: object = {}): Promise<void> {
    if (await acts.deed({ verb, target: visit.id, body })) onClose();
  }
  const elsewhere = state.services.filter((one) => one.is_open && one.letter !== visit.service); // the usual way on, so they come first
  const back = (): void => (first === "all" ? setStep("all") : onClose());
  const because = (
    <label>{t("because")}<input name="because" maxLength={500} dir="auto" value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
  );
  const why = reason.trim() ? { reason: reason.trim() } : {};
  return (
    <Dialog title={`${visit.token_number ?? ""} ${visit.name ?? ""}`.trim() || staffWords("no_name")} onClose={onClose}>
      {step === "all" && (
        <>
          <Facts visit={visit} staff={staff} />
          {over && <p class="note warn"><span>{t("gone")}</span></p>}
          <div class="choices">
            {ABLE[visit.status].filter((verb) => verb !== "urgency" && verb !== "move" && !(verb === "emergency" && visit.is_emergency) && !(verb === "callthis" && !doctor)).map((verb) => (
              <Button key={verb} look={verb === "noshow" || verb === "cancel" || verb === "emergency" ? "danger" : verb === "callthis" || verb === "checkin" ? "main" : "plain"} disabled={!!acts.busy}
                onClick={() => {
                  if (verb === "park" || verb === "transfer" || verb === "noshow" || verb === "cancel") return setStep(verb);
                  void go(verb, verb === "callthis" && doctor ? { doctor_id: doctor.id } : {});
                }}>
                {staffWords(verb as "park")}
              </Button>
            ))}
          </div>
          {visit.status === "waiting" && <Place visit={visit} staff={staff} />}
          {visit.status === "waiting" && <Urgency visit={visit} staff={staff} />}
          {visit.status === "waiting" && <Button onClick={() => setStep("triage")}>{t("triage")}</Button>}
        </>
      )}
      {step === "triage" && <Triage visit={visit} busy={!!acts.busy} />}
      {step === "park" && (
        <>
          <p>{t("minutes")}</p>
          <div class="choices">
            {MINUTES.map((n) => (
              <Button key={n} autofocus={n === 10} disabled={!!acts.busy} onClick={() => void go("park", { minutes: n, ...why })}>{t("min", { n })}</Button>
            ))}
          </div>
          <div class="form">{because}</div>
        </>
      )}
      {step === "transfer" && !target && (
        <>
          <p>{t("where", { token })}</p>
          <div class="choices one">
            {[...elsewhere, ...state.services.filter((one) => one.letter === visit.service)].map((service, place) => (
              <Targets key={service.letter} service={service} first={place === 0} state={state} visit={visit} onChoose={setTarget} />
            ))}
          </div>
        </>
      )}
      {step === "transfer" && target && (
        <form class="form" onSubmit={(e) => { e.preventDefault(); const { words: _, ...where } = target; void go("transfer", { ...where, ...why }); }}>
          <p>{t("sure_transfer", { token, to: alone(target.words) })}</p>
          {because}
          <Button type="submit" look="main" autofocus disabled={!!acts.busy}>{t("yes")}</Button>
        </form>
      )}
      {(step === "noshow" || step === "cancel") && (
        <form class="form" onSubmit={(e) => { e.preventDefault(); void go(step, step === "cancel" ? why : {}); }}>
          <p>{t(`sure_${step}`, { token })}</p>
          {step === "cancel" && because}
          <Button type="submit" look="danger" autofocus={step === "noshow"} disabled={!!acts.busy}>{t("yes")}</Button>
        </form>
      )}
      {step !== "all" && <Button look="quiet" onClick={() => (target ? setTarget(null) : back())}>{t("back")}</Button>}
      <ActProblem acts={acts} />
    </Dialog>
  );
}

function Facts({ visit, staff }: { visit: StaffVisit; staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const staffWords = useWords(STAFF_WORDS);
  const doctor = staff.state.doctors.find((one) => one.id === visit.doctor_id);
  const due = Date.parse(visit.due_at ?? "");
  return (
    <ul class="facts">
      {visit.reason && <li dir="auto">{visit.reason}</li>}
      {visit.phone && <li><a href={`tel:${visit.phone}`} dir="ltr">{visit.phone}</a></li>}
      {!Number.isNaN(due) && <li>{t("booked_for", { time: alone(clockTime(due, staff.state.timezone)) })}</li>}
      {visit.status === "booked" && <li>{t("kiosk_code")} <bdi dir="ltr" class="num">{checkInCode(visit.id)}</bdi></li>}
      {doctor && <li>{t("with", { doctor: alone(doctor.name) })} · {place(staffWords("room"), doctor.room)}</li>}
    </ul>
  );
}

/** A service, and its doctors one by one. */
function Targets({ service, first, state, visit, onChoose }: { service: DeskState["services"][number]; first: boolean; state: DeskState; visit: StaffVisit; onChoose: (to: Target) => void }): JSX.Element {
  const t = useWords(WORDS);
  const doctors = state.doctors.filter((one) => one.service === service.letter && one.is_active && one.id !== visit.doctor_id);
  return (
    <>
      {(service.letter !== visit.service || visit.doctor_id) && (
        <Button autofocus={first} onClick={() => onChoose({ service: service.letter, words: service.name })}><strong dir="auto">{service.name}</strong> · {t("any")}</Button>
      )}
      {doctors.map((one) => (
        <Button key={one.id} look="quiet" onClick={() => onChoose({ doctor_id: one.id, words: one.name })}><span dir="auto">{one.name}</span></Button>
      ))}
    </>
  );
}

/** Its place in the queue, and another one by hand. */
function Place({ visit, staff }: { visit: StaffVisit; staff: Staff }): JSX.Element | null {
  const t = useWords(WORDS);
  const { acts, state } = staff;
  const waiting = state.waiting.find((one) => one.id === visit.id);
  const all = state.waiting.filter((one) => one.service === visit.service && (!visit.doctor_id || one.doctor_id === visit.doctor_id || one.doctor_id === null)).length;
  const [to, setTo] = useState(1);
  if (!waiting) return null;
  const move = (n: number): void => void acts.deed({ verb: "move", target: visit.id, body: { place: n } });
  return (
    <form class="inline" onSubmit={(e) => { e.preventDefault(); move(to); }}>
      <strong>{t("place", { n: waiting.position, all })}</strong>
      <Button aria-label={t("up")} disabled={!!acts.busy || waiting.position <= 1} onClick={() => move(waiting.position - 1)}>↑</Button>
      <Button aria-label={t("down")} disabled={!!acts.busy || waiting.position >= all} onClick={() => move(waiting.position + 1)}>↓</Button>
      <label>{t("to_place")} <input name="place" type="number" min={1} max={2000} required value={to} onInput={(e) => setTo(Number(e.currentTarget.value))} /></label>
      <Button type="submit" disabled={!!acts.busy}>{t("go")}</Button>
    </form>
  );
}

/** How urgent staff find it; also confirms what the patient said at the kiosk. */
function Urgency({ visit, staff }: { visit: StaffVisit; staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const staffWords = useWords(STAFF_WORDS);
  const [urgency, setUrgency] = useState(visit.claimed_urgency ?? visit.urgency);
  return (
    <form class="inline" onSubmit={(e) => { e.preventDefault(); void staff.acts.deed({ verb: "urgency", target: visit.id, body: { urgency } }); }}>
      <label>{staffWords("urgency")} <input name="urgency" type="number" min={0} max={10} required value={urgency} onInput={(e) => setUrgency(Number(e.currentTarget.value))} /></label>
      <Button type="submit" disabled={!!staff.acts.busy}>{t(visit.claimed_urgency === null ? "set" : "confirm")}</Button>
    </form>
  );
}
