/** A caregiver says what became of a dose of their own people; the clinic keeps it, and until then it says that it waits. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, clockTime, useWords } from "../../../../shared/ui/i18n";
import { nearest } from "../../../../shared/ui/moments";
import { useDoing } from "../care/doing";
import { DoseRow, type Dose } from "../care/parts";
import { TELL } from "./tell-words";

interface Told { occurrence_id: string | null; state: string; detail: string }
/** Nobody has said yet what became of it. */
const ASKED = new Set<Dose["status"]>(["PLANNED", "ANNOUNCED", "SNOOZED", "MISSED", "UNKNOWN", "NOT_ANNOUNCED"]);

/** What was told of a patient's doses, the newest of each; asked for again whenever `round` changes. */
function useTold(patient: string, round: unknown): Map<string, Told> {
  const [told, setTold] = useState(new Map<string, Told>());
  useEffect(() => {
    get<Told[]>(`/api/v1/patients/${encodeURIComponent(patient)}/told`).then(
      (all) => setTold(new Map(all.reverse().map((one) => [one.occurrence_id ?? "", one]))),
      () => {}, // the page says itself when head office does not answer
    );
  }, [patient, round]);
  return told;
}

/** A patient's doses of today, each with what the caregiver can say of it. `asOfMs`: up to when the clinic is heard. */
export function ToldDoses({ patient, doses, zone, nowMs, asOfMs, onTold }: { patient: string; doses: Dose[]; zone: string; nowMs: number; asOfMs: number; onTold: () => void }): JSX.Element {
  const told = useTold(patient, doses);
  return <ul class="rows">{doses.map((one) => <DoseRow key={one.occurrence_id} dose={one} zone={zone} nowMs={nowMs} asOfMs={asOfMs}><Tell patient={patient} dose={one} zone={zone} nowMs={nowMs} told={told.get(one.occurrence_id)} onTold={onTold} /></DoseRow>)}</ul>;
}

function Tell({ patient, dose, zone, nowMs, told, onTold }: { patient: string; dose: Dose; zone: string; nowMs: number; told: Told | undefined; onTold: () => void }): JSX.Element | null {
  const t = useWords(TELL);
  const [asking, setAsking] = useState(false);
  if (!ASKED.has(dose.status) || (dose.status === "PLANNED" && Date.parse(dose.due_at_utc) > nowMs)) return null;
  if (told && told.state !== "failed" && told.state !== "expired" && told.state !== "applied") return <span class="badge pale" role="status">{t("waits")}</span>;
  return (
    <>
      {told?.state === "failed" && <span class="badge warn">{t("refused", { why: alone(told.detail) })}</span>}
      <Button onClick={() => setAsking(true)}>{t("tell")}</Button>
      {asking && <Ask patient={patient} dose={dose} zone={zone} nowMs={nowMs} onClose={() => setAsking(false)} onDone={() => { setAsking(false); onTold(); }} />}
    </>
  );
}

function Ask({ patient, dose, zone, nowMs, onClose, onDone }: { patient: string; dose: Dose; zone: string; nowMs: number; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(TELL);
  const doing = useDoing();
  const due = Date.parse(dose.due_at_utc);
  const [act, setAct] = useState<"taken" | "skipped">("taken");
  const [time, setTime] = useState(clockTime(Math.min(due, nowMs), zone));
  const [note, setNote] = useState("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const at = act === "taken" ? { at: nearest(due, time, zone) } : {};
    if (await doing.run("tell", "POST", `/api/v1/doses/${encodeURIComponent(dose.occurrence_id)}/tell`, { act, patient_id: patient, reason: note.trim(), ...at })) onDone();
  };
  return (
    <Dialog title={dose.medication} onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <p class="quiet">{t("hint")}</p>
        <label>{t("tell")}
          <select name="act" value={act} onChange={(e) => setAct(e.currentTarget.value as "taken")}><option value="taken">{t("taken")}</option><option value="skipped">{t("skipped")}</option></select>
        </label>
        {act === "taken" && <label>{t("at")}<input name="time" type="time" required value={time} onInput={(e) => setTime(e.currentTarget.value)} /></label>}
        <label>{t("note")}<input name="note" dir="auto" maxLength={80} value={note} onInput={(e) => setNote(e.currentTarget.value)} /></label>
        <ProblemNote problem={doing.problem} />
        <Button type="submit" look="main" busy={doing.busy !== ""}>{t("send")}</Button>
      </form>
    </Dialog>
  );
}
