/** Two builds from one config: `vite build --mode edge` and `--mode cloud`; each HTML file of the folder is one page. */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const PROGRAMS: Record<string, { root: string; out: string }> = {
  edge: { root: "edge/web/ui", out: "edge/web/static" },
  cloud: { root: "cloud/dashboard/ui", out: "cloud/dashboard/static" },
};

export default defineConfig(({ mode }) => {
  const program = PROGRAMS[mode];
  if (!program) throw new Error("say which program's pages to build: --mode edge or --mode cloud");
  const root = resolve(import.meta.dirname, program.root);
  const pages = readdirSync(root).filter((name) => name.endsWith(".html"));
  return {
    root,
    base: "/",
    publicDir: false,
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: process.env["OUTPOST_PAGES_OUT"] ?? resolve(import.meta.dirname, program.out),
      emptyOutDir: true,
      assetsInlineLimit: 0, // nothing as data: or inline, so that the content security policy can stay 'self'
      modulePreload: { polyfill: false },
      target: "es2020", // wall tablets are old
      reportCompressedSize: false,
      rollupOptions: { input: pages.map((name) => resolve(root, name)) },
    },
  };
});
