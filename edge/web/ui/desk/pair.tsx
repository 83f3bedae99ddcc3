/** Give a kiosk or a waiting room screen its code. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { act } from "../../../../shared/ui/api";
import { Button, Dialog, ProblemNote } from "../../../../shared/ui/components";
import { clockTime, useWords, words } from "../../../../shared/ui/i18n";

const WORDS = words(
  {
    pair: "Pair a screen",
    pair_kind: "What is the screen for?",
    kiosk: "Kiosk",
    display: "Waiting room screen",
    pair_do: "On that screen open this address, or type the code there:",
    pair_once: "Works once, until {time}.",
    pair_another: "Another code",
  },
  {
    hi: {
      pair: "स्क्रीन जोड़ें",
      pair_kind: "स्क्रीन किस लिए है?",
      kiosk: "कियोस्क",
      display: "प्रतीक्षालय की स्क्रीन",
      pair_do: "उस स्क्रीन पर यह पता खोलें, या वहाँ कोड लिखें:",
      pair_once: "एक बार चलेगा, {time} तक।",
      pair_another: "दूसरा कोड",
    },
    es: {
      pair: "Vincular una pantalla",
      pair_kind: "¿Para qué es la pantalla?",
      kiosk: "Quiosco",
      display: "Pantalla de la sala de espera",
      pair_do: "En esa pantalla abra esta dirección, o escriba allí el código:",
      pair_once: "Sirve una vez, hasta las {time}.",
      pair_another: "Otro código",
    },
    ar: {
      pair: "إقران شاشة",
      pair_kind: "لأي غرض الشاشة؟",
      kiosk: "جهاز الأرقام",
      display: "شاشة غرفة الانتظار",
      pair_do: "افتح هذا العنوان على تلك الشاشة، أو اكتب الرمز هناك:",
      pair_once: "يعمل مرة واحدة حتى {time}.",
      pair_another: "رمز آخر",
    },
  },
);

type Kind = "kiosk" | "display";

export default function PairDialog({ zone, onClose }: { zone: string | undefined; onClose: () => void }): JSX.Element {
  const t = useWords(WORDS);
  const [busy, setBusy] = useState<Kind | null>(null);
  const [given, setGiven] = useState<{ kind: Kind; code: string; expires_at: string } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  async function ask(kind: Kind): Promise<void> {
    setBusy(kind);
    setProblem(null);
    try {
      setGiven({ kind, ...(await act<{ code: string; expires_at: string }>("/api/v1/screens/codes", { kind })) });
    } catch (met) {
      setProblem(met);
    } finally {
      setBusy(null);
    }
  }
  return (
    <Dialog title={t("pair")} onClose={onClose}>
      {given ? (
        <>
          <p>{t("pair_do")}</p>
          <p class="address" dir="ltr">{location.origin}/pages/{given.kind}</p>
          <p class="big-code" dir="ltr">{given.code}</p>
          <p class="quiet">{t("pair_once", { time: clockTime(Date.parse(given.expires_at), zone) })}</p>
          <Button onClick={() => setGiven(null)}>{t("pair_another")}</Button>
        </>
      ) : (
        <>
          <p>{t("pair_kind")}</p>
          <div class="choice">
            <Button busy={busy === "kiosk"} disabled={!!busy} onClick={() => void ask("kiosk")}>{t("kiosk")}</Button>
            <Button busy={busy === "display"} disabled={!!busy} onClick={() => void ask("display")}>{t("display")}</Button>
          </div>
        </>
      )}
      <ProblemNote problem={problem} />
    </Dialog>
  );
}
