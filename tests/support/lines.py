"""Runs with lines as a test wants them, put into the database without a calculation."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import polars as pl

from vcci.database.connections import Connection, connected
from vcci.database.ids import new_id, new_id_texts
from vcci.database.partitions import EMISSIONS, Partition, attach, fill
from vcci.database.run_save import add_rollups
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.engine.columnar import GASES

ADD_RUN = """
    INSERT INTO vcci.runs (tenant_id, id, digest, import_id, title, parameters, packs, rows, lines, excluded,
        not_covered, rejected, total_mg_co2e, inventory, successor_of)
    VALUES ($1, $2, $3, $4, 'Test', '{}', '[]', $5, $5, 0, 0, 0, $5, '{}', $6)
"""
ADD_MULTIPLIER = """
    INSERT INTO vcci.run_multipliers (tenant_id, run_id, key, scope3_category, activity, region, unit,
        mg_co2e_per_unit, factor_currency, factor_id, factor_name, factor_value, factor_unit, pack, method,
        notices, steps)
    VALUES ($1, $2, 1, 1, 'own:x', '', 't', 1, '', 'x', 'x', '1', 't', 'x', '', 'own_factor', '')
"""
ADD_KEYS = """
    INSERT INTO vcci.key_rollups (tenant_id, run_id, scope3_category, multiplier_key, year, lines, co2e_mg,
        spend_hundredths, turnover_hundredths)
    SELECT tenant_id, run_id, scope3_category, multiplier_key, extract(year FROM transaction_date)::integer,
        count(*), sum(co2e_mg), 0, 0
    FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1, 2, 3, 4, 5
"""
Line = tuple[date | None, int]
"""The day and the category of a line, which is of 1 mg CO2e."""


async def stored_run(
    url: str, lines: Sequence[Line], *, tenant: str = "local", digest: str = "d", successor_of: str = ""
) -> UUID:
    """Store a run of these lines, and return its id."""
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
            run = (digest, successor_of or None, len(lines))
            return await store_frames(tx, tenant_id, [frame_of(lines)], run=run)


async def store_frames(
    tx: Connection, tenant_id: UUID, frames: Iterable[pl.DataFrame], *, run: tuple[str, str | None, int]
) -> UUID:
    """Store a run (its digest, what it succeeds, and how many lines it has) of frames of lines."""
    run_id, import_id = new_id(), new_id()
    digest, successor_of, count = run
    await tx.execute(
        "INSERT INTO vcci.imports (tenant_id, id, digest, files, rows) VALUES ($1, $2, $3, '[]', 0)",
        *(tenant_id, import_id, digest),
    )
    await tx.execute(ADD_RUN, tenant_id, run_id, digest, import_id, count, successor_of)
    await tx.execute(ADD_MULTIPLIER, tenant_id, run_id)
    partition = Partition(EMISSIONS, tenant_id, run_id)
    await fill(tx, partition, frames)
    await attach(tx, partition)
    await add_rollups(tx, tenant_id, run_id)
    await tx.execute(ADD_KEYS, tenant_id, run_id)
    return run_id


def frame_of(lines: Sequence[Line], *, first_row: int = 1) -> pl.DataFrame:
    """Return lines with the columns of their table."""
    days, categories = ([line[n] for line in lines] for n in (0, 1))
    nothing = [pl.lit(None, dtype=pl.Int64).alias(name) for name in GASES.values()]
    columns = {
        "id": new_id_texts(len(lines)),
        "row_number": list(range(first_row, first_row + len(lines))),
        "supplier_id": pl.Series("supplier_id", [None] * len(lines), dtype=pl.String),
        "scope3_category": categories,
        "transaction_date": pl.Series("transaction_date", days, dtype=pl.Date),
        "multiplier_key": [1] * len(lines),
        "amount": [1.0] * len(lines),
        "co2e_mg": [1] * len(lines),
        "notices": [""] * len(lines),
    }
    return pl.DataFrame(columns).with_columns(nothing)
