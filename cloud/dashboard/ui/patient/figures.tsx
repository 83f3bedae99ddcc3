/** How the last week and month went. */
import type { JSX } from "preact";
import { useWords } from "../../../../shared/ui/i18n";
import type { Dashboard, Numbers } from "./asked";
import { WORDS } from "./words";

const LOW_PERCENT = 80;

export function Figures({ dashboard }: { dashboard: Dashboard }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card adherence" data-testid="adherence" aria-label={`${t("week")}, ${t("month")}`}>
      <Row title={t("week")} numbers={dashboard.adherence.days_7} name="7" />
      <Row title={t("month")} numbers={dashboard.adherence.days_30} name="30" />
      <p class="quiet no-today">{t("no_today")}</p>
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
        <div><dt>{t("covered")}</dt>{share(numbers.days_covered_percent)}</div>
        <div><dt>{t("missed")}</dt><dd>{numbers.missed}</dd></div>
        <div class="beside"><dt>{t("unknown")}</dt><dd>{numbers.unknown}</dd></div>
        <div class="beside"><dt>{t("not_announced")}</dt><dd>{numbers.not_announced}</dd></div>
      </dl>
    </div>
  );
}
