/** Where a call sends people, in words. */
import { alone, fill } from "./i18n";

const NAMED = /^(?:room|sala|कमरा|غرفة)\s+(\S.*)$/iu;
const BARE = /^\S{1,4}$/u;

/**
 * "2" and "Room 2" both become "Room 2" in the page's language (`word` is "Room {room}"); any other name, like
 * "X-ray, first floor", stays as the clinic wrote it, isolated so that it does not turn the words around it.
 */
export function place(word: string, room: string | null): string {
  const given = (room ?? "").trim();
  const bare = NAMED.exec(given)?.[1] ?? given;
  if (!given) return "–";
  return bare !== given || BARE.test(given) ? fill(word, { room: bare }) : alone(given);
}
