/** What days and weeks come to, what stands out in them, and reports to be printed. */
import type { JSX } from "preact";
import { alone, useWords } from "../../../../shared/ui/i18n";
import { Part } from "../care/parts";
import { CARE } from "../care/words";
import type { Dashboard, Insight, Numbers, Report, Summary } from "./asked";
import { WORDS } from "./words";

const LOW_PERCENT = 80;

export function Figures({ dashboard }: { dashboard: Dashboard }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card adherence" data-testid="adherence" aria-label={`${t("week")}, ${t("month")}`}>
      <Row title={t("week")} numbers={dashboard.adherence.days_7} name="7" />
      <Row title={t("month")} numbers={dashboard.adherence.days_30} name="30" />
      <details><summary>{t("definition")}</summary><p class="quiet"><bdi>{dashboard.definition}</bdi></p></details>
    </section>
  );
}

function Row({ title, numbers, name }: { title: string; numbers: Numbers; name: string }): JSX.Element {
  const t = useWords(WORDS);
  const share = (percent: number | null): JSX.Element => <dd class={percent !== null && percent < LOW_PERCENT ? "low" : ""}><bdi dir="ltr">{percent === null ? "–" : `${percent} %`}</bdi></dd>;
  return (
    <div data-days={name}>
      <h2>{title}</h2>
      <dl class="figures">
        <div><dt>{t("taken")}</dt>{share(numbers.taken_percent)}<p class="quiet">{numbers.due ? t("of_due", { taken: numbers.taken, due: numbers.due }) : t("nothing_due")}</p></div>
        <div><dt>{t("on_time")}</dt>{share(numbers.on_time_percent)}</div>
        <div><dt>{t("missed")}</dt><dd>{numbers.missed}</dd></div>
        <div class="beside"><dt>{t("unknown")}</dt><dd>{numbers.unknown}</dd></div>
        <div class="beside"><dt>{t("not_announced")}</dt><dd>{numbers.not_announced}</dd></div>
      </dl>
    </div>
  );
}

export function Days({ daily, weekly, insights, reports }: { daily: Summary | null; weekly: Summary | null; insights: Insight[]; reports: Report[] }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const source = (name: string): string => (name === "model" ? t("by_model") : t("by_template"));
  return (
    <>
      <Part title={t("days")} empty={daily || weekly ? undefined : t("not_yet")} testid="summaries">
        <div class="body">
          {[daily, weekly].map((one) => one && (
            <div key={one.week ?? one.date}>
              <h3>{one.week ? t("week_of", { date: alone(one.week) }) : t("day_of", { date: alone(one.date ?? "") })}</h3>
              <p><bdi>{one.text}</bdi></p>
              <p class="quiet small">{t("unknown")}: {one.unknown} · {t("not_announced")}: {one.not_announced} · {source(one.source)}</p>
            </div>
          ))}
        </div>
      </Part>
      <Part title={t("insights")} count={insights.length} empty={insights.length ? undefined : t("no_insights")} testid="insights">
        <ul class="rows">
          {insights.slice(0, 10).map((one) => (
            <li key={one.id}><div class="what"><span dir="auto">{one.text}</span><small><span class={`badge ${one.severity === "critical" ? "bad" : one.severity === "warning" ? "warn" : "pale"}`}>{one.severity === "critical" || one.severity === "warning" || one.severity === "info" ? care(one.severity) : one.severity}</span><bdi>{one.starts_on}</bdi><span>{source(one.source)}</span></small></div></li>
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
