/** What alerts about patients say, in the reader's language, fetched beside the page. Until it is there they stand as they were written. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { alone, fill, language, LANGUAGES } from "./i18n";

/** Code and values of what an alert says (`CARE_ALERT_FIELDS` of `shared/events.py`); words of danger have `code` and `words`. */
export interface Says { code?: string; words?: string; medicines?: string[]; unsaid?: string[]; left?: number; really_h?: number; shown_h?: number; model?: string; fault?: string }

/** Why a nurse should look at the recording of an alert. */
export interface Asks { needs_human: boolean; review: boolean; raised_by_model: number }

/** What of an alert its words are made of. `source`: "edge" for a clinic's own. */
export interface Worded { topic: string; title: string; hint: string; source: string; patient_name: string | null; says: Says }

type Words = ReturnType<(typeof import("./alert-words"))["worded"]>;
let said: Words | null = null;
const fetched = import("./alert-words").then((module) => { said = module.worded({ alone, fill, language, LANGUAGES }); }, () => {});

export function useAlertWords(): Words | null {
  const [, again] = useState({});
  useEffect(() => { if (!said) void fetched.then(() => again({})); }, []);
  return said;
}

/** A sentence of ours runs as the page does, also where a name in another script stands first; one written elsewhere by itself. */
export const ours = (said: string | undefined, written: string): ComponentChildren => (said && said !== written ? said : written && <bdi>{written}</bdi>);

/** What an alert is about. */
export function AlertTitle({ alert }: { alert: Worded }): JSX.Element {
  return <>{ours(useAlertWords()?.title(alert), alert.title)}</>;
}
