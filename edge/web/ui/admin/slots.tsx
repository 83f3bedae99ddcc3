/** Bookable times of a doctor and day: made here, looked after in the appointment book. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Token } from "../../../../shared/ui/components";
import { clockTime, useWords, words } from "../../../../shared/ui/i18n";
import { get } from "../../../../shared/ui/api";
import AddSlots from "../book/add";
import { useFetched, type Slot } from "../parts/fetched";
import { ActProblem, type Staff } from "../parts/frame";

const WORDS = words(
  { doctor: "Doctor", day: "Day", none: "No bookable times on this day yet.", taken: "{n} of {all} taken", book: "Open the appointment book", cancelled: "cancelled" },
  {
    hi: { doctor: "डॉक्टर", day: "दिन", none: "इस दिन अभी कोई समय नहीं है।", taken: "{all} में से {n} भरे", book: "समय-पुस्तिका खोलें", cancelled: "रद्द" },
    es: { doctor: "Médico", day: "Día", none: "Aún no hay turnos este día.", taken: "{n} de {all} ocupadas", book: "Abrir la agenda", cancelled: "cancelado" },
    ar: { doctor: "الطبيب", day: "اليوم", none: "لا أوقات حجز في هذا اليوم بعد.", taken: "{n} من {all} محجوزة", book: "افتح دفتر المواعيد", cancelled: "ملغى" },
  },
);

export default function Slots({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const { state } = staff;
  const [date, setDate] = useState(state.day ?? new Intl.DateTimeFormat("sv-SE").format(staff.live.nowMs));
  const [chosen, setChosen] = useState(state.doctors[0]?.id ?? "");
  const doctor = state.doctors.find((one) => one.id === chosen);
  const path = `/api/v1/slots?limit=200&date=${date}&doctor_id=${chosen}`;
  const { data, again } = useFetched(path, state, () => (chosen ? get<Slot[]>(path) : Promise.resolve([])));
  const at = (text: string): string => clockTime(Date.parse(text), state.timezone);
  return (
    <div class="pair">
      <section class="card list">
        <header class="form two">
          <label>{t("doctor")}<select value={chosen} onChange={(e) => setChosen(e.currentTarget.value)}>{state.doctors.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select></label>
          <label>{t("day")}<input type="date" required value={date} onChange={(e) => e.currentTarget.value && setDate(e.currentTarget.value)} /></label>
        </header>
        <ul>
          {data?.map((slot) => (
            <li key={slot.id}><Token>{at(slot.start_time)}–{at(slot.end_time)}</Token><span class="quiet num">{slot.status === "CANCELLED" ? t("cancelled") : t("taken", { n: slot.current_capacity, all: slot.max_capacity })}</span></li>
          ))}
        </ul>
        {data?.length === 0 && <p class="empty">{t("none")}</p>}
        <p class="empty"><a href="/pages/book">{t("book")}</a></p>
      </section>
      <div class="side">
        {doctor && <AddSlots staff={staff} doctor={doctor} date={date} onDone={again} />}
        <ActProblem acts={staff.acts} />
      </div>
    </div>
  );
}
