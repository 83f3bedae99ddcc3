/** Why somebody stands where they stand, in the page's language. English readers get the server's own sentence. */
import { useEffect, useState } from "preact/hooks";
import { fill, language } from "../../../../shared/ui/i18n";
import type { WaitingVisit } from "../states";

let words: typeof import("./why-words") | null = null;

export type Why = (visit: Pick<WaitingVisit, "why" | "why_code" | "why_values">) => string;

/** Until the other languages have been fetched, and for a reason they do not know, the server's own sentence. */
export function useWhy(): Why {
  const [, again] = useState({});
  const lang = language();
  useEffect(() => {
    if (lang !== "en" && !words) import("./why-words").then((got) => { words = got; again({}); }, () => {});
  }, [lang]);
  return (visit) => {
    if (lang === "en" || !words) return visit.why;
    const [code, tier] = visit.why_code.startsWith("tiered_") ? ["tiered", visit.why_code.slice(7)] : [visit.why_code, ""];
    const text = words.WHY[code]?.[lang];
    return text ? fill(text, { ...visit.why_values, tier: words.TIERS[tier]?.[lang] ?? tier }) : visit.why;
  };
}
