/** What a page of medicine asks for again and again while somebody looks: the newest answer, and whether it is still live. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "../../../../shared/ui/api";
import { useTick } from "../../../../shared/ui/live";

const EVERY_MS = 3_000;
/** After an act it is looked at sooner than usual: the clinic, too, takes its moment. */
const SOON_MS = [1_200, 3_000, 6_000];
/** Older than this, what is shown is said to be old. */
const STALE_MS = 10_000;

export interface Polled<T> {
  data: T | null;
  problem: unknown;
  live: boolean;
  /** Real seconds since the newest answer. */
  ageS: number;
  /** Not signed in (any more). */
  signedOut: boolean;
  /** Ask now: after an act. */
  again: () => void;
}

/** `load` is asked at first, whenever `key` changes, and then every few seconds while the page is looked at. */
export function usePolled<T>(key: string, load: () => Promise<T>, everyMs = EVERY_MS): Polled<T> {
  useTick(1000);
  const [kept, setKept] = useState<{ key: string; data: T; at: number } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let over = false;
    let asking = false;
    const look = (): void => {
      if (asking || document.hidden) return;
      asking = true;
      latest.current().then(
        (data) => { if (!over) { setKept({ key, data, at: performance.now() }); setProblem(null); } },
        (met) => { if (!over) setProblem(met); },
      ).finally(() => { asking = false; });
    };
    look();
    const timer = setInterval(look, everyMs);
    const soon = round ? SOON_MS.filter((ms) => ms < everyMs).map((ms) => setTimeout(look, ms)) : [];
    document.addEventListener("visibilitychange", look);
    return () => { over = true; clearInterval(timer); soon.forEach(clearTimeout); document.removeEventListener("visibilitychange", look); };
  }, [key, round, everyMs]);
  const age = kept ? performance.now() - kept.at : 0;
  return {
    data: kept?.key === key ? kept.data : null,
    problem,
    live: !!kept && age < Math.max(STALE_MS, 3 * everyMs),
    ageS: age / 1000,
    signedOut: problem instanceof Problem && problem.status === 401,
    again: () => setRound((n) => n + 1),
  };
}

/** `state`, `heard_ms`: whether head office hears the clinic, and when it did last; absent where the account cannot know. */
export interface Place { id: string; name: string; timezone: string; state?: "live" | "silent" | "never"; heard_ms?: number | null }
/** `factor`: how much faster domain time runs than a wrist watch. */
export interface Places { now_ms: number; factor?: number; sites: Place[] }
interface Chain { now_ms: number; factor: number; sites: { site: string; state: "live" | "silent" | "never"; heard_ms: number | null }[] }

let office = false;
/** The roles of who is signed in: people of head office may ask how clinics are heard. */
export const askAs = (roles: readonly string[]): void => { office = roles.includes("office") || roles.includes("office_admin"); };

/** Beats come every 2 s: a clinic not heard for so many real seconds is silent, where the server tells only when it was heard. */
const SILENT_S = 10;
const heard = (all: Places): Places => ({
  ...all,
  sites: all.sites.map((one) => (one.state || one.heard_ms === undefined ? one : { ...one, state: one.heard_ms === null ? "never" : silentS(all, one.heard_ms, 0) > SILENT_S * (all.factor ?? 1) ? "silent" : "live" })),
});

export async function places(): Promise<Places> {
  const all = heard(await get<Places>("/api/v1/care/sites"));
  if (!office || all.sites.every((one) => one.state)) return all;
  const chain = await get<Chain>("/api/v1/chain");
  const tiles = new Map(chain.sites.map(({ site, state, heard_ms }) => [site, { state, heard_ms }]));
  return { now_ms: chain.now_ms, factor: chain.factor, sites: all.sites.map((one) => ({ ...one, ...tiles.get(one.id) })) };
}

/** Clinics head office does not hear, the longest silence first. `only`: the one clinic that the page is about. */
export const silentOf = (all: Places | null | undefined, only?: string): (Place & { heard_ms: number })[] =>
  (all?.sites ?? []).filter((one): one is Place & { heard_ms: number } => one.state === "silent" && one.heard_ms != null && (only === undefined || one.id === only)).sort((a, b) => a.heard_ms - b.heard_ms);
/** Domain seconds since a clinic was heard, `ageS` real seconds after `all` was. */
export const silentS = (all: Places, heardMs: number, ageS: number): number => (all.now_ms - heardMs) / 1000 + ageS * (all.factor ?? 1);
export const zoneOf = (all: Places | null | undefined, site: string): string => all?.sites.find((one) => one.id === site)?.timezone ?? "UTC";
export const nameOf = (all: Places | null | undefined, site: string): string => all?.sites.find((one) => one.id === site)?.name ?? site;
