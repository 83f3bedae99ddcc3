/** Who is told of a patient, whose patient it is, the patient's own day, what is held back, and what is on its way to the clinic. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { alone, isLanguage, LANGUAGES, useWords, type Language } from "../../../../shared/ui/i18n";
import Channels from "../care/channels";
import { useDoing } from "../care/doing";
import { Moment, Part } from "../care/parts";
import { CARE } from "../care/words";
import { ID, type Caregiver, type Doctor, type Hold, type Patient, type Plan, type Requested } from "./asked";
import { momentIn } from "./moments";
import { MORE } from "./more-words";
import { WHEN } from "./plan-body";
import { WORDS } from "./words";

const PERSON = `/api/v1/patients/${encodeURIComponent(ID)}`;
const PLACES_MAX = 20;

export function Caregivers({ patient, caregivers, onChanged }: { patient: Patient; caregivers: Caregiver[]; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const doing = useDoing();
  const [ask, setAsk] = useState<"add" | { remove: Caregiver } | { channels: Caregiver } | null>(null);
  const remove = async (one: Caregiver): Promise<void> => {
    if (await doing.run("remove", "DELETE", `${PERSON}/caregivers/${encodeURIComponent(one.id)}`)) { setAsk(null); onChanged(); }
  };
  return (
    <Part title={t("caregivers")} count={caregivers.length} empty={caregivers.length ? undefined : t("no_caregivers")} testid="caregivers" tools={<Button look="quiet" onClick={() => setAsk("add")}>+ {t("add_caregiver")}</Button>}
      also={<>
        {ask === "add" && <AddCaregiver next={Math.min(PLACES_MAX, caregivers.length + 1)} onClose={() => setAsk(null)} onDone={() => { setAsk(null); onChanged(); }} />}
        {ask && ask !== "add" && "remove" in ask && (
          <Dialog title={care("remove")} onClose={() => setAsk(null)}>
            <p>{t("remove_sure", { name: alone(ask.remove.name) })}</p>
            <ProblemNote problem={doing.problem} />
            <Button look="danger" busy={doing.busy !== ""} onClick={() => void remove(ask.remove)}>{care("remove")}</Button>
          </Dialog>
        )}
        {ask && ask !== "add" && "channels" in ask && <Dialog title={`${t("channels")}: ${ask.channels.name}`} onClose={() => setAsk(null)}><Channels owner={{ site: patient.site, kind: "caregiver", id: ask.channels.id }} /></Dialog>}
      </>}>
      <ul class="rows">
        {caregivers.map((one) => (
          <li key={one.id}>
            <span class="due num">{t("place_is", { n: one.place })}</span>
            <div class="what"><strong dir="auto">{one.name}</strong><span class="quiet" dir="auto">{one.relation}</span><small>{one.account && <span>{t("signs_in", { name: alone(one.account) })}</span>}{isLanguage(one.language) && <span>{LANGUAGES[one.language].name}</span>}</small></div>
            <div class="do"><Button look="quiet" onClick={() => setAsk({ channels: one })}>{t("channels")}</Button><Button look="quiet" onClick={() => setAsk({ remove: one })}>{care("remove")}</Button></div>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function AddCaregiver({ next, onClose, onDone }: { next: number; onClose: () => void; onDone: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const doing = useDoing();
  const [given, setGiven] = useState({ name: "", relation: "", place: String(next), account: "", language: "" });
  const field = (name: keyof typeof given) => ({ name, value: given[name], onInput: (e: { currentTarget: HTMLInputElement }) => setGiven({ ...given, [name]: e.currentTarget.value }) });
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { name: given.name.trim(), relation: given.relation.trim(), place: Number(given.place), account: given.account.trim() || null, language: (given.language || null) as Language | null };
    if (await doing.run("add", "POST", `${PERSON}/caregivers`, body)) onDone();
  };
  return (
    <Dialog title={t("add_caregiver")} onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <label>{care("name")}<input dir="auto" autocomplete="off" required maxLength={120} {...field("name")} /></label>
        <label>{t("relation")}<input dir="auto" autocomplete="off" maxLength={200} {...field("relation")} /></label>
        <div class="fields">
          <label>{t("place")}<input type="number" min={1} max={PLACES_MAX} required {...field("place")} /></label>
          <label>{care("language")}<select name="language" value={given.language} onChange={(e) => setGiven({ ...given, language: e.currentTarget.value })}><option value="">{care("lang_patient")}</option>{Object.entries(LANGUAGES).map(([code, one]) => <option key={code} value={code}>{one.name}</option>)}</select></label>
        </div>
        <label>{t("account")}<input dir="ltr" autocomplete="off" maxLength={80} {...field("account")} /></label>
        <ProblemNote problem={doing.problem} />
        <Button type="submit" look="main" busy={doing.busy !== ""}>{care("add")}</Button>
      </form>
    </Dialog>
  );
}

export function Doctors({ patient, doctors, onChanged }: { patient: Patient; doctors: Doctor[]; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const doing = useDoing();
  const [all, setAll] = useState<Doctor[]>([]);
  const [chosen, setChosen] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => { get<Doctor[]>(`/api/v1/care/sites/${encodeURIComponent(patient.site)}/doctors`).then(setAll, setProblem); }, [patient.site]);
  const told = doing.problem ?? problem;
  const others = all.filter((one) => !doctors.some((mine) => mine.id === one.id));
  const set = async (method: "PUT" | "DELETE", id: string): Promise<void> => {
    if (await doing.run(id, method, `${PERSON}/doctors/${encodeURIComponent(id)}`)) { setChosen(""); onChanged(); }
  };
  return (
    <Part title={t("doctors")} count={doctors.length} testid="doctors">
      {doctors.length ? <ul class="rows">{doctors.map((one) => <li key={one.id}><div class="what"><strong dir="auto">{one.name}</strong><span class="quiet" dir="auto">{one.specialization}</span></div><Button look="quiet" busy={doing.busy === one.id} onClick={() => void set("DELETE", one.id)}>{care("remove")}</Button></li>)}</ul> : <p class="empty">{t("no_doctors")}</p>}
      {(others.length > 0 || !!told) && (
        <div class="body">
          <ProblemNote problem={told} />
          {others.length > 0 && (
            <form class="form row" onSubmit={(e) => { e.preventDefault(); if (chosen) void set("PUT", chosen); }}>
              <label>{t("add_doctor")}<select name="doctor" value={chosen} onChange={(e) => setChosen(e.currentTarget.value)}><option value="">–</option>{others.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select></label>
              <Button type="submit" disabled={!chosen}>{care("add")}</Button>
            </form>
          )}
        </div>
      )}
    </Part>
  );
}

export function MealTimes({ meals, onChanged }: { meals: Record<string, string>; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const page = useWords(WORDS);
  const care = useWords(CARE);
  const doing = useDoing();
  const [given, setGiven] = useState<Record<string, string> | null>(null);
  const [sent, setSent] = useState(false);
  const times = given ?? meals;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const said = Object.fromEntries(Object.entries(times).filter(([, time]) => time));
    if (await doing.run("meals", "PUT", `${PERSON}/meal-times`, { times: said })) { setSent(true); onChanged(); }
  };
  return (
    <Part title={t("meals")} hint={t("meals_hint")} testid="meals">
      <form class="form body" onSubmit={(event) => void send(event)}>
        <div class="fields small-fields">{WHEN.map((code) => <label key={code}>{page(code)}<input type="time" name={code} value={times[code] ?? ""} onInput={(e) => { setSent(false); setGiven({ ...times, [code]: e.currentTarget.value }); }} /></label>)}</div>
        <ProblemNote problem={doing.problem} />
        <div class="row"><Button type="submit" look="main" busy={doing.busy !== ""} disabled={given === null}>{care("save")}</Button><span role="status">{sent && t("saved")}</span></div>
      </form>
    </Part>
  );
}

export function Holds({ holds, plans, patient, today, onChanged }: { holds: Hold[]; plans: Plan[]; patient: Patient; today: string; onChanged: () => void }): JSX.Element {
  const t = useWords(MORE);
  const care = useWords(CARE);
  const doing = useDoing();
  const [asking, setAsking] = useState(false);
  const [given, setGiven] = useState({ from: `${today}T00:00`, until: "", what: "", reason: "" });
  const items = plans.filter((one) => one.status === "active").flatMap((plan) => plan.items.map((item) => ({ plan: plan.id, item: item.id ?? "", name: item.medication })));
  const named = (hold: Hold): string => (hold.item_id ? items.find((one) => one.plan === hold.plan_id && one.item === hold.item_id)?.name : hold.plan_id ? items.filter((one) => one.plan === hold.plan_id).map((one) => one.name).join(", ") : undefined) ?? t("everything");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const [plan, item] = given.what ? given.what.split("/") : [];
    const body = { patient_id: ID, from_at: momentIn(given.from, patient.timezone), until_at: momentIn(given.until, patient.timezone), reason: given.reason.trim(), ...(plan ? { plan_id: plan, item_id: item } : {}) };
    if (await doing.run("hold", "POST", "/api/v1/holds", body)) { setAsking(false); onChanged(); }
  };
  const end = async (hold: Hold): Promise<void> => {
    if (await doing.run(hold.id, "DELETE", `/api/v1/holds/${encodeURIComponent(hold.id)}`)) onChanged();
  };
  return (
    <Part title={t("holds")} count={holds.length} empty={holds.length ? undefined : t("no_holds")} testid="holds" tools={<Button look="quiet" onClick={() => setAsking(true)}>+ {t("hold")}</Button>}
      also={asking && (
        <Dialog title={t("hold")} onClose={() => setAsking(false)}>
          <form class="form" onSubmit={(event) => void send(event)}>
            <label>{t("hold_what")}<select name="what" value={given.what} onChange={(e) => setGiven({ ...given, what: e.currentTarget.value })}><option value="">{t("everything")}</option>{items.map((one) => <option key={`${one.plan}/${one.item}`} value={`${one.plan}/${one.item}`}>{one.name}</option>)}</select></label>
            <div class="fields moments">
              <label>{care("from")}<input type="datetime-local" name="from" required value={given.from} onInput={(e) => setGiven({ ...given, from: e.currentTarget.value })} /></label>
              <label>{care("to")}<input type="datetime-local" name="until" required min={given.from} value={given.until} onInput={(e) => setGiven({ ...given, until: e.currentTarget.value })} /></label>
            </div>
            <label>{care("reason")}<input name="reason" dir="auto" required maxLength={120} value={given.reason} onInput={(e) => setGiven({ ...given, reason: e.currentTarget.value })} /></label>
            <ProblemNote problem={doing.problem} />
            <Button type="submit" look="main" busy={doing.busy !== ""}>{t("hold")}</Button>
          </form>
        </Dialog>
      )}>
      <ul class="rows">
        {holds.map((one) => <li key={one.id}><div class="what"><strong dir="auto">{named(one)}</strong><span class="quiet" dir="auto">{one.reason}</span><small><Moment at={one.from_at} zone={patient.timezone} /> – <Moment at={one.until_at} zone={patient.timezone} /></small></div><Button look="quiet" busy={doing.busy === one.id} onClick={() => void end(one)}>{t("end_hold")}</Button></li>)}
      </ul>
    </Part>
  );
}

export function Asked({ requests, zone }: { requests: Requested[]; zone: string }): JSX.Element {
  const t = useWords(MORE);
  const page = useWords(WORDS);
  const named = (kind: Requested["kind"]): string => t(kind === "end_hold" ? "end_hold_kind" : kind);
  const state = (one: string): string => (one === "published" || one === "received" || one === "applied" || one === "failed" || one === "expired" ? page(one) : one);
  return (
    <Part title={t("asked")} empty={requests.length ? undefined : t("no_asked")} testid="asked">
      <ul class="rows">
        {requests.slice(0, 8).map((one) => <li key={one.id} data-state={one.state}><div class="what"><span>{named(one.kind)}</span><small><Moment at={one.at} zone={zone} />{one.detail && <bdi>{one.detail}</bdi>}</small></div><span class={`badge ${one.state === "applied" ? "good" : one.state === "failed" || one.state === "expired" ? "bad" : "pale"}`}>{state(one.state)}</span></li>)}
      </ul>
    </Part>
  );
}
