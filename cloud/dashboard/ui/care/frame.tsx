/** What every page of medicine at head office has: who is signed in, whether it is live, the way to the other pages. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { signOut, whoAmI, type User } from "../../../../shared/ui/api";
import { Button, LanguagePicker, ProblemNote, useAge } from "../../../../shared/ui/components";
import { Card, SignInForm } from "../../../../shared/ui/forms";
import { useWords } from "../../../../shared/ui/i18n";
import { COMMON } from "../../../../shared/ui/words";
import mark from "../../../../shared/ui/mark.svg";
import { Nav, ROLES_OF, type PageName } from "./nav";
import type { Polled } from "./polled";
import { CARE } from "./words";
import "../office.css";
import "./care.css";

/** Undefined until it is known who is signed in; null for nobody. */
export function useUser(): { user: User | null | undefined; problem: unknown; ask: () => void; leave: () => void } {
  const [user, setUser] = useState<User | null>();
  const [problem, setProblem] = useState<unknown>(null);
  const ask = (): void => { setProblem(null); whoAmI().then(setUser, setProblem); };
  useEffect(ask, []);
  return { user, problem, ask, leave: () => void signOut().finally(() => setUser(null)) };
}

/** The frame of a page for accounts that have one of its roles; `children` is asked only for these. */
export function CareFrame({ page, title, body: Body }: { page: PageName; title: string; body: (props: { user: User; shell: Shell }) => JSX.Element }): JSX.Element {
  const { user, problem, ask, leave } = useUser();
  const t = useWords(CARE);
  const common = useWords(COMMON);
  if (user === null) return <Card title={common("signin")}><SignInForm onDone={ask} /></Card>;
  if (!user) return <main class="starting">{problem ? <ProblemNote problem={problem} onAgain={ask} /> : common("opening")}</main>;
  const shell: Shell = (props) => <Frame page={page} user={user} leave={leave} {...props} />;
  if (!user.roles.some((role) => ROLES_OF[page].includes(role))) {
    return shell({ title, children: <div class="note warn"><div><strong>{t("no_role")}</strong><p>{t("no_role_hint", { roles: ROLES_OF[page].join(", ") })}</p></div></div> });
  }
  return <Body user={user} shell={shell} />;
}

export interface ShellProps { title: string; polled?: Polled<unknown>; actions?: ComponentChildren; children?: ComponentChildren }
export type Shell = (props: ShellProps) => JSX.Element;

function Frame({ page, user, leave, title, polled, actions, children }: ShellProps & { page: PageName; user: User; leave: () => void }): JSX.Element {
  const t = useWords(CARE);
  const common = useWords(COMMON);
  useEffect(() => { document.title = `${title} - Outpost`; }, [title]);
  if (polled?.signedOut) return <Card title={common("signin")}><SignInForm onDone={() => location.reload()} /></Card>;
  const stale = !!polled?.data && !polled.live;
  return (
    <div class={`office care-office ${stale ? "stale" : ""}`}>
      <header class="top">
        <a class="home" href={page === "caregiver" ? "/pages/caregiver" : "/pages/alerts"}><img src={mark} alt="" width="40" height="40" /><span>{t("home")}</span></a>
        <h1><bdi>{title}</bdi></h1>
        {polled && <Freshness polled={polled} />}
        {actions}
        <Button look="quiet" onClick={leave}>{common("signout")}</Button>
      </header>
      <Nav page={page} user={user} />
      {stale && <p class="note bad" data-testid="not-live"><span>{t("cut_off")}</span></p>}
      {!stale && <ProblemNote problem={polled?.problem} onAgain={polled?.again} />}
      <main>{children}</main>
      <footer class="foot"><LanguagePicker among={["en", "hi", "es", "ar"]} remember /></footer>
    </div>
  );
}

function Freshness({ polled }: { polled: Polled<unknown> }): JSX.Element {
  const t = useWords(CARE);
  const common = useWords(COMMON);
  const age = useAge();
  const known = polled.data !== null;
  return (
    <span class={`badge ${polled.live ? "good" : known ? "bad" : "pale"}`} data-testid="live">
      <span class="dot" aria-hidden="true" />
      <span aria-hidden="true">{polled.live ? common("live") : known ? t("not_live", { age: age(polled.ageS) }) : common("opening")}</span>
      <span class="unseen" role="status">{polled.live ? common("live") : known ? common("not_live") : ""}</span>
    </span>
  );
}
