/** Every token of the day as it moves, live. */
import type { JSX } from "preact";
import { Token } from "../../../../shared/ui/components";
import { clockTime, useWords, words } from "../../../../shared/ui/i18n";
import type { Staff } from "../parts/frame";
import { useWhy } from "../parts/why";
import type { StaffVisit, Visit, WaitingVisit } from "../states";

const WORDS = words(
  {
    token: "Token", person: "Patient", status: "Status", doctor: "Doctor", since: "Time", none: "No tokens yet today.", caption: "Tokens of today, live",
    called: "called", in_consultation: "in consultation", waiting: "waiting", parked: "on hold", booked: "booked", waitlisted: "waiting list", completed: "completed", no_show: "no-show", cancelled: "cancelled",
  },
  {
    hi: {
      token: "टोकन", person: "मरीज़", status: "स्थिति", doctor: "डॉक्टर", since: "समय", none: "आज अभी कोई टोकन नहीं।", caption: "आज के टोकन, लाइव",
      called: "बुलाया", in_consultation: "परामर्श में", waiting: "प्रतीक्षा में", parked: "रोका गया", booked: "बुक", waitlisted: "प्रतीक्षा सूची", completed: "पूरा", no_show: "नहीं आया", cancelled: "रद्द",
    },
    es: {
      token: "Número", person: "Paciente", status: "Estado", doctor: "Médico", since: "Hora", none: "Aún no hay números hoy.", caption: "Números de hoy, en directo",
      called: "llamado", in_consultation: "en consulta", waiting: "en espera", parked: "en pausa", booked: "citado", waitlisted: "lista de espera", completed: "terminado", no_show: "ausente", cancelled: "cancelado",
    },
    ar: {
      token: "الرقم", person: "المريض", status: "الحالة", doctor: "الطبيب", since: "الوقت", none: "لا أرقام اليوم بعد.", caption: "أرقام اليوم، مباشرة",
      called: "نودي", in_consultation: "في المعاينة", waiting: "ينتظر", parked: "معلّق", booked: "محجوز", waitlisted: "قائمة الانتظار", completed: "انتهى", no_show: "لم يحضر", cancelled: "ملغى",
    },
  },
);

export default function Tokens({ staff: { state } }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const why = useWhy();
  const held = state.doctors.flatMap((one) => [...(one.current ? [one.current] : []), ...one.called]);
  const missed = new Set(state.missed.map((one) => one.id));
  const over = state.finished.filter((one) => !missed.has(one.id));
  const rows: (Visit & Partial<StaffVisit & WaitingVisit>)[] = [...held, ...state.waiting, ...state.parked, ...state.booked, ...state.missed, ...over];
  const doctor = (visit: Visit): string => state.doctors.find((one) => one.id === visit.doctor_id)?.name ?? "";
  const at = (visit: Visit & Partial<StaffVisit>): string => {
    const ms = Date.parse(visit.ended_at ?? visit.started_at ?? visit.called_at ?? visit.due_at ?? visit.created_at ?? "");
    return Number.isNaN(ms) ? "" : clockTime(ms, state.timezone);
  };
  return (
    <section class="card list waiting">
      <table class="plain">
        <caption class="unseen">{t("caption")}</caption>
        <thead><tr><th scope="col">{t("token")}</th><th scope="col">{t("person")}</th><th scope="col">{t("status")}</th><th scope="col">{t("doctor")}</th><th scope="col">{t("since")}</th></tr></thead>
        <tbody>
          {rows.map((visit) => (
            <tr key={visit.id} class={visit.is_emergency ? "urgent" : ""}>
              <td><Token>{visit.token_number ?? "–"}</Token></td>
              <td><bdi>{visit.name ?? "–"}</bdi>{visit.why && <small dir="auto">{why(visit as WaitingVisit)}</small>}</td>
              <td>{t(visit.status)}</td>
              <td><bdi>{doctor(visit)}</bdi></td>
              <td class="num" dir="ltr">{at(visit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!rows.length && <p class="empty">{t("none")}</p>}
    </section>
  );
}
