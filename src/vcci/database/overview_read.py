"""What an overview is read from: sums as they are kept of runs, what their inventories say, and no lines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, LiteralString
from uuid import UUID

import orjson

from vcci.database.connections import Connection
from vcci.database.line_export import SNAPSHOT
from vcci.domain.finding import Outcome
from vcci.domain.inventory import SpendShare, UncoveredAccount
from vcci.engine.uncertainty import Share
from vcci.services.overview_facts import (
    FactorShare,
    Hotspot,
    OverviewFacts,
    RunFacts,
    Selection,
    Side,
    Uncovered,
    YearSum,
)

MOST_SUPPLIERS: Final = 10
"""Suppliers of each category that are named; all others are one."""

MOST_ACCOUNTS: Final = 20

TOLD_OF_RUN: Final = (
    "id",
    "title",
    "year",
    "rows",
    "lines",
    "excluded",
    "not_covered",
    "rejected",
    "total_mg_co2e",
)

RUNS: Final[LiteralString] = """
    SELECT r.id, r.title, r.year, r.rows, r.lines, r.excluded, r.not_covered, r.rejected, r.total_mg_co2e,
        x."interval", x.categories, x.spend, x.boundary
    FROM vcci.runs r CROSS JOIN LATERAL jsonb_to_record(r.inventory)
        AS x ("interval" jsonb, categories jsonb, spend jsonb, boundary jsonb)
    WHERE r.tenant_id = $1 AND r.id = ANY ($2) ORDER BY r.id
"""
"""An inventory is unpacked once: it may be of megabytes."""

SUMS: Final[LiteralString] = """
    SELECT run_id, scope3_category, extract(year FROM month)::int, sum(lines), sum(co2e_mg)
    FROM vcci.month_rollups WHERE tenant_id = $1 AND run_id = ANY ($2) GROUP BY 1, 2, 3
"""

OF_KEYS: Final[LiteralString] = """
    FROM vcci.key_rollups k JOIN vcci.run_multipliers m
        ON m.tenant_id = k.tenant_id AND m.run_id = k.run_id AND m.key = k.multiplier_key
    WHERE k.tenant_id = $1 AND k.run_id = ANY ($2) AND k.scope3_category <> 0
"""
OF_YEAR: Final[LiteralString] = " AND ($3::int IS NULL OR k.year = $3)"

SHARES: Final[LiteralString] = f"""
    SELECT k.scope3_category, m.method, m.dq_technology, m.dq_time, m.dq_geography, m.dq_completeness,
        m.dq_reliability, sum(k.lines), sum(abs(k.co2e_mg)), m.factor_id, sum(k.co2e_mg), m.ln_sigma
    {OF_KEYS} {OF_YEAR} GROUP BY 1, 2, 3, 4, 5, 6, 7, m.factor_id, m.ln_sigma
"""

MONEY: Final[LiteralString] = f"""
    SELECT k.run_id, CASE WHEN m.factor_currency <> '' THEN upper(m.unit) ELSE '' END AS currency,
        sum(k.lines), coalesce(sum(k.spend_hundredths) FILTER (WHERE m.factor_currency <> ''), 0),
        coalesce(sum(k.turnover_hundredths) FILTER (WHERE m.factor_currency <> ''), 0)
    {OF_KEYS} GROUP BY 1, 2
"""

GROUPS: Final[LiteralString] = f"""
    SELECT k.scope3_category, m.activity, m.region, m.unit, m.factor_currency <> '', m.factor_value,
        m.factor_unit, m.method, sum(k.lines), sum(k.co2e_mg), sum(k.spend_hundredths)
    {OF_KEYS} {OF_YEAR} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""

HOTSPOTS: Final[LiteralString] = """
    WITH sums AS (
        SELECT scope3_category, supplier_id, sum(lines) AS lines, sum(co2e_mg) AS co2e_mg
        FROM vcci.{table} WHERE tenant_id = $1 AND run_id = ANY ($2) AND scope3_category <> 0 {of_year}
        GROUP BY 1, 2
    ), merged AS (
        SELECT f.scope3_category, coalesce(s.merged_into, f.supplier_id) AS supplier_id,
            sum(f.lines) AS lines, sum(f.co2e_mg) AS co2e_mg
        FROM sums f LEFT JOIN vcci.suppliers s ON s.tenant_id = $1 AND s.id = f.supplier_id GROUP BY 1, 2
    ), ranked AS (
        SELECT *, count(supplier_id) OVER (PARTITION BY scope3_category) AS suppliers,
            row_number() OVER (PARTITION BY scope3_category ORDER BY co2e_mg DESC, supplier_id) AS place
        FROM merged
    )
    SELECT r.scope3_category, r.supplier_id, t.name, r.lines, r.co2e_mg, r.suppliers
    FROM ranked r LEFT JOIN vcci.suppliers t ON t.tenant_id = $1 AND t.id = r.supplier_id
    WHERE r.place <= $3 ORDER BY r.scope3_category, r.place
"""
"""Supplier by supplier over all time, or month by month where a year is asked for."""

