/** Recordings of a patient, and the search over them: by meaning where head office has a model for it, else by the words. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { Part } from "../care/parts";
import type { Note, Patient } from "./asked";
import { MORE } from "./more-words";
import { NOTE } from "./note-words";
import { Spoken } from "./spoken";

const FOUND_MAX = 10;
const QUERY_CHARS_MAX = 300;

interface Found { method: "meaning" | "words"; notes: { id: string }[] }
/** `notes`: null while they are looked for, or where that failed. */
interface Search { q: string; notes: Note[] | null; method: Found["method"]; problem: unknown }

export function Notes({ notes, patient, onChanged }: { notes: Note[]; patient: Patient; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const say = useWords(NOTE);
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState<Search | null>(null);
  const asked = useRef(0);
  const find = async (q: string): Promise<void> => {
    const turn = ++asked.current;
    const show = (more: Partial<Search>): void => { if (turn === asked.current) setSearch({ q, notes: null, method: "words", problem: null, ...more }); };
    show({});
    try {
      const found = await get<Found>(`/api/v1/voice/search?${new URLSearchParams({ patient_id: patient.id, site: patient.site, q, limit: String(FOUND_MAX) })}`);
      show({ method: found.method, notes: await Promise.all(found.notes.map((one) => get<Note>(`/api/v1/voice/${encodeURIComponent(one.id)}`))) });
    } catch (problem) {
      show({ problem });
    }
  };
  const end = (): void => { asked.current++; setSearch(null); setTyped(""); };
  const changed = (): void => { onChanged(); if (search) void find(search.q); };
  const listed = search ? (search.notes ?? []) : notes;
  const empty = search ? (search.notes && !listed.length ? say("nothing") : undefined) : notes.length ? undefined : t("no_notes");
  return (
    <Part title={t("notes")} count={listed.length} testid="notes" hint={search?.notes?.length ? say(search.method === "meaning" ? "by_meaning" : "by_words") : undefined}>
      {(notes.length > 0 || search) && (
        <form class="form find" role="search" onSubmit={(e) => { e.preventDefault(); void find(typed.trim()); }}>
          <label>{say("search")}<input type="search" name="said" dir="auto" autocomplete="off" required minLength={2} maxLength={QUERY_CHARS_MAX} value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></label>
          <Button type="submit" busy={!!search && !search.notes && !search.problem}>{say("find")}</Button>
          {search && <Button look="quiet" onClick={end}>{say("all")}</Button>}
        </form>
      )}
      {search?.problem ? <div class="find"><ProblemNote problem={search.problem} onAgain={() => void find(search.q)} /></div> : null}
      {search && !search.notes && !search.problem && <p class="empty" aria-busy="true">{say("searching")}</p>}
      {empty && <p class="empty" role="status">{empty}</p>}
      <ul class="rows spoken">{listed.map((one) => <li key={one.id} data-note={one.id}><Spoken note={one} zone={patient.timezone} onChanged={changed} /></li>)}</ul>
    </Part>
  );
}
