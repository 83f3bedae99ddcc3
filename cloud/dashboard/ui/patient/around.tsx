/** What is around a patient: days in words, the people, the devices, what is held back, and alerts that are over. */
import type { JSX } from "preact";
import { AlertTitle } from "../../../../shared/ui/alert-says";
import { alone, clockTime, useWords } from "../../../../shared/ui/i18n";
import { Waiting } from "../../../../shared/ui/later";
import { Moment, Part, type CareAlert } from "../care/parts";
import { CARE } from "../care/words";
import type { Device, Now, Rest } from "./asked";
import { Days } from "./days";
import { MORE } from "./more-words";
import { Asked, Caregivers, Doctors, Holds, MealTimes } from "./people";

export default function Around({ all, more, onChanged }: { all: Now; more: Rest | null; onChanged: () => void }): JSX.Element {
  if (!more) return <Waiting />;
  const { patient, dashboard, plans } = all;
  const zone = patient.timezone;
  return (
    <>
      <Days {...more} />
      <Caregivers patient={patient} caregivers={more.caregivers} onChanged={onChanged} />
      <Doctors patient={patient} doctors={more.doctors} onChanged={onChanged} />
      <Devices devices={dashboard.devices} zone={zone} />
      <Holds holds={more.holds} plans={plans} patient={patient} today={dashboard.date} onChanged={onChanged} />
      <MealTimes meals={more.meals} onChanged={onChanged} />
      <Asked requests={more.requests} zone={zone} />
      <Over alerts={all.alerts.filter((one) => !one.open)} zone={zone} />
    </>
  );
}

function Over({ alerts, zone }: { alerts: CareAlert[]; zone: string }): JSX.Element | null {
  const t = useWords(MORE);
  const care = useWords(CARE);
  if (!alerts.length) return null;
  return (
    <Part title={t("older")} count={alerts.length} testid="older">
      <ul class="rows tall">
        {alerts.map((one) => <li key={one.id}><div class="what"><span><AlertTitle alert={one} /></span><small><Moment at={one.raised_at} zone={zone} />{one.acked_by && <span>{care("acked", { name: alone(one.acked_by) })}</span>}</small></div></li>)}
      </ul>
    </Part>
  );
}

function Devices({ devices, zone }: { devices: Device[]; zone: string }): JSX.Element {
  const t = useWords(MORE);
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
