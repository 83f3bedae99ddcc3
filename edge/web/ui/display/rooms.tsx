/** Several doctors at work: who is with whom, and who of each doctor's own patients comes next. Tokens and rooms only. */
import type { JSX } from "preact";
import { Token } from "../../../../shared/ui/components";
import { useWords } from "../../../../shared/ui/i18n";
import { place } from "../../../../shared/ui/rooms";
import type { DisplayState, RoomNow } from "../states";
import { WORDS } from "./words";

const ROOMS_SHOWN = 6;
const SHORT = 12;
const [MANY, NEXT_SHOWN, NEXT_SHOWN_OF_MANY] = [4, 3, 2]; // so that each room has one line, also on a small screen

/** The rooms worth a line: none on a screen where the big call says it all. */
export function roomsOf(state: DisplayState): RoomNow[] {
  const busy = state.rooms.filter((room) => room.now || room.next.length || room.is_on_break);
  return state.rooms.length > 1 && busy.length ? (state.rooms.length > ROOMS_SHOWN ? busy : state.rooms).slice(0, ROOMS_SHOWN) : [];
}

export function Rooms({ rooms }: { rooms: RoomNow[] }): JSX.Element {
  const t = useWords(WORDS);
  const hasNext = rooms.some((room) => room.next.length);
  const shown = rooms.length < MANY ? NEXT_SHOWN : NEXT_SHOWN_OF_MANY;
  return (
    <table class={hasNext ? "with-next" : ""}>
      <thead class="unseen"><tr><th scope="col">{t("where")}</th><th scope="col">{t("serving")}</th>{hasNext && <th scope="col">{t("next")}</th>}</tr></thead>
      <tbody>
        {rooms.map((room, line) => (
          <tr key={line}>
            <th scope="row"><Name name={room.room ? place(t("room"), room.room) : t("desk")} /></th>
            <td class="at">{room.now ? <Token>{room.now}</Token> : room.is_on_break ? <small>{t("break")}</small> : <span aria-hidden="true">–</span>}</td>
            {hasNext && <td class="then">{room.next.slice(0, shown).map((token) => <Token key={token}>{token}</Token>)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A short name stays in one line; a long one may break anywhere. */
const Name = ({ name }: { name: string }): JSX.Element => <bdi class={name.length <= SHORT ? "short" : ""}>{name}</bdi>;
