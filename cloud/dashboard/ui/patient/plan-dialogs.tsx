/** The dialogs of plans but for their form: stopping one, and reading one from FHIR. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { useDoing } from "../care/doing";
import { CARE } from "../care/words";
import type { Patient, Plan } from "./asked";
import { MORE } from "./more-words";
import { WORDS } from "./words";

/** `stop`: the plan to be stopped; null to import one. */
export default function PlanDialog({ stop, patient, onClose, onDone }: { stop: Plan | null; patient: Patient; onClose: () => void; onDone: () => void }): JSX.Element {
  return stop ? <StopPlan plan={stop} onClose={onClose} onDone={onDone} /> : <ImportFhir patient={patient} onClose={onClose} onDone={onDone} />;
}

function StopPlan({ plan, onClose, onDone }: { plan: Plan; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const doing = useDoing();
  const [reason, setReason] = useState("");
  const stop = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await doing.run("stop", "DELETE", `/api/v1/medication-plans/${encodeURIComponent(plan.id)}`, { reason: reason.trim() })) onDone();
  };
  return (
    <Dialog title={t("stop_title")} onClose={onClose}>
      <p><bdi>{plan.items.map((one) => one.medication).join(", ")}</bdi></p>
      <p class="quiet">{t("stop_hint")}</p>
      <form class="form" onSubmit={(event) => void stop(event)}>
        <label>{care("reason")}<input name="reason" dir="auto" required maxLength={120} value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <ProblemNote problem={doing.problem} />
        <Button type="submit" look="danger" busy={doing.busy !== ""}>{t("stop_do")}</Button>
      </form>
    </Dialog>
  );
}

function ImportFhir({ patient, onClose, onDone }: { patient: Patient; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(MORE);
  const page = useWords(WORDS);
  const doing = useDoing();
  const [pasted, setPasted] = useState("");
  const [zone, setZone] = useState(patient.timezone);
  const [bad, setBad] = useState("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    let resource: unknown;
    try {
      resource = JSON.parse(pasted);
      if (typeof resource !== "object" || resource === null || Array.isArray(resource)) throw new SyntaxError("{…}");
      setBad("");
    } catch (met) {
      setBad(t("fhir_bad", { why: alone((met as SyntaxError).message) }));
      return;
    }
    if (await doing.run("fhir", "POST", "/api/v1/medication-plans/import-fhir", { patient_id: patient.id, resource, timezone: zone })) onDone();
  };
  return (
    <Dialog title={page("fhir")} onClose={onClose}>
      <p class="quiet">{t("fhir_hint")}</p>
      <form class="form" onSubmit={(event) => void send(event)}>
        <label>{t("fhir_json")}<textarea name="fhir" dir="ltr" rows={10} required spellcheck={false} value={pasted} onInput={(e) => setPasted(e.currentTarget.value)} /></label>
        <label>{t("zone")}<input name="timezone" dir="ltr" required maxLength={64} value={zone} onInput={(e) => setZone(e.currentTarget.value)} /></label>
        {bad && <p class="note warn" role="alert"><span>{bad}</span></p>}
        <ProblemNote problem={doing.problem} />
        <Button type="submit" look="main" busy={doing.busy !== ""}>{t("fhir_do")}</Button>
      </form>
    </Dialog>
  );
}
