/** How it went: the doses of a week, everything that was told, and what was said. */
import type { JSX } from "preact";
import { Waiting } from "../../../../shared/ui/later";
import type { Device, Patient, Rest } from "./asked";
import { Notes } from "./notes";
import { Timeline } from "./timeline";

export default function Past({ more, devices, patient, onChanged }: { more: Rest | null; devices: Device[]; patient: Patient; onChanged: () => void }): JSX.Element {
  if (!more) return <Waiting />;
  return (
    <>
      <Timeline past={more.past} names={more.names} events={more.events} devices={devices} zone={patient.timezone} onChanged={onChanged} />
      <Notes notes={more.notes} patient={patient} onChanged={onChanged} />
    </>
  );
}
