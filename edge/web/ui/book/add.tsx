/** Several bookable times at once: from nine to twelve, every hour, four places each. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import type { Staff } from "../parts/frame";
import type { Doctor } from "../states";
import { WORDS } from "./words";

const MOST = 48;
const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const clockOf = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

export default function AddSlots({ staff, doctor, date, onDone }: { staff: Staff; doctor: Doctor; date: string; onDone: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [from, setFrom] = useState("09:00");
  const [to, setTo] = useState("12:00");
  const [each, setEach] = useState(60);
  const [places, setPlaces] = useState(4);
  const [adding, setAdding] = useState(false);
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    setAdding(true);
    const until = minutesOf(to);
    for (let at = minutesOf(from), made = 0; at + each <= until && made < MOST; at += each, made++) {
      const body = { doctor: doctor.id, start_time: `${date}T${clockOf(at)}:00`, end_time: `${date}T${clockOf(at + each)}:00`, max_capacity: places };
      if (!(await staff.acts.deed({ verb: "slot", target: "", body }))) break;
    }
    setAdding(false);
    onDone();
  }
  return (
    <section class="card pad" aria-label={t("add")}>
      <h2>{t("add")}</h2>
      <form class="form two" onSubmit={(event) => void add(event)}>
        <label>{t("from")}<input name="from" type="time" required value={from} onInput={(e) => setFrom(e.currentTarget.value)} /></label>
        <label>{t("to")}<input name="to" type="time" required value={to} onInput={(e) => setTo(e.currentTarget.value)} /></label>
        <label>{t("each")}<input name="each" type="number" min={5} max={720} step={5} required value={each} onInput={(e) => setEach(Number(e.currentTarget.value))} /></label>
        <label>{t("places")}<input name="places" type="number" min={1} max={500} required value={places} onInput={(e) => setPlaces(Number(e.currentTarget.value))} /></label>
        <Button class="wide" type="submit" busy={adding}>{t(adding ? "adding" : "add_ok")}</Button>
      </form>
    </section>
  );
}
