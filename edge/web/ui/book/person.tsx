/** Whom to book: somebody known, found by name or phone, or somebody new. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import type { Patient } from "../parts/fetched";
import { useFirstFocus } from "../parts/focus";
import { ActProblem, type Staff } from "../parts/frame";
import type { Where } from "./book";
import { WORDS } from "./words";

const PAUSE_MS = 250;
const KINDS = ["ONLINE", "FOLLOWUP", "PRIORITY_PAID", "EMERGENCY"] as const;

export default function PersonDialog({ staff, where, time, onClose }: { staff: Staff; where: Where; time: string; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const { acts } = staff;
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<Patient[] | null>(null);
  const [person, setPerson] = useState<Patient | "new" | null>(null);
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [reason, setReason] = useState("");
  const [kind, setKind] = useState<(typeof KINDS)[number]>("ONLINE");
  const [override, setOverride] = useState("");
  useFirstFocus(person);
  const second = (acts.problem as { code?: string } | null)?.code === "double_booking";
  useEffect(() => {
    const wanted = search.trim();
    if (wanted.length < 2) return setFound(null);
    let stays = true;
    const timer = setTimeout(() => void get<Patient[]>(`/api/v1/patients?limit=8&q=${encodeURIComponent(wanted)}`).then((list) => stays && setFound(list), () => stays && setFound([])), PAUSE_MS);
    return () => { stays = false; clearTimeout(timer); };
  }, [search]);
  async function book(event: Event): Promise<void> {
    event.preventDefault();
    const who = person === "new" ? { patient: { name: name.trim(), ...(phone.trim() && { phone: phone.trim() }) } } : { patient_id: person?.id };
    const body = { ...where, ...who, category: kind, ...(reason.trim() && { reason: reason.trim() }), ...(override.trim() && { override: override.trim() }) };
    if (await acts.deed({ verb: "book", target: "", body })) onClose();
  }
  return (
    <Dialog title={t("book_at", { time })} onClose={onClose}>
      {person === null ? (
        <div class="form">
          <label>{t("who")}<input type="search" name="search" autofocus autocomplete="off" dir="auto" placeholder={t("search")} value={search} onInput={(e) => setSearch(e.currentTarget.value)} /></label>
          <div class="choices one">
            {found?.map((one) => <Button key={one.id} onClick={() => setPerson(one)}><bdi>{one.name}</bdi> <span class="quiet num" dir="ltr">{one.phone}</span></Button>)}
          </div>
          {found?.length === 0 && <p class="quiet" role="status">{t("found_none")}</p>}
          <Button look="quiet" onClick={() => { setName(/\d/.test(search) ? "" : search.trim()); setPhone(/\d/.test(search) ? search.trim() : ""); setPerson("new"); }}>{t("new_person")}</Button>
        </div>
      ) : (
        <form class="form two" onSubmit={(event) => void book(event)}>
          {person === "new" ? (
            <>
              <label>{t("name")}<input name="name" required autofocus maxLength={120} autocomplete="off" dir="auto" value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
              <label>{t("phone")}<input name="phone" type="tel" maxLength={32} autocomplete="off" dir="ltr" value={phone} onInput={(e) => setPhone(e.currentTarget.value)} /></label>
            </>
          ) : (
            <p class="wide"><strong dir="auto">{person.name}</strong> <span class="quiet num" dir="ltr">{person.phone}</span></p>
          )}
          <label>{t("reason")}<input name="reason" autofocus={person !== "new"} maxLength={200} autocomplete="off" dir="auto" value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
          <label>{t("kind")}
            <select name="kind" value={kind} onChange={(e) => setKind(e.currentTarget.value as typeof kind)}>{KINDS.map((one) => <option key={one} value={one}>{t(one)}</option>)}</select>
          </label>
          {second && <label class="wide">{t("second")}<input name="override" required maxLength={120} dir="auto" value={override} onInput={(e) => setOverride(e.currentTarget.value)} /><small class="quiet">{t("second_hint")}</small></label>}
          <div class="wide"><ActProblem acts={acts} /></div>
          <Button type="submit" look="main" busy={!!acts.busy}>{t("ok")}</Button>
          <Button look="quiet" onClick={() => { acts.dismiss(); setPerson(null); }}>{t("change")}</Button>
        </form>
      )}
    </Dialog>
  );
}
