/** Several doctors at work: who is with whom, and who of each doctor's own patients comes next. Tokens and rooms only. */
import type { JSX } from "preact";
import { Token } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import type { DisplayState, RoomNow } from "../states";
import { WORDS } from "./words";

const ROOMS_SHOWN = 6;
const NEXT_SHOWN = 3;

/** The rooms worth a line: none on a screen where the big call says it all. */
export function roomsOf(state: DisplayState): RoomNow[] {
  const busy = state.rooms.filter((room) => room.now || room.next.length || room.is_on_break);
  return state.rooms.length > 1 && busy.length ? (state.rooms.length > ROOMS_SHOWN ? busy : state.rooms).slice(0, ROOMS_SHOWN) : [];
}

export function Rooms({ rooms }: { rooms: RoomNow[] }): JSX.Element {
  const t = useWords(WORDS);
  const hasNext = rooms.some((room) => room.next.length);
  return (
    <table class={hasNext ? "with-next" : ""}>
      <thead class="unseen"><tr><th scope="col">{t("where")}</th><th scope="col">{t("serving")}</th>{hasNext && <th scope="col">{t("next")}</th>}</tr></thead>
      <tbody>
        {rooms.map((room, line) => (
          <tr key={line}>
            <th scope="row"><bdi>{room.room ? place(t("room"), room.room) : t("desk")}</bdi></th>
            <td class="at">{room.now ? <Token>{room.now}</Token> : room.is_on_break ? <small>{t("break")}</small> : <span aria-hidden="true">–</span>}</td>
            {hasNext && <td class="then">{room.next.slice(0, NEXT_SHOWN).map((token) => <Token key={token}>{token}</Token>)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
