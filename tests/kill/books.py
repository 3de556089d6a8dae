"""What a run left in PostgreSQL, so that two can be compared byte for byte: all but ids and moments."""

from typing import Any

import asyncpg

OF_RUN = """
    WITH run AS (
        SELECT r.* FROM vcci.runs r JOIN vcci.tenants t ON t.id = r.tenant_id WHERE t.slug = $1
    ), activity AS (
        SELECT a.row_number, concat_ws('|', a.row_number, a.source, a.line, s.source_key, a.account,
            a.account_code, a.description, a.capital, a.transaction_date, a.quantity, a.unit, a.region,
            a.problem, a.problem_column, a.problem_value, a.notices, a.asked_method, a.part,
            a.formula) AS text
        FROM run JOIN vcci.activities a ON a.import_id = run.import_id
        LEFT JOIN vcci.suppliers s ON s.tenant_id = a.tenant_id AND s.id = a.supplier_id
    ), line AS (
        SELECT e.row_number, concat_ws('|', e.row_number, s.source_key, e.scope3_category, e.transaction_date,
            m.activity, m.region, m.unit, m.year, m.factor_id, e.amount, e.co2e_mg, e.co2_mg, e.ch4_mg_co2e,
            e.n2o_mg_co2e, e.biogenic_co2_mg, e.notices) AS text, e.co2e_mg, e.id
        FROM run JOIN vcci.emissions e ON e.run_id = run.id
        LEFT JOIN vcci.suppliers s ON s.tenant_id = e.tenant_id AND s.id = e.supplier_id
        LEFT JOIN vcci.run_multipliers m ON m.run_id = e.run_id AND m.key = e.multiplier_key
    ), without AS (
        SELECT u.row_number, concat_ws('|', u.row_number, u.reason) AS text
        FROM run JOIN vcci.unlined u ON u.run_id = run.id
    )
    SELECT (SELECT count(*) FROM run) AS runs,
        (SELECT max(digest) FROM run) AS run,
        (SELECT sum(total_mg_co2e) FROM run) AS total_mg_co2e,
        (SELECT count(*) FROM activity) AS activities,
        (SELECT count(DISTINCT row_number) FROM activity) AS activities_apart,
        (SELECT md5(string_agg(text, E'\\n' ORDER BY row_number)) FROM activity) AS activities_digest,
        (SELECT count(*) FROM line) AS lines,
        (SELECT count(DISTINCT row_number) FROM line) AS lines_apart,
        (SELECT sum(co2e_mg) FROM line) AS lines_mg_co2e,
        (SELECT md5(string_agg(text, E'\\n' ORDER BY row_number)) FROM line) AS lines_digest,
        (SELECT bool_and(in_order) FROM (
            SELECT row_number > coalesce(lag(row_number) OVER (ORDER BY id), 0) AS in_order FROM line) o)
            AS lines_in_order,
        (SELECT count(*) FROM without) AS unlined,
        (SELECT md5(string_agg(text, E'\\n' ORDER BY row_number)) FROM without) AS unlined_digest,
        (SELECT sum(o.lines) FROM vcci.emission_rollups o JOIN run ON run.id = o.run_id) AS rollup_lines,
        (SELECT sum(o.co2e_mg) FROM vcci.emission_rollups o JOIN run ON run.id = o.run_id) AS rollup_mg_co2e,
        (SELECT sum(o.co2e_mg) FROM vcci.month_rollups o JOIN run ON run.id = o.run_id) AS months_mg_co2e,
        (SELECT sum(o.co2e_mg) FROM vcci.key_rollups o JOIN run ON run.id = o.run_id) AS keys_mg_co2e,
        (SELECT sum(o.spend_hundredths) FROM vcci.key_rollups o JOIN run ON run.id = o.run_id) AS keys_spend
"""

STRAY = """
    SELECT count(*) FROM pg_class c WHERE relnamespace = 'vcci_runs'::regnamespace AND relkind = 'r'
        AND NOT relispartition
"""


async def books_of(url: str, tenant: str) -> dict[str, Any]:
    """Return what the one run of a tenant left, as texts and numbers."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(OF_RUN, tenant)
        assert row is not None
        return {name: str(value) for name, value in row.items()}
    finally:
        await connection.close()


async def stray_tables(url: str) -> int:
    """Return how many tables of rows are no run's."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(STRAY))
    finally:
        await connection.close()
