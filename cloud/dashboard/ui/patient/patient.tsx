/** One patient: what is wrong first, today, how it went, the plans, what was said, and the people around. */
import type { JSX } from "preact";
import { Problem, type User } from "../../../../shared/ui/api";
import { ProblemNote, start } from "../../../../shared/ui/components";
import { alone, clockTime, language, useWords } from "../../../../shared/ui/i18n";
import { useDoing } from "../care/doing";
import { CareFrame, type Shell } from "../care/frame";
import { AlertCard, DoseRow, Moment, Part } from "../care/parts";
import { nameOf, usePolled } from "../care/polled";
import { CARE } from "../care/words";
import { WhoWasTold } from "../alerts/told";
import { ID, now, rest, type Device, type Now, type Rest } from "./asked";
import { Days, Figures } from "./days";
import { Notes } from "./notes";
import { Asked, Caregivers, Doctors, Holds, MealTimes } from "./people";
import { Plans } from "./plans";
import { Timeline } from "./timeline";
import { WORDS } from "./words";
import "../alerts/alerts.css";
import "./patient.css";

const NOW_MS = 4_000;
const REST_MS = 12_000;

function Body({ shell }: { user: User; shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const polled = usePolled<Now>(ID, now, NOW_MS);
  const gone = polled.problem instanceof Problem && polled.problem.status === 404;
  const all = polled.data;
  if (gone) return shell({ title: t("title"), children: <div class="note warn"><div><strong>{t("no_patient")}</strong><p><a href="/pages/patients">{t("to_list")}</a></p></div></div> });
  return shell({ title: all?.patient.name ?? t("title"), polled, children: all && <Shown all={all} onChanged={polled.again} /> });
}

function Shown({ all, onChanged }: { all: Now; onChanged: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const doing = useDoing();
  const { patient, dashboard, plans, sites } = all;
  const zone = patient.timezone;
  const more = usePolled<Rest>(`${plans.map((one) => one.id).join()} ${language()}`, () => rest(plans, sites.now_ms, language()), REST_MS);
  const changed = (): void => { onChanged(); more.again(); };
  const take = async (id: string): Promise<void> => {
    await doing.run(id, "POST", `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`);
    onChanged();
  };
  const open = all.alerts.filter((one) => one.open);
  const over = all.alerts.filter((one) => !one.open);
  const next = dashboard.next_dose;
  const today = dashboard.doses.filter((one) => one.status !== "VOIDED");
  return (
    <>
      <p class="facts">
        <bdi>{nameOf(sites, patient.site)}</bdi>{patient.phone && <bdi dir="ltr" class="num">{patient.phone}</bdi>}{patient.age != null && <span>{t("age", { n: patient.age })}</span>}<bdi dir="ltr">{zone}</bdi>
        {next && <strong>{care("next", { what: alone(next.medication), time: alone(clockTime(Date.parse(next.due_at_utc), zone)) })}</strong>}
      </p>
      <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
      {open.length > 0 && (
        <section class="stack" aria-label={care("alerts")} data-testid="alerts">
          {open.map((one) => <AlertCard key={one.id} alert={one} zone={zone} busy={doing.busy === one.id} onTake={() => void take(one.id)}><div class="more"><WhoWasTold site={one.site} alert={one.id} zone={zone} /></div></AlertCard>)}
        </section>
      )}
      <Figures dashboard={dashboard} />
      <div class="columns">
        <div class="stack">
          <Part title={care("today")} count={today.length} empty={today.length ? undefined : care("no_doses")} testid="today">
            <ul class="rows">{today.map((one) => <DoseRow key={one.occurrence_id} dose={one} zone={zone} />)}</ul>
          </Part>
          <Plans patient={patient} plans={plans} today={dashboard.date} onChanged={changed} />
          {more.data && <Timeline past={more.data.past} events={more.data.events} devices={dashboard.devices} zone={zone} onChanged={changed} />}
          {more.data && <Notes notes={more.data.notes} zone={zone} />}
        </div>
        <div class="stack">
          {!more.data && <ProblemNote problem={more.problem} onAgain={more.again} />}
          {more.data && <Days {...more.data} />}
          {more.data && <Caregivers patient={patient} caregivers={more.data.caregivers} onChanged={changed} />}
          {more.data && <Doctors patient={patient} doctors={more.data.doctors} onChanged={changed} />}
          <Devices devices={dashboard.devices} zone={zone} />
          {more.data && <Holds holds={more.data.holds} plans={plans} patient={patient} today={dashboard.date} onChanged={changed} />}
          {more.data && <MealTimes meals={more.data.meals} onChanged={changed} />}
          {more.data && <Asked requests={more.data.requests} zone={zone} />}
          {over.length > 0 && <Part title={t("older")} count={over.length} testid="older"><ul class="rows tall">{over.map((one) => <li key={one.id}><div class="what"><span dir="auto">{one.title}</span><small><Moment at={one.raised_at} zone={zone} />{one.acked_by && <span>{care("acked", { name: alone(one.acked_by) })}</span>}</small></div></li>)}</ul></Part>}
        </div>
      </div>
    </>
  );
}

function Devices({ devices, zone }: { devices: Device[]; zone: string }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <Part title={t("devices")} count={devices.length} empty={devices.length ? undefined : t("no_devices")} testid="devices">
      <ul class="rows">
        {devices.map((one) => (
          <li key={one.id}><div class="what"><strong dir="auto">{one.name}</strong>
            <small><span class={`badge ${one.online ? "good" : one.heard_at ? "bad" : "pale"}`}><span class="dot" aria-hidden="true" />{one.heard_at ? (one.online ? t("heard", { time: alone(clockTime(Date.parse(one.heard_at), zone)) }) : t("off")) : t("never")}</span>{one.battery !== null && <span>{t("battery", { n: one.battery })}</span>}</small></div></li>
        ))}
      </ul>
    </Part>
  );
}

function PatientPage(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="patients" title={t("title")} body={Body} />;
}

start(<PatientPage />);
