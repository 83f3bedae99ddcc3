/** An alert as a card: what it is about, who has it, and the button to take it on. */
import type { ComponentChildren, JSX } from "preact";
import { AlertTitle, ours, useAlertWords } from "../../../../shared/ui/alert-says";
import { Button } from "../../../../shared/ui/components";
import { useFlags } from "../../../../shared/ui/flag-words";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { Moment, type CareAlert, type Found } from "./parts";
import { CARE } from "./words";

/** `bare`: on a page about the patient alone. */
export function AlertCard({ alert, zone, where, link, bare = false, onTake, busy, children }: { alert: CareAlert; zone?: string | undefined; where?: string; link?: string | null; bare?: boolean; onTake?: (() => void) | undefined; busy?: boolean; children?: ComponentChildren }): JSX.Element {
  const t = useWords(CARE);
  const said = useAlertWords();
  const name = bare ? null : alert.patient_name;
  const coded = alert.topic === "red_flag" || alert.found.some((one) => one.topic === "red_flag");
  const flags = useFlags(coded);
  const hint = ours(said?.hint(alert), alert.hint);
  const found = ({ topic, says, urgency }: Found, office: boolean): JSX.Element => <p data-testid="found">{said?.found(topic, says, urgency, office, flags)}{says.words && <> <q><bdi>{says.words}</bdi></q></>}</p>;
  return (
    <article class={`card alert-card ${alert.critical ? "critical" : alert.severity} ${alert.acked_by || !alert.open ? "taken" : ""}`} data-alert={alert.id} data-taken={!!alert.acked_by}>
      <div>
        <h2><AlertTitle alert={alert} /></h2>
        {alert.body && !alert.says.model && <p><bdi>{coded ? flags(alert.body) : alert.body}</bdi></p>}
        {alert.says.words && found(alert, false)}
        {alert.found.map((one) => found(one, true))}
        <p class="facts">
          <span class={`badge ${alert.critical || alert.severity === "critical" ? "bad" : alert.severity === "warning" ? "warn" : "pale"}`}>{t(alert.critical ? "critical" : alert.severity)}</span>
          {alert.asks && said?.asks(alert.asks).map((one) => <span key={one} class="badge warn" data-testid="asks">{one}</span>)}
          {name && (link ? <a href={link}><bdi>{name}</bdi></a> : <bdi>{name}</bdi>)}
          {where && <bdi>{where}</bdi>}
          <Moment at={alert.raised_at} zone={zone} />
          <span>{alert.acked_by ? t("acked", { name: alone(alert.acked_by) }) : t("nobody")}</span>
        </p>
        {hint && !alert.acked_by && <p class="quiet">{hint}</p>}
      </div>
      {onTake && alert.open && !alert.acked_by && <Button look="main" busy={!!busy} onClick={onTake}>{t("mine")}</Button>}
      {children}
    </article>
  );
}
