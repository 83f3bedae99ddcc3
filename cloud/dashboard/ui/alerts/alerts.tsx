/** Alerts over all clinics: what nobody looks after yet comes first, then the worst. One press takes an alert upon oneself. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, ProblemNote, start } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { CareFrame, type Shell } from "../care/frame";
import { useDoing } from "../care/doing";
import { AlertCard } from "../care/alert-card";
import { Moment, patientPage, worstFirst, type CareAlert } from "../care/parts";
import { nameOf, places, usePolled, zoneOf, type Places } from "../care/polled";
import { may } from "../care/nav";
import type { User } from "../../../../shared/ui/api";
import { WhoWasTold } from "./told";
import { WORDS } from "./words";
import "./alerts.css";

function Body({ user, shell }: { user: User; shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const [all, setAll] = useState(false);
  const doing = useDoing();
  const polled = usePolled<{ alerts: CareAlert[]; sites: Places }>(String(all), async () => {
    const [alerts, sites] = await Promise.all([get<CareAlert[]>(`/api/v1/alerts?limit=200&open=${!all}`), places()]);
    return { alerts: worstFirst(alerts), sites };
  });
  const alerts = polled.data?.alerts;
  const open = alerts?.filter((one) => one.open) ?? [];
  const nobody = open.filter((one) => !one.acked_by).length;
  const sums = [nobody && t(nobody === 1 ? "sum_one" : "sum", { n: nobody }), open.length - nobody && t("on_it", { n: open.length - nobody })].filter(Boolean);
  const patients = may(user, "patients");
  async function run(name: string, path: string, body: object): Promise<void> {
    await doing.run(name, "POST", path, body);
    polled.again();
  }
  return shell({
    title: t("title"),
    polled,
    sites: polled.data?.sites,
    children: (
      <>
        <div class="row alerts-bar">
          <div class="switch" role="group">
            <button type="button" aria-pressed={!all} onClick={() => setAll(false)}>{t("open")}</button>
            <button type="button" aria-pressed={all} onClick={() => setAll(true)}>{t("over")}</button>
          </div>
          {open.length > 0 && <strong role="status">{sums.join(" · ")}</strong>}
        </div>
        <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
        {alerts && !alerts.length && <section class="card nothing"><h2>{t("none")}</h2><p class="quiet">{t("none_hint")}</p></section>}
        <div class="stack" data-testid="alerts">
          {alerts?.map((one) => {
            const zone = zoneOf(polled.data?.sites, one.site);
            return (
              <AlertCard key={`${one.site}/${one.id}`} alert={one} zone={zone} where={nameOf(polled.data?.sites, one.site)} busy={doing.busy === one.id}
                link={one.patient_id && patients ? patientPage(one.site, one.patient_id) : null}
                onTake={() => void run(one.id, `/api/v1/alerts/${encodeURIComponent(one.id)}/acknowledge`, {})}>
                <div class="more">
                  <WhoWasTold site={one.site} alert={one.id} zone={zone} />
                  {one.open && !one.acked_by && <Button look="quiet" busy={doing.busy === `up ${one.id}`} onClick={() => void run(`up ${one.id}`, `/api/v1/alerts/${encodeURIComponent(one.id)}/escalate`, { audience: "clinic" })}>{t("escalate")}</Button>}
                  {one.ended_at && <span class="quiet">{t("ended")} <Moment at={one.ended_at} zone={zone} /></span>}
                </div>
              </AlertCard>
            );
          })}
        </div>
      </>
    ),
  });
}

function Alerts(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="alerts" title={t("title")} body={Body} />;
}

start(<Alerts />);
