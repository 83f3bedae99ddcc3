"""What is left of the medicines of patients whose device reaches head office: as the plan says, counted down with each intake,
filled, or as the device weighs it; told of when it runs out, over when there is enough (`shared.doses.stock`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cloud.care import dose_alerts, doses
from cloud.db.pool import Connection
from shared.doses import stock
from shared.doses.plan import Item, Plan

UNITS_MAX: Final = 100_000
"""As much as a heartbeat may name."""


class _Known(NamedTuple):
    """is_weighed: a device that is heard says by itself how much there is."""

    units: float
    is_weighed: bool


async def of_plan(conn: Connection, site: str, plan: Plan, before: Plan | None, now_ms: int) -> None:
    """What a plan that is new or was changed says there is. before: its last revision."""
    earlier = {item.id: item for item in before.items} if before else {}
    all_known = await _known(conn, site, plan.person_id)
    for item in plan.items:
        known, was = all_known.get(f"{plan.id}/{item.id}"), earlier.get(item.id)
        left = known.units if known is not None else None
        units = stock.of_revision(item, was, left)
        if units is not None:
            was_low = left is not None and stock.is_low(was, left)
            await _put(conn, site, plan, item, units, now_ms, was_low=was_low)


async def count_down(
    conn: Connection, site: str, person_id: str, plan_id: str, item_id: str, quantity: float, now_ms: int
) -> None:
    """Less is left of a medicine (a negative quantity: more). A device that weighs it says so itself."""
    known = (await _known(conn, site, person_id)).get(f"{plan_id}/{item_id}")
    if known is None or known.is_weighed:
        return
    for plan, _ in await doses.active(conn, site, person_id, plan_id):
        for item in (one for one in plan.items if one.id == item_id):
            was_low = stock.is_low(item, known.units)
            await _put(conn, site, plan, item, max(0.0, known.units - quantity), now_ms, was_low=was_low)


async def refilled(conn: Connection, site: str, person_id: str, data: Mapping[str, Any], now_ms: int) -> None:
    """Somebody filled a compartment: so much is in it now, if the device knows. Of a medicine nobody counts it says nothing."""
    units = data.get("units")
    if isinstance(units, bool) or not isinstance(units, int | float) or not 0 <= units <= UNITS_MAX:
        return
    all_known = await _known(conn, site, person_id)
    for plan, _ in await doses.active(conn, site, person_id):
        for item in plan.items:
            known = all_known.get(f"{plan.id}/{item.id}")
            if known is not None and str(item.compartment) == str(data.get("compartment")):
                was_low = stock.is_low(item, known.units)
                await _put(conn, site, plan, item, float(units), now_ms, was_low=was_low)


async def weighed(
    conn: Connection, site: str, person_id: str, device_id: str, units_in: Mapping[str, float], now_ms: int
) -> None:
    """What a device weighs is what there is of the medicines planned for its compartments, also where no plan named a stock."""
    all_known = await _known(conn, site, person_id)
    for plan, _ in await doses.active(conn, site, person_id):
        for item in plan.items:
            units, known = units_in.get(str(item.compartment)), all_known.get(f"{plan.id}/{item.id}")
            if item.compartment is None or units is None:
                continue
            if stock.differs(known.units if known is not None else None, units):
                was_low = known is not None and stock.is_low(item, known.units)
                await _put(conn, site, plan, item, units, now_ms, was_low=was_low, device_id=device_id)


async def _known(conn: Connection, site: str, person_id: str) -> dict[str, _Known]:
    """What is known to be left, by `<plan>/<item>`."""
    found = await conn.execute(
        "select s.stock_id, s.units, coalesce((select h.online from devices d join device_heartbeats h on h.site = d.site"
        " and h.device_id = d.device_id where d.site = s.site and d.device_id = s.device_id and d.owner = 'cloud'"
        " and d.status = 'active' and d.person_id = s.person_id order by h.ordinal desc, h.version desc limit 1), false)"
        " from stocks s where s.site = %s and s.person_id = %s",
        (site, person_id),
    )
    return {row[0]: _Known(row[1], row[2]) for row in await found.fetchall()}


async def _put(
    conn: Connection, site: str, plan: Plan, item: Item, units: float, now_ms: int, *, was_low: bool,
    device_id: str | None = None,
) -> None:  # fmt: skip
    """device_id: of the device that weighed it."""
    await conn.execute(
        "insert into stocks (site, stock_id, version, person_id, plan_id, item_id, medication, device_id, compartment, units,"
        " days_left) values (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (site, stock_id) do update set"
        " medication = excluded.medication, compartment = excluded.compartment, units = excluded.units,"
        " days_left = excluded.days_left, device_id = excluded.device_id, version = stocks.version + 1",
        (site, f"{plan.id}/{item.id}", plan.person_id, plan.id, item.id, item.medication, device_id, item.compartment, units,
         stock.days_left(item, units)),
    )  # fmt: skip
    told = stock.news(item, units, was_low=was_low)
    if told == "low":
        await dose_alerts.alert(
            conn, site, "low_stock", plan.person_id, stock.title(item.medication, units), now_ms, level=3, critical=False,
            device_id=device_id, says={"code": "left", "medicines": [item.medication], "left": units},
        )  # fmt: skip
    elif told == "enough":
        await dose_alerts.end_low_stock(conn, site, plan.person_id, item.medication, now_ms)
