/** Who was told of an alert, when, by what, and what became of it. Asked only while it is open to be read. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useWords } from "../../../../shared/ui/i18n";
import { later } from "../../../../shared/ui/later";
import { CARE } from "../care/words";

const List = later(() => import("./told-list"));

export function WhoWasTold({ site, alert, zone }: { site: string; alert: string; zone: string }): JSX.Element {
  const t = useWords(CARE);
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t("told")}</summary>
      {open && <List site={site} alert={alert} zone={zone} />}
    </details>
  );
}
