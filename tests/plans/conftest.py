"""Three databases that differ in size alone, loaded once: of 2,000, 20,000 and 200,000 lines."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from tests.integration.conftest import server_url, template  # noqa: F401
from tests.plans.contracts import Loaded
from tests.support.database import execute, now
from tests.support.lines import frame_of, store_frames

from vcci.database.connections import connected
from vcci.database.ids import new_ids
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction

SIZES = (2_000, 20_000, 200_000)

OTHERS = """
    INSERT INTO vcci.entries (tenant_id, id, run_id, first_row, rows, version, api_key_id, request, reply)
    SELECT '{tenant}', gen_random_uuid(), '{run}', 10 * n, 3, 1, gen_random_uuid(), '', ''
    FROM generate_series(1, {some}) n;
    INSERT INTO vcci.jobs (tenant_id, id, api_key_id, kind, state, task, progress, outcome, attempts,
        created_at)
    SELECT '{tenant}', gen_random_uuid(), gen_random_uuid(), 'k', 'queued', '{{}}', '{{}}', '{{}}', 0,
        now() - n * interval '1 second' FROM generate_series(1, {some}) n;
    INSERT INTO vcci.idempotent_replies (tenant_id, api_key_id, route, idempotency_key, request_digest,
        status, headers, body, created_at)
    SELECT '{tenant}', gen_random_uuid(), 'r', n::text, '', 200, '{{}}', '',
        now() - CASE WHEN n <= 20 THEN interval '30 days' ELSE interval '1 minute' END
    FROM generate_series(1, {some}) n;
    CREATE TABLE vcci_runs.activities_one PARTITION OF vcci.activities
        FOR VALUES IN ('{import_id}');
    ALTER TABLE vcci_runs.activities_one ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    INSERT INTO vcci.activities (tenant_id, import_id, id, row_number, source, line, account, account_code,
        description, capital, unit, region, problem, problem_column, problem_value, notices)
    VALUES ('{tenant}', '{import_id}', gen_random_uuid(), {row}, '', 1, '', '', '', false, '', '', '', '', '',
        '');
"""


@pytest.fixture(scope="session")
def sizes(server_url: str, template: str) -> list[Loaded]:  # noqa: F811
    """Databases from small to large."""
    return [now(loaded(server_url, template, lines)) for lines in SIZES]


async def loaded(server_url: str, template: str, lines: int) -> Loaded:  # noqa: F811
    """Make a database with so many lines, a tenth as many suppliers, a tenth as many of all else."""
    await execute(server_url, f"CREATE DATABASE plans_{lines} TEMPLATE {template}")
    url = server_url.replace("/vcci?", f"/plans_{lines}?")
    some, row = lines // 10, lines // 2
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, "local")
        suppliers = new_ids(some)
        async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
            await tx.execute(
                "INSERT INTO vcci.suppliers (tenant_id, id, source_key, name, duns_number, lei_code)"
                " SELECT $1, id, n::text, 'Supplier ' || n % 1000, 'duns ' || n, 'lei ' || n"
                " FROM unnest($2::uuid[]) WITH ORDINALITY s (id, n)",
                *(tenant_id, suppliers),
            )
            frame = frame_of([(day_of(n), 1 + n % 15) for n in range(lines)])
            owners = pl.Series(
                "supplier_id", [suppliers[n % some].hex for n in range(lines)], dtype=pl.String
            )
            run_id = await store_frames(tx, tenant_id, [frame.with_columns(owners)], run=("d", None, lines))
        import_id = await connection.fetchval("SELECT import_id FROM vcci.runs")
        told: dict[str, Any] = {"tenant": tenant_id, "run": run_id, "import_id": import_id}
        await connection.execute(OTHERS.format(**told, some=some, row=row))
        await connection.execute("VACUUM ANALYZE")
    line_id, supplier_id = frame["id"][row], suppliers[some // 2]
    after_name = (f"Supplier {some // 2 % 1000}", supplier_id)
    return Loaded(url, lines, tenant_id, run_id, supplier_id, row, (day_of(row), line_id), after_name)


def day_of(number: int) -> date:
    """The day of a line: all days of a year, in no order."""
    return date(2024, 1, 1) + timedelta(days=number * 7919 % 366)
