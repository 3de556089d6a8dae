"""The league table of suppliers, from the sums that are kept of each; lines are not read.

Suppliers that were merged count where they belong. Sums of a year are those by month, which know no methods
and no quality. The table is sorted whole, which for ten thousand
suppliers is quicker than to look each of them up, so a page is found by its number.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.drill_read import within_year
from vcci.database.keyset import Parameters
from vcci.services.drill import IN_TOTALS, Narrowed, Sum
from vcci.services.league import (
    NOTHING,
    Direction,
    LeagueAsked,
    Page,
    Ranked,
    Sort,
    Weight,
    primary_pairs,
)

PRIMARY: Final = (
    "coalesce(sum(e.co2e_mg) FILTER (WHERE (e.scope3_category, e.method)"
    " IN (SELECT * FROM unnest($2::smallint[], $3::text[]))), 0)"
)
"""$2 and $3 are category and method of what stands on primary data."""

ORDER: Final = {
    Sort.EMISSIONS: ("", "r.co2e_mg {}"),
    Sort.NAME: ("", "lower(t.name) {}, t.name {}"),
    Sort.SHARE: ("", "r.co2e_mg {}"),
    Sort.QUALITY: (
        "CASE WHEN bool_and(e.method <> '') THEN sum(e.quality_points_mg) / nullif(sum(e.quality_mg), 0) END",
        "r.key {} NULLS LAST, r.co2e_mg DESC",
    ),
    Sort.PRIMARY: (
        f"CASE WHEN bool_and(e.method <> '') THEN {PRIMARY} / nullif(sum(e.co2e_mg), 0) END",
        "r.key {} NULLS LAST, r.co2e_mg DESC",
    ),
    Sort.LINES: ("", "r.lines {}"),
}
"""What an order works out of every supplier, and the order; sums without a method tell nothing of quality."""

WEIGHT: Final = (
    f"sum(e.lines), sum(e.co2e_mg), {PRIMARY}, sum(e.quality_mg) AS quality_mg, sum(e.quality_points_mg),"
    " coalesce(sum(e.lines) FILTER (WHERE e.method = ''), 0)"
)
OF_RUNS: Final = (
    "e.tenant_id = $1 AND e.run_id = ANY ($4::uuid[]) AND e.scope3_category = ANY ($5::smallint[])"
)

OVER_ALL_TIME: Final = "vcci.supplier_rollups"
OF_YEAR: Final = """(
    SELECT tenant_id, run_id, scope3_category, supplier_id, ''::text AS method, lines, co2e_mg,
        0::numeric AS quality_mg, 0::numeric AS quality_points_mg
    FROM vcci.emission_rollups e WHERE {of_year}
)"""
"""The sums that the table is made of, and what stands in their place for a year."""

LEAGUE: Final = """
    WITH merged AS (
        SELECT id, merged_into FROM vcci.suppliers WHERE tenant_id = $1 AND merged_into IS NOT NULL
    ), owned AS (
        SELECT coalesce(m.merged_into, e.supplier_id) AS id, sum(e.lines) AS lines,
            sum(e.co2e_mg) AS co2e_mg, {key} AS key
        FROM {sums} e LEFT JOIN merged m ON m.id = e.supplier_id
        WHERE {of_runs} AND e.supplier_id IS NOT NULL GROUP BY 1
    ), ranked AS (
        SELECT row_number() OVER (ORDER BY co2e_mg DESC, id) AS rank, * FROM owned
    )
    SELECT r.rank, r.id, count(*) OVER () AS fitting FROM ranked r {named}
    ORDER BY {order}, r.id LIMIT {rows} OFFSET {before}
"""

NAMED: Final = "JOIN vcci.suppliers t ON t.tenant_id = $1 AND t.id = r.id"
IS_NAMED: Final = " AND position(lower({}) IN lower(t.name)) > 0"

OF_PAGE: Final = f"""
    SELECT e.supplier_id, {WEIGHT} FROM {{sums}} e
    WHERE {OF_RUNS} AND e.supplier_id = ANY ($6::uuid[]) GROUP BY 1
"""

FAMILY: Final = """
    SELECT id, name, merged_into FROM vcci.suppliers
    WHERE tenant_id = $1 AND (id = ANY ($2) OR merged_into = ANY ($2))
"""

UNUSED: Final = "($2::smallint[], $3::text[]) IS NOT NULL"
"""Every value of a query has to be named in it."""

WITHOUT: Final = f"""
    SELECT coalesce(sum(e.lines), 0), coalesce(sum(e.co2e_mg), 0) FROM vcci.emission_rollups e
    WHERE {OF_RUNS.replace("$4", "$2").replace("$5", "$3")} AND e.supplier_id IS NULL
        AND {{of_year}}
