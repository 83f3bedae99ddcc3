/** How a queue is ordered: the order another policy would give is shown before it is chosen. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../../../shared/ui/api";
import { Button, ProblemNote, Token } from "../../../../shared/ui/components";
import { alone, useWords, words } from "../../../../shared/ui/i18n";
import { useFetched } from "../parts/fetched";
import type { Staff } from "../parts/frame";
import { useSend } from "../parts/send";
import { useWhy } from "../parts/why";

const WORDS = words(
  {
    queue: "Queue", now: "Ordered now by “{policy}”.", inherited: "As its service: “{policy}”.", policy: "Order by", as_service: "as the service does", preview: "The order this would give", same: "same place",
    was: "was {n}", nobody: "Nobody waits in this queue now, so there is no order to show.", save: "Use this order", saved: "The queue is ordered anew.", token: "Token", place: "Place", why: "Why here",
    weighted: "Urgency, waiting time and load together", tiered: "Category first, then time since booking", appointment: "By booked hour, walk-ins in between", fair: "First come, with turns for priority",
    ratio: "Others for each one of priority", age_min: "Minutes after which anybody counts as priority",
  },
  {
    hi: {
      queue: "कतार", now: "अभी क्रम: “{policy}”।", inherited: "सेवा जैसा: “{policy}”।", policy: "क्रम", as_service: "सेवा जैसा", preview: "इससे यह क्रम बनेगा", same: "वही जगह",
      was: "पहले {n}", nobody: "अभी इस कतार में कोई नहीं, इसलिए क्रम नहीं दिखता।", save: "यह क्रम लगाएँ", saved: "कतार का क्रम बदला गया।", token: "टोकन", place: "जगह", why: "यहाँ क्यों",
      weighted: "तात्कालिकता, प्रतीक्षा और भार साथ में", tiered: "पहले श्रेणी, फिर बुकिंग का समय", appointment: "बुक किए घंटे से, बीच में सीधे आने वाले", fair: "पहले आए पहले, प्राथमिकता की बारी के साथ",
      ratio: "हर प्राथमिकता पर कितने अन्य", age_min: "इतने मिनट बाद सबकी प्राथमिकता",
    },
    es: {
      queue: "Cola", now: "Orden actual: «{policy}».", inherited: "Como su servicio: «{policy}».", policy: "Ordenar por", as_service: "como el servicio", preview: "El orden que daría", same: "mismo puesto",
      was: "antes {n}", nobody: "Ahora nadie espera en esta cola; no hay orden que mostrar.", save: "Usar este orden", saved: "La cola tiene nuevo orden.", token: "Número", place: "Puesto", why: "Por qué",
      weighted: "Urgencia, espera y carga juntas", tiered: "Primero categoría, luego tiempo desde la cita", appointment: "Por hora citada, sin cita intercalados", fair: "Por llegada, con turnos para prioridad",
      ratio: "Otros por cada prioridad", age_min: "Minutos tras los que cualquiera es prioridad",
    },
    ar: {
      queue: "الطابور", now: "الترتيب الآن: «{policy}».", inherited: "مثل خدمته: «{policy}».", policy: "الترتيب حسب", as_service: "كما تفعل الخدمة", preview: "الترتيب الذي سينتج", same: "المكان نفسه",
      was: "كان {n}", nobody: "لا أحد ينتظر في هذا الطابور الآن، فلا ترتيب يُعرض.", save: "استخدم هذا الترتيب", saved: "رُتّب الطابور من جديد.", token: "الرقم", place: "المكان", why: "السبب",
      weighted: "الأولوية والانتظار والحمل معًا", tiered: "الفئة أولًا ثم مدة الحجز", appointment: "حسب ساعة الحجز وبينهم من دون موعد", fair: "بترتيب الوصول مع دور للأولوية",
      ratio: "عدد الآخرين لكل ذي أولوية", age_min: "دقائق يصبح بعدها أي أحد ذا أولوية",
    },
  },
);
interface PolicyOption { name: "ratio" | "age_min"; low: number; high: number; default: number; description: string }
interface Policy { name: string; description: string; options: PolicyOption[] }
interface Present { policy: string; options: Record<string, number>; inherited: boolean; description: string; waiting: number }
interface Preview { visits: { id: string; token_number: string | null; place_before: number; place_after: number; why: string; why_code: string; why_values: Record<string, string | number> }[] }

export default function Queues({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const why = useWhy();
  const { state } = staff;
  const { busy, problem, send } = useSend(staff.signedOut);
  const [queue, setQueue] = useState(state.services[0]?.letter ?? "");
  const [asked, setAsked] = useState<{ policy: string; options: Record<string, number> } | null>(null);
  const policies = useFetched("policies", null, () => get<Policy[]>("/api/v1/queues/policies"));
  const present = useFetched(`${queue}`, state, () => get<Present>(`/api/v1/queues/${queue}/policy`));
  const known = policies.data ?? [];
  const wanted = asked?.policy ?? (present.data?.inherited ? "" : present.data?.policy) ?? "";
  const policy = known.find((one) => one.name === wanted);
  const options = Object.fromEntries((policy?.options ?? []).map((one) => [one.name, asked?.options[one.name] ?? (present.data?.policy === wanted ? present.data.options[one.name] : undefined) ?? one.default]));
  const words_ = (name: string): string => (name in { weighted: 1, tiered: 1, appointment: 1, fair: 1 } ? t(name as "fair") : name);
  const query = new URLSearchParams({ policy: wanted || (present.data?.policy ?? ""), ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)])) });
  const path = `/api/v1/queues/${queue}/preview?${query}`;
  const preview = useFetched(path, state, () => (present.data ? get<Preview>(path) : Promise.reject(null)));
  const isDoctor = queue.length > 1;
  const choose = (id: string): void => { setQueue(id); setAsked(null); };
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (await send("PUT", `/api/v1/queues/${queue}/policy`, { policy: wanted || null, options: wanted ? options : {} })) {
      staff.say(t("saved"));
      setAsked(null);
      present.again();
    }
  }
  return (
    <div class="pair">
      <section class="card pad">
        <form class="form" onSubmit={(event) => void save(event)}>
          <label>{t("queue")}
            <select name="queue" value={queue} onChange={(e) => choose(e.currentTarget.value)}>
              {state.services.map((service) => (
                <optgroup key={service.letter} label={service.name}>
                  <option value={service.letter}>{service.name}</option>
                  {state.doctors.filter((one) => one.service === service.letter).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
                </optgroup>
              ))}
            </select>
          </label>
          {present.data && <p class="quiet">{t(present.data.inherited ? "inherited" : "now", { policy: alone(words_(present.data.policy)) })}</p>}
          <label>{t("policy")}
            <select name="policy" value={wanted} onChange={(e) => setAsked({ policy: e.currentTarget.value, options: {} })}>
              {isDoctor && <option value="">{t("as_service")}</option>}
              {known.map((one) => <option key={one.name} value={one.name}>{words_(one.name)}</option>)}
            </select>
          </label>
          {policy?.options.map((one) => (
            <label key={one.name}>{one.name === "ratio" || one.name === "age_min" ? t(one.name) : one.description}
              <input name={one.name} type="number" min={one.low} max={one.high} required value={options[one.name]} onInput={(e) => setAsked({ policy: wanted, options: { ...options, [one.name]: Number(e.currentTarget.value) } })} />
            </label>
          ))}
          <ProblemNote problem={problem ?? policies.problem ?? present.problem} />
          <Button type="submit" look="main" busy={busy} disabled={!asked}>{t("save")}</Button>
        </form>
      </section>
      <section class="card list">
        <header><h2>{t("preview")}</h2></header>
        {preview.data?.visits.length ? (
          <table class="plain">
            <thead><tr><th scope="col">{t("place")}</th><th scope="col">{t("token")}</th><th scope="col">{t("why")}</th></tr></thead>
            <tbody>
              {[...preview.data.visits].sort((a, b) => a.place_after - b.place_after).map((one) => (
                <tr key={one.id}>
                  <td class="num"><strong>{one.place_after}</strong> <span class="quiet">{one.place_before === one.place_after ? t("same") : t("was", { n: one.place_before })}</span></td>
                  <td><Token>{one.token_number}</Token></td>
                  <td dir="auto">{why(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : <p class="empty">{preview.data && t("nobody")}</p>}
      </section>
    </div>
  );
}
