/** One patient: what is wrong first, today, how it went, the plans, what was said, and the people around. */
import type { JSX } from "preact";
import { Problem, type User } from "../../../../shared/ui/api";
import { ProblemNote, start } from "../../../../shared/ui/components";
import { alone, clockTime, language, useWords } from "../../../../shared/ui/i18n";
import { later } from "../../../../shared/ui/later";
import { useDoing } from "../care/doing";
import { CareFrame, type Shell } from "../care/frame";
import { AlertCard } from "../care/alert-card";
import { DoseRow, Part } from "../care/parts";
import { nameOf, silentOf, usePolled } from "../care/polled";
import { CARE } from "../care/words";
import { WhoWasTold } from "../alerts/told";
import { ID, now, rest, type Now, type Rest } from "./asked";
import { Figures } from "./figures";
import { Plans } from "./plans";
import { WORDS } from "./words";
import "../alerts/alerts.css";
import "./patient.css";

const NOW_MS = 4_000;
const REST_MS = 12_000;
const Past = later(() => import("./past"));
const Around = later(() => import("./around"));

function Body({ shell }: { user: User; shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const polled = usePolled<Now>(ID, now, NOW_MS);
  const gone = polled.problem instanceof Problem && polled.problem.status === 404;
  const all = polled.data;
  if (gone) return shell({ title: t("title"), children: <div class="note warn"><div><strong>{t("no_patient")}</strong><p><a href="/pages/patients">{t("to_list")}</a></p></div></div> });
  return shell({ title: all?.patient.name ?? t("title"), polled, sites: all?.sites, only: all?.patient.site, children: all && <Shown all={all} onChanged={polled.again} /> });
}

function Shown({ all, onChanged }: { all: Now; onChanged: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const doing = useDoing();
  const { patient, dashboard, plans, sites } = all;
  const zone = patient.timezone;
  const asOf = silentOf(sites, patient.site)[0]?.heard_ms ?? sites.now_ms;
  const more = usePolled<Rest>(`${plans.map((one) => one.id).join()} ${language()}`, () => rest(plans, sites.now_ms, language()), REST_MS);
  const coming = !!more.data || !more.problem;
  const changed = (): void => { onChanged(); more.again(); };
  const take = async (id: string): Promise<void> => {
    await doing.run(id, "POST", `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`);
    onChanged();
  };
  const open = all.alerts.filter((one) => one.open);
  const next = dashboard.next_dose;
  const today = dashboard.doses.filter((one) => one.status !== "VOIDED");
  return (
    <>
      <p class="facts">
        <bdi>{nameOf(sites, patient.site)}</bdi>{patient.phone && <bdi dir="ltr" class="num">{patient.phone}</bdi>}{patient.age != null && <span>{t("age", { n: patient.age })}</span>}<bdi dir="ltr">{zone}</bdi>
        {next && <strong>{care(Date.parse(next.due_at_utc) > sites.now_ms ? "next" : "due_since", { what: alone(next.medication), time: alone(clockTime(Date.parse(next.due_at_utc), zone)) })}</strong>}
      </p>
      <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
      {open.length > 0 && (
        <section class="stack" aria-label={care("alerts")} data-testid="alerts">
          {open.map((one) => <AlertCard key={one.id} alert={one} bare zone={zone} busy={doing.busy === one.id} onTake={() => void take(one.id)}><div class="more"><WhoWasTold site={one.site} alert={one.id} zone={zone} /></div></AlertCard>)}
        </section>
      )}
      <Figures dashboard={dashboard} />
      <div class="columns">
        <div class="stack">
          <Part title={care("today")} count={today.length} empty={today.length ? undefined : care("no_doses")} testid="today">
            <ul class="rows">{today.map((one) => <DoseRow key={one.occurrence_id} dose={one} zone={zone} nowMs={sites.now_ms} asOfMs={asOf} />)}</ul>
          </Part>
          <Plans patient={patient} plans={plans} today={dashboard.date} onChanged={changed} />
          {coming && <Past more={more.data} devices={dashboard.devices} patient={patient} onChanged={changed} />}
        </div>
        <div class="stack">
          {!coming && <ProblemNote problem={more.problem} onAgain={more.again} />}
          {coming && <Around all={all} more={more.data} onChanged={changed} />}
        </div>
      </div>
    </>
  );
}

function PatientPage(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="patients" title={t("title")} body={Body} />;
}

start(<PatientPage />);
