/** Somebody signs in, then goes where they were going (`?next=/pages/…`), else to the first page of their role. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { whoAmI, type User } from "../../../shared/ui/api";
import { ProblemNote, start } from "../../../shared/ui/components";
import { Card, nextPage, SignInForm } from "../../../shared/ui/forms";
import { useWords } from "../../../shared/ui/i18n";
import { COMMON } from "../../../shared/ui/words";
import { homeOf } from "./care/nav";

const go = (user: User): void => location.replace(nextPage(homeOf(user)));

function SignIn(): JSX.Element {
  const t = useWords(COMMON);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => void whoAmI().then((user) => user && go(user), setProblem), []);
  return (
    <Card title={t("signin")}>
      <ProblemNote problem={problem} />
      <SignInForm onDone={go} />
    </Card>
  );
}

start(<SignIn />);
