/** Language models: in which order they are asked, how they do, what they cost today, and the last calls; never what was said. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type User } from "../../../../shared/ui/api";
import { Button, ProblemNote, start, Token } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { useDoing } from "../care/doing";
import { CareFrame, type Shell } from "../care/frame";
import { Moment, Part } from "../care/parts";
import { usePolled } from "../care/polled";
import { WORDS } from "./words";
import "./models.css";

const EVERY_MS = 4_000;

interface Model { model: string; purpose: "text" | "speech" | "embedding"; state: "ready" | "dead" | "no_key"; dead_since: string | null; breaker: string; blocked_for_ms: number; calls: number; cost_usd: number; tokens_in: number; tokens_out: number; p50_ms: number | null; p95_ms: number | null; failures: Record<string, number> }
interface Listed { models: Model[]; budget: { day_usd: number; spent_usd: number; refused: number; used_up: boolean }; jobs: { pipeline: string; state: string; count: number }[] }
interface Call { id: string; site: string; at: string; model: string; pipeline: string; stage: string; outcome: string; http_status: number | null; validation_error: string; tokens_in: number; tokens_out: number; ms: number; cost_usd: number }

const usd = (amount: number): string => `$${amount < 1 ? amount.toFixed(4) : amount.toFixed(2)}`;

function Body({ user, shell }: { user: User; shell: Shell }): JSX.Element {
  const t = useWords(WORDS);
  const [failed, setFailed] = useState(false);
  const doing = useDoing();
  const polled = usePolled<{ all: Listed; calls: Call[] }>("", async () => {
    const [all, calls] = await Promise.all([get<Listed>("/api/v1/models"), get<Call[]>("/api/v1/models/requests?limit=100")]);
    return { all, calls };
  }, EVERY_MS);
  const admin = user.roles.includes("office_admin");
  const data = polled.data;
  const state = (name: string): string => (name === "dead" ? t("dead_job") : name === "queued" || name === "running" || name === "done" || name === "fallback" ? t(name) : name);
  const calls = data?.calls.filter((one) => !failed || one.outcome !== "ok") ?? [];
  const revive = async (model: string): Promise<void> => {
    await doing.run(model, "POST", "/api/v1/models/revive", { model });
    polled.again();
  };
  return shell({
    title: t("title"),
    polled,
    children: data && (
      <>
        <ProblemNote problem={doing.problem} onClose={doing.dismiss} />
        <Budget budget={data.all.budget} />
        <Part title={t("models")} count={data.all.models.length} hint={t("hint")} testid="models">
          {data.all.models.length > 0 && data.all.models.every((one) => one.state === "no_key") && <p class="note info"><span>{t("none_hint")}</span></p>}
          {data.all.models.length ? (
            <Table label={t("models")} columns={["model", "purpose", "state", "breaker", "calls", "failures", "half", "p95", "cost"]}>
              {data.all.models.map((one) => <ModelRow key={`${one.purpose}/${one.model}`} model={one} busy={doing.busy === one.model} onRevive={admin ? () => void revive(one.model) : null} />)}
            </Table>
          ) : <div class="empty"><strong>{t("none")}</strong><p>{t("none_hint")}</p></div>}
        </Part>
        <Part title={t("jobs")} empty={data.all.jobs.length ? undefined : t("no_jobs")} testid="jobs">
          <ul class="chips">{data.all.jobs.map((one) => <li key={`${one.pipeline}/${one.state}`}><Token class="num">{one.pipeline}</Token> <span class="quiet">{state(one.state)}</span> <b class="num">{one.count}</b></li>)}</ul>
        </Part>
        <Part title={t("requests")} count={calls.length} hint={t("req_hint")} empty={calls.length ? undefined : t("no_requests")} testid="requests"
          tools={<label class="tick"><input type="checkbox" checked={failed} onChange={(e) => setFailed(e.currentTarget.checked)} />{t("only_failed")}</label>}>
          <Table label={t("requests")} columns={["when", "clinic", "model", "stage", "outcome", "tokens", "took", "cost"]}>
            {calls.map((one) => (
              <tr key={one.id} role="row">
                <Cell of="when"><Moment at={one.at} seconds /></Cell><Cell of="clinic"><bdi>{one.site}</bdi></Cell><Cell of="model" wide><Token class="num">{one.model}</Token></Cell><Cell of="stage"><bdi>{one.pipeline} · {one.stage}</bdi></Cell>
                <Cell of="outcome"><span class={`badge ${one.outcome === "ok" ? "good" : "warn"}`}>{one.outcome === "ok" ? t("ok") : one.outcome}</span>{one.validation_error && <span class="quiet" dir="auto"> {one.validation_error}</span>}</Cell>
                <Cell of="tokens"><bdi class="num" dir="ltr">{one.tokens_in} / {one.tokens_out}</bdi></Cell><Cell of="took"><span class="num">{t("ms", { n: one.ms })}</span></Cell><Cell of="cost"><bdi class="num" dir="ltr">{usd(one.cost_usd)}</bdi></Cell>
              </tr>
            ))}
          </Table>
        </Part>
      </>
    ),
  });
}

type Column = "model" | "purpose" | "state" | "breaker" | "calls" | "failures" | "half" | "p95" | "cost" | "when" | "clinic" | "stage" | "outcome" | "tokens" | "took";

/** On a phone each row is a card: its cells stand below each other and carry the names of their columns (`models.css`). */
function Table({ label, columns, children }: { label: string; columns: readonly Column[]; children: ComponentChildren }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <div class="table cards" role="region" aria-label={label} tabIndex={0}>
      <table role="table">
        <thead><tr role="row">{columns.map((name) => <th key={name} scope="col" role="columnheader">{t(name)}</th>)}</tr></thead>
        <tbody role="rowgroup">{children}</tbody>
      </table>
    </div>
  );
}

