/** Signs of danger by their code, in the page's language. Until the words are there, and for a code that has none, the code is read out. */
import { useEffect, useState } from "preact/hooks";
import { language, LANGUAGES, type Language } from "./i18n";

const CODES = /^[a-z0-9_]+(, ?[a-z0-9_]+)*$/;
let known: Record<string, readonly string[]> = {};

/** Gives the words for "chest_pain, not_breathing"; what is no list of codes stays as it is. `wanted`: whether any is shown. */
export function useFlags(wanted: boolean): (text: string) => string {
  const [, again] = useState({});
  useEffect(() => {
    if (wanted && !known.chest_pain) import("./flags").then((module) => { known = module.FLAGS; again({}); }, () => {}); // the codes are read out
  }, [wanted]);
  const at = (Object.keys(LANGUAGES) as Language[]).indexOf(language());
  return (text) => (CODES.test(text) ? text.split(/, ?/).map((code) => known[code]?.[at] ?? code.replaceAll("_", " ")).join(language() === "ar" ? "، " : ", ") : text);
}
