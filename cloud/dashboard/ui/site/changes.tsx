/** Changes for a clinic: a form that publishes a command, and how far each one is. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { act, newKey, Problem } from "../../../../shared/ui/api";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import { Moment } from "./parts";
import type { Command, Service } from "../states";
import { WORDS } from "../words";

const KINDS = ["add_doctor", "rename_service", "add_service"] as const;
type Kind = (typeof KINDS)[number];

/** 128 random bits as a version 4 UUID: the doctor's id is known before the clinic answers. */
function newUuid(): string {
  const hex = newKey();
  const variant = ((parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export function ChangeForm({ site, services, onSent }: { site: string; services: Service[]; onSent: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [kind, setKind] = useState<Kind>("add_doctor");
  const [fields, setFields] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [failed, setFailed] = useState<{ problem: unknown; key: string; body: Record<string, string> } | null>(null);
  const value = (name: string): string => fields[name] ?? "";
  const letter = fields["letter"] ?? services[0]?.letter ?? "";

  function bodyOf(): Record<string, string> {
    if (kind === "add_doctor") {
      const body: Record<string, string> = { doctor_id: newUuid(), name: value("name").trim(), room: value("room").trim(), specialization: value("specialization").trim() };
      return letter ? { ...body, service: letter } : body;
    }
    const name = kind === "rename_service" ? value("new_name") : value("service_name");
    return { letter: kind === "rename_service" ? letter : value("new_letter").toUpperCase(), name: name.trim() };
  }
  async function publish(body: Record<string, string>, key: string): Promise<void> {
    if (busy) return;
    setBusy(true);
    setSent(false);
    setFailed(null);
    try {
      await act(`/api/v1/sites/${encodeURIComponent(site)}/commands`, { kind, body }, { key });
      setFields({});
      setSent(true);
      onSent();
    } catch (problem) {
      setFailed({ problem, key, body });
    } finally {
      setBusy(false);
    }
  }
  const field = (name: string, label: Parameters<typeof t>[0], more: { required?: boolean; maxLength?: number; pattern?: string } = {}): JSX.Element => (
    <label>{t(label)}
      <input name={name} dir="auto" autocomplete="off" maxLength={120} {...more} value={value(name)} onInput={(e) => setFields({ ...fields, [name]: e.currentTarget.value })} />
    </label>
  );
  const choice = (
    <label>{t("service")}
      <select name="letter" value={letter} onChange={(e) => setFields({ ...fields, letter: e.currentTarget.value })} required={kind === "rename_service"}>
        {services.map((one) => <option key={one.letter} value={one.letter}>{one.letter} · {one.name}</option>)}
      </select>
    </label>
  );
  return (
    <form class="form change" onSubmit={(event) => { event.preventDefault(); void publish(bodyOf(), newKey()); }}>
      <div class="switch" role="group">
        {KINDS.map((one) => (
          <button type="button" key={one} aria-pressed={kind === one} onClick={() => { setKind(one); setSent(false); setFailed(null); }}>{t(one)}</button>
        ))}
      </div>
      <div class="fields">
        {kind === "add_doctor" && <>{field("name", "doctor_name", { required: true })}{field("room", "room", { maxLength: 20 })}{field("specialization", "specialization")}{services.length > 0 && choice}</>}
        {kind === "rename_service" && <>{choice}{field("new_name", "new_name", { required: true })}</>}
        {kind === "add_service" && <>{field("new_letter", "letter", { required: true, maxLength: 1, pattern: "[A-Za-z]" })}{field("service_name", "service_name", { required: true })}</>}
      </div>
      <ProblemNote problem={failed?.problem} onAgain={failed?.problem instanceof Problem && failed.problem.again ? () => void publish(failed.body, failed.key) : undefined} />
      <div class="row">
        <Button type="submit" look="main" busy={busy} disabled={kind === "rename_service" && !services.length}>{t("send")}</Button>
        <span role="status" class="good">{sent && t("sent")}</span>
      </div>
    </form>
  );
}

const STEPS = ["published", "received", "applied"] as const;

export function Commands({ commands, zone }: { commands: Command[]; zone?: string }): JSX.Element {
  const t = useWords(WORDS);
  const known = (kind: string): string => (["add_doctor", "change_doctor", "add_service", "rename_service"].includes(kind) ? t(kind as Kind) : kind === "request_booking" ? t("request_booking") : kind);
  if (!commands.length) return <p class="empty">{t("no_commands")}</p>;
  return (
    <ul class="commands">
      {commands.map((command) => {
        const { name, letter, room } = command.body as Record<string, string | undefined>;
        const bad = command.state === "failed" || command.state === "expired";
        const reached = bad ? 2 : STEPS.indexOf(command.state as (typeof STEPS)[number]);
        return (
          <li key={command.command_id} data-state={command.state}>
            <div class="what"><strong>{known(command.kind)}</strong> <span dir="auto">{[letter, name, room && place(t("room_is"), room)].filter(Boolean).join(" · ")}</span></div>
            <ol class="steps" aria-label={t(command.state)}>
              {STEPS.map((step, at) => (
                <li key={step} class={at > reached ? "open" : bad && at === 2 ? "bad" : "done"}>{bad && at === 2 ? t(command.state) : t(step)}</li>
              ))}
            </ol>
            <Moment ms={command.at} zone={zone} />
            {command.detail && <p class={bad ? "bad" : "quiet"} dir="auto">{command.detail}</p>}
          </li>
        );
      })}
    </ul>
  );
}
