/** Signing in, and pairing a screen. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { act, Problem, signIn, type User } from "./api";
import { Button, LanguagePicker, ProblemNote } from "./components";
import { useWords } from "./i18n";
import { COMMON } from "./words";
import mark from "./mark.svg";

/** Where a person goes after signing in: only a page of this very server. */
export function nextPage(otherwise: string): string {
  const asked = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(pages\/[a-z-]+|admin\/|test_websocket\.html)(\?[\w=&.-]*)?$/.test(asked) ? asked : otherwise;
}

/** A calm card in the middle of an otherwise empty page. */
export function Card({ title, children }: { title: string; children?: JSX.Element | (JSX.Element | null | false)[] }): JSX.Element {
  return (
    <main class="centre">
      <section class="card narrow">
        <img src={mark} alt="" width="44" height="44" />
        <h1>{title}</h1>
        {children}
      </section>
      <LanguagePicker among={["en", "hi", "es", "ar"]} remember />
    </main>
  );
}

export function SignInForm({ onDone, focus = true, before = null }: { onDone: (user: User) => void; focus?: boolean; before?: unknown }): JSX.Element {
  const t = useWords(COMMON);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(before);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      onDone(await signIn(name.trim(), password));
    } catch (met) {
      const wrong = met instanceof Problem && met.status === 401;
      setProblem(wrong ? new Problem(401, "bad_login", met.message, met.hint, false) : met);
      if (wrong) setPassword("");
    } finally {
      setBusy(false);
    }
  }
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <label>{t("username")}
        <input name="username" dir="ltr" autocomplete="username" autocapitalize="none" spellcheck={false} required
          ref={(input) => { if (focus && input && !input.dataset["met"]) { input.dataset["met"] = "1"; input.focus(); } }}
          value={name} onInput={(e) => setName(e.currentTarget.value)} />
      </label>
      <label>{t("password")}
        <input name="password" dir="ltr" type={(shown ? "text" : "password") as "password"} autocomplete="current-password" required
          value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
      </label>
      <label class="tick"><input type="checkbox" checked={shown} onChange={(e) => setShown(e.currentTarget.checked)} />{t("show")}</label>
      <ProblemNote problem={problem} />
      <Button type="submit" look="main" busy={busy}>{busy ? t("signing") : t("signin")}</Button>
    </form>
  );
}

/**
 * What an unpaired screen shows. `?pair=CODE` in the address tries that code at once. Codes are letters and digits, so
 * they are typed without caring for case, spaces or dashes.
 */
export function PairForm({ onDone }: { onDone: () => void }): JSX.Element {
  const t = useWords(COMMON);
  const given = new URLSearchParams(location.search).get("pair") ?? "";
  const [code, setCode] = useState(given);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [staff, setStaff] = useState(false);
  async function pair(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await act("/api/v1/screens/pair", { code: code.replace(/[\s-]/g, "").toUpperCase() });
      const address = new URL(location.href);
      address.searchParams.delete("pair"); // a code works once; the bookmark must not keep it
      history.replaceState(null, "", address);
      onDone();
    } catch (met) {
      setProblem(met);
      setBusy(false);
    }
  }
  useEffect(() => void (given && pair()), []);
  return (
    <Card title={t("pair_title")}>
      <p class="quiet">{t("pair_help")}</p>
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (!busy) void pair(); }}>
        <label>{t("pair_code")}
          <input class="code" name="code" dir="ltr" autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={12} required
            value={code} onInput={(e) => setCode(e.currentTarget.value)} />
        </label>
        <ProblemNote problem={problem} />
        <Button type="submit" look="main" busy={busy}>{busy ? t("pairing") : t("pair")}</Button>
      </form>
      {staff
        ? <SignInForm onDone={onDone} />
        : <Button look="quiet" onClick={() => setStaff(true)}>{t("or_signin")}</Button>}
    </Card>
  );
}
