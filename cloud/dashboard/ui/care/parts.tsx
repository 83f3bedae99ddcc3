/** Parts that several pages of medicine draw: a card with a list, doses, alerts, moments. */
import type { ComponentChildren, JSX } from "preact";
import type { Asks, Says, Worded } from "../../../../shared/ui/alert-says";
import { alone, clockTime, LANGUAGES, language, useWords } from "../../../../shared/ui/i18n";
import { CARE } from "./words";

export type Status = "PLANNED" | "ANNOUNCED" | "SNOOZED" | "EARLY" | "ON_TIME" | "LATE" | "SKIPPED" | "MISSED" | "HELD" | "UNKNOWN" | "NOT_ANNOUNCED" | "VOIDED";

export interface Dose {
  occurrence_id: string; plan_id: string; item_id: string; medication: string; quantity: number; unit: string; critical: boolean;
  due_at_utc: string; on_time_until: string; status: Status; provisional: boolean; announced_n: number; taken_at: string | null; source: string | null; reason: string;
}

/** What head office found in the recording of a clinic's alert. */
export interface Found { topic: string; title: string; urgency: number | null; says: Says }

/** `asks`: null once somebody has looked. */
export interface CareAlert extends Worded {
  id: string; site: string; patient_id: string | null; severity: "info" | "warning" | "critical"; body: string; note_id: string | null; critical: boolean; raised_at: string; acked_by: string | null; acked_at: string | null; open: boolean; ended_at: string | null;
  urgency: number | null; found: Found[]; asks: Asks | null;
}

/** `empty`: said in place of the children. `also`: drawn in any case, e.g. a dialog. */
export function Part({ title, count = 0, hint, empty, testid, tools, also, children }: { title: string; count?: number; hint?: string | undefined; empty?: string | undefined; testid?: string; tools?: ComponentChildren; also?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  return (
    <section class="card list" data-testid={testid} aria-label={title}>
      <header><h2><bdi>{title}</bdi>{count > 0 && <b class="num">{count}</b>}</h2>{tools}{hint && <p>{hint}</p>}</header>
      {empty ? <p class="empty">{empty}</p> : children}
      {also}
    </section>
  );
}

/** "20 Nov, 09:14" in the patient's zone. */
export function Moment({ at, zone, seconds = false }: { at: string; zone?: string | undefined; seconds?: boolean }): JSX.Element {
  const ms = Date.parse(at);
  const day = new Intl.DateTimeFormat(LANGUAGES[language()].locale, { day: "numeric", month: "short", ...(zone ? { timeZone: zone } : {}) }).format(ms);
  return <time class="num" dateTime={at}>{day}, <bdi dir="ltr">{clockTime(ms, zone, seconds)}</bdi></time>;
}

const LOOK: Partial<Record<Status, string>> = { ON_TIME: "good", EARLY: "good", LATE: "warn", MISSED: "bad", NOT_ANNOUNCED: "warn", UNKNOWN: "warn", ANNOUNCED: "warn" };

/** Taken in its time; what was swallowed after it stands beside a dose that stays what it was. */
const isTaken = ({ status }: Dose): boolean => status === "EARLY" || status === "ON_TIME" || status === "LATE";

export function StatusBadge({ dose, zone }: { dose: Dose; zone?: string | undefined }): JSX.Element {
  const t = useWords(CARE);
  return <span class={`badge ${LOOK[dose.status] ?? "pale"}`}>{t(dose.status)}{dose.taken_at && isTaken(dose) && <bdi dir="ltr">{clockTime(Date.parse(dose.taken_at), zone)}</bdi>}</span>;
}

/** `nowMs`, by the server: from then on a planned dose that is due says that nobody was heard. `asOfMs`: up to when the clinic is heard. */
export function DoseRow({ dose, zone, day = false, nowMs = 0, asOfMs = nowMs, children }: { dose: Dose; zone?: string | undefined; day?: boolean; nowMs?: number; asOfMs?: number; children?: ComponentChildren }): JSX.Element {
  const t = useWords(CARE);
  const unheard = dose.provisional || (dose.status === "PLANNED" && Date.parse(dose.due_at_utc) < nowMs);
  const open = dose.status === "ANNOUNCED" || dose.status === "SNOOZED";
  const late = Date.parse(dose.on_time_until) < asOfMs;
  return (
    <li data-dose={dose.occurrence_id} data-status={dose.status}>
      {day ? <span class="due"><Moment at={dose.due_at_utc} zone={zone} /></span> : <time class="due num" dir="ltr" dateTime={dose.due_at_utc}>{clockTime(Date.parse(dose.due_at_utc), zone)}</time>}
      <div class="what">
        <strong dir="auto">{dose.medication}</strong> <bdi><span class="num">{dose.quantity}</span> {dose.unit}</bdi>
        <small>
          <StatusBadge dose={dose} zone={zone} />
          {dose.taken_at && !isTaken(dose) && <span>{t("after_all", { time: alone(clockTime(Date.parse(dose.taken_at), zone)) })}</span>}
          {dose.critical && <span class="badge bad">{t("critical")}</span>}
          {open && <span class={late ? "badge warn" : ""}>{t(late ? "late_since" : "until", { time: alone(clockTime(Date.parse(dose.on_time_until), zone)) })}</span>}
          {unheard ? <span>{t("not_heard")}</span> : dose.reason && <bdi>{dose.reason}</bdi>}
        </small>
      </div>
      {children && <div class="do">{children}</div>}
    </li>
  );
}

const RANK = { critical: 0, warning: 1, info: 2 };
/** Nobody is on it before somebody is; critical before warning; the newest first. */
export const worstFirst = (alerts: readonly CareAlert[]): CareAlert[] =>
  [...alerts].sort((a, b) => Number(b.open) - Number(a.open) || Number(!!a.acked_by) - Number(!!b.acked_by) || Number(b.critical) - Number(a.critical) || RANK[a.severity] - RANK[b.severity] || Date.parse(b.raised_at) - Date.parse(a.raised_at));

export const patientPage = (site: string, id: string): string => `/pages/patient?site=${encodeURIComponent(site)}&id=${encodeURIComponent(id)}`;
