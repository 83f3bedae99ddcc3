/** One clinic at a glance. Silent, it looks silent: grey, striped, and counting. */
import type { JSX } from "preact";
import { Token, useAge } from "../../../../shared/ui/components";
import { alone, clockTime, countUp, useWords } from "../../../../shared/ui/i18n";
import type { Liveness } from "../../../../shared/ui/live";
import { place } from "../../../../shared/ui/rooms";
import type { Tile } from "../states";
import { WORDS } from "../words";
import { stateOf } from "./order";

const LONG_WAIT_S = 45 * 60;

export function TileCard({ tile, live, link }: { tile: Tile; live: Liveness; link: boolean }): JSX.Element {
  const t = useWords(WORDS);
  const state = stateOf(tile, (ms) => live.realSince(ms));
  const name = <h2 id={`name-${tile.site}`}>{tile.name}</h2>;
  return (
    <article class={`tile card ${state}`} aria-labelledby={`name-${tile.site}`} data-site={tile.site} data-state={state}>
      <header>
        {link ? <a href={`/pages/site?site=${encodeURIComponent(tile.site)}`}>{name}</a> : name}
        <StateBadge tile={tile} state={state} live={live} />
      </header>
      {state === "never" ? <p class="hint">{t("never_hint")}</p> : <Figures tile={tile} state={state} live={live} />}
    </article>
  );
}

export function StateBadge({ tile, state, live }: { tile: Tile; state: Tile["state"]; live: Liveness }): JSX.Element {
  const t = useWords(WORDS);
  if (state === "never") return <span class="badge"><span class="dot" aria-hidden="true" />{t("never")}</span>;
  if (state === "live") return <span class="badge good"><span class="dot" aria-hidden="true" />{t("heard")}</span>;
  const age = countUp((live.nowMs - (tile.heard_ms ?? 0)) / 1000);
  return <span class="badge bad" data-testid="silent"><span class="dot" aria-hidden="true" />{t("silent_for", { age: alone(age) })}</span>;
}

function Figures({ tile, state, live }: { tile: Tile; state: Tile["state"]; live: Liveness }): JSX.Element {
  const t = useWords(WORDS);
  const age = useAge();
  // What a silent site last said was true then: its waits must not go on ticking as if they were known.
  const known = state === "silent" ? (tile.heard_ms ?? 0) : live.live ? live.nowMs : live.asOfMs;
  const longest = tile.longest_since_ms === null ? null : (known - tile.longest_since_ms) / 1000;
  const unsent = tile.unsent.reduce((sum, n) => sum + n, 0);
  return (
    <>
      <dl class="big">
        <div><dt>{t("waiting")}</dt><dd class="num">{tile.waiting}</dd></div>
        <div class={longest !== null && longest > LONG_WAIT_S ? "long" : ""}>
          <dt>{t("longest")}</dt><dd class="num"><bdi dir="ltr">{longest === null ? "–" : countUp(longest)}</bdi></dd>
        </div>
      </dl>
      <dl class="lines">
        <div><dt>{t("now")}</dt><dd>{t("now_is", { called: tile.called, inside: tile.in_consultation })}</dd></div>
        <div><dt>{t("last_call")}</dt><dd>{tile.last_call
          ? t("last_call_is", { token: alone(tile.last_call.token), place: place(t("room_is"), tile.last_call.room), age: age((known - tile.last_call.at_ms) / 1000) })
          : t("none")}</dd></div>
        <div><dt>{t("today")}</dt><dd>{t("today_is", { issued: tile.issued_today, done: tile.completed_today, missed: tile.no_show_today })}</dd></div>
        {!!tile.booked_today && <div><dt>{t("to_come")}</dt><dd>{t("to_come_is", { n: tile.booked_today })}</dd></div>}
        {!!tile.promised_today && <div><dt>{t("promises")}</dt><dd>{t("promises_is", { share: Math.round((100 * (tile.kept_today ?? 0)) / tile.promised_today), n: tile.promised_today })}</dd></div>}
      </dl>
      <footer>
        {state === "silent" && <span class="chip warn">{t("as_it_was", { time: alone(clockTime(tile.heard_ms ?? 0, undefined, true)) })}</span>}
        {tile.alerts_open > 0 && <span class="chip bad">{t("alerts", { n: tile.alerts_open })}</span>}
        {tile.dead_letters > 0 && <span class="chip warn">{t("shelf", { n: tile.dead_letters })}</span>}
        {tile.late > 0 && <span class="chip warn">{t("late", { n: tile.late })}</span>}
        {state === "live" && <span class="chip"><Token class="num">{t(tile.path ? `path_${tile.path}` : "path_none")}</Token></span>}
        {state === "live" && <span class={`chip ${unsent > 100 ? "warn" : ""}`}>{unsent ? t("unsent", { n: unsent }) : t("unsent_none")}</span>}
        <span class="chip">{t("doctors_n", { n: tile.doctors_active })}</span>
      </footer>
    </>
  );
}
