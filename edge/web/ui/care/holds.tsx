/** Doses that are held back: from when, until when and why; set and ended here. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { act, get, newKey } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { clockTime, dateWords, useWords } from "../../../../shared/ui/i18n";
import { momentIn, wallTime } from "../../../../shared/ui/moments";
import type { Everything, Hold, Medicine } from "./asked";
import { NEEDED } from "./as-needed-words";
import { Part } from "./part";
import { WORDS } from "./words";

const DAY_MS = 86_400_000;

export function Holds({ all, zone, doing, onDone }: { all: Everything; zone: string; doing: (work: () => Promise<unknown>) => Promise<void>; onDone: () => void }): JSX.Element {
  const t = useWords(NEEDED);
  const page = useWords(WORDS);
  const [asking, setAsking] = useState(false);
  const moment = (text: string): string => `${dateWords(Date.parse(text), zone)} ${clockTime(Date.parse(text), zone)}`;
  const end = (hold: Hold): void => void doing(() => act(`/api/v1/care/holds/${hold.id}`, {}, { method: "DELETE" }));
  return (
    <>
      <Part title={page("holds")} count={all.holds.length} empty={t("no_holds")} testid="holds" tools={<Button look="quiet" onClick={() => setAsking(true)}>+ {t("set_hold")}</Button>}>
        {all.holds.map((one) => (
          <li key={one.id}>
            <div class="what">
              <strong dir="auto">{one.patient_name ?? page("no_name")}</strong> <span class="quiet" dir="auto">{one.reason}</span>
              <small>{one.medication ? <bdi>{one.medication}</bdi> : <span>{t("everything")}</span>}<span class="num">{moment(one.from)} – {moment(one.to)}</span></small>
            </div>
            <Button look="quiet" onClick={() => end(one)}>{page("end_hold")}</Button>
          </li>
        ))}
      </Part>
      {asking && <SetHold all={all} zone={zone} onClose={() => setAsking(false)} onDone={() => { setAsking(false); onDone(); }} />}
    </>
  );
}

function SetHold({ all, zone, onClose, onDone }: { all: Everything; zone: string; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(NEEDED);
  const page = useWords(WORDS);
  const [medicines, setMedicines] = useState<Medicine[] | null>(null);
  const [given, setGiven] = useState({ who: "", what: "", from: wallTime(all.now_ms, zone), until: wallTime(all.now_ms + DAY_MS, zone), reason: "" });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const key = useRef(newKey());
  useEffect(() => { get<Medicine[]>("/api/v1/care/medicines").then(setMedicines, setProblem); }, []);
  const change = (what: Partial<typeof given>): void => { key.current = newKey(); setGiven({ ...given, ...what }); };
  const field = (name: "from" | "until" | "reason") => ({ name, required: true, value: given[name], onInput: (e: { currentTarget: HTMLInputElement }) => change({ [name]: e.currentTarget.value }) });
  const people = new Map((medicines ?? []).map((one) => [one.patient_id, one.patient_name ?? page("no_name")]));
  const late = given.until <= given.from;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const [plan_id, item_id] = given.what ? given.what.split("/") : [];
    setBusy(true);
    setProblem(null);
    try {
      await act("/api/v1/care/holds", { patient_id: given.who, from: momentIn(given.from, zone), to: momentIn(given.until, zone), reason: given.reason.trim(), ...(plan_id ? { plan_id, item_id } : {}) }, { key: key.current });
      onDone();
    } catch (met) {
      setProblem(met);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("set_hold")} onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <label>{t("who")}
          <select name="who" required value={given.who} onChange={(e) => change({ who: e.currentTarget.value, what: "" })}>
            <option value="">–</option>
            {[...people].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
          </select>
        </label>
        <label>{t("what")}
          <select name="what" value={given.what} onChange={(e) => change({ what: e.currentTarget.value })}>
            <option value="">{t("everything")}</option>
            {(medicines ?? []).filter((one) => one.patient_id === given.who).map((one) => <option key={`${one.plan_id}/${one.item_id}`} value={`${one.plan_id}/${one.item_id}`}>{one.medication}</option>)}
          </select>
        </label>
        <label>{t("from")}<input type="datetime-local" {...field("from")} /></label>
        <label>{t("until")}<input type="datetime-local" {...field("until")} /></label>
        {late && <p class="note warn" role="alert">{t("order")}</p>}
        <label>{t("reason")}<input dir="auto" maxLength={200} {...field("reason")} /></label>
        <ProblemNote problem={problem} />
        <Button type="submit" look="main" busy={busy} disabled={late || !given.who}>{t("set_hold")}</Button>
      </form>
    </Dialog>
  );
}
