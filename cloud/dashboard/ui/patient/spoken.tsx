/** One recording: what was said, what was found in it, asked and answered, and the sound at just the words it was found in. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { complaint } from "../../../../shared/ui/complaints";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { useFlags } from "../../../../shared/ui/flag-words";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { useDoing } from "../care/doing";
import { Moment } from "../care/parts";
import type { Note, Question } from "./asked";
import { MORE } from "./more-words";
import { NOTE } from "./note-words";

const LEAD_S = 0.2; // the first sound of a word is not cut off
const TOPICS = ["when", "how_much", "what_for", "missed", "how_to_take", "stop", "interaction", "other", "unknown"] as const;
interface Span { start_s: number | null; end_s: number | null }

export function Spoken({ note, zone, onChanged }: { note: Note; zone: string; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const say = useWords(NOTE);
  const flags = useFlags(note.items.some((one) => one.kind === "red_flag"));
  const sound = useRef<HTMLAudioElement>(null);
  const until = useRef(Infinity);
  const play = (item: Span): void => {
    const audio = sound.current;
    if (!audio || item.start_s === null) return;
    until.current = item.end_s === null ? Infinity : item.end_s + LEAD_S;
    audio.currentTime = Math.max(0, item.start_s - LEAD_S);
    audio.play().catch(() => { /* the player itself shows that it cannot */ });
  };
  const playing = (one: Span): JSX.Element | false => note.has_audio && one.start_s !== null && one.end_s !== null && <Button look="quiet" onClick={() => play(one)}>▶ {t("play", { from: one.start_s.toFixed(1), to: one.end_s.toFixed(1) })}</Button>;
  const kind = (one: string): string => (one === "symptom" || one === "question" || one === "urgency" || one === "red_flag" ? t(one) : one);
  const topic = (one: string): string => { const known = TOPICS.find((name) => name === one); return known ? say(known) : one.replaceAll("_", " "); };
  const read = note.status === "failed" ? t("failed_note") : note.status === "analysed" || note.status === "rules_only" || note.status === "stored" || note.status === "said" ? t(note.status) : note.status;
  const answered = (quote: string): boolean => note.questions.some((one) => one.quote === quote);
  const items = note.items.filter((one) => one.kind !== "question" || !answered(one.quote));
  return (
    <>
      <p class="facts"><Moment at={note.recorded_at} zone={zone} /> <span class="badge pale">{read}</span></p>
      <Look note={note} zone={zone} onChanged={onChanged} />
      {note.transcript ? <blockquote dir="auto" lang={note.language ?? undefined}>{marked(note)}</blockquote> : <p class="quiet">{t("wordless")}</p>}
      {note.has_audio
        ? <audio ref={sound} controls preload="metadata" src={`/api/v1/voice/${encodeURIComponent(note.id)}/audio`} onPlay={(e) => { if (e.currentTarget.currentTime >= until.current) until.current = Infinity; }}
            onTimeUpdate={(e) => { if (e.currentTarget.currentTime >= until.current) { until.current = Infinity; e.currentTarget.pause(); } }} />
        : <p class="quiet">{t("no_audio")}</p>}
      {items.length > 0 && (
        <ul class="found">
          {items.map((one, at) => (
            <li key={at}>
              <span class={`badge ${one.kind === "red_flag" || one.kind === "urgency" ? "warn" : "pale"}`}>{kind(one.kind)}</span>
              <bdi>{one.kind === "red_flag" ? flags(one.value) : one.kind === "symptom" ? complaint(one.value) : one.kind === "question" ? topic(one.value) : one.value.replaceAll("_", " ")}</bdi> <q><bdi>{one.quote}</bdi></q>
              {playing(one)}
            </li>
          ))}
        </ul>
      )}
      {note.questions.length > 0 && (
        <ul class="questions" data-testid="questions">
          {note.questions.map((one, at) => (
            <li key={at}>
              <p class="found-line"><span class="badge pale">{t("question")}</span> <bdi>{topic(one.topic)}</bdi>{one.medication && <bdi>{one.medication}</bdi>} <q><bdi>{one.quote}</bdi></q> {playing(one)}</p>
              <Answer question={one} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Answer({ question }: { question: Question }): JSX.Element {
  const say = useWords(NOTE);
  return (
    <div class="answer" data-from={question.answered_from}>
      <p><strong>{say("answer")}</strong> <span class={`badge ${question.answered_from === "clinic" ? "warn" : "pale"}`}>{say(question.answered_from)}</span></p>
      <p dir="auto" lang={question.language}>{question.answer}</p>
      <p class="quiet">{say("found_by")} {say("untold")}</p>
    </div>
  );
}

/** The badge of a recording that asks for a person, until somebody by name has looked; it never changes the urgency. */
function Look({ note, zone, onChanged }: { note: Note; zone: string; onChanged: () => void }): JSX.Element | null {
  const say = useWords(NOTE);
  const doing = useDoing();
  if (!note.to_look_at) return note.looked_by && note.looked_at ? <p class="quiet" data-testid="looked">{say("looked_by", { name: alone(note.looked_by) })} · <Moment at={note.looked_at} zone={zone} /></p> : null;
  const looked = async (): Promise<void> => {
    if (await doing.run("looked", "POST", `/api/v1/voice/${encodeURIComponent(note.id)}/looked-at`, { version: note.version })) onChanged();
  };
  return (
    <div class="look" data-testid="look">
      {note.review && <span class="badge warn">{say("raised", { n: note.raised_by_model })}</span>}
      {note.needs_human && <span class="badge warn">{say("look")}</span>}
      <Button busy={doing.busy !== ""} onClick={() => void looked()}>{say("looked")}</Button>
      <span class="quiet">{say("looked_hint")}</span>
      <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
    </div>
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
