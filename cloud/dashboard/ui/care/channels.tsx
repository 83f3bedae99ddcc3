/** How somebody is told: channels, each verified by a code that was sent there, with quiet hours. One's own, or a caregiver's. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { alone, language, useWords } from "../../../../shared/ui/i18n";
import { useDoing, type Doing } from "./doing";
import { CHANNELS } from "./channel-words";
import { subscribe } from "./push";

const KINDS = ["sms", "whatsapp", "email", "telegram", "webhook"] as const;
type Kind = (typeof KINDS)[number];
export interface Owner { site: string; kind: "caregiver"; id: string }
interface Channel { id: string; owner: { kind: "account" | "caregiver" | "person" }; kind: Kind | "push"; address: string; place: number; quiet_from: string | null; quiet_until: string | null; verified_at: string | null; off_reason: string | null }

const PATH = "/api/v1/notifications/channels";

export default function Channels({ owner = null }: { owner?: Owner | null }): JSX.Element {
  const t = useWords(CHANNELS);
  const doing = useDoing();
  const [channels, setChannels] = useState<Channel[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [secret, setSecret] = useState("");
  const [said, setSaid] = useState("");
  const asked = owner ? `?${new URLSearchParams({ site: owner.site, owner_kind: owner.kind, owner_id: owner.id })}` : "";
  const read = (): void => { setProblem(null); get<Channel[]>(`${PATH}${asked}`).then(setChannels, setProblem); };
  useEffect(read, [asked]);
  const more = { language: language(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...(owner ? { owner } : {}) };
  async function add(kind: Kind | "push", address: string): Promise<boolean> {
    const made = await doing.run<Channel & { secret?: string | null }>("add", "POST", PATH, { kind, address, ...more });
    if (made) setSecret(made.secret ?? "");
    read();
    return made !== null;
  }
  async function inBrowser(): Promise<void> {
    setSaid("");
    const outcome = await subscribe();
    if (typeof outcome === "object") setSaid((await add("push", JSON.stringify(outcome.subscription))) ? t("push_wait") : "");
    else setSaid(t(`push_${outcome}`));
  }
  if (!channels) return <ProblemNote problem={problem} onAgain={read} />;
  return (
    <div class="channels" data-testid="channels">
      {channels.length ? <ul class="rows">{channels.map((one) => <li key={one.id} data-channel={one.kind}><One channel={one} theirs={owner !== null && one.owner.kind === "account"} doing={doing} onChanged={read} say={setSaid} /></li>)}</ul> : <p class="empty">{t(owner ? "none_them" : "none")}</p>}
      <div class="body">
        <p role="status" class={said ? "note info" : ""}>{said && <span>{said}</span>}</p>
        {secret && <p>{t("secret")} <code class="secret" dir="ltr">{secret}</code></p>}
        <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
        <NewChannel busy={doing.busy === "add"} onAdd={add} />
        {!owner && <Button busy={doing.busy === "add"} onClick={() => void inBrowser()}>{t("push_on")}</Button>}
      </div>
    </div>
  );
}

/** theirs: entered by the caregiver, who alone may change it. */
function One({ channel, theirs, doing, onChanged, say }: { channel: Channel; theirs: boolean; doing: Doing; onChanged: () => void; say: (text: string) => void }): JSX.Element {
  const t = useWords(CHANNELS);
  const [code, setCode] = useState("");
  const [from, setFrom] = useState(channel.quiet_from ?? "");
  const [until, setUntil] = useState(channel.quiet_until ?? "");
  const path = `${PATH}/${encodeURIComponent(channel.id)}`;
  const run = async (name: string, method: "POST" | "PATCH" | "DELETE", to: string, body: object = {}): Promise<boolean> => {
    const done = await doing.run(`${name} ${channel.id}`, method, to, body);
    onChanged();
    return done !== null;
  };
  const busy = (name: string): boolean => doing.busy === `${name} ${channel.id}`;
  const changed = from !== (channel.quiet_from ?? "") || until !== (channel.quiet_until ?? "");
  return (
    <div class="channel">
      <div class="what">
        <strong>{t(channel.kind)}</strong> <bdi dir="ltr" class="quiet">{channel.address}</bdi>
        <small>
          <span class={`badge ${channel.off_reason ? "bad" : channel.verified_at ? "good" : "warn"}`}>{channel.off_reason ? t("off", { why: alone(channel.off_reason) }) : channel.verified_at ? t("verified") : t("not_verified")}</span>
          <span>{channel.place === 1 ? t("first") : t("order", { n: channel.place })}</span>
        </small>
      </div>
      {theirs && <p class="quiet">{t("by_themselves")}</p>}
      {!theirs && !channel.verified_at && !channel.off_reason && (
        <form class="form row" onSubmit={(e) => { e.preventDefault(); void run("verify", "POST", `${path}/verify`, { code: code.trim() }); }}>
          <label>{t("code")}<input name="code" dir="ltr" inputMode="numeric" autocomplete="one-time-code" pattern="\s*\d{6}\s*" required maxLength={8} value={code} onInput={(e) => setCode(e.currentTarget.value)} /></label>
          <Button type="submit" look="main" busy={busy("verify")}>{t("verify")}</Button>
          <Button look="quiet" busy={busy("code")} onClick={() => void run("code", "POST", `${path}/code`).then((ok) => ok && say(t("sent_again")))}>{t("again")}</Button>
        </form>
      )}
      {!theirs && <form class="form row" onSubmit={(e) => { e.preventDefault(); void run("quiet", "PATCH", path, { quiet_from: from || null, quiet_until: until || null }); }}>
        <label>{t("quiet")}<input type="time" name="quiet_from" required={!!until} value={from} onInput={(e) => setFrom(e.currentTarget.value)} /></label>
        <label>{t("until")}<input type="time" name="quiet_until" required={!!from} value={until} onInput={(e) => setUntil(e.currentTarget.value)} /></label>
        {changed && <Button type="submit" look="main" busy={busy("quiet")}>{t("save")}</Button>}
        <Button look="danger" busy={busy("remove")} onClick={() => void run("remove", "DELETE", path)}>{t("remove")}</Button>
      </form>}
      {!theirs && <p class="quiet small">{t("quiet_hint")}</p>}
    </div>
  );
}

function NewChannel({ busy, onAdd }: { busy: boolean; onAdd: (kind: Kind, address: string) => Promise<boolean> }): JSX.Element {
  const t = useWords(CHANNELS);
  const [kind, setKind] = useState<Kind>("sms");
  const [address, setAddress] = useState("");
  return (
    <form class="form" onSubmit={(e) => { e.preventDefault(); void onAdd(kind, address.trim()).then((ok) => ok && setAddress("")); }}>
      <div class="fields">
        <label>{t("kind")}<select name="kind" value={kind} onChange={(e) => setKind(e.currentTarget.value as Kind)}>{KINDS.map((one) => <option key={one} value={one}>{t(one)}</option>)}</select></label>
        <label>{t(`ask_${kind}`)}<input name="address" dir="ltr" autocomplete="off" required maxLength={2000} value={address} onInput={(e) => setAddress(e.currentTarget.value)} /></label>
      </div>
      <Button type="submit" look="main" busy={busy}>{t("add")}</Button>
    </form>
  );
}
