/** Staff sign in, then go where they were going (`?next=/pages/…`), else a doctor to the own page and others to the desk. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem, whoAmI, type User } from "../../../shared/ui/api";
import { ProblemNote, start } from "../../../shared/ui/components";
import { Card, nextPage, SignInForm } from "../../../shared/ui/forms";
import { useWords } from "../../../shared/ui/i18n";
import { COMMON } from "../../../shared/ui/words";

/** The role without which the page behind sends back here: who has not got it must be able to sign in as somebody else. */
const needed = new URLSearchParams(location.search).get("role");
const lacks = (user: User): boolean => needed !== null && !user.roles.includes(needed);

function go(user: User): void {
  const home = user.roles.join() === "doctor" ? "/pages/doctor" : "/pages/desk";
  location.replace(lacks(user) ? home : nextPage(home));
}

function SignIn(): JSX.Element {
  const t = useWords(COMMON);
  const [problem, setProblem] = useState<unknown>(null);
  const here = (user: User | null): void => {
    if (user && lacks(user)) setProblem(new Problem(403, "not_allowed", "", "", false));
    else if (user) go(user);
  };
  useEffect(() => void whoAmI().then(here, setProblem), []);
  return (
    <Card title={t("signin")}>
      <ProblemNote problem={problem} />
      <SignInForm onDone={go} />
    </Card>
  );
}

start(<SignIn />);
