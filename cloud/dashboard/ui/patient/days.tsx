/** What days and weeks come to, what stands out in them, and reports to be printed. */
import type { JSX } from "preact";
import { complaint } from "../../../../shared/ui/complaints";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { Part } from "../care/parts";
import { CARE } from "../care/words";
import type { Insight, Report, Summary } from "./asked";
import { INSIGHT } from "./insight-words";
import { MORE } from "./more-words";
import { WORDS } from "./words";

export function Days({ daily, weekly, insights, reports }: { daily: Summary | null; weekly: Summary | null; insights: Insight[]; reports: Report[] }): JSX.Element {
  const t = useWords(MORE);
  const page = useWords(WORDS);
  const care = useWords(CARE);
  const say = useWords(INSIGHT);
  /** What fixed sentences said is said again in the reader's language; what a model wrote stays as it wrote it. */
  const fixed = (one: Insight): string | null => {
    const [kind, symptom] = one.kind.split(":");
    if (one.source === "model") return null;
    const values = { ...one.numbers, symptom: alone(complaint(symptom ?? "")) };
    return kind === "critical_missed" || kind === "adherence_low" || kind === "adherence_fell" || kind === "unknown_doses" || kind === "symptom_repeated" ? say(kind, values) : null;
  };
  const source = (name: string): string => (name === "model" ? t("by_model") : t("by_template"));
  return (
    <>
      <Part title={t("days")} empty={daily || weekly ? undefined : t("not_yet")} testid="summaries">
        <div class="body">
          {[daily, weekly].map((one) => one && (
            <div key={one.week ?? one.date}>
              <h3>{one.week ? t("week_of", { date: alone(one.week) }) : t("day_of", { date: alone(one.date ?? "") })}</h3>
              <p><bdi>{one.text}</bdi></p>
              <p class="quiet small">{page("unknown")}: {one.unknown} · {page("not_announced")}: {one.not_announced} · {source(one.source)}</p>
            </div>
          ))}
        </div>
      </Part>
      <Part title={t("insights")} count={insights.length} empty={insights.length ? undefined : t("no_insights")} testid="insights">
        <ul class="rows">
          {insights.slice(0, 10).map((one) => (
            <li key={one.id}><div class="what">{fixed(one) ? <span>{fixed(one)}</span> : <span dir="auto" lang={one.language}>{one.text}</span>}<small><span class={`badge ${one.severity === "critical" ? "bad" : one.severity === "warning" ? "warn" : "pale"}`}>{one.severity === "critical" || one.severity === "warning" || one.severity === "info" ? care(one.severity) : one.severity}</span><bdi>{one.starts_on}</bdi><span>{source(one.source)}</span></small></div></li>
          ))}
        </ul>
      </Part>
      <Part title={t("reports")} count={reports.length} empty={reports.length ? undefined : t("no_reports")} testid="reports">
        <ul class="rows">
          {reports.slice(0, 12).map((one) => <li key={one.id}><div class="what"><bdi dir="ltr" class="num">{one.from} – {one.to}</bdi><small>{source(one.source)}</small></div><a class="button" href={one.page} target="_blank" rel="noopener">{t("print")}</a></li>)}
        </ul>
      </Part>
    </>
  );
}
