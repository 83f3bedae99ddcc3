/** The doctor's side: who is with them, who was called, and the acts, each with its key. */
import type { ComponentChildren, JSX } from "preact";
import { Button, Token, useAge } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { type Liveness, useTick } from "../../../../shared/ui/live";
import type { Doctor, StaffVisit } from "../states";
import type { Deed } from "./acts";
import { DESK_KEYS } from "./keys";
import { WORDS } from "./words";

type PanelVerb = Exclude<keyof typeof DESK_KEYS, "undo">;

/** What each act would be about now; null where it makes no sense. The server has the last word. */
export function targets(doctor: Doctor | undefined): Record<PanelVerb, string | null> {
  const called = doctor?.called.at(-1) ?? null;
  return {
    call: doctor?.id ?? null,
    recall: called?.id ?? null,
    start: called?.id ?? null,
    complete: doctor?.current?.id ?? null,
    noshow: called?.id ?? null,
  };
}

export function DoctorPanel(props: {
  doctor: Doctor;
  live: Liveness;
  busy: Deed | null;
  keys: boolean;
  deed: (deed: Deed) => unknown;
  undo: () => void;
  /** More about the people than their token. */
  about?: (visit: StaffVisit) => ComponentChildren;
  /** More acts. */
  children?: ComponentChildren;
}): JSX.Element {
  const { doctor, live, busy, keys, deed } = props;
  const t = useWords(WORDS);
  const able = targets(doctor);
  const button = (verb: PanelVerb, look: "main" | "plain" | "danger" = "plain"): JSX.Element => (
    <Button look={look} class={`act ${verb}`} disabled={!able[verb] || (!!busy && busy.verb !== verb)} busy={busy?.verb === verb}
      aria-keyshortcuts={keys ? DESK_KEYS[verb] : undefined} {...(keys ? { hint: DESK_KEYS[verb] } : {})}
      onClick={() => able[verb] && deed({ verb, target: able[verb] })}>
      {t(verb)}
    </Button>
  );
  const free = !doctor.current && !doctor.called.length;
  return (
    <section class="card doctor" aria-label={doctor.name}>
      <div class="people">
        {doctor.current && <Person visit={doctor.current} kind="inside" live={live}>{props.about?.(doctor.current)}</Person>}
        {doctor.called.map((visit) => <Person key={visit.id} visit={visit} kind="called" live={live}>{props.about?.(visit)}</Person>)}
        {free && <div class="person free"><strong>{t("free")}</strong><span>{t("free_hint")}</span></div>}
      </div>
      <div class="acts">
        {button("call", free ? "main" : "plain")}
        {button("start", doctor.called.length && !doctor.current ? "main" : "plain")}
        {button("complete", doctor.current ? "main" : "plain")}
        {button("recall")}
        {button("noshow", "danger")}
        <Button class="act undo" busy={busy?.verb === "undo"} disabled={!!busy} aria-keyshortcuts={keys ? DESK_KEYS.undo : undefined}
          {...(keys ? { hint: DESK_KEYS.undo } : {})} onClick={props.undo}>
          {t("undo")}
        </Button>
        {props.children}
      </div>
    </section>
  );
}

function Person({ visit, kind, live, children }: { visit: StaffVisit; kind: "inside" | "called"; live: Liveness; children?: ComponentChildren }): JSX.Element {
  useTick();
  const t = useWords(WORDS);
  const age = useAge();
  const since = Date.parse((kind === "inside" ? visit.started_at : visit.called_at) ?? "");
  const words = kind === "inside" ? "inside_for" : "called_for";
  return (
    <div class={`person ${kind}`}>
      <strong>{t(kind)}</strong>
      <Token class="token">{visit.token_number}</Token>
      <span class="num">{Number.isNaN(since) ? "" : t(words, { age: age((live.nowMs - since) / 1000) })}</span>
      {visit.is_emergency && <span class="badge bad">{t("urgent")}</span>}
      {visit.name && <span class="who" dir="auto">{visit.name}</span>}
      {children}
    </div>
  );
}
