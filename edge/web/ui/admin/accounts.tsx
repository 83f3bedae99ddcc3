/** Who may sign in, and as what. Passwords are shown once. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, useWords, words } from "../../../../shared/ui/i18n";
import { useFetched } from "../parts/fetched";
import { useFirstFocus } from "../parts/focus";
import type { Staff } from "../parts/frame";
import { useSend } from "../parts/send";

const WORDS = words(
  {
    add: "Add an account", name: "Name", username: "User name", roles: "Roles", doctor_is: "Which doctor is this?", nobody: "none", save: "Save", change: "Change", reset: "New password", closed: "closed", active: "May sign in",
    once: "The password of {name}. It is shown this once:", done: "Written down", reception: "Reception", nurse: "Nurse", doctor: "Doctor", manager: "Manager", saved: "Saved.", sure: "Give {name} a new password? They are signed out everywhere.", yes: "Yes",
  },
  {
    hi: {
      add: "खाता जोड़ें", name: "नाम", username: "उपयोगकर्ता नाम", roles: "भूमिकाएँ", doctor_is: "यह कौन से डॉक्टर हैं?", nobody: "कोई नहीं", save: "सहेजें", change: "बदलें", reset: "नया पासवर्ड", closed: "बंद", active: "साइन इन कर सकते हैं",
      once: "{name} का पासवर्ड। यह एक ही बार दिखता है:", done: "लिख लिया", reception: "रिसेप्शन", nurse: "नर्स", doctor: "डॉक्टर", manager: "प्रबंधक", saved: "सहेजा गया।", sure: "{name} को नया पासवर्ड दें? वे हर जगह से साइन आउट होंगे।", yes: "हाँ",
    },
    es: {
      add: "Añadir cuenta", name: "Nombre", username: "Usuario", roles: "Funciones", doctor_is: "¿Qué médico es?", nobody: "ninguno", save: "Guardar", change: "Cambiar", reset: "Nueva contraseña", closed: "cerrada", active: "Puede entrar",
      once: "La contraseña de {name}. Se muestra una sola vez:", done: "Anotada", reception: "Recepción", nurse: "Enfermería", doctor: "Médico", manager: "Gestión", saved: "Guardado.", sure: "¿Dar a {name} una contraseña nueva? Se cierran todas sus sesiones.", yes: "Sí",
    },
    ar: {
      add: "أضف حسابًا", name: "الاسم", username: "اسم المستخدم", roles: "الأدوار", doctor_is: "أي طبيب هذا؟", nobody: "لا أحد", save: "احفظ", change: "غيّر", reset: "كلمة مرور جديدة", closed: "مغلق", active: "يمكنه الدخول",
      once: "كلمة مرور {name}. تظهر مرة واحدة فقط:", done: "دُوّنت", reception: "استقبال", nurse: "تمريض", doctor: "طبيب", manager: "مدير", saved: "تم الحفظ.", sure: "إعطاء {name} كلمة مرور جديدة؟ يُسجَّل خروجه من كل مكان.", yes: "نعم",
    },
  },
);
const ROLES = ["reception", "nurse", "doctor", "manager"] as const;
type Role = (typeof ROLES)[number];
interface Account { id: string; username: string; name: string; roles: Role[]; doctor_id: string | null; is_active: boolean }

export default function Accounts({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const [asked, setAsked] = useState<Account | "new" | null>(null);
  const [resetting, setResetting] = useState<Account | null>(null);
  const { data, problem, again } = useFetched("staff", null, () => get<Account[]>("/api/v1/staff"));
  const close = (): void => { setAsked(null); setResetting(null); again(); };
  return (
    <section class="card list">
      <header><span class="badge num">{data?.length ?? "–"}</span><Button look="main" onClick={() => setAsked("new")}>{t("add")}</Button></header>
      <ProblemNote problem={problem} onAgain={again} />
      <table class="plain">
        <thead><tr><th scope="col">{t("name")}</th><th scope="col">{t("username")}</th><th scope="col">{t("roles")}</th><th scope="col" /></tr></thead>
        <tbody>
          {data?.map((one) => (
            <tr key={one.id}>
              <td><bdi class="name">{one.name}</bdi> {!one.is_active && <span class="badge">{t("closed")}</span>}</td>
              <td><bdi dir="ltr">{one.username}</bdi></td>
              <td>{one.roles.map((role) => t(role)).join(", ")}</td>
              <td class="do">
                <Button look="quiet" aria-label={`${t("change")}: ${one.name}`} onClick={() => setAsked(one)}>{t("change")}</Button>
                <Button look="quiet" aria-label={`${t("reset")}: ${one.name}`} onClick={() => setResetting(one)}>{t("reset")}</Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked && <AccountDialog staff={staff} account={asked === "new" ? null : asked} onClose={close} />}
      {resetting && <ResetDialog staff={staff} account={resetting} onClose={close} />}
    </section>
  );
}

function Once({ name, password, onClose }: { name: string; password: string; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  useFirstFocus();
  return (
    <>
      <p>{t("once", { name: alone(name) })}</p>
      <p class="big-code secret" dir="ltr">{password}</p>
      <Button look="main" autofocus onClick={onClose}>{t("done")}</Button>
    </>
  );
}

function AccountDialog({ staff, account, onClose }: { staff: Staff; account: Account | null; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [roles, setRoles] = useState<Role[]>(account?.roles ?? ["reception"]);
  const [doctor, setDoctor] = useState(account?.doctor_id ?? "");
  const [active, setActive] = useState(account?.is_active ?? true);
  const [password, setPassword] = useState<string | null>(null);
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const more = { roles, ...(roles.includes("doctor") && doctor ? { doctor_id: doctor } : {}) };
    if (account) {
      if (await send("PATCH", `/api/v1/staff/${account.id}`, { ...more, is_active: active })) { staff.say(t("saved")); onClose(); }
      return;
    }
    const made = await send<{ password: string }>("POST", "/api/v1/staff", { name: name.trim(), username: username.trim(), ...more });
    if (made) setPassword(made.password);
  }
  if (password !== null) return <Dialog title={name} onClose={onClose}><Once name={name} password={password} onClose={onClose} /></Dialog>;
  return (
    <Dialog title={account?.name ?? t("add")} onClose={onClose}>
      <form class="form" onSubmit={(event) => void save(event)}>
        {!account && <label>{t("name")}<input name="name" required maxLength={80} autofocus autocomplete="off" dir="auto" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>}
        {!account && <label>{t("username")}<input name="new-username" required maxLength={40} autocomplete="off" autocapitalize="none" spellcheck={false} dir="ltr" value={username} onInput={(e) => setUsername(e.currentTarget.value)} /></label>}
        <fieldset>
          <legend>{t("roles")}</legend>
          {ROLES.map((role) => (
            <label class="tick" key={role}>
              <input type="checkbox" checked={roles.includes(role)} onChange={(e) => setRoles(e.currentTarget.checked ? [...roles, role] : roles.filter((one) => one !== role))} />{t(role)}
            </label>
          ))}
        </fieldset>
        {roles.includes("doctor") && (
          <label>{t("doctor_is")}
            <select name="doctor" required value={doctor} onChange={(e) => setDoctor(e.currentTarget.value)}>
              <option value="">{t("nobody")}</option>
              {staff.state.doctors.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </label>
        )}
        {account && <label class="tick"><input type="checkbox" checked={active} onChange={(e) => setActive(e.currentTarget.checked)} />{t("active")}</label>}
        <ProblemNote problem={problem} />
        <Button type="submit" look="main" busy={busy} disabled={!roles.length}>{t("save")}</Button>
      </form>
    </Dialog>
  );
}

function ResetDialog({ staff, account, onClose }: { staff: Staff; account: Account; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  const [password, setPassword] = useState<string | null>(null);
  const reset = async (): Promise<void> => {
    const made = await send<{ password: string }>("POST", `/api/v1/staff/${account.id}/password`);
    if (made) setPassword(made.password);
  };
  return (
    <Dialog title={account.name} onClose={onClose}>
      {password !== null ? <Once name={account.name} password={password} onClose={onClose} /> : (
        <>
          <p>{t("sure", { name: alone(account.name) })}</p>
          <ProblemNote problem={problem} />
          <Button look="danger" busy={busy} onClick={() => void reset()}>{t("yes")}</Button>
        </>
      )}
    </Dialog>
  );
}
