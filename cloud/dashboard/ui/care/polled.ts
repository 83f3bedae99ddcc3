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

export interface Place { id: string; name: string; timezone: string }
export interface Places { now_ms: number; sites: Place[] }

export const places = (): Promise<Places> => get<Places>("/api/v1/care/sites");
export const zoneOf = (all: Places | null | undefined, site: string): string => all?.sites.find((one) => one.id === site)?.timezone ?? "UTC";
export const nameOf = (all: Places | null | undefined, site: string): string => all?.sites.find((one) => one.id === site)?.name ?? site;
