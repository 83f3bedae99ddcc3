/** Who saw and changed what, newest first. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { clockTime, dateWords, useWords, words } from "../../../../shared/ui/i18n";
import { useFetched } from "../parts/fetched";
import type { Staff } from "../parts/frame";

const WORDS = words(
  { at: "When", who: "Who", act: "What", about: "About", older: "Older", newest: "Newest", none: "Nothing yet.", program: "program", operator: "this computer" },
  {
    hi: { at: "कब", who: "कौन", act: "क्या", about: "किस बारे में", older: "पुराने", newest: "सबसे नए", none: "अभी कुछ नहीं।", program: "प्रोग्राम", operator: "यह कंप्यूटर" },
    es: { at: "Cuándo", who: "Quién", act: "Qué", about: "Sobre", older: "Anteriores", newest: "Más recientes", none: "Nada aún.", program: "programa", operator: "este equipo" },
    ar: { at: "متى", who: "من", act: "ماذا", about: "بشأن", older: "الأقدم", newest: "الأحدث", none: "لا شيء بعد.", program: "برنامج", operator: "هذا الحاسوب" },
  },
);
const PAGE = 100;
interface Entry { id: number; at: string; actor: string; act: string; who: string; detail: string | null }

export default function Audit({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const zone = staff.state.timezone;
  const [cursor, setCursor] = useState<number | null>(null);
  const names = useFetched("staff", null, () => get<{ id: string; name: string }[]>("/api/v1/staff"));
  const path = `/api/v1/audit?limit=${PAGE}${cursor === null ? "" : `&cursor=${cursor}`}`;
  const { data, problem, again } = useFetched(path, null, () => get<Entry[]>(path));
  const person = (text: string): string => {
    const [kind, id] = text.includes(":") ? text.split(":") : ["", text];
    return names.data?.find((one) => one.id === id)?.name ?? (kind === "operator" || kind === "program" ? t(kind) : text);
  };
  return (
    <section class="card list">
      <ProblemNote problem={problem} onAgain={again} />
      {data?.length ? (
        <table class="plain">
          <thead><tr><th scope="col">{t("at")}</th><th scope="col">{t("who")}</th><th scope="col">{t("act")}</th><th scope="col">{t("about")}</th></tr></thead>
          <tbody>
            {data.map((one) => (
              <tr key={one.id}>
                <td>{dateWords(Date.parse(one.at), zone)} <span class="num" dir="ltr">{clockTime(Date.parse(one.at), zone, true)}</span></td>
                <td><bdi>{person(one.actor)}</bdi></td>
                <td><bdi dir="ltr">{one.act.replace(/_/g, " ")}</bdi></td>
                <td class="about"><bdi dir="ltr">{[one.who ? person(one.who) : "", one.detail ?? ""].filter(Boolean).join(" · ")}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p class="empty">{data && t("none")}</p>}
      <footer>
        {cursor !== null && <Button look="quiet" onClick={() => setCursor(null)}>{t("newest")}</Button>}
        {data?.length === PAGE && <Button look="quiet" onClick={() => setCursor(data.at(-1)?.id ?? null)}>{t("older")}</Button>}
      </footer>
    </section>
  );
}
