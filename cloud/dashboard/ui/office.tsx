/** What every head-office page has: who is signed in, the live chain, the bar at the top, and the "not live" band. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem, signOut, whoAmI, type User } from "../../../shared/ui/api";
import { Button, LanguagePicker, LiveBadge, ProblemNote } from "../../../shared/ui/components";
import { Card, SignInForm } from "../../../shared/ui/forms";
import { useWords } from "../../../shared/ui/i18n";
import { type Live, useLive } from "../../../shared/ui/live";
import { COMMON } from "../../../shared/ui/words";
import mark from "../../../shared/ui/mark.svg";
import { Nav } from "./care/nav";
import type { ChainState } from "./states";
import { WORDS } from "./words";
import "./office.css";

export interface OfficeState {
  live: Live<ChainState>;
  state: ChainState | null;
  user: User | null;
  admin: boolean;
  problem: unknown;
  signedOut: boolean;
  /** Signed in (again): read everything anew. */
  back: () => void;
  leave: () => void;
}

export function useOffice(): OfficeState {
  const live = useLive<ChainState>("chain");
  const [user, setUser] = useState<User | null>(null);
  const [signedOut, setSignedOut] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const phase = live.phase;
  useEffect(() => {
    if (phase !== "open") return;
    setProblem(null);
    whoAmI().then(setUser, setProblem);
  }, [phase]);
  return {
    live,
    state: live.state,
    user,
    admin: !!user?.roles.includes("office_admin"),
    problem,
    signedOut: signedOut || phase === "refused",
    back: () => {
      setSignedOut(false);
      live.reconnect();
    },
    leave: () => void signOut().finally(() => setSignedOut(true)),
  };
}

export function Office(props: { office: OfficeState; title: string; back?: JSX.Element; actions?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  const { office, title } = props;
  const { live } = office;
  const t = useWords(WORDS);
  const common = useWords(COMMON);
  useEffect(() => {
    document.title = `${title} - Outpost`;
  }, [title]);
  if (office.signedOut) {
    const forbidden = live.refusal?.code === "not_allowed" ? new Problem(403, "not_allowed", live.refusal.message, "", false) : null;
    return <Card title={common("signin")}><SignInForm onDone={office.back} before={forbidden} /></Card>;
  }
  if (!office.state) return <p class="starting">{common("opening")}</p>;
  return (
    <div class={`office ${live.live ? "" : "stale"}`}>
      <header class="top">
        <a class="home" href="/pages/chain"><img src={mark} alt="" width="40" height="40" /><span>{t("office")}</span></a>
        {props.back}
        <h1>{title}</h1>
        <LiveBadge live={live} />
        {props.actions}
        <Button look="quiet" onClick={office.leave}>{common("signout")}</Button>
      </header>
      <Nav page={props.back ? "site" : "chain"} user={office.user} />
      {!live.live && <p class="note bad" data-testid="not-live"><span>{t("stale")}</span></p>}
      <ProblemNote problem={office.problem} />
      <main>{props.children}</main>
      <footer class="foot"><LanguagePicker among={["en", "hi", "es", "ar"]} remember /></footer>
    </div>
  );
}
