/** Parts of a page that are fetched when the page is there already: dialogs and tabs. The first drawing stays small. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../../../shared/ui/api";
import { Dialog, ProblemNote } from "../../../../shared/ui/components";

const SOON_MS = 1_500;

/**
 * `later(() => import("./x"))` is the default component of that file. It is fetched soon after the page opened, so that a
 * dialog also opens while the server is away; where it cannot be had, a dialog says so.
 */
export function later<Props extends object>(load: () => Promise<{ default: (props: Props) => JSX.Element }>): (props: Props) => JSX.Element | null {
  let got: ((props: Props) => JSX.Element) | null = null;
  const fetched = (): Promise<void> => load().then((module) => { got = module.default; });
  setTimeout(() => void fetched().catch(() => {}), SOON_MS);
  return function Later(props) {
    const [, again] = useState({});
    const [failed, setFailed] = useState(false);
    useEffect(() => { if (!got) fetched().then(() => again({}), () => setFailed(true)); }, []);
    if (got) {
      const Part = got;
      return <Part {...props} />;
    }
    if (!failed) return null;
    const close = "onClose" in props ? (props.onClose as () => void) : () => {};
    return <Dialog title="" onClose={close}><ProblemNote problem={new Problem(0, "no_answer", "", "", true)} /></Dialog>;
  };
}
