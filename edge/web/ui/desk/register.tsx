/** Somebody is at the desk: their name, what for, how urgent. Person, visit and token are one act. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { act } from "../../../../shared/ui/api";
import { Button, Dialog, Token } from "../../../../shared/ui/components";
import { useWords, words } from "../../../../shared/ui/i18n";
import type { Patient } from "../parts/fetched";
import { useFirstFocus } from "../parts/focus";
import { ActProblem, has, type Staff } from "../parts/frame";
import type { Doctor } from "../states";
import { KnownPeople } from "./known";

const WORDS = words(
  {
    title: "Register a patient", name: "Name", phone: "Phone", reason: "Reason", urgency: "Urgency, 0 to 10", to: "Service or doctor",
    any: "{service}: any doctor", emergency: "Emergency: before all others", notify: "Agrees to messages on the phone", ok: "Register", busy: "Registering…",
    given: "Number", again: "Register another", second: "Reason for a second visit today", second_hint: "This person already has a visit today. Give a reason to register a second one.",
    person: "Known person", other: "Somebody else",
  },
  {
    hi: {
      title: "मरीज़ दर्ज करें", name: "नाम", phone: "फ़ोन", reason: "कारण", urgency: "तात्कालिकता, 0 से 10", to: "सेवा या डॉक्टर",
      any: "{service}: कोई भी डॉक्टर", emergency: "आपातकाल: सबसे पहले", notify: "फ़ोन पर संदेश के लिए सहमत", ok: "दर्ज करें", busy: "दर्ज हो रहा है…",
      given: "नंबर", again: "एक और दर्ज करें", second: "आज दूसरी बार आने का कारण", second_hint: "इस व्यक्ति की आज एक मुलाक़ात पहले से है। दूसरी के लिए कारण लिखें।",
      person: "दर्ज व्यक्ति", other: "कोई और",
    },
    es: {
      title: "Registrar paciente", name: "Nombre", phone: "Teléfono", reason: "Motivo", urgency: "Urgencia, de 0 a 10", to: "Servicio o médico",
      any: "{service}: cualquier médico", emergency: "Urgencia: antes que todos", notify: "Acepta mensajes en el teléfono", ok: "Registrar", busy: "Registrando…",
      given: "Número", again: "Registrar a otro", second: "Motivo de una segunda visita hoy", second_hint: "Esta persona ya tiene una visita hoy. Indique el motivo para registrar otra.",
      person: "Persona registrada", other: "Otra persona",
    },
    ar: {
      title: "تسجيل مريض", name: "الاسم", phone: "الهاتف", reason: "السبب", urgency: "الأولوية من 0 إلى 10", to: "الخدمة أو الطبيب",
      any: "{service}: أي طبيب", emergency: "طوارئ: قبل الجميع", notify: "يوافق على رسائل الهاتف", ok: "سجّل", busy: "جارٍ التسجيل…",
      given: "الرقم", again: "سجّل آخر", second: "سبب زيارة ثانية اليوم", second_hint: "لهذا الشخص زيارة اليوم. اكتب سببًا لتسجيل زيارة ثانية.",
      person: "شخص مسجل", other: "شخص آخر",
    },
  },
);
const BLANK = { name: "", phone: "", reason: "", urgency: 5, override: "" };

export default function RegisterDialog({ staff, doctor, onClose }: { staff: Staff; doctor: Doctor | undefined; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { state, acts } = staff;
  const services = state.services.filter((one) => one.is_open);
  const [form, setForm] = useState(BLANK);
  const [to, setTo] = useState(doctor?.service && services.some((one) => one.letter === doctor.service) ? doctor.service : (services[0]?.letter ?? ""));
  const [urgent, setUrgent] = useState(false);
  const [notify, setNotify] = useState(false);
  const [given, setGiven] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [person, setPerson] = useState<Patient | null>(null);
  useFirstFocus(given, person);
  const second = has(staff.user, "reception", "nurse", "manager") && (acts.problem as { code?: string } | null)?.code === "double_booking";
  const text = (name: "name" | "phone" | "reason" | "override"): { value: string; onInput: (e: { currentTarget: HTMLInputElement }) => void } => ({
    value: form[name],
    onInput: (e) => {
      setForm({ ...form, [name]: e.currentTarget.value });
      if (name === "name" || name === "phone") setSearch(e.currentTarget.value);
    },
  });
  function choose(one: Patient | null): void {
    acts.dismiss();
    setPerson(one);
    if (one) setForm({ ...form, name: one.name, phone: one.phone });
  }
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const body = {
      ...(person && { person_id: person.id }),
      name: form.name.trim(),
      ...(form.phone.trim() && { phone: form.phone.trim() }),
      ...(form.reason.trim() && { reason: form.reason.trim() }),
      ...(form.override.trim() && { override: form.override.trim() }),
      ...(to.length === 1 ? { service: to } : { doctor_id: to }),
      urgency: form.urgency,
      notify,
    };
    let token = "";
    let personId = "";
    const done = await acts.deed({ verb: urgent ? "urgent" : "register", target: "", body, then: (answer) => { token = answer.token_number ?? ""; personId = answer.person_id ?? ""; } });
    if (done) setGiven(token);
    if (done && notify && personId) void agree(personId, body.name).catch(() => {});
  }
  if (given !== null) {
    const next = (): void => {
      acts.dismiss();
      setForm(BLANK);
      setUrgent(false);
      setNotify(false);
      setGiven(null);
      setSearch("");
      setPerson(null);
    };
    return (
      <Dialog title={t("title")} onClose={onClose}>
        <p class="quiet">{t("given")} · <span dir="auto">{form.name}</span></p>
        <p class="big-code"><Token>{given}</Token></p>
        <Button look="main" autofocus onClick={next}>{t("again")}</Button>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("title")} onClose={onClose}>
      <form class="form two" onSubmit={(event) => void submit(event)}>
        {person ? (
          <div class="wide chosen">
            <span class="quiet">{t("person")}</span> <strong dir="auto">{person.name}</strong> <span class="quiet num" dir="ltr">{person.phone}</span>
            <Button look="quiet" onClick={() => choose(null)}>{t("other")}</Button>
          </div>
        ) : (
          <>
            <label>{t("name")}<input name="name" required autofocus autocomplete="off" maxLength={120} dir="auto" {...text("name")} /></label>
            <label>{t("phone")}<input name="phone" type="tel" autocomplete="off" maxLength={32} dir="ltr" {...text("phone")} /></label>
            <KnownPeople search={search} onChoose={choose} />
          </>
        )}
        <label class="wide">{t("reason")}<input name="reason" autofocus={!!person} autocomplete="off" maxLength={500} dir="auto" {...text("reason")} /></label>
        <label>{t("to")}
          <select name="to" value={to} onChange={(e) => setTo(e.currentTarget.value)}>
            {services.map((one) => (
              <optgroup key={one.letter} label={one.name}>
                <option value={one.letter}>{t("any", { service: one.name })}</option>
                {state.doctors.filter((d) => d.service === one.letter && d.is_active).map((d) => <option key={d.id} value={d.id}>{d.name}</option>)}
              </optgroup>
            ))}
          </select>
        </label>
        <label>{t("urgency")}
          <input name="urgency" type="number" min={0} max={10} step={1} required disabled={urgent} value={urgent ? 10 : form.urgency}
            onInput={(e) => setForm({ ...form, urgency: Number(e.currentTarget.value) })} />
        </label>
        <label class="tick wide"><input type="checkbox" checked={urgent} onChange={(e) => setUrgent(e.currentTarget.checked)} />{t("emergency")}</label>
        {!person?.notify && <label class="tick wide"><input type="checkbox" checked={notify} onChange={(e) => setNotify(e.currentTarget.checked)} />{t("notify")}</label>}
        {second && <label class="wide">{t("second")}<input name="override" required maxLength={120} dir="auto" {...text("override")} /><small class="quiet">{t("second_hint")}</small></label>}
        <div class="wide"><ActProblem acts={acts} /></div>
        <Button class="wide" type="submit" look={urgent ? "danger" : "main"} busy={!!acts.busy}>{t(acts.busy ? "busy" : "ok")}</Button>
      </form>
    </Dialog>
  );
}

/** Somebody known keeps what they said before; this says it again where they agree to messages now. */
const agree = (personId: string, name: string): Promise<unknown> => act(`/api/v1/patients/${personId}`, { name, notify: true }, { method: "PUT" });
