/** Small parts that every page uses. */
import { render, type ButtonHTMLAttributes, type ComponentChildren, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { clockTime, dateWords, LANGUAGES, setLanguage, startLanguage, language, useWords, type Language } from "./i18n";
import { type Liveness, useTick } from "./live";
import { told } from "./problems";
import { COMMON } from "./words";
import "./theme.css";

/** Start a page: choose its language and draw it in place of the "starting" line. */
export function start(page: JSX.Element): void {
  setLanguage(startLanguage());
  const place = document.getElementById("app")!;
  place.textContent = "";
  render(page, place);
}

export function Button(props: Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type" | "disabled"> & {
  look?: "main" | "plain" | "quiet" | "danger";
  busy?: boolean;
  disabled?: boolean;
  hint?: string;
  type?: "button" | "submit";
  children?: ComponentChildren;
}): JSX.Element {
  const { look = "plain", busy = false, hint, children, class: extra, ...rest } = props;
  return (
    <button type="button" {...rest} class={`button ${look} ${extra ?? ""}`} aria-busy={busy} disabled={busy || !!rest.disabled}>
      <span>{children}</span>
      {hint && <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  );
}

/** A token, a room or a code: the same from left to right in every language. */
export const Token = ({ children, class: look = "token" }: { children?: ComponentChildren; class?: string }): JSX.Element => (
  <bdi dir="ltr" class={look}>{children}</bdi>
);

/** An age in words: "42 s", "3 min 10 s", "1 h 05 min". */
export function useAge(): (seconds: number) => string {
  const t = useWords(COMMON);
  return (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return t("age_s", { s });
    if (s < 3600) return t("age_m", { m: Math.floor(s / 60), s: s % 60 });
    return t("age_h", { h: Math.floor(s / 3600), m: String(Math.floor(s / 60) % 60).padStart(2, "0") });
  };
}

/** "Live", or "Not live, as of 09:14:07, 42 s old". Screen readers hear the change, not each second. */
export function LiveBadge({ live, zone }: { live: Liveness; zone?: string | undefined }): JSX.Element {
  useTick(500);
  const t = useWords(COMMON);
  const age = useAge();
  const known = live.asOfMs > 0;
  const words = live.live
    ? t("live")
    : known
      ? t("not_live_since", { time: clockTime(live.asOfMs, zone, true), age: age(live.ageS) })
      : t("opening");
  return (
    <span class={`badge ${live.live ? "good" : known ? "bad" : "pale"}`} data-testid="live">
      <span class="dot" aria-hidden="true" />
      <span aria-hidden="true">{words}</span>
      <span class="unseen" role="status">{live.live ? t("live") : known ? t("not_live") : ""}</span>
    </span>
  );
}

/** The time of day at the site. */
export function Clock({ live, zone, date = false, lang }: { live: Liveness; zone?: string | undefined; date?: boolean; lang?: Language }): JSX.Element {
  useTick(500);
  if (live.nowMs === 0) return <span class="clock" />;
  return (
    <span class="clock">
      <time dir="ltr">{clockTime(live.nowMs, zone)}</time>
      {date && <span class="date">{dateWords(live.nowMs, zone, lang)}</span>}
    </span>
  );
}

/** What went wrong and what to do, in place. Gone when `problem` is null. */
export function ProblemNote({ problem, onAgain, onClose }: { problem: unknown; onAgain?: (() => void) | undefined; onClose?: () => void }): JSX.Element {
  const t = useWords(COMMON);
  const [message, hint] = problem ? told(problem) : ["", ""];
  return (
    <div role="alert" class="alert-place">
      {!!problem && (
        <div class="note bad">
          <div>
            <strong>{message}</strong>
            {hint && <p>{hint}</p>}
          </div>
          {onAgain && <Button look="main" onClick={onAgain}>{t("again")}</Button>}
          {onClose && <Button look="quiet" onClick={onClose} aria-label={t("close")}>✕</Button>}
        </div>
      )}
    </div>
  );
}

/** Says that something was done; also to a screen reader. Shown while `text` is not empty. */
export function Toast({ text, children }: { text: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="toast-place" role="status">
      {text && <div class="toast">{text}{children}</div>}
    </div>
  );
}

export function LanguagePicker({ among, remember, onChoose }: { among: Language[]; remember: boolean; onChoose?: (lang: Language) => void }): JSX.Element {
  const t = useWords(COMMON);
  return (
    <div class="languages" role="group" aria-label={t("language")}>
      {among.map((code) => (
        <button type="button" key={code} lang={code} dir={LANGUAGES[code].dir} aria-pressed={language() === code}
          onClick={() => { setLanguage(code, remember); onChoose?.(code); }}>
          {LANGUAGES[code].name}
        </button>
      ))}
    </div>
  );
}

/** A box over the page, closed with Escape or its button; the browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children?: ComponentChildren }): JSX.Element {
  const t = useWords(COMMON);
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog ref={box} class="dialog" aria-label={title} onClose={onClose} onClick={(e) => { if (e.target === box.current) box.current?.close(); }}>
      <div class="dialog-body">
        <header><h2>{title}</h2><Button look="quiet" aria-label={t("close")} onClick={() => box.current?.close()}>✕</Button></header>
        {children}
      </div>
    </dialog>
  );
}
