/** Worst first, and what counts as silent. Pure. */
import type { Tile } from "../states";

/** A site whose beats stopped this long ago is silent, whatever its tile says. Real seconds; beats come every 2 s. */
const SURELY_SILENT_S = 30;

/** What a tile may claim to be, given the real seconds since its site was heard. Silence always wins over "live". */
export function stateOf(tile: Tile, realSince: (ms: number) => number): Tile["state"] {
  if (tile.heard_ms === null) return "never";
  return tile.state === "live" && realSince(tile.heard_ms) > SURELY_SILENT_S ? "silent" : tile.state;
}

const rank = (tile: Tile, state: Tile["state"]): number =>
  state === "silent" ? 0 : state === "never" ? 3 : tile.alerts_open || tile.dead_letters ? 1 : 2;

/** Silent sites first (the longest silence on top), then alerts, then the longest waits; sites never heard come last. */
export function worstFirst(tiles: readonly Tile[], realSince: (ms: number) => number): Tile[] {
  const never = Number.MAX_SAFE_INTEGER;
  const keyed = tiles.map((tile) => {
    const state = stateOf(tile, realSince);
    const since = (state === "silent" ? tile.heard_ms : tile.longest_since_ms) ?? never;
    return { tile, rank: rank(tile, state), since };
  });
  keyed.sort((a, b) => a.rank - b.rank || a.since - b.since || b.tile.waiting - a.tile.waiting || a.tile.name.localeCompare(b.tile.name));
  return keyed.map((one) => one.tile);
}