"""

OF_SUPPLIER: Final = f"""
    SELECT e.scope3_category, {WEIGHT} FROM {{sums}} e
    WHERE {OF_RUNS} AND e.supplier_id = ANY ($6::uuid[]) GROUP BY 1 ORDER BY 1
"""

TREND: Final = """
    SELECT e.supplier_id, e.month, sum(e.co2e_mg) FROM vcci.emission_rollups e
    WHERE e.tenant_id = $1 AND e.run_id = ANY ($2::uuid[]) AND e.scope3_category = ANY ($3::smallint[])
        AND e.supplier_id = ANY ($4::uuid[]) AND e.month IS NOT NULL AND {of_year} GROUP BY 1, 2
"""


async def league_page(tx: Connection, tenant_id: UUID, asked: LeagueAsked) -> Page:
    """Return a page of the table, and what the lines come to that name no supplier."""
    categories = IN_TOTALS if asked.category is None else (asked.category,)
    of_runs = [tenant_id, *_primary(), list(asked.runs), list(categories)]
    query, values = league_query(asked, of_runs)
    ranked = await tx.fetch(query, *values)
    ids = [row["id"] for row in ranked]
    family = await tx.fetch(FAMILY, tenant_id, ids)
    owner = {row["id"]: row["merged_into"] or row["id"] for row in family}
    weights = dict.fromkeys(ids, NOTHING)
    for one, *figures in await _fetch(tx, OF_PAGE, [*of_runs, list(owner)], year=asked.year):
        weights[owner[one]] += _weight(figures)
    names = {row["id"]: row["name"] for row in family}
    mine = [tenant_id, list(asked.runs), list(categories)]
    ((lines, mg),) = await _fetch(tx, WITHOUT, mine, year=asked.year)
    return Page(
        [Ranked(row["rank"], row["id"], names[row["id"]], weights[row["id"]]) for row in ranked],
        ranked[0]["fitting"] if ranked else 0,
        Sum(int(lines), int(mg)),
        owner,
    )


def league_query(asked: LeagueAsked, of_runs: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the query of a page's ranks and ids, and its values, of which `of_runs` are the first."""
    parameters = Parameters(list(of_runs))
    key, order = ORDER[asked.sort]
    named = NAMED if asked.name or asked.sort is Sort.NAME else ""
    query = LEAGUE.format(
        key=key or "NULL::numeric",
        sums=_sums(asked.year, parameters),
        of_runs=OF_RUNS if "$2" in key else f"{OF_RUNS} AND {UNUSED}",
        named=named + (IS_NAMED.format(parameters.add(asked.name, "text")) if asked.name else ""),
        order=order.replace("{}", "DESC" if asked.direction is Direction.DOWN else "ASC"),
        rows=asked.rows,
        before=(asked.page - 1) * asked.rows,
    )
    return query, parameters.values


async def weights_of(tx: Connection, tenant_id: UUID, narrowed: Narrowed) -> dict[int, Weight]:
    """Return what a supplier, with all that were merged into it, comes to by category."""
    of_runs = [tenant_id, *_primary(), list(narrowed.runs), list(narrowed.categories)]
    mine = [*of_runs, list(narrowed.suppliers or ())]
    rows = await _fetch(tx, OF_SUPPLIER, mine, year=narrowed.year)
    return {category: _weight(weight) for category, *weight in rows}


async def trend_of(
    tx: Connection, tenant_id: UUID, narrowed: Narrowed, *, owner: Mapping[UUID, UUID]
) -> list[tuple[UUID, date, int]]:
    """Return supplier, month and mg CO2e; `owner` says of each supplier which one it counts for."""
    mine = [tenant_id, list(narrowed.runs), list(narrowed.categories), list(owner)]
    rows = await _fetch(tx, TREND, mine, year=narrowed.year)
    return [(owner[one], month, int(mg)) for one, month, mg in rows]


async def _fetch(tx: Connection, query: str, values: Sequence[Any], *, year: int | None) -> Sequence[Any]:
    """Return the rows of a query that is told the sums, or else the condition, of a year."""
    parameters = Parameters(list(values))
    if "{sums}" in query:
        told = query.format(sums=_sums(year, parameters))
    else:
        told = query.format(of_year=_within(year, parameters))
    return await tx.fetch(told, *parameters.values)


def _sums(year: int | None, parameters: Parameters) -> str:
    return OVER_ALL_TIME if year is None else OF_YEAR.format(of_year=_within(year, parameters))


def _within(year: int | None, parameters: Parameters) -> str:
    return " AND ".join(within_year(year, parameters)) or "true"


def _primary() -> tuple[list[int], list[str]]:
    pairs = primary_pairs()
    return [category for category, _ in pairs], [method for _, method in pairs]


def _weight(figures: Sequence[Any]) -> Weight:
    return Weight(*(int(one) for one in figures))
