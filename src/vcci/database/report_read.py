"""Sums for reports: from the sums that are kept by month, and from the lines where these cannot tell.

Kept sums know category and month, and, in a larger table, the supplier; another knows factors and regions
over all days. Days that cut a month, and factors of suppliers or of days, are in the lines only.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import PLAN_FOR_THESE_RUNS
from vcci.database.keyset import Parameters
from vcci.domain.category import STATED_APART
from vcci.engine.uncertainty import Share
from vcci.services.emission_reports import Dimension, FactorShare, Group, Period, ReportAsked

MOST_GROUPS: Final = 100_000
"""Groups of one report; a report of more is refused, and not cut."""

OF_DIMENSION: Final = {
    Dimension.CATEGORY: "f.scope3_category",
    Dimension.SUPPLIER: "coalesce(s.merged_into, f.supplier_id)",
    Dimension.MONTH: "to_char(f.month, 'YYYY-MM')",
    Dimension.QUARTER: "to_char(f.month, 'YYYY\"-Q\"Q')",
    Dimension.YEAR: "to_char(f.month, 'YYYY')",
    Dimension.REGION: "f.region",
}
SUMS: Final = (
    f"coalesce(sum(f.lines) FILTER (WHERE f.scope3_category <> {STATED_APART}), 0)",
    f"coalesce(sum(f.co2e_mg) FILTER (WHERE f.scope3_category <> {STATED_APART}), 0)",
    f"coalesce(sum(f.lines) FILTER (WHERE f.scope3_category = {STATED_APART}), 0)",
    f"coalesce(sum(f.co2e_mg) FILTER (WHERE f.scope3_category = {STATED_APART}), 0)",
)
KEPT: Final = (
    "SELECT scope3_category, {supplier} AS supplier_id, month, NULL AS region, NULL AS factor_id,"
    " NULL::float8 AS ln_sigma, lines, co2e_mg FROM vcci.{table} e WHERE {conditions}"
)
OF_SUPPLIERS: Final = {"table": "emission_rollups", "supplier": "supplier_id"}
OF_ALL: Final = {"table": "month_rollups", "supplier": "NULL::uuid"}
LINES: Final = (
    "SELECT e.scope3_category, e.supplier_id,"
    " date_trunc('month', e.transaction_date::timestamp)::date AS month, NULL AS region, NULL AS factor_id,"
    " NULL::float8 AS ln_sigma, 1 AS lines, e.co2e_mg FROM vcci.emissions e WHERE {conditions}"
)
LINES_WITH_FACTOR: Final = (
    "SELECT e.scope3_category, e.supplier_id,"
    " date_trunc('month', e.transaction_date::timestamp)::date AS month, m.region, m.factor_id, m.ln_sigma,"
    " 1 AS lines, e.co2e_mg FROM vcci.emissions e JOIN vcci.run_multipliers m"
    " ON m.tenant_id = e.tenant_id AND m.run_id = e.run_id AND m.key = e.multiplier_key WHERE {conditions}"
)
KEPT_WITH_FACTOR: Final = (
    "SELECT e.scope3_category, NULL::uuid AS supplier_id, NULL::date AS month, m.region, m.factor_id,"
    " m.ln_sigma, e.lines, e.co2e_mg FROM vcci.key_rollups e JOIN vcci.run_multipliers m"
    " ON m.tenant_id = e.tenant_id AND m.run_id = e.run_id AND m.key = e.multiplier_key WHERE {conditions}"
)
NAMED: Final = (
    "WITH facts AS ({facts}), grouped AS (SELECT {dimensions} {supplier} AS of_supplier, {sums}"
    " FROM facts f {joined} GROUP BY {grouping} LIMIT {most}) SELECT g.*, t.name FROM grouped g"
    " LEFT JOIN vcci.suppliers t ON t.tenant_id = $1 AND t.id = g.of_supplier"
)
"""Sums first, names then; $1 is the tenant."""

OF_FACTORS: Final = frozenset({Dimension.CATEGORY, Dimension.REGION})
"""What sums that are kept by factor can be grouped by."""

JOINED: Final = "LEFT JOIN vcci.suppliers s ON s.tenant_id = $1 AND s.id = f.supplier_id"


async def report_groups(tx: Connection, tenant_id: UUID, asked: ReportAsked) -> list[Group]:
    """Return the groups of a report, in no order; one more than MOST_GROUPS where there are too many."""
    parameters = Parameters([tenant_id])
    facts = list(facts_of(asked, parameters, is_by_factor=Dimension.REGION in asked.group_by))
    if not asked.runs or not facts:
        return []
    await tx.execute(PLAN_FOR_THESE_RUNS)
    rows = await tx.fetch(query_of(asked, facts, SUMS), *parameters.values)
    return [group_of(asked, row) for row in rows]


async def factor_shares(tx: Connection, tenant_id: UUID, asked: ReportAsked) -> list[FactorShare]:
    """Return what each factor adds to each group, without what is stated apart."""
    parameters = Parameters([tenant_id])
    facts = list(facts_of(asked, parameters, is_by_factor=True))
    if not asked.runs:
        return []
    await tx.execute(PLAN_FOR_THESE_RUNS)
    sums = (SUMS[1], "f.factor_id", "f.ln_sigma")
    rows = await tx.fetch(query_of(asked, facts, sums, by=("f.factor_id", "f.ln_sigma")), *parameters.values)
    found = []
    for row in rows:
        *values, _, mg, factor_id, ln_sigma, _ = row
        of = dict(zip(asked.group_by, values, strict=True))
        found.append(FactorShare(of, Share(factor_id, int(mg), ln_sigma)))
    return found


async def undated_sum(tx: Connection, tenant_id: UUID, asked: ReportAsked) -> Group:
    """Return the sum of the lines without a date."""
    parameters = Parameters([tenant_id])
    conditions = " AND ".join([*_conditions(asked, parameters), "e.month IS NULL"])
    whole = ReportAsked(asked.runs, Period(), asked.categories, ())
    query = query_of(whole, [KEPT.format(conditions=conditions, **OF_ALL)], SUMS)
    return group_of(whole, await tx.fetchrow(query, *parameters.values))


def facts_of(asked: ReportAsked, parameters: Parameters, *, is_by_factor: bool) -> Iterator[str]:
    """Yield the conditions of a report's rows, as SQL over numbered parameters."""
    mine = _conditions(asked, parameters)
    if is_by_factor and not asked.period and OF_FACTORS.issuperset(asked.group_by):
        yield KEPT_WITH_FACTOR.format(conditions=" AND ".join(mine))
        return
    if is_by_factor:
        conditions = [*mine, *_within(asked.period, "e.transaction_date", parameters)]
        yield LINES_WITH_FACTOR.format(conditions=" AND ".join(conditions))
        return
    whole = asked.period.whole_months()
    if whole is not None:
        bounds = zip((">=", "<"), whole, strict=True)
        months = [f"e.month {sign} {parameters.add(day, 'date')}" for sign, day in bounds if day is not None]
        dated = ["e.month IS NOT NULL"] if asked.period else []
        kept = OF_SUPPLIERS if Dimension.SUPPLIER in asked.group_by else OF_ALL
        yield KEPT.format(conditions=" AND ".join([*mine, *dated, *months]), **kept)
    for cut in asked.period.cut_months():
        conditions = [*mine, *_within(cut, "e.transaction_date", parameters)]
        yield LINES.format(conditions=" AND ".join(conditions))


