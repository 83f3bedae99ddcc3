/** Parts of a page that are fetched when the page is there already: dialogs, tabs, what is below the fold. The first drawing stays small. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, Problem } from "./api";
import { Dialog, ProblemNote } from "./components";
import { useWords } from "./i18n";
import { COMMON } from "./words";

const SOON_MS = 1_500;

/**
 * `later(() => import("./x"))` is the default component of that file. It is fetched soon after the page opened, so that a
 * dialog also opens while the server is away. Where it cannot be had, what has `onClose` says so in a dialog, and anything
 * else in its own place, where it can be asked for again.
 */
export function later<Props extends object>(load: () => Promise<{ default: (props: Props) => JSX.Element }>): (props: Props) => JSX.Element | null {
  let got: ((props: Props) => JSX.Element) | null = null;
  const fetched = (): Promise<void> => load().then((module) => { got = module.default; });
  setTimeout(() => void fetched().catch(() => {}), SOON_MS); // asked again, and told, when it is drawn
  return function Later(props) {
    const [, again] = useState({});
    const [failed, setFailed] = useState(false);
    const ask = (): Promise<void> => fetched().then(() => again({}), () => setFailed(true));
    const askAgain = async (): Promise<void> => {
      setFailed(false);
      if (await fetched().then(() => true, () => false)) again({});
      else if (await get(location.pathname).then(() => true, (met) => met instanceof Problem && met.status !== 0)) location.reload(); // browsers keep that a file could not be had
      else setFailed(true);
    };
    useEffect(() => { if (!got) void ask(); }, []);
    if (got) {
      const Part = got;
      return <Part {...props} />;
    }
    const problem = failed ? new Problem(0, "no_answer", "", "", true) : null;
    if (!("onClose" in props)) return failed ? <ProblemNote problem={problem} onAgain={() => void askAgain()} /> : <Waiting />;
    return failed ? <Dialog title="" onClose={props.onClose as () => void}><ProblemNote problem={problem} /></Dialog> : null;
  };
}

/** The place of something that is on its way. Says so only when it takes long, so that nothing flashes. */
export function Waiting(): JSX.Element {
  const t = useWords(COMMON);
  return <p class="waiting-part quiet" aria-busy="true"><span>{t("loading")}</span></p>;
}
