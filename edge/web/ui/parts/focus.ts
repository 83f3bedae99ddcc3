/** The focus within a dialog whose content changes: the browser looks for `autofocus` only when the dialog opens. */
import { useEffect } from "preact/hooks";

/** Put the focus where the content says `autofocus`, each time one of `steps` changes. */
export function useFirstFocus(...steps: unknown[]): void {
  useEffect(() => document.querySelector<HTMLElement>("dialog[open] [autofocus]")?.focus(), steps);
}
