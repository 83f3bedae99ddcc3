/** One key per act. Off while typing, with a modifier held, or when a person has switched them off (WCAG 2.1.4). */
import { useLayoutEffect, useRef } from "preact/hooks";

export const DESK_KEYS = { call: "N", recall: "R", start: "S", complete: "C", noshow: "X", undo: "U" } as const;
export const DOCTOR_KEYS = { ...DESK_KEYS, skip: "K", transfer: "T", hold: "H", emergency: "E" } as const;

/** The letter typed; the place on the keyboard where the layout has no Latin letters (Hindi, Arabic). */
function letterOf(event: KeyboardEvent): string {
  if (/^[a-z]$/i.test(event.key)) return event.key.toUpperCase();
  return event.key.length === 1 && event.code.startsWith("Key") ? event.code.slice(3) : "";
}

export function useKeys<Name extends string>(keys: Readonly<Record<Name, string>>, on: boolean, pressed: (name: Name) => void): void {
  const latest = useRef(pressed);
  latest.current = pressed;
  useLayoutEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent): void => {
      const typing = (event.target as Element | null)?.closest?.("input, select, textarea, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
      const letter = letterOf(event);
      const name = (Object.keys(keys) as Name[]).find((key) => keys[key] === letter);
      if (!name) return;
      event.preventDefault();
      latest.current(name);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [on, keys]);
}
