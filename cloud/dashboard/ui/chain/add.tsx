/** A new clinic: its name, then the code its computer is claimed with. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { act, newKey } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, countUp, useWords } from "../../../../shared/ui/i18n";
import { useTick, type Liveness } from "../../../../shared/ui/live";
import { WORDS } from "../words";

/** "Río Verde 2" -> "rio-verde-2": at most 40 characters, as the server wants it. */
export const shortName = (name: string): string =>
  name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-+|-+$/g, "");

export function AddDialog({ live, onClose }: { live: Liveness; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [name, setName] = useState("");
  const [id, setId] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [added, setAdded] = useState<{ id: string; name: string } | null>(null);
  const short = id ?? shortName(name);
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await act("/api/v1/sites", { id: short, name: name.trim() });
      setAdded({ id: short, name: name.trim() });
    } catch (met) {
      setProblem(met);
    } finally {
      setBusy(false);
    }
  }
  if (added) return <ClaimDialog site={added.id} name={added.name} live={live} onClose={onClose} />;
  return (
    <Dialog title={t("add")} onClose={onClose}>
      <form class="form" onSubmit={(event) => void add(event)}>
        <label>{t("name")}<input name="name" dir="auto" required maxLength={120} autocomplete="off" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
        <label>{t("id")}
          <input name="id" dir="ltr" required maxLength={40} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autocomplete="off" spellcheck={false}
            value={short} onInput={(e) => setId(e.currentTarget.value)} />
          <span class="quiet small">{t("id_hint")}</span>
        </label>
        <ProblemNote problem={problem} />
        <Button type="submit" look="main" busy={busy}>{t("create")}</Button>
      </form>
    </Dialog>
  );
}

/** Asks for a claim code at once and shows it with what to do; it is shown only here and only now. */
export function ClaimDialog({ site, name, live, onClose }: { site: string; name: string; live: Liveness; onClose: () => void }): JSX.Element {
  useTick();
  const t = useWords(WORDS);
  const [code, setCode] = useState<{ code: string; expires_at: string } | null>(null);
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<unknown>(null);
  const [key, setKey] = useState(newKey);
  useEffect(() => {
    setBusy(true);
    setProblem(null);
    act<{ code: string; expires_at: string }>(`/api/v1/sites/${encodeURIComponent(site)}/claim-codes`, {}, { key })
      .then(setCode, setProblem)
      .finally(() => setBusy(false));
  }, [key]);
  const left = code ? (Date.parse(code.expires_at) - (live.nowMs || Date.now())) / 1000 : 0;
  return (
    <Dialog title={t("claim", { name: alone(name) })} onClose={onClose}>
      {code && <p class={`big-code ${left > 0 ? "" : "over"}`} dir="ltr" data-testid="claim-code">{code.code}</p>}
      {code && (left > 0 ? (
        <>
          <p>{t("claim_do")}</p>
          <code class="order" dir="ltr">python -m edge claim {code.code} --cloud {location.origin}</code>
          <p class="quiet num">{t("claim_left", { left: alone(countUp(left)) })}</p>
        </>
      ) : <p class="note warn"><span>{t("claim_over")}</span></p>)}
      <ProblemNote problem={problem} />
      <Button busy={busy} onClick={() => setKey(newKey())}>{t("claim_another")}</Button>
    </Dialog>
  );
}
