/** One act at a time: busy while it is asked, the refusal in place, the same key while it is tried again. */
import { useRef, useState } from "preact/hooks";
import { act, newKey, Problem, type Method } from "../../../../shared/ui/api";

export interface Doing {
  /** What is being done: the name given to `run`; "" for nothing. */
  busy: string;
  problem: unknown;
  /** Resolves with the answer ({} where there is none), or null where it was refused or another act is running. */
  run: <T = object>(name: string, method: Method, path: string, body?: unknown, headers?: Record<string, string>) => Promise<T | null>;
  dismiss: () => void;
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const kept = useRef({ asked: "", key: "", running: false });
  return {
    busy,
    problem,
    dismiss: () => setProblem(null),
    run: async <T = object>(name: string, method: Method, path: string, body: unknown = {}, headers: Record<string, string> = {}) => {
      if (kept.current.running) return null;
      const asked = JSON.stringify([method, path, body, headers]);
      kept.current = { asked, key: kept.current.asked === asked ? kept.current.key : newKey(), running: true };
      setBusy(name);
      setProblem(null);
      try {
        const answer = await act<T>(path, body, { method, key: kept.current.key, headers });
        kept.current.asked = "";
        return answer ?? ({} as T);
      } catch (met) {
        if (!(met instanceof Problem && met.again)) kept.current.asked = "";
        setProblem(met);
        return null;
      } finally {
        kept.current.running = false;
        setBusy("");
      }
    },
  };
}
