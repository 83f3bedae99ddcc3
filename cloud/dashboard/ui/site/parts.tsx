/** The lists of a clinic's page. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { act } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote, Token } from "../../../../shared/ui/components";
import { clockTime, LANGUAGES, language, useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import type { DeadLetter, Doctor, Epoch, Service } from "../states";
import { WORDS } from "../words";

export function Section({ title, hint, children, class: look = "" }: { title: string; hint?: string; children?: ComponentChildren; class?: string }): JSX.Element {
  return (
    <section class={`card part ${look}`}>
      <header><h2>{title}</h2>{hint && <p class="quiet small">{hint}</p>}</header>
      {children}
    </section>
  );
}

/** "20 Nov, 09:14:07" */
export function Moment({ ms, zone }: { ms: number; zone?: string | undefined }): JSX.Element {
  const day = new Intl.DateTimeFormat(LANGUAGES[language()].locale, { day: "numeric", month: "short", ...(zone ? { timeZone: zone } : {}) }).format(ms);
  return <time class="quiet num" dateTime={new Date(ms).toISOString()}>{day}, <bdi dir="ltr">{clockTime(ms, zone, true)}</bdi></time>;
}

export function Doctors({ doctors }: { doctors: Doctor[] }): JSX.Element {
  const t = useWords(WORDS);
  if (!doctors.length) return <p class="empty">{t("none_doctors")}</p>;
  return (
    <ul class="rows">
      {doctors.map((one) => (
        <li key={one.id}>
          <strong dir="auto">{one.name}</strong>
          <span class="quiet" dir="auto">{[one.service, one.specialization, one.room && place(t("room_is"), one.room)].filter(Boolean).join(" · ")}</span>
          {(!one.is_active || one.is_on_break) && <span class="chip">{one.is_active ? t("on_break") : t("away")}</span>}
        </li>
      ))}
    </ul>
  );
}

export function Services({ services }: { services: Service[] }): JSX.Element {
  const t = useWords(WORDS);
  if (!services.length) return <p class="empty">{t("none_services")}</p>;
  return (
    <ul class="rows">
      {services.map((one) => (
        <li key={one.letter}><Token>{one.letter}</Token><strong dir="auto">{one.name}</strong>{!one.is_open && <span class="chip">{t("closed")}</span>}</li>
      ))}
    </ul>
  );
}

export function DeadLetters({ letters }: { letters: DeadLetter[] }): JSX.Element {
  const t = useWords(WORDS);
  if (!letters.length) return <p class="empty">{t("no_dead")}</p>;
  return (
    <ul class="rows tall">
      {letters.map((one) => (
        <li key={`${one.shelf}-${one.reader}-${one.epoch}-${one.lane}-${one.seq}`}>
          <strong>{t(`shelf_${one.shelf}`, { reader: one.reader ?? "" })}</strong>
          <span class="quiet" dir="auto">{[one.kind, one.reason].filter(Boolean).join(": ")}</span>
          <Token class="quiet num">{one.epoch.slice(0, 8)} / {one.lane} / {one.seq}{one.last > one.seq ? `–${one.last}` : ""}</Token>
          <Moment ms={one.at} />
        </li>
      ))}
    </ul>
  );
}

export function Epochs({ site, epochs, admin, onChanged }: { site: string; epochs: Epoch[]; admin: boolean; onChanged: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [asking, setAsking] = useState<Epoch | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  async function revoke(epoch: Epoch): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await act(`/api/v1/sites/${encodeURIComponent(site)}/epochs/${epoch.epoch}/revoke`);
      setAsking(null);
      onChanged();
    } catch (met) {
      setProblem(met);
    } finally {
      setBusy(false);
    }
  }
  if (!epochs.length) return <p class="empty">{t("no_epochs")}</p>;
  return (
    <>
      <ul class="rows tall">
        {epochs.map((one) => (
          <li key={one.epoch}>
            <Token>{one.ordinal}</Token>
            <Token class="quiet num">{one.epoch}</Token>
            <span class={`chip ${one.state === "fenced" || one.state === "revoked" ? "bad" : ""}`}>{t(`epoch_${one.state}`)}</span>
            {one.first_ms !== null && <Moment ms={one.first_ms} />}
            {admin && one.state !== "revoked" && <Button look="quiet" onClick={() => { setProblem(null); setAsking(one); }}>{t("revoke")}</Button>}
          </li>
        ))}
      </ul>
      {asking && (
        <Dialog title={t("revoke_ask")} onClose={() => setAsking(null)}>
          <p><Token class="num">{asking.epoch}</Token></p>
          <p>{t("revoke_hint")}</p>
          <ProblemNote problem={problem} />
          <Button look="danger" busy={busy} onClick={() => void revoke(asking)}>{t("revoke_do")}</Button>
        </Dialog>
      )}
    </>
  );
}
