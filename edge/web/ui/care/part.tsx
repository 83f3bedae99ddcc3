/** A list of the care page under its title. */
import type { ComponentChildren, JSX } from "preact";

export function Part({ title, count, empty, hint = "", testid, tools, children }: { title: string; count: number; empty: string; hint?: string; testid: string; tools?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  return (
    <section class="card list" data-testid={testid} aria-label={title}>
      <header><h2>{title}{count > 0 && <b class="num">{count}</b>}</h2>{tools}</header>
      {count ? <ul>{children}</ul> : <div class="empty">{empty}{hint && <p>{hint}</p>}</div>}
    </section>
  );
}
