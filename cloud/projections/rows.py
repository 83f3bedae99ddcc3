"""How a projection becomes rows: fields read with a check, and the upsert that lets the newest event stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString

from psycopg import sql
from psycopg.types.json import Jsonb

from cloud.db.pool import Connection
from cloud.feed import Kept


class Fields:
    """The data of one event. Each read raises ValueError, naming the field, when it is not what it should be.

    Fields that came later are read with what stands for them in events of before: `maybe_...` None, `..._or` a value.
    """

    def __init__(self, kept: Kept) -> None:
        self._data: Any = kept.event.data
        self._of = f"{kept.event.kind} {kept.event.id}"
        if not isinstance(self._data, dict):
            raise ValueError(f"{self._of}: no data")

    def text(self, name: str) -> str:
        """A string."""
        value = self._data.get(name)
        if not isinstance(value, str):
            raise ValueError(f"{self._of}: {name} is not a text")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A string, or None where there is none."""
        return None if self._data.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """A whole number."""
        value = self._data.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{self._of}: {name} is not a whole number")
        return value

    def maybe_number(self, name: str) -> int | None:
        """A whole number, or None where there is none."""
        return None if self._data.get(name) is None else self.number(name)

    def number_or(self, name: str, otherwise: int) -> int:
        """A whole number, or `otherwise` where there is none."""
        return otherwise if self._data.get(name) is None else self.number(name)

    def text_or(self, name: str, otherwise: str) -> str:
        """A string, or `otherwise` where there is none."""
        return otherwise if self._data.get(name) is None else self.text(name)

    def flag_or(self, name: str, otherwise: bool) -> bool:
        """True or false, or `otherwise` where there is neither."""
        return otherwise if self._data.get(name) is None else self.flag(name)

    def maybe_object(self, name: str) -> Jsonb | None:
        """An object, as it is kept, or None where there is none."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, dict):
            raise ValueError(f"{self._of}: {name} is not an object")
        return None if value is None else Jsonb(value)

    def amount(self, name: str) -> float:
        """A number."""
        value = self._data.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"{self._of}: {name} is not a number")
        return value

    def maybe_amount(self, name: str) -> float | None:
        """A number, or None where there is none."""
        return None if self._data.get(name) is None else self.amount(name)

    def texts(self, name: str) -> list[str]:
        """A list of strings; none where there is none."""
        value = self._data.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{self._of}: {name} is not a list of texts")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._data.get(name)
        if not isinstance(value, bool):
            raise ValueError(f"{self._of}: {name} is neither true nor false")
        return value


class Table:
    """A projected table keyed by (site, `key`); `row` makes of one event the values of `columns`, in order.

    only: a condition on the row that is there, `t`, without which it is left alone ("t.owner = 'site'").
    """

    def __init__(
        self, name: str, key: str, columns: Sequence[str], row: Callable[[Kept], tuple[Any, ...]], only: LiteralString = "true"
    ) -> None:  # fmt: skip
        self._row = row
        every = ["site", key, "ordinal", "version", *columns]
        self._upsert = sql.SQL(
            "insert into {table} as t ({columns}) values ({places}) on conflict (site, {key}) do update set {sets}"
            " where (excluded.ordinal, excluded.version) > (t.ordinal, t.version) and {only}"
        ).format(
            table=sql.Identifier(name),
            key=sql.Identifier(key),
            only=sql.SQL(only),
            columns=sql.SQL(", ").join(map(sql.Identifier, every)),
            places=sql.SQL(", ").join([sql.Placeholder()] * len(every)),
            sets=sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in every[2:]
            ),
        )

    async def upsert(self, conn: Connection, site: str, events: Sequence[Kept]) -> None:
        """Bring the rows up to the newest of `events`; older ones change nothing."""
        newest: dict[str, Kept] = {}
        rows: dict[str, tuple[Any, ...]] = {}
        for kept in events:
            row = self._row(kept)
            before = newest.get(kept.event.id)
            if before is None or _order(kept) > _order(before):
                newest[kept.event.id] = kept
                rows[kept.event.id] = row
        if rows:
            async with conn.cursor() as cursor:
                await cursor.executemany(
                    self._upsert,
                    [(site, id_, *_order(newest[id_]), *row) for id_, row in sorted(rows.items())],
                )


def _order(kept: Kept) -> tuple[int, int]:
    return kept.ordinal, kept.event.version
