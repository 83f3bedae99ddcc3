/** Recordings of a patient: what was said, what was found in it, and the sound at just the words it was found in. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Button } from "../../../../shared/ui/components";
import { useFlags } from "../../../../shared/ui/flag-words";
import { useWords } from "../../../../shared/ui/i18n";
import { Moment, Part } from "../care/parts";
import type { Note, NoteItem } from "./asked";
import { complaint } from "./insight-words";
import { MORE } from "./more-words";

const LEAD_S = 0.2; // the first sound of a word is not cut off

export function Notes({ notes, zone }: { notes: Note[]; zone: string }): JSX.Element {
  const t = useWords(MORE);
  return (
    <Part title={t("notes")} count={notes.length} empty={notes.length ? undefined : t("no_notes")} testid="notes">
      <ul class="rows spoken">{notes.map((one) => <li key={one.id} data-note={one.id}><Spoken note={one} zone={zone} /></li>)}</ul>
    </Part>
  );
}

function Spoken({ note, zone }: { note: Note; zone: string }): JSX.Element {
  const t = useWords(MORE);
  const flags = useFlags(note.items.some((one) => one.kind === "red_flag"));
  const sound = useRef<HTMLAudioElement>(null);
  const until = useRef(Infinity);
  const play = (item: NoteItem): void => {
    const audio = sound.current;
    if (!audio || item.start_s === null) return;
    until.current = item.end_s === null ? Infinity : item.end_s + LEAD_S;
    audio.currentTime = Math.max(0, item.start_s - LEAD_S);
    audio.play().catch(() => { /* the player itself shows that it cannot */ });
  };
  const kind = (one: NoteItem): string => (one.kind === "symptom" || one.kind === "question" || one.kind === "urgency" || one.kind === "red_flag" ? t(one.kind) : one.kind);
  const read = note.status === "failed" ? t("failed_note") : note.status === "analysed" || note.status === "rules_only" || note.status === "stored" || note.status === "said" ? t(note.status) : note.status;
  return (
    <>
      <p class="facts"><Moment at={note.recorded_at} zone={zone} /> <span class="badge pale">{read}</span></p>
      {note.transcript ? <blockquote dir="auto" lang={note.language ?? undefined}>{marked(note)}</blockquote> : <p class="quiet">{t("wordless")}</p>}
      {note.has_audio
        ? <audio ref={sound} controls preload="metadata" src={`/api/v1/voice/${encodeURIComponent(note.id)}/audio`} onPlay={(e) => { if (e.currentTarget.currentTime >= until.current) until.current = Infinity; }}
            onTimeUpdate={(e) => { if (e.currentTarget.currentTime >= until.current) { until.current = Infinity; e.currentTarget.pause(); } }} />
        : <p class="quiet">{t("no_audio")}</p>}
      {note.items.length > 0 && (
        <ul class="found">
          {note.items.map((one, at) => (
            <li key={at}>
              <span class={`badge ${one.kind === "red_flag" || one.kind === "urgency" ? "warn" : "pale"}`}>{kind(one)}</span>
              <bdi>{one.kind === "red_flag" ? flags(one.value) : one.kind === "symptom" ? complaint(one.value) : one.value.replaceAll("_", " ")}</bdi> <q><bdi>{one.quote}</bdi></q>
              {note.has_audio && one.start_s !== null && one.end_s !== null && <Button look="quiet" onClick={() => play(one)}>▶ {t("play", { from: one.start_s.toFixed(1), to: one.end_s.toFixed(1) })}</Button>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The transcript with the quoted words marked. */
function marked(note: Note): (string | JSX.Element)[] {
  const low = note.transcript.toLowerCase();
  const at = note.items.map((one) => [low.indexOf(one.quote.toLowerCase()), one.quote.length] as const).filter(([from, length]) => from >= 0 && length > 0).sort((a, b) => a[0] - b[0]);
  const parts: (string | JSX.Element)[] = [];
  let end = 0;
  for (const [from, length] of at) {
    if (from < end) continue;
    parts.push(note.transcript.slice(end, from), <mark key={from}>{note.transcript.slice(from, from + length)}</mark>);
    end = from + length;
  }
  return [...parts, note.transcript.slice(end)];
}
