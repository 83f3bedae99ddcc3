/** The manager's page: who works here, who comes, how queues are ordered, who may sign in, and who did what. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ProblemNote, start } from "../../../../shared/ui/components";
import { recall, store, useWords, words } from "../../../../shared/ui/i18n";
import { Problem } from "../../../../shared/ui/api";
import { has, StaffPage, type Staff } from "../parts/frame";
import { later } from "../../../../shared/ui/later";
import "./admin.css";

const WORDS = words(
  { tabs: "Parts of this page", tokens: "Tokens", doctors: "Doctors", patients: "Patients", slots: "Bookable times", queues: "Queues", staff: "Accounts", programs: "Programs", audit: "Audit" },
  {
    hi: { tabs: "इस पन्ने के भाग", tokens: "टोकन", doctors: "डॉक्टर", patients: "मरीज़", slots: "बुकिंग के समय", queues: "कतारें", staff: "खाते", programs: "प्रोग्राम", audit: "लेखा-जोखा" },
    es: { tabs: "Partes de la página", tokens: "Números", doctors: "Médicos", patients: "Pacientes", slots: "Turnos", queues: "Colas", staff: "Cuentas", programs: "Programas", audit: "Auditoría" },
    ar: { tabs: "أقسام الصفحة", tokens: "الأرقام", doctors: "الأطباء", patients: "المرضى", slots: "أوقات الحجز", queues: "الطوابير", staff: "الحسابات", programs: "البرامج", audit: "السجل" },
  },
);
const PARTS = {
  tokens: later(() => import("./tokens")),
  doctors: later(() => import("./doctors")),
  patients: later(() => import("./patients")),
  slots: later(() => import("./slots")),
  queues: later(() => import("./queues")),
  staff: later(() => import("./accounts")),
  programs: later(() => import("./programs")),
  audit: later(() => import("./audit")),
};
type Part = keyof typeof PARTS;
const PART = "outpost.admin.part";

function Admin({ staff }: { staff: Staff }): JSX.Element {
  const t = useWords(WORDS);
  const kept = recall(PART) as Part | null;
  const [part, setPart] = useState<Part>(kept && kept in PARTS ? kept : "tokens");
  const Shown = PARTS[part];
  if (!has(staff.user, "manager")) return <main><ProblemNote problem={new Problem(403, "not_allowed", "", "", false)} /></main>;
  return (
    <main>
      <div class="tabs" role="group" aria-label={t("tabs")}>
        {(Object.keys(PARTS) as Part[]).map((name) => (
          <button type="button" key={name} aria-pressed={name === part} onClick={() => { setPart(name); store(PART, name); }}>{t(name)}</button>
        ))}
      </div>
      <Shown key={part} staff={staff} />
    </main>
  );
}

start(<StaffPage page="admin" body={Admin} />);
