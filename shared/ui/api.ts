/**
 * Calls to the server. Writes carry `X-Outpost: 1` (CSRF) and an Idempotency-Key that stays the same for every retry of
 * one act, so that asking again after a lost answer never does a thing twice. Errors are problem details with a hint.
 */
const TIMEOUT_MS = 8_000;
const TRIES_MAX = 4;
const RETRY_FIRST_MS = 300;
const WAIT_S_MAX = 5; // a person stands there; after that they are told instead

/** A field of what was sent that does not fit, e.g. "items[0].steps[1].dose", with the server's sentence about it, and as a code where it has one. */
export interface Wrong { field: string; message: string; code?: string; values?: Record<string, number> }

/** What went wrong, for a person. `again`: the same request may be sent once more and may then succeed. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly again: boolean,
    readonly waitS = 0,
    readonly wrong: readonly Wrong[] = [],
  ) {
    super(message);
  }
}

/** 128 random bits. Not crypto.randomUUID: browsers offer that only over HTTPS, and a clinic's own network has none. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request. Resolves with the parsed body (null for 204), rejects with Problem. `more`: other headers, e.g. If-Match. */
export async function request<T>(method: Method, path: string, body?: unknown, key: string = newKey(), more: Record<string, string> = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...more };
  if (method !== "GET") Object.assign(headers, { "Content-Type": "application/json", "X-Outpost": "1", "Idempotency-Key": key });
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), TIMEOUT_MS);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      signal: giveUp.signal,
      ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
    });
    text = await answer.text();
  } catch {
    throw new Problem(0, "no_answer", "No answer", "", true);
  } finally {
    clearTimeout(timer);
  }
  const parsed = parse(text);
  if (answer.ok) return parsed as T;
  throw problemOf(answer, parsed);
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function problemOf(answer: Response, parsed: unknown): Problem {
  const body = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const word = (name: string): string => (typeof body[name] === "string" ? (body[name] as string) : "");
  const code = word("code") || word("type").split(/[/:#]/).pop() || "";
  const passing = [502, 503, 504].includes(answer.status);
  const waitS = Math.min(WAIT_S_MAX, Number(answer.headers.get("Retry-After")) || 0);
  const byStatus: Record<number, string> = { 401: "unauthorized", 403: "forbidden", 423: "locked", 429: "too_many" };
  const named = code && code !== "blank" ? code : (byStatus[answer.status] ?? `http_${answer.status}`);
  return new Problem(answer.status, named, word("detail") || word("title") || answer.statusText, word("hint"), passing, waitS, Array.isArray(body["errors"]) ? (body["errors"] as Wrong[]) : []);
}

export const get = <T>(path: string): Promise<T> => request<T>("GET", path);

/**
 * One act of a person, under one key. Where the answer is lost or the server says "later", it is sent again, at most
 * `tries` times in all with growing jittered pauses; then it rejects, and the caller may go on with the same key.
 */
export async function act<T>(
  path: string,
  body: unknown = {},
  options: { key?: string; tries?: number; method?: Method; headers?: Record<string, string>; onRetry?: (tried: number) => void } = {},
): Promise<T> {
  const key = options.key ?? newKey();
  for (let tried = 1; ; tried++) {
    try {
      return await request<T>(options.method ?? "POST", path, body, key, options.headers);
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.again || tried >= (options.tries ?? TRIES_MAX)) throw problem;
      options.onRetry?.(tried);
      const pause = RETRY_FIRST_MS * 2 ** (tried - 1);
      await new Promise((go) => setTimeout(go, Math.max(problem.waitS * 1000, pause * (0.5 + Math.random() / 2))));
    }
  }
}

export interface User {
  id: string;
  name: string;
  roles: string[];
  sites?: string[];
  /** Which doctor of the clinic this account is. */
  doctor_id?: string | null;
}

export async function signIn(username: string, password: string): Promise<User> {
  return (await act<{ user: User }>("/api/v1/auth/login", { username, password, cookie: true }, { tries: 2 })).user;
}

export const signOut = (): Promise<null> => act<null>("/api/v1/auth/logout");

/** Who is signed in, or null. */
export async function whoAmI(): Promise<User | null> {
  try {
    const answer = await get<User | { user: User }>("/api/v1/auth/me");
    return "user" in answer ? answer.user : answer;
  } catch (problem) {
    if (problem instanceof Problem && (problem.status === 401 || problem.status === 403)) return null;
    throw problem;
  }
}
