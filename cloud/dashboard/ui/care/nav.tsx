/** The way between the pages of head office: each account is shown those it may open. */
import type { JSX } from "preact";
import type { User } from "../../../../shared/ui/api";
import { useWords } from "../../../../shared/ui/i18n";
import { CARE } from "./words";

const OFFICE = ["office", "office_admin"];
const STAFF = ["nurse", "doctor", "manager"];
/** Which roles a page is for; the server decides in any case. */
export const ROLES_OF = {
  chain: OFFICE, patients: STAFF, alerts: [...STAFF, ...OFFICE], caregiver: ["caregiver"], models: OFFICE,
} as const satisfies Record<string, readonly string[]> as Record<PageName, readonly string[]>;
export type PageName = "chain" | "patients" | "alerts" | "caregiver" | "models";
const PAGES: readonly PageName[] = ["chain", "alerts", "patients", "caregiver", "models"];

export const may = (user: User | null | undefined, page: PageName): boolean => !!user?.roles.some((role) => ROLES_OF[page].includes(role));

/** Where an account lands after signing in. */
export const homeOf = (user: User): string => `/pages/${PAGES.find((page) => may(user, page)) ?? "chain"}`;

export function Nav({ page, user }: { page: PageName | "site"; user: User | null }): JSX.Element | null {
  const t = useWords(CARE);
  const open = PAGES.filter((one) => may(user, one));
  if (open.length < 2) return null;
  return (
    <nav class="pages" aria-label={t("nav")}>
      {open.map((one) => <a key={one} href={`/pages/${one}`} aria-current={one === page ? "page" : undefined}>{t(`nav_${one}`)}</a>)}
    </nav>
  );
}
