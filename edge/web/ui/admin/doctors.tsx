/** Doctors: add, change, let go. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, useWords, words } from "../../../../shared/ui/i18n";
import type { Staff } from "../parts/frame";
import { useSend } from "../parts/send";
import type { Doctor } from "../states";

const WORDS = words(
  {
    add: "Add a doctor", name: "Name", specialization: "Speciality", room: "Room", service: "Service", save: "Save", change: "Change", remove: "Let go", active: "here", away: "away", on_break: "on break",
    sure: "Let {name} go? This is refused while anybody waits or is booked. History stays.", yes: "Yes", is_active: "Is here and takes patients", none: "No doctors yet.", added: "Saved.",
  },
  {
    hi: {
      add: "डॉक्टर जोड़ें", name: "नाम", specialization: "विशेषज्ञता", room: "कमरा", service: "सेवा", save: "सहेजें", change: "बदलें", remove: "हटाएँ", active: "मौजूद", away: "अनुपस्थित", on_break: "अवकाश पर",
      sure: "{name} को हटाएँ? जब तक कोई प्रतीक्षा में या बुक है, यह नहीं होगा। इतिहास रहेगा।", yes: "हाँ", is_active: "मौजूद हैं और मरीज़ लेते हैं", none: "अभी कोई डॉक्टर नहीं।", added: "सहेजा गया।",
    },
    es: {
      add: "Añadir médico", name: "Nombre", specialization: "Especialidad", room: "Sala", service: "Servicio", save: "Guardar", change: "Cambiar", remove: "Dar de baja", active: "presente", away: "ausente", on_break: "en descanso",
      sure: "¿Dar de baja a {name}? No se puede mientras alguien espere o tenga cita. El historial se conserva.", yes: "Sí", is_active: "Está presente y atiende", none: "Aún no hay médicos.", added: "Guardado.",
    },
    ar: {
      add: "أضف طبيبًا", name: "الاسم", specialization: "التخصص", room: "الغرفة", service: "الخدمة", save: "احفظ", change: "غيّر", remove: "أنهِ عمله", active: "موجود", away: "غائب", on_break: "في استراحة",
      sure: "إنهاء عمل {name}؟ يُرفض ما دام أحد ينتظر أو محجوزًا. يبقى السجل.", yes: "نعم", is_active: "موجود ويستقبل المرضى", none: "لا أطباء بعد.", added: "تم الحفظ.",
    },
  },
);
const BLANK = { name: "", specialization: "", room: "", service: "" };

export default function Doctors({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const { state } = staff;
  const [asked, setAsked] = useState<Doctor | "new" | null>(null);
  const [leaving, setLeaving] = useState<Doctor | null>(null);
  return (
    <section class="card list">
      <header><span class="badge num">{state.doctors.length}</span><Button look="main" onClick={() => setAsked("new")}>{t("add")}</Button></header>
      {state.doctors.length ? (
        <table class="plain">
          <thead><tr><th scope="col">{t("name")}</th><th scope="col">{t("specialization")}</th><th scope="col">{t("room")}</th><th scope="col">{t("service")}</th><th scope="col" /></tr></thead>
          <tbody>
            {state.doctors.map((one) => (
              <tr key={one.id}>
                <td><bdi class="name">{one.name}</bdi> <span class={`badge ${one.is_active && !one.is_on_break ? "good" : ""}`}>{t(!one.is_active ? "away" : one.is_on_break ? "on_break" : "active")}</span></td>
                <td><bdi>{one.specialization ?? ""}</bdi></td>
                <td><bdi>{one.room}</bdi></td>
                <td><bdi>{state.services.find((service) => service.letter === one.service)?.name ?? one.service}</bdi></td>
                <td class="do">
                  <Button look="quiet" aria-label={`${t("change")}: ${one.name}`} onClick={() => setAsked(one)}>{t("change")}</Button>
                  <Button look="quiet" aria-label={`${t("remove")}: ${one.name}`} onClick={() => setLeaving(one)}>{t("remove")}</Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p class="empty">{t("none")}</p>}
      {asked && <DoctorDialog staff={staff} doctor={asked === "new" ? null : asked} onClose={() => setAsked(null)} />}
      {leaving && <LeaveDialog staff={staff} doctor={leaving} onClose={() => setLeaving(null)} />}
    </section>
  );
}

function DoctorDialog({ staff, doctor, onClose }: { staff: Staff; doctor: Doctor | null; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  const [form, setForm] = useState(doctor ? { name: doctor.name, specialization: doctor.specialization ?? "", room: doctor.room, service: doctor.service ?? "" } : BLANK);
  const [active, setActive] = useState(doctor?.is_active ?? true);
  const text = (name: keyof typeof BLANK): object => ({ name, value: form[name], dir: "auto", autocomplete: "off", onInput: (e: { currentTarget: HTMLInputElement }) => setForm({ ...form, [name]: e.currentTarget.value }) });
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(form).map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
    const done = doctor
      ? await send("PUT", `/api/v1/doctors/${doctor.id}`, { ...given, is_active: active })
      : await send("POST", "/api/v1/doctors", given);
    if (done) { staff.say(t("added")); onClose(); }
  }
  return (
    <Dialog title={doctor?.name ?? t("add")} onClose={onClose}>
      <form class="form two" onSubmit={(event) => void save(event)}>
        <label class="wide">{t("name")}<input required maxLength={80} autofocus {...text("name")} /></label>
        <label>{t("specialization")}<input maxLength={80} {...text("specialization")} /></label>
        <label>{t("room")}<input maxLength={40} {...text("room")} /></label>
        <label class="wide">{t("service")}
          <select name="service" value={form.service || staff.state.services[0]?.letter} onChange={(e) => setForm({ ...form, service: e.currentTarget.value })}>
            {staff.state.services.map((one) => <option key={one.letter} value={one.letter}>{one.name}</option>)}
          </select>
        </label>
        {doctor && <label class="tick wide"><input type="checkbox" checked={active} onChange={(e) => setActive(e.currentTarget.checked)} />{t("is_active")}</label>}
        <div class="wide"><ProblemNote problem={problem} /></div>
        <Button class="wide" type="submit" look="main" busy={busy}>{t("save")}</Button>
      </form>
    </Dialog>
  );
}

function LeaveDialog({ staff, doctor, onClose }: { staff: Staff; doctor: Doctor; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  return (
    <Dialog title={doctor.name} onClose={onClose}>
      <p>{t("sure", { name: alone(doctor.name) })}</p>
      <ProblemNote problem={problem} />
      <Button look="danger" autofocus busy={busy} onClick={() => void send("DELETE", `/api/v1/doctors/${doctor.id}`).then((done) => done && onClose())}>{t("yes")}</Button>
    </Dialog>
  );
}
