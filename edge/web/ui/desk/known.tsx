/** Who of those known already fits what is being typed at the desk, so that nobody is made a second time. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button } from "../../../../shared/ui/components";
import { useWords, words } from "../../../../shared/ui/i18n";
import type { Patient } from "../parts/fetched";
import "./known.css";

const WORDS = words(
  {
    known: "Known already: {n}. Choose one with ↓ and Enter, or go on for somebody new.", many: "The first {n} who fit. Type more, or choose one with ↓ and Enter.",
    none: "Nobody known fits: a new person is registered.", failed: "The search does not answer. Registering works all the same.", age: "age {n}",
  },
  {
    hi: {
      known: "पहले से दर्ज: {n}. ↓ और Enter से चुनें, या नए व्यक्ति के लिए आगे बढ़ें।", many: "मेल खाने वाले पहले {n}. और लिखें, या ↓ और Enter से चुनें।",
      none: "कोई दर्ज व्यक्ति मेल नहीं खाता: नया व्यक्ति दर्ज होगा।", failed: "खोज उत्तर नहीं दे रही। दर्ज करना फिर भी चलता है।", age: "उम्र {n}",
    },
    es: {
      known: "Ya registrados: {n}. Elija con ↓ e Intro, o siga para alguien nuevo.", many: "Los primeros {n} que coinciden. Escriba más, o elija con ↓ e Intro.",
      none: "Nadie registrado coincide: se registrará una persona nueva.", failed: "La búsqueda no responde. Aun así se puede registrar.", age: "{n} años",
    },
    ar: {
      known: "مسجلون من قبل: {n}. اختر بـ ↓ ثم Enter، أو تابع لشخص جديد.", many: "أول {n} مطابقين. اكتب المزيد، أو اختر بـ ↓ ثم Enter.",
      none: "لا يطابق أحد من المسجلين: سيُسجَّل شخص جديد.", failed: "البحث لا يجيب. التسجيل يعمل رغم ذلك.", age: "العمر {n}",
    },
  },
);
const PAUSE_MS = 250;
const SIGNS_MIN = 2;
const SHOWN_MAX = 4;

type Found = { of: string; people: Patient[] } | { of: string; failed: true } | null;

/** Persons whose name or phone has `search` in it; null while nothing is known of it. */
function useKnown(search: string): Found {
  const [found, setFound] = useState<Found>(null);
  useEffect(() => {
    if (search.length < SIGNS_MIN) return setFound(null);
    let stays = true; // an answer to what was typed before is nobody's answer
    const timer = setTimeout(() => void get<Patient[]>(`/api/v1/patients?limit=${SHOWN_MAX}&q=${encodeURIComponent(search)}`).then(
      (people) => stays && setFound({ of: search, people }),
      () => stays && setFound({ of: search, failed: true }),
    ), PAUSE_MS);
    return () => { stays = false; clearTimeout(timer); };
  }, [search]);
  return found;
}

/** At most SHOWN_MAX of them, so that the whole form still fits on a tablet. Arrow keys go from the fields of the form into this list and back. */
export function KnownPeople({ search, onChoose }: { search: string; onChoose: (person: Patient) => void }): JSX.Element {
  const t = useWords(WORDS);
  const found = useKnown(search.trim());
  const list = useRef<HTMLDivElement>(null);
  const people = found && "people" in found ? found.people : [];
  useEffect(() => {
    const form = list.current?.closest("form");
    if (!form) return;
    const pressed = (event: KeyboardEvent): void => {
      const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
      const here = buttons.indexOf(event.target as HTMLButtonElement);
      const fromField = event.target instanceof HTMLInputElement && ["name", "phone"].includes(event.target.name);
      if (event.key === "ArrowDown" && (fromField || here >= 0)) (buttons[here + 1] ?? buttons[here])?.focus();
      else if (event.key === "ArrowUp" && here >= 0) (buttons[here - 1] ?? form.querySelector<HTMLElement>("input"))?.focus();
      else return;
      event.preventDefault();
    };
    form.addEventListener("keydown", pressed);
    return () => form.removeEventListener("keydown", pressed);
  }, []);
  const said = !found ? "" : "failed" in found ? t("failed") : !people.length ? t("none") : t(people.length < SHOWN_MAX ? "known" : "many", { n: people.length });
  return (
    <div class="wide known" ref={list}>
      <p class="quiet" role="status">{said}</p>
      {people.length > 0 && (
        <div class="choices one">
          {people.map((one) => (
            <Button key={one.id} onClick={() => onChoose(one)}>
              <bdi>{one.name}</bdi> {one.phone && <span class="quiet num" dir="ltr">{one.phone}</span>} {one.age !== null && <span class="quiet">{t("age", { n: one.age })}</span>}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
