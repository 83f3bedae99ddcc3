/** One form that changes something: busy while it is asked, the refusal in place, and the same key while it is tried again. */
import { useRef, useState } from "preact/hooks";
import { act, newKey, Problem, type Method } from "../../../../shared/ui/api";

export interface Send {
  busy: boolean;
  problem: unknown;
  /** Resolves with the answer, or with null where it was refused, failed, or one is still running. */
  send: <T>(method: Method, path: string, body?: unknown) => Promise<T | null>;
  dismiss: () => void;
}

export function useSend(onSignedOut: () => void): Send {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const kept = useRef({ asked: "", key: "", running: false });
  return {
    busy,
    problem,
    dismiss: () => setProblem(null),
    send: async <T>(method: Method, path: string, body: unknown = {}) => {
      if (kept.current.running) return null;
      const asked = JSON.stringify([method, path, body]);
      const key = kept.current.asked === asked ? kept.current.key : newKey();
      kept.current = { asked, key, running: true };
      setBusy(true);
      setProblem(null);
      try {
        const answer = await act<T>(path, body, { method, key });
        kept.current.asked = "";
        return answer ?? ({} as T);
      } catch (met) {
        if (met instanceof Problem && met.status === 401) onSignedOut();
        if (!(met instanceof Problem && met.again)) kept.current.asked = "";
        setProblem(met);
        return null;
      } finally {
        kept.current.running = false;
        setBusy(false);
      }
    },
  };
}
