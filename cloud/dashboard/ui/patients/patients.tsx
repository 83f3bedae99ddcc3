/** Patients of the clinics somebody cares for: searched by name or phone, those who need somebody marked. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { start } from "../../../../shared/ui/components";
import { alone, countUp, useWords } from "../../../../shared/ui/i18n";
import { CareFrame, type Shell } from "../care/frame";
import { Part, patientPage } from "../care/parts";
import { nameOf, places, silentOf, silentS, usePolled, type Places } from "../care/polled";
import { CARE } from "../care/words";
import { WORDS } from "./words";
import "./patients.css";

const EVERY_MS = 5_000;
const PAUSE_MS = 250;
const SHOWN_MAX = 200;

interface Row { site: string; id: string; name: string; phone: string; age: number | null; gender: string | null; has_plan: boolean; alerts_nobody_has: number; notes_to_look_at: number }

function Body({ shell }: { shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const [typed, setTyped] = useState("");
  const [sought, setSought] = useState("");
  const [site, setSite] = useState(new URLSearchParams(location.search).get("site") ?? "");
  const [planned, setPlanned] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSought(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const polled = usePolled<{ rows: Row[]; all: Places }>(`${site}\n${sought}`, async () => {
    const asked = new URLSearchParams({ limit: String(SHOWN_MAX), q: sought, ...(site ? { site } : {}) });
    const [rows, all] = await Promise.all([get<Row[]>(`/api/v1/patients?${asked}`), places()]);
    return { rows, all };
  }, EVERY_MS);
  const [sites, setSites] = useState<Places | null>(null);
  useEffect(() => { if (polled.data) setSites(polled.data.all); }, [polled.data]);
  const rows = (polled.data?.rows ?? []).filter((one) => one.has_plan || !planned);
  const unheard = (at: string): string => {
    const silent = silentOf(sites, at)[0];
    return silent && sites ? care("unheard_for", { age: alone(countUp(silentS(sites, silent.heard_ms, polled.ageS))) }) : "";
  };
  const empty = !polled.data ? " " : rows.length ? undefined : sought || planned ? t("nobody") : undefined;
  return shell({
    title: t("title"),
    polled,
    sites,
    only: site || undefined,
    children: (
      <>
        <form class="form card search" role="search" onSubmit={(e) => e.preventDefault()}>
          <label class="wide">{t("search")}<input type="search" name="q" dir="auto" autocomplete="off" maxLength={120} value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></label>
          {(sites?.sites.length ?? 0) > 1 && (
            <label>{t("site")}
              <select name="site" value={site} onChange={(e) => setSite(e.currentTarget.value)}>
                <option value="">{t("all")}</option>
                {sites!.sites.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
              </select>
            </label>
          )}
          <label class="tick"><input type="checkbox" checked={planned} onChange={(e) => setPlanned(e.currentTarget.checked)} />{t("only_plans")}</label>
        </form>
        {polled.data && !rows.length && !sought && !planned ? (
          <section class="card nothing"><h2>{t("empty")}</h2><p>{t("empty_hint")}</p></section>
        ) : (
          <Part title={t("found")} count={rows.length} empty={empty} testid="patients" hint={rows.length >= SHOWN_MAX ? t("more", { n: SHOWN_MAX }) : undefined}>
            <ul class="rows">
              {rows.map((one) => (
                <li key={`${one.site}/${one.id}`}>
                  <div class="what">
                    <a class="name" href={patientPage(one.site, one.id)}><bdi>{one.name}</bdi></a>
                    <small>{one.phone && <bdi dir="ltr" class="num">{one.phone}</bdi>}{one.age !== null && <span>{t("age", { n: one.age })}</span>}{(sites?.sites.length ?? 0) > 1 && <bdi>{nameOf(sites, one.site)}</bdi>}{unheard(one.site) && <span class="badge bad">{unheard(one.site)}</span>}</small>
                  </div>
                  {(one.has_plan || one.alerts_nobody_has > 0 || one.notes_to_look_at > 0) && (
                    <div class="do">
                      {one.alerts_nobody_has > 0 && <span class="badge bad">{t(one.alerts_nobody_has === 1 ? "nobody_one" : "nobody_n", { n: one.alerts_nobody_has })}</span>}
                      {one.notes_to_look_at > 0 && <span class="badge warn">{t(one.notes_to_look_at === 1 ? "look_one" : "look_n", { n: one.notes_to_look_at })}</span>}
                      {one.has_plan && <span class="badge pale">{t("plan")}</span>}
                    </div>
                  )}
                </li>
              ))}
            </ul>
          </Part>
        )}
      </>
    ),
  });
}

function Patients(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="patients" title={t("title")} body={Body} />;
}

start(<Patients />);
