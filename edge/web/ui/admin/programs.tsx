/** Programs that read or act here with a key of their own. A key is shown once. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, clockTime, dateWords, useWords, words } from "../../../../shared/ui/i18n";
import { useFetched } from "../parts/fetched";
import { useFirstFocus } from "../parts/focus";
import type { Staff } from "../parts/frame";
import { useSend } from "../parts/send";

const WORDS = words(
  {
    add: "Give a program a key", name: "What is the program?", may: "What it may do besides looking", save: "Make the key", once: "The key. It is shown this once; the program sends it as “Authorization: Bearer …”:", done: "Copied",
    none: "No program has a key.", since: "Since", looks: "only looks", remove: "Take the key away", sure: "Take the key of {name} away? It is out with its next request.", yes: "Yes", reception: "Reception", nurse: "Nurse", manager: "Manager", program: "Program",
  },
  {
    hi: {
      add: "प्रोग्राम को कुंजी दें", name: "कौन सा प्रोग्राम है?", may: "देखने के अलावा क्या कर सकता है", save: "कुंजी बनाएँ", once: "कुंजी। यह एक ही बार दिखती है; प्रोग्राम इसे “Authorization: Bearer …” में भेजता है:", done: "कॉपी कर ली",
      none: "किसी प्रोग्राम के पास कुंजी नहीं।", since: "कब से", looks: "केवल देखता है", remove: "कुंजी वापस लें", sure: "{name} की कुंजी वापस लें? अगले अनुरोध से वह बाहर है।", yes: "हाँ", reception: "रिसेप्शन", nurse: "नर्स", manager: "प्रबंधक", program: "प्रोग्राम",
    },
    es: {
      add: "Dar una clave a un programa", name: "¿Qué programa es?", may: "Qué puede hacer además de mirar", save: "Crear la clave", once: "La clave. Se muestra una sola vez; el programa la envía como «Authorization: Bearer …»:", done: "Copiada",
      none: "Ningún programa tiene clave.", since: "Desde", looks: "solo mira", remove: "Quitar la clave", sure: "¿Quitar la clave de {name}? Queda fuera en su próxima petición.", yes: "Sí", reception: "Recepción", nurse: "Enfermería", manager: "Gestión", program: "Programa",
    },
    ar: {
      add: "أعطِ برنامجًا مفتاحًا", name: "ما هو البرنامج؟", may: "ما يمكنه غير المشاهدة", save: "أنشئ المفتاح", once: "المفتاح. يظهر مرة واحدة؛ يرسله البرنامج في «Authorization: Bearer …»:", done: "نُسخ",
      none: "لا مفتاح لأي برنامج.", since: "منذ", looks: "يشاهد فقط", remove: "اسحب المفتاح", sure: "سحب مفتاح {name}؟ يتوقف مع طلبه التالي.", yes: "نعم", reception: "استقبال", nurse: "تمريض", manager: "مدير", program: "البرنامج",
    },
  },
);
const ROLES = ["reception", "nurse", "manager"] as const;
type Role = (typeof ROLES)[number];
interface Program { id: string; name: string; roles: Role[]; created_at: string }

export default function Programs({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const zone = staff.state.timezone;
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Program | null>(null);
  const { data, problem, again } = useFetched("programs", null, () => get<Program[]>("/api/v1/service-accounts"));
  const close = (): void => { setAdding(false); setRemoving(null); again(); };
  return (
    <section class="card list">
      <header><span class="badge num">{data?.length ?? "–"}</span><Button look="main" onClick={() => setAdding(true)}>{t("add")}</Button></header>
      <ProblemNote problem={problem} onAgain={again} />
      {data?.length ? (
        <table class="plain">
          <thead><tr><th scope="col">{t("program")}</th><th scope="col">{t("may")}</th><th scope="col">{t("since")}</th><th scope="col" /></tr></thead>
          <tbody>
            {data.map((one) => (
              <tr key={one.id}>
                <td><bdi class="name">{one.name}</bdi></td>
                <td>{one.roles.map((role) => t(role)).join(", ") || t("looks")}</td>
                <td>{dateWords(Date.parse(one.created_at), zone)} <span class="num">{clockTime(Date.parse(one.created_at), zone)}</span></td>
                <td class="do"><Button look="quiet" aria-label={`${t("remove")}: ${one.name}`} onClick={() => setRemoving(one)}>{t("remove")}</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p class="empty">{data && t("none")}</p>}
      {adding && <KeyDialog staff={staff} onClose={close} />}
      {removing && <RemoveDialog staff={staff} program={removing} onClose={close} />}
    </section>
  );
}

function KeyDialog({ staff, onClose }: { staff: Staff; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<Role[]>([]);
  const [key, setKey] = useState<string | null>(null);
  useFirstFocus(key);
  async function make(event: Event): Promise<void> {
    event.preventDefault();
    const made = await send<{ key: string }>("POST", "/api/v1/service-accounts", { name: name.trim(), roles });
    if (made) setKey(made.key);
  }
  return (
    <Dialog title={key === null ? t("add") : name} onClose={onClose}>
      {key === null ? (
        <form class="form" onSubmit={(event) => void make(event)}>
          <label>{t("name")}<input name="name" required maxLength={80} autofocus autocomplete="off" dir="auto" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
          <fieldset>
            <legend>{t("may")}</legend>
            {ROLES.map((role) => (
              <label class="tick" key={role}><input type="checkbox" checked={roles.includes(role)} onChange={(e) => setRoles(e.currentTarget.checked ? [...roles, role] : roles.filter((one) => one !== role))} />{t(role)}</label>
            ))}
          </fieldset>
          <ProblemNote problem={problem} />
          <Button type="submit" look="main" busy={busy}>{t("save")}</Button>
        </form>
      ) : (
        <>
          <p>{t("once")}</p>
          <p class="big-code secret" dir="ltr">{key}</p>
          <Button look="main" autofocus onClick={onClose}>{t("done")}</Button>
        </>
      )}
    </Dialog>
  );
}

function RemoveDialog({ staff, program, onClose }: { staff: Staff; program: Program; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { busy, problem, send } = useSend(staff.signedOut);
  return (
    <Dialog title={program.name} onClose={onClose}>
      <p>{t("sure", { name: alone(program.name) })}</p>
      <ProblemNote problem={problem} />
      <Button look="danger" busy={busy} onClick={() => void send("DELETE", `/api/v1/service-accounts/${program.id}`).then((done) => done && onClose())}>{t("yes")}</Button>
    </Dialog>
  );
}