UNCOVERED: Final[LiteralString] = """
    SELECT u.account, u.reason, u.unit, sum(u.rows) AS rows, sum(u.spend_hundredths) AS spend_hundredths,
        count(*) OVER (), sum(sum(u.rows)) OVER ()
    FROM vcci.runs r CROSS JOIN LATERAL jsonb_to_recordset(r.inventory->'uncovered')
        AS u (account text, reason text, unit text, rows bigint, spend_hundredths bigint)
    WHERE r.tenant_id = $1 AND r.id = ANY ($2)
    GROUP BY 1, 2, 3 ORDER BY 5 DESC, 4 DESC, 1, 2, 3 LIMIT $3
"""


async def begin_reading(tx: Connection) -> None:
    """See one state of the books until the transaction ends, so that figures of several reads add up."""
    await tx.execute(SNAPSHOT)


async def sums_of_runs(tx: Connection, tenant_id: UUID, selection: Selection) -> OverviewFacts:
    """Return what the runs come to by category and year; all else is still to be read."""
    rows = await tx.fetch(SUMS, tenant_id, list(selection.looked_at))
    return OverviewFacts(selection, [_year_sum(row) for row in rows])


async def overview_facts(
    tx: Connection, tenant_id: UUID, facts: OverviewFacts, *, also: Iterable[UUID] = ()
) -> OverviewFacts:
    """Return what an overview is made of, but for its bridge; `also` are other runs to be told of."""
    shown, year = list(facts.selection.shown), facts.selection.year
    return replace(
        facts,
        runs=await _runs(tx, tenant_id, sorted({*shown, *also})),
        shares=[_share(row) for row in await tx.fetch(SHARES, tenant_id, shown, year)],
        hotspots=await _hotspots(tx, tenant_id, shown, year=year),
        uncovered=await _uncovered(tx, tenant_id, shown),
    )


async def factor_shares(tx: Connection, tenant_id: UUID, runs: Sequence[UUID]) -> list[FactorShare]:
    """Return what factors add to the categories of runs, without what is stated apart."""
    return [_share(row) for row in await tx.fetch(SHARES, tenant_id, list(runs), None)]


async def bridge_groups(tx: Connection, tenant_id: UUID, side: Side) -> list[tuple[Any, ...]]:
    """Return what a side of a bridge is grouped from: see `services.overview_bridge.GROUP_COLUMNS`."""
    rows = await tx.fetch(GROUPS, tenant_id, list(side.runs), side.year)
    return [(*row[:8], *map(int, row[8:])) for row in rows]


async def _runs(tx: Connection, tenant_id: UUID, ids: Sequence[UUID]) -> list[RunFacts]:
    rows = await tx.fetch(RUNS, tenant_id, ids)
    untold = [row["id"] for row in rows if row["spend"] is None and row["lines"]]
    money = await _money(tx, tenant_id, untold) if untold else {}
    return [_run(row, money) for row in rows]


def _run(row: Any, money: Mapping[UUID, list[SpendShare]]) -> RunFacts:
    interval, categories, spend, boundary = (orjson.loads(one) if one else None for one in row[-4:])
    shares = money.get(row["id"], []) if spend is None else [_spent(one) for one in spend]
    told = {name: row[name] for name in TOLD_OF_RUN}
    return RunFacts(
        **told, interval=interval, categories=categories or [], spend=shares, boundary=boundary or []
    )


def _spent(told: Mapping[str, Any]) -> SpendShare:
    return SpendShare(**{**told, "outcome": Outcome(told["outcome"])})


async def _money(tx: Connection, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, list[SpendShare]]:
    """Return what was spent on the lines of runs whose inventories do not say: those that are still open."""
    found: dict[UUID, list[SpendShare]] = defaultdict(list)
    for run_id, currency, lines, spend, turnover in await tx.fetch(MONEY, tenant_id, ids):
        found[run_id].append(SpendShare(Outcome.LINE, "", currency, int(lines), int(spend), int(turnover)))
    return found


def _year_sum(row: Any) -> YearSum:
    run_id, category, year, lines, mg = row
    return YearSum(run_id, category, year, int(lines), int(mg))


def _share(row: Any) -> FactorShare:
    category, method, *scores, lines, weight, factor_id, mg, ln_sigma = row
    share = Share(factor_id, int(mg), ln_sigma)
    return FactorShare(category, method, tuple(scores), int(lines), int(weight), share)


async def _hotspots(
    tx: Connection, tenant_id: UUID, runs: Sequence[UUID], *, year: int | None
) -> list[Hotspot]:
    values: list[Any] = [tenant_id, runs, MOST_SUPPLIERS]
    of = {"table": "supplier_rollups", "of_year": ""}
    if year is not None:
        values += [date(year, 1, 1), date(year, 12, 31)]
        of = {"table": "emission_rollups", "of_year": "AND month BETWEEN $4 AND $5"}
    rows = await tx.fetch(HOTSPOTS.format(**of), *values)
    return [
        Hotspot(category, supplier_id, name, int(lines), int(mg), suppliers)
        for category, supplier_id, name, lines, mg, suppliers in rows
    ]


async def _uncovered(tx: Connection, tenant_id: UUID, runs: Sequence[UUID]) -> Uncovered:
    rows = await tx.fetch(UNCOVERED, tenant_id, runs, MOST_ACCOUNTS)
    if not rows:
        return Uncovered()
    accounts = [
        UncoveredAccount(account, reason, unit, int(many), int(spend))
        for account, reason, unit, many, spend, _, _ in rows
    ]
    return Uncovered(accounts, rows[0][5], int(rows[0][6]))
