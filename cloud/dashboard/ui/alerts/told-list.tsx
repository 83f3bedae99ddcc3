/** The list of who was told of an alert: when, by what, and what became of it. */
import type { JSX } from "preact";
import { get } from "../../../../shared/ui/api";
import { ProblemNote } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { Moment } from "../care/parts";
import { usePolled } from "../care/polled";
import { CARE } from "../care/words";
import { WORDS } from "./words";

interface Delivery { id: string; kind: string | null; address: string | null; recipient: string; name: string | null; state: "waiting" | "claimed" | "sent" | "delivered" | "failed" | "expired" | "cancelled"; tries: number; due_at: string; sent_at: string | null; delivered_at: string | null; reason: string }
interface Told { id: string; audience: string; step: number | null; created_at: string; state: string; deliveries: Delivery[] }

const LOOK: Partial<Record<Delivery["state"], string>> = { delivered: "good", sent: "good", failed: "bad", waiting: "warn", claimed: "warn" };

export default function List({ site, alert, zone }: { site: string; alert: string; zone: string }): JSX.Element {
  const t = useWords(WORDS);
  const care = useWords(CARE);
  const polled = usePolled(alert, () => get<Told[]>(`/api/v1/notifications?${new URLSearchParams({ site, alert_id: alert })}`));
  const audience = (name: string): string => (name === "clinic" || name === "office" || name === "caregiver" || name === "person" ? t(name) : name);
  if (!polled.data) return polled.problem ? <ProblemNote problem={polled.problem} onAgain={polled.again} /> : <p class="quiet">{care("loading")}</p>;
  if (!polled.data.length) return <p class="quiet">{t("nobody_told")}</p>;
  return (
    <ul class="told" data-testid="told">
      {[...polled.data].reverse().map((one) => (
        <li key={one.id}>
          <p><strong>{audience(one.audience)}</strong>{one.step !== null && <span class="quiet"> · {t("step", { n: one.step })}</span>}<span class="quiet"> · <Moment at={one.created_at} zone={zone} seconds /></span></p>
          {one.deliveries.length === 0 && <p class="quiet">{t("to_no_one")}</p>}
          <ul>
            {one.deliveries.map((sent) => (
              <li key={sent.id}>
                <bdi>{sent.name ?? audience(sent.recipient.split(":")[0]!)}</bdi>
                <span class="quiet"><bdi dir="ltr">{[sent.kind, sent.address].filter(Boolean).join(" ")}</bdi></span>
                <span class={`badge ${LOOK[sent.state] ?? "pale"}`}>{t(sent.state)}</span>
                {(sent.delivered_at ?? sent.sent_at) && <span class="quiet"><Moment at={(sent.delivered_at ?? sent.sent_at)!} zone={zone} seconds /></span>}
                {sent.tries > 1 && <span class="quiet">{t("tries", { n: sent.tries })}</span>}
                {sent.reason && <span class="quiet" dir="auto">{sent.reason}</span>}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
