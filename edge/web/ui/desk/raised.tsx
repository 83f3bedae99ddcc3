/** The mark of a visit whose urgency a language model raised: by how it reads, why, and away with it once somebody has looked. */
import type { JSX } from "preact";
import { complaint } from "../../../../shared/ui/complaints";
import { Button } from "../../../../shared/ui/components";
import { FLAGS } from "../../../../shared/ui/flags";
import { language, LANGUAGES, useWords, words, type Language } from "../../../../shared/ui/i18n";
import type { Acts } from "../parts/acts";
import type { WaitingVisit } from "../states";

const WORDS = words(
  { raised: "AI raised the urgency to {n}", look: "Please check.", looked: "Looked at", comma: ", " },
  {
    hi: { raised: "एआई ने तात्कालिकता {n} पर बढ़ाई", look: "कृपया जाँचें।", looked: "देख लिया", comma: ", " },
    es: { raised: "La IA subió la urgencia a {n}", look: "Compruébelo.", looked: "Revisado", comma: ", " },
    ar: { raised: "رفع الذكاء الاصطناعي الأولوية إلى {n}", look: "يرجى التحقق.", looked: "تم الاطلاع", comma: "، " },
  },
);

export default function Raised({ visit, acts }: { visit: WaitingVisit; acts: Acts }): JSX.Element {
  const t = useWords(WORDS);
  const at = (Object.keys(LANGUAGES) as Language[]).indexOf(language());
  const found = (visit.raised ?? "").split(", ").filter(Boolean).map((code) => FLAGS[code]?.[at] ?? complaint(code)).join(t("comma"));
  return (
    <span class="raised" data-testid="raised">
      <span class="badge warn">{t("raised", { n: visit.urgency })}</span>
      <span dir="auto">{found || t("look")}</span>
      <Button look="quiet" disabled={!!acts.busy} aria-label={`${t("looked")}: ${visit.token_number ?? visit.name ?? ""}`}
        onClick={() => void acts.deed({ verb: "looked", target: visit.id, body: { urgency: visit.urgency } })}>{t("looked")}</Button>
    </span>
  );
}
