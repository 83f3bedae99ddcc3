/** One clinic: how it is, what was changed there and how far that is, and what is on its shelves. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "../../../../shared/ui/api";
import { Button, ProblemNote, start } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { useTick } from "../../../../shared/ui/live";
import { ClaimDialog } from "../chain/add";
import { TileCard } from "../chain/tile";
import { Office, useOffice } from "../office";
import type { Command, DeadLetter, Doctor, Service, SiteDetails } from "../states";
import { WORDS } from "../words";
import { ChangeForm, Commands } from "./changes";
import { DeadLetters, Doctors, Epochs, Section, Services } from "./parts";
import "./site.css";

const READ_EVERY_MS = 2_000;
const SITE = new URLSearchParams(location.search).get("site") ?? "";

interface Lists {
  details: SiteDetails;
  commands: Command[];
  doctors: Doctor[];
  services: Service[];
  dead: DeadLetter[];
}

/** The clinic's lists, read anew every 2 s while the page is looked at; the last good ones stay when that fails. */
function useLists(ready: boolean): { lists: Lists | null; problem: unknown; read: () => void } {
  const [lists, setLists] = useState<Lists | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const reading = useRef(false);
  const read = useCallback(() => {
    if (reading.current) return;
    reading.current = true;
    const path = `/api/v1/sites/${encodeURIComponent(SITE)}`;
    Promise.all([
      get<SiteDetails>(path), get<Command[]>(`${path}/commands?limit=20`), get<Doctor[]>(`${path}/doctors`),
      get<Service[]>(`${path}/services`), get<DeadLetter[]>(`${path}/dead-letters?limit=50`),
    ])
      .then(([details, commands, doctors, services, dead]) => {
        setLists({ details, commands, doctors, services, dead });
        setProblem(null);
      }, setProblem)
      .finally(() => {
        reading.current = false;
      });
  }, []);
  useEffect(() => {
    if (!ready) return;
    read();
    const timer = setInterval(() => document.visibilityState === "visible" && read(), READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [ready]);
  return { lists, problem, read };
}

function Site(): JSX.Element {
  useTick();
  const office = useOffice();
  const t = useWords(WORDS);
  const [claiming, setClaiming] = useState(false);
  const { live, state, admin } = office;
  const { lists, problem, read } = useLists(!office.signedOut && !!office.user);
  const tile = state?.sites.find((one) => one.site === SITE) ?? lists?.details.tile;
  const gone = problem instanceof Problem && problem.status === 404;
  const name = tile?.name ?? lists?.details.name ?? SITE;
  return (
    <Office office={office} title={name}
      actions={admin && !gone && <Button onClick={() => setClaiming(true)}>{t("claim_get")}</Button>}>
      {gone ? <p class="note warn"><span>{t("no_site")} <a href="/pages/chain">{t("chain")}</a></span></p> : (
        <>
          {!!problem && <p class="note warn" role="status"><span>{t("lists_old")}</span></p>}
          {!!problem && !lists && <ProblemNote problem={problem} onAgain={read} />}
          <div class="site">
            <div class="column">
              {tile && <div class="tiles"><TileCard tile={tile} live={live} link={false} /></div>}
              {lists?.details.alerts.map((alert) => (
                <div class="note bad" key={alert.id}><div dir="auto"><strong>{alert.title}</strong><p>{alert.hint}</p></div></div>
              ))}
              {lists && <Section title={t("doctors")}><Doctors doctors={lists.doctors} /></Section>}
              {lists && <Section title={t("services")}><Services services={lists.services} /></Section>}
            </div>
            {lists && (
              <div class="column">
                <Section title={t("commands")} hint={t("commands_hint")}>
                  {admin ? <ChangeForm site={SITE} services={lists.services} onSent={read} /> : <p class="empty">{t("read_only")}</p>}
                  <Commands commands={lists.commands} />
                </Section>
                <Section title={t("dead")} hint={t("dead_hint")}><DeadLetters letters={lists.dead} /></Section>
                <Section title={t("epochs")} hint={t("epochs_hint")}>
                  <Epochs site={SITE} epochs={lists.details.epochs} admin={admin} onChanged={read} />
                  {lists.details.link?.version && <p class="empty">{t("version", { v: lists.details.link.version })}</p>}
                </Section>
              </div>
            )}
          </div>
        </>
      )}
      {claiming && <ClaimDialog site={SITE} name={name} live={live} onClose={() => setClaiming(false)} />}
    </Office>
  );
}

start(<Site />);
