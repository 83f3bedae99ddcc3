/** Vitals and signs of somebody who waits: what the tables say, why, and the visit raised to it. They never lower anybody. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { act, get, newKey } from "../../../../shared/ui/api";
import { Button, ProblemNote } from "../../../../shared/ui/components";
import { language, useWords, words } from "../../../../shared/ui/i18n";
import type { StaffVisit } from "../states";

const WORDS = words(
  {
    age_years: "Age (years)", heart_rate: "Pulse a minute", respiratory_rate: "Breaths a minute", temperature: "Temperature °C", oxygen: "Oxygen %",
    systolic: "Upper blood pressure", glucose: "Sugar mg/dL", avpu: "Alertness", A: "alert", C: "confused", V: "to voice", P: "to pain", U: "none",
    mobility: "Walks", walking: "alone", help: "with help", stretcher: "cannot", trauma: "Injury", pregnant: "Pregnant", immunosuppressed: "Weak defences",
    signs: "Signs", find: "Find a sign", judge: "Work out the urgency", not_measured: "not measured", urgency: "Urgency {n}", raised: "The visit was raised to {n}.",
    kept: "The visit stays at {n}: the tables only raise.", unsigned: "No clinician has signed these tables yet: {tables}.", remove: "Remove {sign}",
  },
  {
    hi: {
      age_years: "उम्र (साल)", heart_rate: "नाड़ी प्रति मिनट", respiratory_rate: "सांस प्रति मिनट", temperature: "तापमान °C", oxygen: "ऑक्सीजन %",
      systolic: "ऊपरी रक्तचाप", glucose: "शुगर mg/dL", avpu: "सचेतता", A: "सचेत", C: "भ्रमित", V: "आवाज़ पर", P: "दर्द पर", U: "नहीं",
      mobility: "चलना", walking: "अकेले", help: "सहारे से", stretcher: "नहीं", trauma: "चोट", pregnant: "गर्भवती", immunosuppressed: "कमज़ोर प्रतिरक्षा",
      signs: "लक्षण", find: "लक्षण खोजें", judge: "तात्कालिकता निकालें", not_measured: "नहीं मापा", urgency: "तात्कालिकता {n}", raised: "मुलाक़ात {n} पर बढ़ाई गई।",
      kept: "मुलाक़ात {n} पर रहती है: तालिकाएँ केवल बढ़ाती हैं।", unsigned: "इन तालिकाओं पर अभी किसी चिकित्सक के हस्ताक्षर नहीं हैं: {tables}।", remove: "{sign} हटाएँ",
    },
    es: {
      age_years: "Edad (años)", heart_rate: "Pulso por minuto", respiratory_rate: "Respiraciones por minuto", temperature: "Temperatura °C", oxygen: "Oxígeno %",
      systolic: "Tensión máxima", glucose: "Glucosa mg/dL", avpu: "Alerta", A: "alerta", C: "confuso", V: "a la voz", P: "al dolor", U: "no responde",
      mobility: "Camina", walking: "solo", help: "con ayuda", stretcher: "no", trauma: "Traumatismo", pregnant: "Embarazo", immunosuppressed: "Defensas bajas",
      signs: "Signos", find: "Buscar un signo", judge: "Calcular la urgencia", not_measured: "sin medir", urgency: "Urgencia {n}", raised: "La visita subió a {n}.",
      kept: "La visita sigue en {n}: las tablas solo suben.", unsigned: "Ningún clínico ha firmado aún estas tablas: {tables}.", remove: "Quitar {sign}",
    },
    ar: {
      age_years: "العمر (سنوات)", heart_rate: "النبض في الدقيقة", respiratory_rate: "التنفس في الدقيقة", temperature: "الحرارة °C", oxygen: "الأكسجين %",
      systolic: "الضغط الانقباضي", glucose: "السكر mg/dL", avpu: "اليقظة", A: "يقظ", C: "مشوش", V: "للصوت", P: "للألم", U: "لا يستجيب",
      mobility: "المشي", walking: "وحده", help: "بمساعدة", stretcher: "لا يمشي", trauma: "إصابة", pregnant: "حامل", immunosuppressed: "مناعة ضعيفة",
      signs: "العلامات", find: "ابحث عن علامة", judge: "احسب الأولوية", not_measured: "لم يُقس", urgency: "الأولوية {n}", raised: "رُفعت الزيارة إلى {n}.",
      kept: "تبقى الزيارة عند {n}: الجداول ترفع فقط.", unsigned: "لم يوقّع أي طبيب هذه الجداول بعد: {tables}.", remove: "إزالة {sign}",
    },
  },
);
const NUMBERS = [
  ["age_years", 0, 130, 1], ["heart_rate", 0, 350, 1], ["respiratory_rate", 0, 150, 1], ["temperature", 20, 46, 0.1], ["oxygen", 0, 100, 1],
  ["systolic", 0, 350, 1], ["glucose", 0, 2000, 1],
] as const;
const TICKS = ["trauma", "pregnant", "immunosuppressed"] as const;
const SHOWN_MAX = 6;

interface Sign { code: string; name: string }
interface Tables { tables: { name: string; version: string; signer: string | null }[]; signs: Sign[] }
interface Told { urgency: number; why: string; raised: boolean; visit: { urgency: number }; red_flag: { why: string } | null }

export function Triage({ visit, busy }: { visit: StaffVisit; busy: boolean }): JSX.Element {
  const t = useWords(WORDS);
  const [tables, setTables] = useState<Tables | null>(null);
  const [values, setValues] = useState<Record<string, number>>({});
  const [choices, setChoices] = useState<Record<string, string>>({});
  const [ticks, setTicks] = useState<Record<string, boolean>>({});
  const [signs, setSigns] = useState<Sign[]>([]);
  const [sought, setSought] = useState("");
  const [told, setTold] = useState<Told | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [asking, setAsking] = useState(false);
  const lang = language();
  const answer = useRef<HTMLDivElement>(null);
  useEffect(() => answer.current?.scrollIntoView({ block: "nearest" }), [told]);
  useEffect(() => void get<Tables>(`/api/v1/triage/tables?language=${lang}`).then(setTables, setProblem), [lang]);
  const found = sought.trim() ? (tables?.signs ?? []).filter((one) => one.name.toLowerCase().includes(sought.trim().toLowerCase()) && !signs.some((held) => held.code === one.code)).slice(0, SHOWN_MAX) : [];
  async function judge(event: Event): Promise<void> {
    event.preventDefault();
    setAsking(true);
    setProblem(null);
    try {
      const body = { ...values, ...choices, ...ticks, signs: signs.map((one) => one.code), language: lang };
      setTold(await act<Told>(`/api/v1/visits/${visit.id}/triage`, body, { key: newKey() }));
    } catch (met) {
      setProblem(met);
    } finally {
      setAsking(false);
    }
  }
  const unsigned = (tables?.tables ?? []).filter((one) => !one.signer).map((one) => `${one.name} ${one.version}`);
  return (
    <form class="form triage" onSubmit={(event) => void judge(event)}>
      <div class="vitals">
        {NUMBERS.map(([name, min, max, step]) => (
          <label key={name}>{t(name)}
            <input name={name} type="number" inputMode="decimal" min={min} max={max} step={step} placeholder={t("not_measured")} value={values[name] ?? ""}
              onInput={(e) => { const { [name]: _, ...rest } = values; setValues(e.currentTarget.value === "" ? rest : { ...rest, [name]: Number(e.currentTarget.value) }); }} />
          </label>
        ))}
        <Choice name="avpu" among={["A", "C", "V", "P", "U"]} choices={choices} onChoose={setChoices} />
        <Choice name="mobility" among={["walking", "help", "stretcher"]} choices={choices} onChoose={setChoices} />
      </div>
      <div class="inline">
        {TICKS.map((name) => (
          <label class="tick" key={name}><input type="checkbox" name={name} checked={!!ticks[name]} onChange={(e) => setTicks({ ...ticks, [name]: e.currentTarget.checked })} />{t(name)}</label>
        ))}
      </div>
      <label>{t("signs")}<input name="sign" type="search" dir="auto" placeholder={t("find")} value={sought} onInput={(e) => setSought(e.currentTarget.value)} /></label>
      <div class="choices">
        {found.map((one) => <Button key={one.code} onClick={() => { setSigns([...signs, one]); setSought(""); }}>+ {one.name}</Button>)}
        {signs.map((one) => <Button key={one.code} look="quiet" aria-label={t("remove", { sign: one.name })} onClick={() => setSigns(signs.filter((held) => held !== one))}>{one.name} ✕</Button>)}
      </div>
      <Button type="submit" look="main" busy={asking} disabled={busy}>{t("judge")}</Button>
      <ProblemNote problem={problem} />
      <div role="status" ref={answer}>
        {told && (
          <div class={`note ${told.urgency >= 8 ? "bad" : told.urgency >= 6 ? "warn" : ""}`}>
            <div>
              <strong>{t("urgency", { n: told.urgency })}</strong> {t(told.raised ? "raised" : "kept", { n: told.visit.urgency })}
              <p>{told.why}</p>
              {told.red_flag && <p dir="auto">{told.red_flag.why}</p>}
            </div>
          </div>
        )}
      </div>
      {unsigned.length > 0 && <small class="quiet">{t("unsigned", { tables: unsigned.join(", ") })}</small>}
    </form>
  );
}

function Choice({ name, among, choices, onChoose }: { name: "avpu" | "mobility"; among: readonly ("A" | "C" | "V" | "P" | "U" | "walking" | "help" | "stretcher")[]; choices: Record<string, string>; onChoose: (choices: Record<string, string>) => void }): JSX.Element {
  const t = useWords(WORDS);
  return (
    <label>{t(name)}
      <select name={name} value={choices[name] ?? ""} onChange={(e) => { const { [name]: _, ...rest } = choices; onChoose(e.currentTarget.value ? { ...rest, [name]: e.currentTarget.value } : rest); }}>
        <option value="">{t("not_measured")}</option>
        {among.map((one) => <option key={one} value={one}>{t(one)}</option>)}
      </select>
    </label>
  );
}
