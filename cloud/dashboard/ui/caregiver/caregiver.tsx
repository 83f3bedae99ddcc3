/** What somebody who looks after people at home sees: what needs them, the own patients' doses of today, how they are told. */
import type { JSX } from "preact";
import { get, type User } from "../../../../shared/ui/api";
import { ProblemNote, start } from "../../../../shared/ui/components";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { later } from "../../../../shared/ui/later";
import { useDoing } from "../care/doing";
import { CareFrame, type Shell } from "../care/frame";
import { AlertCard } from "../care/alert-card";
import { Part, worstFirst, type CareAlert, type Dose } from "../care/parts";
import { places, silentOf, usePolled, zoneOf, type Places } from "../care/polled";
import { CARE } from "../care/words";
import { ToldDoses } from "./tell";
import { WORDS } from "./words";
import "../patient/patient.css";

const Channels = later(() => import("../care/channels"));
const PATIENTS_MAX = 20;

interface Mine { id: string; site: string; name: string }
interface Device { id: string; name: string; online: boolean }
interface Today { doses: Dose[]; devices: Device[]; adherence: { days_7: { taken: number; due: number; taken_percent: number | null; unknown: number; not_announced: number } } }
interface Everything { sites: Places; alerts: CareAlert[]; patients: { who: Mine; today: Today }[] }

async function everything(): Promise<Everything> {
  const [sites, alerts, mine] = await Promise.all([places(), get<CareAlert[]>("/api/v1/alerts"), get<Mine[]>(`/api/v1/patients?limit=${PATIENTS_MAX}`)]);
  const patients = await Promise.all(mine.map(async (who) => ({ who, today: await get<Today>(`/api/v1/summary/dashboard?patient_id=${encodeURIComponent(who.id)}`) })));
  for (const one of patients) one.today.doses = one.today.doses.filter((dose) => dose.status !== "VOIDED");
  return { sites, alerts: worstFirst(alerts), patients };
}

/** Of today's doses, those of which nobody knows: head office was told nothing, and the time to take them is over. */
const unknown = (today: Today, nowMs: number): number => today.doses.filter((one) => one.status === "UNKNOWN" || one.provisional || (one.status === "PLANNED" && Date.parse(one.on_time_until) < nowMs)).length;
const notHeard = (today: Today): Device[] => today.devices.filter((one) => !one.online);

function Body({ shell }: { user: User; shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const doing = useDoing();
  const polled = usePolled<Everything>("", everything, 4_000);
  const all = polled.data;
  const unsure = all?.patients.filter(({ today }) => unknown(today, all.sites.now_ms) > 0 || notHeard(today).length > 0) ?? [];
  const take = async (id: string): Promise<void> => {
    await doing.run(id, "POST", `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`);
    polled.again();
  };
  return shell({
    title: t("title"),
    polled,
    sites: all?.sites,
    children: all && (
      <>
        <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
        {all.patients.length === 0 && <section class="card nothing"><h2>{t("none")}</h2><p>{t("none_hint")}</p></section>}
        {all.patients.length > 0 && all.alerts.length === 0 && unsure.length === 0 && silentOf(all.sites).length === 0 && <p class="note info"><span>{t("all_well")}</span></p>}
        {unsure.map(({ who, today }) => (
          <div class="note warn" key={`${who.site}/${who.id}`} data-testid={`unsure-${who.id}`}>
            <div>
              {unknown(today, all.sites.now_ms) > 0 && <p>{t("unknown", { name: alone(who.name), n: unknown(today, all.sites.now_ms) })}</p>}
              {notHeard(today).map((one) => <p key={one.id}>{t("not_heard", { name: alone(who.name), device: alone(one.name) })}</p>)}
            </div>
          </div>
        ))}
        {all.alerts.length > 0 && (
          <section class="stack" aria-label={t("open_alerts")} data-testid="alerts">
            {all.alerts.map((one) => <AlertCard key={one.id} alert={one} zone={zoneOf(all.sites, one.site)} busy={doing.busy === one.id} onTake={() => void take(one.id)} />)}
          </section>
        )}
        <div class="columns">
          <div class="stack">
            {all.patients.map(({ who, today }) => {
              const week = today.adherence.days_7;
              return (
                <Part key={`${who.site}/${who.id}`} title={who.name} testid={`patient-${who.id}`} empty={today.doses.length ? undefined : care("no_doses")}
                  tools={<span class="quiet">{t("week")}: <b class="num"><bdi dir="ltr">{week.taken_percent === null ? "–" : `${week.taken_percent} %`}</bdi></b> <span class="num">({t("of", { taken: week.taken, due: week.due })})</span></span>}
                  hint={week.unknown || week.not_announced ? t("beside", { n: week.unknown, m: week.not_announced }) : undefined}>
                  <ToldDoses patient={who.id} doses={today.doses} zone={zoneOf(all.sites, who.site)} nowMs={all.sites.now_ms} asOfMs={silentOf(all.sites, who.site)[0]?.heard_ms ?? all.sites.now_ms} onTold={polled.again} />
                </Part>
              );
            })}
          </div>
          <Part title={t("channels")} testid="how"><Channels /></Part>
        </div>
      </>
    ),
  });
}

function CaregiverPage(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="caregiver" title={t("title")} body={Body} />;
}

start(<CaregiverPage />);
