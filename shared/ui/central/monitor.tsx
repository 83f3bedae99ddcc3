/** The test page of seed 004: choose a date, subscribe, watch every doctor's queue live. At head office: of every clinic. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, LanguagePicker, Token } from "../components";
import { alone, clockTime, useWords } from "../i18n";
import { type Appointment, Central, type CentralQueue, type Heard, type Line, PATH, type Site } from "./socket";
import { WORDS } from "./words";
import "./central.css";

const SHOWN = 8;

function Visit({ one }: { one: Appointment }): JSX.Element {
  const t = useWords(WORDS);
  const status = (one.queue?.status ?? one.status) as "confirmed";
  const place = one.queue?.position;
  return (
    <li class={`visit ${status}`}>
      <span class="slot num quiet">{one.slot !== null && t("slot", { n: one.slot })}</span>
      <span class="who">
        {one.patient.name !== one.number_printed && <><bdi>{one.patient.name}</bdi> </>}
        {one.number_printed && <Token>{one.number_printed}</Token>}
      </span>
      <span class="state">
        <span class="status">{t(status)}</span>
        {!!place && <span class="quiet">{t("place", { n: place })}</span>}
      </span>
    </li>
  );
}

function Queue({ title, site, note, visits }: { title: string; site?: Site | undefined; note: string; visits: Appointment[] }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card doctor">
      <h2><bdi>{title}</bdi></h2>
      {site && <p><bdi>{site.name}</bdi>{site.state !== "live" && <strong> · {t("unheard")}</strong>}</p>}
      <p class="quiet">{note}</p>
      {visits.length === 0 && <p class="quiet">{t("nobody")}</p>}
      <ul>{visits.map((one) => <Visit key={one.appointment_id} one={one} />)}</ul>
    </section>
  );
}

export function Monitor(): JSX.Element {
  const t = useWords(WORDS);
  const [date, setDate] = useState("");
  const [line, setLine] = useState<Line>("opening");
  const [queue, setQueue] = useState<CentralQueue | null>(null);
  const [heard, setHeard] = useState<Heard[]>([]);
  const central = useRef<Central | null>(null);
  useEffect(() => {
    const opened = new Central({
      line: setLine,
      queue: setQueue,
      heard: (one) => setHeard((before) => [one, ...before].slice(0, SHOWN)),
      signedOut: () => location.replace("/pages/sign-in?next=/test_websocket.html"),
    });
    central.current = opened;
    // The clinic's own date: this machine's may be another.
    void fetch("/").then((answer) => answer.json()).then((site: { time: string }) => setDate((chosen) => chosen || site.time.slice(0, 10)));
    return () => opened.close();
  }, []);
  return (
    <main class="central">
      <header>
        <h1>{t("title")}</h1>
        <span class={`badge ${line === "open" ? "good" : line === "closed" ? "bad" : "pale"}`} role="status" data-testid="line">
          <span class="dot" aria-hidden="true" />{t(line)}
        </span>
      </header>
      <p class="quiet">{t("about", { path: alone(PATH) })}</p>
      <form onSubmit={(event) => { event.preventDefault(); if (date) central.current?.subscribe(date); }}>
        <label>{t("date")} <input type="date" required value={date} onInput={(event) => setDate(event.currentTarget.value)} /></label>
        <Button look="main" type="submit" disabled={!date}>{t("subscribe")}</Button>
        <Button disabled={queue === null} onClick={() => central.current?.unsubscribe()}>{t("unsubscribe")}</Button>
      </form>
      {queue && (
        <>
          <p class="totals" data-testid="totals"><bdi dir="ltr">{queue.date}</bdi> · {t("totals", { doctors: queue.total_doctors, visits: queue.total_appointments })}</p>
          <div class="doctors">
            {queue.doctors.map((one) => (
              <Queue key={one.doctor.id} title={one.doctor.name} site={one.site} visits={one.appointments}
                note={[one.doctor.code && alone(one.doctor.code), one.doctor.specialty && alone(one.doctor.specialty), t("counts", { visits: one.total_appointments, here: one.checked_in_count }),
                  !one.is_active && t("away"), one.is_on_break && t("pause")].filter(Boolean).join(" · ")} />
            ))}
            {queue.unassigned.length > 0 && <Queue title={t("unassigned")} note="" visits={queue.unassigned} />}
          </div>
        </>
      )}
      <section>
        <h2>{t("heard")}</h2>
        <ol class="heard" dir="ltr">{heard.map((one) => <li key={one.at.getTime() + one.type}>{clockTime(one.at.getTime(), undefined, true)} {one.type} {one.bytes} B</li>)}</ol>
      </section>
      <LanguagePicker among={["en", "hi", "es", "ar"]} remember />
    </main>
  );
}
