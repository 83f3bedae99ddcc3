/** What every page of medicine at head office has: who is signed in, whether it is live, the way to the other pages. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { signOut, whoAmI, type User } from "../../../../shared/ui/api";
import { Button, LanguagePicker, ProblemNote, useAge } from "../../../../shared/ui/components";
import { Card, SignInForm } from "../../../../shared/ui/forms";
import { alone, clockTime, countUp, useWords } from "../../../../shared/ui/i18n";
import { COMMON } from "../../../../shared/ui/words";
import mark from "../../../../shared/ui/mark.svg";
import { Nav, ROLES_OF, type PageName } from "./nav";
import { askAs, silentOf, silentS, type Place, type Places, type Polled } from "./polled";
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
  askAs(user.roles);
  const shell: Shell = (props) => <Frame page={page} user={user} leave={leave} {...props} />;
  if (!user.roles.some((role) => ROLES_OF[page].includes(role))) {
    return shell({ title, children: <div class="note warn"><div><strong>{t("no_role")}</strong><p>{t("no_role_hint", { roles: ROLES_OF[page].join(", ") })}</p></div></div> });
  }
  return <Body user={user} shell={shell} />;
}

/** `sites`: the clinics that what is shown comes from; `only`: the single one of them. A clinic that is not heard is named above everything. */
export interface ShellProps { title: string; polled?: Polled<unknown>; sites?: Places | null | undefined; only?: string | undefined; actions?: ComponentChildren; children?: ComponentChildren }
export type Shell = (props: ShellProps) => JSX.Element;

/** Clinics that are named when many are not heard; the rest is a number. */
const NAMED_MAX = 6;

function Frame({ page, user, leave, title, polled, sites, only, actions, children }: ShellProps & { page: PageName; user: User; leave: () => void }): JSX.Element {
  const t = useWords(CARE);
  const common = useWords(COMMON);
  useEffect(() => { document.title = `${title} - Outpost`; }, [title]);
  if (polled?.signedOut) return <Card title={common("signin")}><SignInForm onDone={() => location.reload()} /></Card>;
  const stale = !!polled?.data && !polled.live;
  const silent = silentOf(sites, only);
  const told = (sites?.sites ?? []).every((one) => one.state || (only !== undefined && one.id !== only));
  return (
    <div class={`office care-office ${stale ? "stale" : ""}`}>
      <header class="top">
        <a class="home" href={page === "caregiver" ? "/pages/caregiver" : "/pages/alerts"}><img src={mark} alt="" width="40" height="40" /><span>{t("home")}</span></a>
        <h1><bdi>{title}</bdi></h1>
        {polled && <Freshness polled={polled} sites={sites} silent={silent} single={only !== undefined || sites?.sites.length === 1} told={told} />}
        {actions}
        <Button look="quiet" onClick={leave}>{common("signout")}</Button>
      </header>
      <Nav page={page} user={user} />
      {stale && <p class="note bad" data-testid="not-live"><span>{t("cut_off")}</span></p>}
      {sites && polled && silent.length > 0 && (
        <div class="note bad" data-testid="not-heard">
          <div>
            {silent.slice(0, NAMED_MAX).map((one) => <p key={one.id} data-site={one.id}>{t("unheard", { clinic: alone(one.name), age: alone(countUp(silentS(sites, one.heard_ms, polled.ageS))), time: alone(clockTime(one.heard_ms, one.timezone, true)) })}</p>)}
            {silent.length > NAMED_MAX && <p>{t("unheard_more", { n: silent.length - NAMED_MAX })}</p>}
          </div>
        </div>
      )}
      {!stale && <ProblemNote problem={polled?.problem} onAgain={polled?.again} />}
      <main>{children}</main>
      <footer class="foot"><LanguagePicker among={["en", "hi", "es", "ar"]} remember /></footer>
    </div>
  );
}

/** `told`: head office tells whether it hears the clinics; without that "live" is said of head office alone. */
function Freshness({ polled, sites, silent, single, told }: { polled: Polled<unknown>; sites: Places | null | undefined; silent: (Place & { heard_ms: number })[]; single: boolean; told: boolean }): JSX.Element {
  const t = useWords(CARE);
  const common = useWords(COMMON);
  const age = useAge();
  const known = polled.data !== null;
  const good = polled.live && !silent.length;
  const live = told ? common("live") : t("office_live");
  const first = silent[0];
  const unheard = sites && first && (!single ? t("unheard_n", { n: silent.length }) : t("unheard_for", { age: alone(countUp(silentS(sites, first.heard_ms, polled.ageS))) }));
  return (
    <span class={`badge ${good ? "good" : known ? "bad" : "pale"}`} data-testid="live">
      <span class="dot" aria-hidden="true" />
      <span aria-hidden="true">{good ? live : !known ? common("opening") : polled.live && unheard ? unheard : t("not_live", { age: age(polled.ageS) })}</span>
      <span class="unseen" role="status">{good ? live : known && polled.live ? t("unheard_n", { n: silent.length }) : known ? common("not_live") : ""}</span>
    </span>
  );
}
