/** People: found by name or phone, added, changed, erased on their wish. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, useWords, words } from "../../../../shared/ui/i18n";
import { useFetched, type Patient } from "../parts/fetched";
import type { Staff } from "../parts/frame";
import { useSend } from "../parts/send";

const WORDS = words(
  {
    search: "Name or phone", add: "Add a person", name: "Name", phone: "Phone", email: "E-mail", age: "Age", notify: "Agrees to messages on the phone", save: "Save", change: "Change", erase: "Erase",
    sure: "Erase the data of {name}? Their visits stay without a name. This cannot be undone.", yes: "Erase", none: "Nobody found.", saved: "Saved.", first: "The first {n} are shown; search to find others.",
  },
  {
    hi: {
      search: "नाम या फ़ोन", add: "व्यक्ति जोड़ें", name: "नाम", phone: "फ़ोन", email: "ई-मेल", age: "उम्र", notify: "फ़ोन पर संदेश के लिए सहमत", save: "सहेजें", change: "बदलें", erase: "मिटाएँ",
      sure: "{name} का डेटा मिटाएँ? उनकी मुलाक़ातें बिना नाम रहेंगी। यह वापस नहीं होगा।", yes: "मिटाएँ", none: "कोई नहीं मिला।", saved: "सहेजा गया।", first: "पहले {n} दिख रहे हैं; औरों के लिए खोजें।",
    },
    es: {
      search: "Nombre o teléfono", add: "Añadir persona", name: "Nombre", phone: "Teléfono", email: "Correo", age: "Edad", notify: "Acepta mensajes en el teléfono", save: "Guardar", change: "Cambiar", erase: "Borrar",
      sure: "¿Borrar los datos de {name}? Sus visitas quedan sin nombre. No se puede deshacer.", yes: "Borrar", none: "No se encontró a nadie.", saved: "Guardado.", first: "Se muestran los primeros {n}; busque para hallar a otros.",
    },
    ar: {
      search: "الاسم أو الهاتف", add: "أضف شخصًا", name: "الاسم", phone: "الهاتف", email: "البريد", age: "العمر", notify: "يوافق على رسائل الهاتف", save: "احفظ", change: "غيّر", erase: "امحُ",
      sure: "محو بيانات {name}؟ تبقى زياراته بلا اسم. لا يمكن التراجع.", yes: "امحُ", none: "لم يُعثر على أحد.", saved: "تم الحفظ.", first: "يظهر أول {n}؛ ابحث لتجد غيرهم.",
    },
  },
);
const SHOWN = 50;

export default function Patients({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<Patient | "new" | null>(null);
  const [erasing, setErasing] = useState<Patient | null>(null);
  const path = `/api/v1/patients?limit=${SHOWN}&q=${encodeURIComponent(search.trim())}`;
  const { data, problem, again } = useFetched(path, null, () => get<Patient[]>(path));
  const close = (): void => { setAsked(null); setErasing(null); again(); };
  return (
    <section class="card list">
      <header>
        <input type="search" class="search" value={search} placeholder={t("search")} aria-label={t("search")} onInput={(e) => setSearch(e.currentTarget.value)} />
        <Button look="main" onClick={() => setAsked("new")}>{t("add")}</Button>
      </header>
      <ProblemNote problem={problem} onAgain={again} />
      {data && (data.length ? (
        <table class="plain">
          <thead><tr><th scope="col">{t("name")}</th><th scope="col">{t("phone")}</th><th scope="col">{t("age")}</th><th scope="col" /></tr></thead>
          <tbody>
            {data.map((one) => (
              <tr key={one.id}>
                <td><bdi class="name">{one.name}</bdi></td>
                <td class="num"><bdi dir="ltr">{one.phone}</bdi></td>
                <td class="num">{one.age ?? ""}</td>
                <td class="do">
                  <Button look="quiet" aria-label={`${t("change")}: ${one.name}`} onClick={() => setAsked(one)}>{t("change")}</Button>
                  <Button look="quiet" aria-label={`${t("erase")}: ${one.name}`} onClick={() => setErasing(one)}>{t("erase")}</Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p class="empty">{t("none")}</p>)}
      {data?.length === SHOWN && <p class="empty">{t("first", { n: SHOWN })}</p>}
      {asked && <PatientDialog staff={staff} person={asked === "new" ? null : asked} onClose={close} />}
      {erasing && <EraseDialog staff={staff} person={erasing} onClose={close} />}
    </section>
  );
}

function PatientDialog({ staff, person, onClose }: { staff: Staff; person: Patient | null; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  const [name, setName] = useState(person?.name ?? "");
  const [phone, setPhone] = useState(person?.phone ?? "");
  const [email, setEmail] = useState(person?.email ?? "");
  const [age, setAge] = useState(person?.age?.toString() ?? "");
  const [notify, setNotify] = useState(person?.notify ?? false);
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const body = { name: name.trim(), phone: phone.trim(), email: email.trim(), age: age ? Number(age) : null, notify };
    const done = person ? await send("PUT", `/api/v1/patients/${person.id}`, body) : await send("POST", "/api/v1/patients", body);
    if (done) { staff.say(t("saved")); onClose(); }
  }
  return (
    <Dialog title={person?.name ?? t("add")} onClose={onClose}>
      <form class="form two" onSubmit={(event) => void save(event)}>
        <label class="wide">{t("name")}<input name="name" required maxLength={120} autofocus autocomplete="off" dir="auto" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
        <label>{t("phone")}<input name="phone" type="tel" maxLength={32} autocomplete="off" dir="ltr" value={phone} onInput={(e) => setPhone(e.currentTarget.value)} /></label>
        <label>{t("age")}<input name="age" type="number" min={0} max={130} value={age} onInput={(e) => setAge(e.currentTarget.value)} /></label>
        <label class="wide">{t("email")}<input name="email" type="email" maxLength={120} autocomplete="off" dir="ltr" value={email} onInput={(e) => setEmail(e.currentTarget.value)} /></label>
        <label class="tick wide"><input type="checkbox" checked={notify} onChange={(e) => setNotify(e.currentTarget.checked)} />{t("notify")}</label>
        <div class="wide"><ProblemNote problem={problem} /></div>
        <Button class="wide" type="submit" look="main" busy={busy}>{t("save")}</Button>
      </form>
    </Dialog>
  );
}

function EraseDialog({ staff, person, onClose }: { staff: Staff; person: Patient; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  return (
    <Dialog title={person.name} onClose={onClose}>
      <p>{t("sure", { name: alone(person.name) })}</p>
      <ProblemNote problem={problem} />
      <Button look="danger" busy={busy} onClick={() => void send("DELETE", `/api/v1/patients/${person.id}`).then((done) => done && onClose())}>{t("yes")}</Button>
    </Dialog>
  );
}
