/** What became of the doses of a week, with a correction by somebody who knows; and every event, the newest first. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { clockTime, useWords } from "../../../../shared/ui/i18n";
import { nearest } from "../../../../shared/ui/moments";
import { useDoing } from "../care/doing";
import { DoseRow, Moment, Part, type Dose } from "../care/parts";
import { CARE } from "../care/words";
import type { Device, Event } from "./asked";
import { happened, through } from "./event-words";
import { MORE } from "./more-words";
import { WORDS } from "./words";

export function Timeline({ past, names, events, devices, zone, onChanged }: { past: Dose[]; names: Record<string, string>; events: Event[]; devices: Device[]; zone: string; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const [shown, setShown] = useState<"doses" | "events">("doses");
  const [asked, setAsked] = useState<Dose | null>(null);
  const [sent, setSent] = useState(false);
  const device = (id: string | null): string => devices.find((one) => one.id === id)?.name ?? "";
  const empty = shown === "doses" ? (past.length ? undefined : t("no_past")) : events.length ? undefined : t("no_events");
  const medicine = (id: string | null): string => names[id ?? ""] ?? "";
  return (
    <Part title={t("timeline")} empty={empty} testid="timeline" hint={sent ? t("corrected") : undefined}
      tools={<div class="switch" role="group">{(["doses", "events"] as const).map((one) => <button type="button" key={one} aria-pressed={shown === one} onClick={() => setShown(one)}>{t(`${one}_tab`)}</button>)}</div>}>
      <ul class="rows tall">
        {shown === "doses" && past.map((one) => <DoseRow key={one.occurrence_id} dose={one} zone={zone} day>{!one.provisional && <Button look="quiet" onClick={() => setAsked(one)}>{t("correct")}</Button>}</DoseRow>)}
        {shown === "events" && events.map((one) => (
          <li key={one.id}>
            <span class="due"><Moment at={one.at} zone={zone} seconds /></span>
            <div class="what">
              <strong>{happened(one.kind)}</strong>{medicine(one.occurrence_id) && <bdi>{medicine(one.occurrence_id)}</bdi>}
              <small>{one.status && one.status.toLowerCase() !== one.kind && one.status in { EARLY: 1, ON_TIME: 1, LATE: 1, SKIPPED: 1, MISSED: 1, HELD: 1, UNKNOWN: 1, NOT_ANNOUNCED: 1, VOIDED: 1, PLANNED: 1, ANNOUNCED: 1, SNOOZED: 1 } && <span>{care(one.status as Dose["status"])}</span>}
                {one.source && <span>{through(one.source, one.kind)}</span>}{device(one.device_id) && <bdi>{device(one.device_id)}</bdi>}{one.reason && <bdi>{one.reason}</bdi>}</small>
            </div>
          </li>
        ))}
      </ul>
      {asked && <Correct dose={asked} zone={zone} onClose={() => setAsked(null)} onDone={() => { setAsked(null); setSent(true); onChanged(); }} />}
    </Part>
  );
}

function Correct({ dose, zone, onClose, onDone }: { dose: Dose; zone: string; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(MORE);
  const page = useWords(WORDS);
  const care = useWords(CARE);
  const doing = useDoing();
  const [status, setStatus] = useState<"ON_TIME" | "SKIPPED" | "MISSED">("ON_TIME");
  const [time, setTime] = useState(clockTime(Date.parse(dose.taken_at ?? dose.due_at_utc), zone));
  const [reason, setReason] = useState("");
  const send = async (event: globalThis.Event): Promise<void> => {
    event.preventDefault();
    const taken = status === "ON_TIME" ? { taken_at: nearest(Date.parse(dose.due_at_utc), time, zone) } : {};
    if (await doing.run("correct", "POST", `/api/v1/doses/${encodeURIComponent(dose.occurrence_id)}/correct`, { status, reason: reason.trim(), ...taken })) onDone();
  };
  return (
    <Dialog title={dose.medication} onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <label>{t("became")}
          <select name="status" value={status} onChange={(e) => setStatus(e.currentTarget.value as "ON_TIME")}><option value="ON_TIME">{page("taken")}</option><option value="SKIPPED">{care("SKIPPED")}</option><option value="MISSED">{care("MISSED")}</option></select>
        </label>
        {status === "ON_TIME" && <label>{t("taken_at")}<input name="time" type="time" required value={time} onInput={(e) => setTime(e.currentTarget.value)} /></label>}
        <label>{care("reason")}<input name="reason" dir="auto" required maxLength={120} value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <ProblemNote problem={doing.problem} />
        <Button type="submit" look="main" busy={doing.busy !== ""}>{care("save")}</Button>
      </form>
    </Dialog>
  );
}
