/** All clinics, live, the worst first. A clinic that says nothing never looks well. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button, start } from "../../../../shared/ui/components";
import { countUp, useWords } from "../../../../shared/ui/i18n";
import { type Live, useTick } from "../../../../shared/ui/live";
import { Office, useOffice } from "../office";
import type { ChainState, Totals } from "../states";
import { WORDS } from "../words";
import { AddDialog } from "./add";
import { worstFirst } from "./order";
import { TileCard } from "./tile";
import "./chain.css";

function Chain(): JSX.Element {
  useTick();
  const office = useOffice();
  const t = useWords(WORDS);
  const [adding, setAdding] = useState(false);
  const { live, state, admin } = office;
  return (
    <Office office={office} title={t("chain")} actions={admin && <Button look="main" onClick={() => setAdding(true)}>{t("add")}</Button>}>
      {state && (state.sites.length
        ? (
          <>
            <Sums totals={state.totals} live={live} />
            <div class="tiles">
              {worstFirst(state.sites, (ms) => live.realSince(ms)).map((tile) => <TileCard key={tile.site} tile={tile} live={live} link />)}
            </div>
          </>
        )
        : <Empty onAdd={admin ? () => setAdding(true) : null} />)}
      {adding && <AddDialog live={live} onClose={() => setAdding(false)} />}
    </Office>
  );
}

function Sums({ totals, live }: { totals: Totals; live: Live<ChainState> }): JSX.Element {
  const t = useWords(WORDS);
  const known = live.live ? live.nowMs : live.asOfMs;
  const longest = totals.longest_since_ms ? countUp((known - totals.longest_since_ms) / 1000) : "–";
  return (
    <dl class="sums card">
      <div>
        <dt>{t("total_sites")}</dt>
        <dd class="num">{totals.sites}</dd>
        <dd class="note-line">
          <span class="good">{t("total_sites_is", { live: totals.live })}</span>
          {totals.silent > 0 && <span class="bad">{t("total_silent", { n: totals.silent })}</span>}
        </dd>
      </div>
      <div><dt>{t("waiting")}</dt><dd class="num">{totals.waiting}</dd></div>
      <div><dt>{t("longest")}</dt><dd class="num"><bdi dir="ltr">{longest}</bdi></dd></div>
      <div><dt>{t("issued")}</dt><dd class="num">{totals.issued_today}</dd></div>
      <div><dt>{t("completed")}</dt><dd class="num">{totals.completed_today}</dd></div>
      {!!totals.unsent && <div><dt>{t("unsent_total")}</dt><dd class="num">{totals.unsent}</dd></div>}
    </dl>
  );
}

function Empty({ onAdd }: { onAdd: (() => void) | null }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <section class="card nothing">
      <h2>{t("empty")}</h2>
      <p>{t("empty_hint")}</p>
      <ol>{(["step1", "step2", "step3", "step4"] as const).map((step) => <li key={step}>{t(step)}</li>)}</ol>
      {onAdd ? <Button look="main" onClick={onAdd}>{t("add")}</Button> : <p class="quiet">{t("read_only")}</p>}
    </section>
  );
}

start(<Chain />);