def _conditions(asked: ReportAsked, parameters: Parameters) -> list[str]:
    mine = ["e.tenant_id = $1", f"e.run_id = ANY ({parameters.add(list(asked.runs), 'uuid[]')})"]
    if asked.categories:
        wanted = parameters.add(list(asked.categories), "smallint[]")
        mine.append(f"e.scope3_category = ANY ({wanted})")
    return mine


def _within(period: Period, column: str, parameters: Parameters) -> list[str]:
    bounds = ((">=", period.first), ("<=", period.last))
    return [f"{column} {sign} {parameters.add(day, 'date')}" for sign, day in bounds if day is not None]


def query_of(asked: ReportAsked, facts: Sequence[str], sums: Sequence[str], *, by: Sequence[str] = ()) -> str:
    """Return the query of a report's groups over the facts that its conditions leave."""
    dimensions = [OF_DIMENSION[one] for one in asked.group_by]
    is_by_supplier = Dimension.SUPPLIER in asked.group_by
    supplier = OF_DIMENSION[Dimension.SUPPLIER] if is_by_supplier else "NULL::uuid"
    named = [f"{sql} AS d{number}" for number, sql in enumerate(dimensions)]
    numbered = [f"{sql} AS s{number}" for number, sql in enumerate(sums)]
    return NAMED.format(
        facts=" UNION ALL ".join(facts),
        dimensions="".join(f"{one}, " for one in named),
        supplier=supplier,
        sums=", ".join(numbered),
        joined=JOINED if is_by_supplier else "",
        grouping=", ".join([*dimensions, *by]) or "()",
        most=MOST_GROUPS + 1 if not by else "ALL",
    )


def group_of(asked: ReportAsked, row: Any) -> Group:
    """Return the group that a row of the query tells."""
    *values, _, lines, mg, apart_lines, apart_mg, name = row
    of = dict(zip(asked.group_by, values, strict=True))
    return Group(of, int(lines), int(mg), int(apart_lines), int(apart_mg), name)
