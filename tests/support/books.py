"""Whether the books of every run in a database balance."""

from typing import Any

import asyncpg

BALANCE = """
    WITH line AS (
        SELECT run_id, count(*) AS lines, coalesce(sum(co2e_mg) FILTER (WHERE scope3_category <> 0), 0) AS mg
        FROM vcci.emissions GROUP BY 1
    ), unlined AS (SELECT run_id, count(*) AS rows FROM vcci.unlined GROUP BY 1),
    sums AS (
        SELECT run_id, scope3_category, supplier_id, date_trunc('month', transaction_date::timestamp)::date,
            count(*), sum(co2e_mg) FROM vcci.emissions GROUP BY 1, 2, 3, 4
    ), kept AS (
        SELECT run_id, scope3_category, supplier_id, month, lines, co2e_mg FROM vcci.emission_rollups
    ), months AS (
        SELECT run_id, scope3_category, date_trunc('month', transaction_date::timestamp)::date,
            count(*), sum(co2e_mg) FROM vcci.emissions GROUP BY 1, 2, 3
    ), kept_months AS (SELECT run_id, scope3_category, month, lines, co2e_mg FROM vcci.month_rollups),
    spent AS (
        SELECT e.*, CASE WHEN abs(a.quantity) < 1e15
            THEN floor(a.quantity::float8 * 100 + 0.5) ELSE 0 END AS spend
        FROM vcci.emissions e JOIN vcci.runs r ON r.id = e.run_id
        LEFT JOIN vcci.activities a ON a.import_id = r.import_id AND a.row_number = e.row_number
    ), keys AS (
        SELECT run_id, scope3_category, multiplier_key, extract(year FROM transaction_date)::int, count(*),
            sum(co2e_mg), coalesce(sum(spend), 0)::bigint, coalesce(sum(abs(spend)), 0)::bigint
        FROM spent GROUP BY 1, 2, 3, 4
    ), kept_keys AS (
        SELECT run_id, scope3_category, multiplier_key, year, lines, co2e_mg, spend_hundredths,
            turnover_hundredths FROM vcci.key_rollups
    )
    SELECT
        (SELECT count(*) FROM (TABLE months EXCEPT TABLE kept_months) one) AS "months that are not kept",
        (SELECT count(*) FROM (TABLE kept_months EXCEPT TABLE months) one) AS "months of nothing",
        (SELECT count(*) FROM (TABLE keys EXCEPT TABLE kept_keys) one) AS "multipliers that are not kept",
        (SELECT count(*) FROM (TABLE kept_keys EXCEPT TABLE keys) one) AS "multipliers of nothing",
        (SELECT count(*) FROM vcci.runs r LEFT JOIN line ON line.run_id = r.id
            LEFT JOIN unlined u ON u.run_id = r.id JOIN vcci.imports i ON i.id = r.import_id
            WHERE r.lines <> coalesce(line.lines, 0) OR r.total_mg_co2e <> coalesce(line.mg, 0)
            OR r.rows <> r.lines + r.excluded + r.not_covered + r.rejected
            OR r.rows - r.lines <> coalesce(u.rows, 0) OR i.rows <> r.rows) AS "runs that do not add up",
        (SELECT count(*) FROM (TABLE sums EXCEPT TABLE kept) one) AS "sums that are not kept",
        (SELECT count(*) FROM (TABLE kept EXCEPT TABLE sums) one) AS "sums of nothing",
        (SELECT count(*) FROM vcci.imports i WHERE i.rows <> (SELECT count(*) FROM vcci.activities a
            WHERE a.import_id = i.id)) AS "imports without their rows",
        (SELECT count(*) FROM vcci.emissions e WHERE NOT EXISTS (SELECT FROM vcci.run_multipliers m
            WHERE m.run_id = e.run_id AND m.key = e.multiplier_key)) AS "lines without their multiplier",
        (SELECT count(*) FROM vcci.emissions e JOIN vcci.open_runs o USING (run_id) WHERE 1 <>
            (SELECT count(*) FROM vcci.entries n WHERE n.run_id = e.run_id AND e.row_number >= n.first_row
            AND e.row_number < n.first_row + n.rows)) AS "lines of no entry"
"""


async def faults_in_books(url: str) -> dict[str, int]:
    """Return what does not balance, and how often."""
    connection = await asyncpg.connect(url)
    try:
        row: Any = await connection.fetchrow(BALANCE)
    finally:
        await connection.close()
    return {name: count for name, count in row.items() if count}
