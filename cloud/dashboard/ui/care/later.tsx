/** Dialogs that are fetched soon after the page is there: the first drawing stays small, and they open without the server. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../../../shared/ui/api";
import { Dialog, ProblemNote } from "../../../../shared/ui/components";

const SOON_MS = 1_500;

/** `later(() => import("./x"))` is the default component of that file; where it cannot be had, a dialog says so. */
export function later<Props extends { onClose: () => void }>(load: () => Promise<{ default: (props: Props) => JSX.Element }>): (props: Props) => JSX.Element | null {
  let Part: ((props: Props) => JSX.Element) | null = null;
  const fetched = (): Promise<void> => load().then((module) => { Part = module.default; });
  setTimeout(() => void fetched().catch(() => {}), SOON_MS); // asked again, and told, when it is opened
  return function Later(props) {
    const [, again] = useState({});
    const [failed, setFailed] = useState(false);
    useEffect(() => { if (!Part) fetched().then(() => again({}), () => setFailed(true)); }, []);
    if (Part) return <Part {...props} />;
    return failed ? <Dialog title="" onClose={props.onClose}><ProblemNote problem={new Problem(0, "no_answer", "", "", true)} /></Dialog> : null;
  };
}
