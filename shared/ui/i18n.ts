/**
 * Words in four languages. English defines the keys; the type check fails when another language lacks one.
 *
 * A token ("A-012"), a room and a clock time look the same in every language: western digits, left to right,
 * because they must be the same string on paper, screen and voice.
 */
import { useEffect, useState } from "preact/hooks";

export type Language = "en" | "hi" | "es" | "ar";

export const LANGUAGES: Record<Language, { name: string; dir: "ltr" | "rtl"; locale: string }> = {
  en: { name: "English", dir: "ltr", locale: "en-GB-u-nu-latn" },
  hi: { name: "हिन्दी", dir: "ltr", locale: "hi-IN-u-nu-latn-hc-h23" },
  es: { name: "Español", dir: "ltr", locale: "es-ES-u-nu-latn" },
  ar: { name: "العربية", dir: "rtl", locale: "ar-EG-u-nu-latn-hc-h23" },
};

const REMEMBERED = "outpost.language";
const listeners = new Set<() => void>();
let current: Language = "en";

export const isLanguage = (text: string | null | undefined): text is Language => !!text && Object.hasOwn(LANGUAGES, text);

export const language = (): Language => current;

/** Switch this page. `remember`: also for the next visit on this machine (staff pages; a kiosk forgets). */
export function setLanguage(wanted: Language, remember = false): void {
  current = wanted;
  document.documentElement.lang = wanted;
  document.documentElement.dir = LANGUAGES[wanted].dir;
  if (remember) store(REMEMBERED, wanted);
  for (const listener of listeners) listener();
}

/** `?lang=`, else what this machine was last set to, else the browser's own, else English. */
export function startLanguage(): Language {
  const asked = new URLSearchParams(location.search).get("lang");
  if (isLanguage(asked)) return asked;
  const kept = recall(REMEMBERED);
  if (isLanguage(kept)) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? "en";
}

/** The languages a public screen offers: the site's own; all of ours when the site names none that we know. */
export function offered(site: readonly string[] | undefined): Language[] {
  const known = (site ?? []).map((tag) => tag.slice(0, 2)).filter(isLanguage);
  return known.length ? [...new Set(known)] : ["en", "hi", "es", "ar"];
}

/** Keep `text` (a name, a token, a time) from turning the words around it where the page runs right to left. */
export const alone = (text: string | number): string => (LANGUAGES[current].dir === "rtl" ? `\u2068${text}\u2069` : String(text));

export type Values = Record<string, string | number>;
export type Table<Key extends string> = Record<Language, Record<Key, string>>;

/** A table of words: `words({hello: "Hello {name}"}, {hi: …, es: …, ar: …})`. */
export function words<Key extends string>(
  en: Record<Key, string>,
  others: Record<Exclude<Language, "en">, Record<NoInfer<Key>, string>>,
): Table<Key> {
  return { en, ...others };
}

export const fill = (text: string, values: Values = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

export type Say<Key extends string> = (key: Key, values?: Values) => string;

/** The words of a table in the page's language (or in `fixed`); draws again when the language changes. */
export function useWords<Key extends string>(table: Table<Key>, fixed?: Language): Say<Key> {
  const [, again] = useState({});
  useEffect(() => {
    const listener = (): void => again({});
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return (key, values) => fill(table[fixed ?? current][key], values);
}

/** "09:14:07" or "09:14" in the site's zone if it is told, else in this machine's. */
export function clockTime(ms: number, zone?: string, seconds = false): string {
  const shape: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (seconds) shape.second = "2-digit";
  if (zone) shape.timeZone = zone;
  return new Intl.DateTimeFormat("en-GB", shape).format(ms);
}

/** "Friday 20 November" in the page's language. */
export function dateWords(ms: number, zone?: string, lang: Language = current): string {
  const shape: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long" };
  if (zone) shape.timeZone = zone;
  return new Intl.DateTimeFormat(LANGUAGES[lang].locale, shape).format(ms);
}

/** Seconds as "00:42" or "1:02:03"; never negative. */
export function countUp(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** Read a remembered choice; null where the browser keeps nothing (private mode, storage full or off). */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Remember a choice on this machine; a browser that keeps nothing only forgets it. */
export function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    /* nothing to do: the page works without */
  }
}
