"""Lines for queries: one run of made-up lines of many suppliers, categories, factors and days."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from uuid import UUID

import polars as pl
from tests.support.lines import Line, frame_of, store_frames

from vcci.database.connections import connected
from vcci.database.ids import new_ids
from vcci.database.migrate import migrate
from vcci.database.run_save import ADD_SUPPLIERS
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction

SEED = 2025
CHUNK = 50_000
FIRST, DAYS = date(2021, 1, 1), 5 * 365
CATEGORIES, MULTIPLIERS = 15, 150
MOST_MG = 10**9
SKEW = 0.9
"""Suppliers are named by Zipf's law: a few have most lines. Each is of one category."""

COPY_MULTIPLIER = """
    INSERT INTO vcci.run_multipliers (tenant_id, run_id, key, scope3_category, activity, region, unit,
        mg_co2e_per_unit, factor_currency, factor_id, factor_name, factor_value, factor_unit, pack, method,
        notices, steps)
    SELECT tenant_id, run_id, key.value, 1 + key.value % 15, 'own:x' || key.value, region, unit,
        mg_co2e_per_unit, factor_currency, 'x' || key.value, 'Factor ' || key.value, factor_value,
        factor_unit, pack, method, notices, steps
    FROM vcci.run_multipliers, generate_series(2, $3::int) AS key (value) WHERE tenant_id = $1 AND run_id = $2
"""


@dataclass(frozen=True, slots=True)
class Data:
    """What was stored; `known` are some of the lines, by id, with their mg CO2e."""

    url: str
    tenant_id: UUID
    run_id: UUID
    rows: int
    rollups: int
    known: list[tuple[UUID, int]]


async def stored(url: str, *, rows: int, suppliers: int, tenant: str = "local") -> Data:
    """Migrate a database and store lines of a tenant in it."""
    await migrate(url)
    known: list[tuple[UUID, int]] = []
    ids = new_ids(suppliers)
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
            names = [f"Supplier {number:06}" for number in range(suppliers)]
            await tx.execute(ADD_SUPPLIERS, tenant_id, ids, names, names)
            run_id = await store_frames(
                tx, tenant_id, frames_of(rows, ids, known), run=("queries", None, rows)
            )
            await tx.execute(COPY_MULTIPLIER, tenant_id, run_id, MULTIPLIERS)
            await tx.execute(
                "UPDATE vcci.runs SET total_mg_co2e = (SELECT sum(co2e_mg) FROM vcci.emissions"
                " WHERE tenant_id = $1 AND run_id = $2) WHERE tenant_id = $1 AND id = $2",
                *(tenant_id, run_id),
            )
            rollups: int = await tx.fetchval("SELECT count(*) FROM vcci.emission_rollups")
        for table in ("emissions", "emission_rollups", "run_multipliers", "suppliers"):
            await connection.execute(f"VACUUM ANALYZE vcci.{table}")
    return Data(url, tenant_id, run_id, rows, rollups, known)


def frames_of(rows: int, suppliers: Sequence[UUID], known: list[tuple[UUID, int]]) -> Iterator[pl.DataFrame]:
    """Yield lines, the same for the same numbers but for their ids; some of them are added to `known`."""
    chooser = Random(SEED)
    weights = list(accumulate(1 / rank**SKEW for rank in range(1, len(suppliers) + 1)))
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        who = [bisect_right(weights, chooser.random() * weights[-1]) for _ in range(count)]
        lines: list[Line] = [
            (FIRST + timedelta(days=chooser.randrange(DAYS)), 1 + one % CATEGORIES) for one in who
        ]
        mg = [chooser.randrange(1, MOST_MG) for _ in range(count)]
        frame = frame_of(lines, first_row=start + 1).with_columns(
            pl.Series("supplier_id", [suppliers[one].hex for one in who], dtype=pl.String),
            pl.Series("multiplier_key", [1 + one % MULTIPLIERS for one in who]),
            pl.Series("co2e_mg", mg),
        )
        known += list(zip(map(UUID, frame["id"]), mg, strict=True))[:: max(1, CHUNK // 200)]
        yield frame