/** `wide`: takes a line of its own on a card. */
function Cell({ of, wide = false, children }: { of: Column; wide?: boolean; children: ComponentChildren }): JSX.Element {
  const t = useWords(WORDS);
  return <td role="cell" data-label={t(of)} class={wide ? "wide" : undefined}>{children}</td>;
}

function Budget({ budget }: { budget: Listed["budget"] }): JSX.Element {
  const t = useWords(WORDS);
  const share = budget.day_usd > 0 ? Math.min(1, budget.spent_usd / budget.day_usd) : 0;
  return (
    <section class={`card budget ${budget.used_up && budget.day_usd > 0 ? "over" : ""}`} aria-label={t("budget")} data-testid="budget">
      <dl class="figures">
        <div><dt>{t("spent")}</dt><dd><bdi dir="ltr">{usd(budget.spent_usd)}</bdi></dd><p class="quiet">{t("of_day", { day: budget.day_usd.toFixed(2) })}</p></div>
        <div><dt>{t("refused")}</dt><dd>{budget.refused}</dd></div>
      </dl>
      {budget.day_usd > 0 ? <progress max={1} value={share} aria-label={t("budget")} /> : <p class="quiet">{t("free")}</p>}
      {budget.used_up && budget.day_usd > 0 && <p class="note warn"><span>{t("used_up")}</span></p>}
    </section>
  );
}

function ModelRow({ model, busy, onRevive }: { model: Model; busy: boolean; onRevive: (() => void) | null }): JSX.Element {
  const t = useWords(WORDS);
  const breaker = model.breaker === "half_open" || model.breaker === "open" || model.breaker === "closed" ? model.breaker : "open";
  const failures = Object.entries(model.failures);
  return (
    <tr role="row" data-model={model.model} data-state={model.state}>
      <th scope="row" role="rowheader"><Token class="num">{model.model}</Token></th>
      <Cell of="purpose">{t(model.purpose)}</Cell>
      <Cell of="state">
        <span class={`badge ${model.state === "ready" ? "good" : model.state === "dead" ? "bad" : "warn"}`}>{t(model.state)}</span>
        {model.dead_since && <p class="quiet"><Moment at={model.dead_since} /></p>}
        {model.state === "dead" && onRevive && <Button look="quiet" busy={busy} onClick={onRevive}>{t("revive")}</Button>}
      </Cell>
      <Cell of="breaker"><span class={`badge ${breaker === "closed" ? "pale" : "warn"}`}>{t(breaker)}</span>{model.blocked_for_ms > 0 && <p class="quiet">{t("blocked", { s: Math.ceil(model.blocked_for_ms / 1000) })}</p>}</Cell>
      <Cell of="calls"><span class="num">{model.calls}</span></Cell>
      <Cell of="failures">{failures.length ? failures.map(([kind, count]) => <div key={kind} class="num"><bdi>{kind}</bdi> {count}</div>) : "0"}</Cell>
      <Cell of="half"><span class="num">{model.p50_ms === null ? "–" : t("ms", { n: model.p50_ms })}</span></Cell>
      <Cell of="p95"><span class="num">{model.p95_ms === null ? "–" : t("ms", { n: model.p95_ms })}</span></Cell>
      <Cell of="cost"><bdi class="num" dir="ltr">{usd(model.cost_usd)}</bdi></Cell>
    </tr>
  );
}

function Models(): JSX.Element {
  const t = useWords(WORDS);
  return <CareFrame page="models" title={t("title")} body={Body} />;
}

start(<Models />);
