/** Medicines as needed: whether each may be taken now, and taking it, which is asked once and refused with "not before". */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { act, newKey, Problem } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, clockTime, dateWords, useWords } from "../../../../shared/ui/i18n";
import type { AsNeeded } from "./asked";
import { NEEDED } from "./as-needed-words";
import { Part } from "./part";

type Words = ReturnType<typeof useWords<keyof typeof NEEDED.en>>;
const HALF_DAY_MS = 43_200_000;

/** "20:00", with the day where the time alone could be taken for another. */
function moment(text: string, nowMs: number, zone: string | undefined): string {
  const ms = Date.parse(text);
  const time = clockTime(ms, zone);
  return alone(Math.abs(ms - nowMs) < HALF_DAY_MS ? time : `${dateWords(ms, zone)} ${time}`);
}

const REASON = { min_gap: "too_soon", limit: "daily", on_hold: "on_hold" } as const;

function against(t: Words, one: AsNeeded, nowMs: number, zone: string | undefined): string {
  if (!one.blocked) return "";
  const why = t(one.blocked === "limit" && one.max_hours !== 24 ? "most" : REASON[one.blocked]);
  return one.not_before ? `${t("not_before", { time: moment(one.not_before, nowMs, zone) })} · ${why}` : why;
}

const same = (one: AsNeeded, other: AsNeeded): boolean => one.plan_id === other.plan_id && one.item_id === other.item_id;

export function AsNeededPart({ all, nowMs, zone, onDone }: { all: AsNeeded[]; nowMs: number; zone: string | undefined; onDone: () => void }): JSX.Element | null {
  const t = useWords(NEEDED);
  const [asked, setAsked] = useState<AsNeeded | null>(null);
  if (!all.length) return null;
  const now = asked && (all.find((one) => same(one, asked)) ?? asked);
  return (
    <Part title={t("title")} count={all.length} empty={t("none")} testid="needed">
      {all.map((one) => (
        <li key={`${one.plan_id}/${one.item_id}`} data-needed={one.item_id}>
          <div class="what">
            <strong dir="auto">{one.patient_name ?? ""}</strong>
            <span dir="auto">{one.medication} <span class="num">{one.quantity}</span> {one.unit}</span>
            <small>
              <span class={`badge ${one.blocked ? "warn" : "good"}`}>{one.blocked ? against(t, one, nowMs, zone) : t("may")}</span>
              {one.taken_at && <span>{t("last", { time: moment(one.taken_at, nowMs, zone) })}</span>}
              {one.reason && <bdi>{one.reason}</bdi>}
            </small>
          </div>
          <div class="do"><Button onClick={() => setAsked(one)}>{t("take")}</Button></div>
        </li>
      ))}
      {now && <Take one={now} nowMs={nowMs} zone={zone} onClose={() => setAsked(null)} onDone={onDone} />}
    </Part>
  );
}

function Take({ one, nowMs, zone, onClose, onDone }: { one: AsNeeded; nowMs: number; zone: string | undefined; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(NEEDED);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const keys = useRef({ asked: newKey(), swallowed: newKey() }); // one each, so that a second press is the first one again
  const take = async (swallowed: boolean): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const body = { plan_id: one.plan_id, item_id: one.item_id, quantity: one.quantity, swallowed };
      await act("/api/v1/care/as-needed", body, { key: swallowed ? keys.current.swallowed : keys.current.asked });
      onClose();
    } catch (met) {
      setProblem(met);
    } finally {
      setBusy(false);
      onDone();
    }
  };
  // Why it is refused stands in the list that was just read again, in the reader's language; the server says it in English.
  const told = problem instanceof Problem && problem.code in REASON && one.blocked ? null : problem;
  return (
    <Dialog title={`${one.patient_name ?? ""} · ${one.medication}`} onClose={onClose}>
      {one.blocked ? (
        <>
          <p class="note warn" role="alert" data-testid="not-before"><strong>{against(t, one, nowMs, zone)}</strong></p>
          <p class="quiet">{t("swallowed_hint")}</p>
          <Button look="danger" busy={busy} onClick={() => void take(true)}>{t("swallowed")}</Button>
        </>
      ) : (
        <>
          <p>{t("ask", { name: alone(one.patient_name ?? ""), dose: alone(`${one.quantity} ${one.unit} ${one.medication}`) })}</p>
          <Button look="main" autofocus busy={busy} onClick={() => void take(false)}>{t("yes")}</Button>
        </>
      )}
      <ProblemNote problem={told} />
    </Dialog>
  );
}
