"""A run on its way into PostgreSQL: every step of the one transaction, and the proof at its end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, LiteralString, TypeVar
from uuid import UUID

from vcci import __version__
from vcci.database.connections import Connection
from vcci.database.copying import copy_into
from vcci.database.ids import new_id, new_ids
from vcci.database.partitions import ACTIVITIES, EMISSIONS, UNLINED, Partition, attach, fill
from vcci.database.run_rows import RunFolder, index_key
from vcci.database.run_texts import add_texts
from vcci.database.supplier_rollups import add_supplier_rollups
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.inventory import Inventory
from vcci.errors import AccountingError

T = TypeVar("T")

BATCH = 10_000
"""Suppliers in one INSERT."""

ADD_RUN: Final[LiteralString] = """
    INSERT INTO vcci.runs (tenant_id, id, digest, import_id, title, year, parameters, packs,
        rows, lines, excluded, not_covered, rejected, total_mg_co2e, inventory, successor_of)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""

ADD_SUPPLIERS: Final[LiteralString] = """
    INSERT INTO vcci.suppliers (tenant_id, id, source_key, name)
    SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[])
    ON CONFLICT (tenant_id, source_key) DO UPDATE SET name = excluded.name
    WHERE suppliers.name <> excluded.name AND suppliers.version = 1
"""
"""A name that somebody has corrected stays."""

ADD_MULTIPLIERS: Final[LiteralString] = """
    INSERT INTO vcci.run_multipliers (tenant_id, run_id, key, scope3_category, activity, region, unit, year,
        mg_co2e_per_unit, factor_currency, factor_id, factor_name, factor_value, factor_unit, pack, method,
        notices, steps, asked_method, gwp_set, factor_region, factor_year, mg_co2_per_unit,
        mg_ch4_as_co2e_per_unit, mg_n2o_as_co2e_per_unit, mg_biogenic_co2_per_unit,
        dq_technology, dq_time, dq_geography, dq_completeness, dq_reliability, ln_sigma)
    SELECT $1, $2, * FROM unnest($3::int[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::int[],
        $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
        $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::int[],
        $23::float8[], $24::float8[], $25::float8[], $26::float8[], $27::smallint[], $28::smallint[],
        $29::smallint[], $30::smallint[], $31::smallint[], $32::float8[])
"""

ADD_ROLLUPS: Final[LiteralString] = """
    INSERT INTO vcci.emission_rollups
        (tenant_id, run_id, scope3_category, supplier_id, month, lines, co2e_mg)
    SELECT tenant_id, run_id, scope3_category, supplier_id,
        date_trunc('month', transaction_date::timestamp)::date, count(*), sum(co2e_mg)
    FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1, 2, 3, 4, 5
"""

ADD_MONTHS: Final[LiteralString] = """
    INSERT INTO vcci.month_rollups (tenant_id, run_id, scope3_category, month, lines, co2e_mg)
    SELECT tenant_id, run_id, scope3_category, month, sum(lines), sum(co2e_mg)
    FROM vcci.emission_rollups WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1, 2, 3, 4
"""

ADD_KEYS: Final[LiteralString] = """
    INSERT INTO vcci.key_rollups (tenant_id, run_id, scope3_category, multiplier_key, year, lines, co2e_mg,
        spend_hundredths, turnover_hundredths)
    SELECT $1, $2, * FROM unnest($3::smallint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::bigint[])
"""

PROOF: Final[LiteralString] = """
    WITH line AS (
        SELECT multiplier_key, count(*) AS lines,
            sum(co2e_mg) FILTER (WHERE scope3_category <> 0) AS co2e_mg
        FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1
    ), rollup AS (
        SELECT sum(lines) AS lines, sum(co2e_mg) FILTER (WHERE scope3_category <> 0) AS co2e_mg
        FROM vcci.emission_rollups
        WHERE tenant_id = $1 AND run_id = $2
    ), by_month AS (
        SELECT sum(lines) AS lines, sum(co2e_mg) FILTER (WHERE scope3_category <> 0) AS co2e_mg
        FROM vcci.month_rollups WHERE tenant_id = $1 AND run_id = $2
    ), by_key AS (
        SELECT multiplier_key, sum(lines) AS lines,
            sum(co2e_mg) FILTER (WHERE scope3_category <> 0) AS co2e_mg
        FROM vcci.key_rollups WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1
    ), known AS (
        SELECT key FROM vcci.run_multipliers WHERE tenant_id = $1 AND run_id = $2
    ), import AS (
        SELECT import_id AS id FROM vcci.runs WHERE tenant_id = $1 AND id = $2
    )
    SELECT coalesce((SELECT sum(lines) FROM line), 0) AS "lines",
        (SELECT count(*) FROM vcci.unlined WHERE tenant_id = $1 AND run_id = $2) AS "unlined rows",
        (SELECT count(*) FROM vcci.activities WHERE tenant_id = $1 AND import_id = (SELECT id FROM import))
            AS "activities",
        coalesce((SELECT sum(co2e_mg) FROM line), 0) AS "mg CO2e of the lines",
        coalesce(rollup.lines, 0) AS "lines of the rollups",
        coalesce(rollup.co2e_mg, 0) AS "mg CO2e of the rollups",
        coalesce(by_month.lines, 0) AS "lines of the rollups by month",
        coalesce(by_month.co2e_mg, 0) AS "mg CO2e of the rollups by month",
        (SELECT coalesce(sum(lines), 0) FROM line WHERE multiplier_key NOT IN (SELECT key FROM known))
            AS "lines without their multiplier",
        (SELECT count(*) FROM line FULL JOIN by_key USING (multiplier_key)
            WHERE (line.lines, line.co2e_mg) IS DISTINCT FROM (by_key.lines, by_key.co2e_mg))
            AS "multipliers whose sums differ"
    FROM rollup, by_month
"""
"""What a saved run holds, named as the error names it."""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A calculated run: its inventory, and the folder of Parquet files that it was summed from."""

    inventory: Inventory
    import_digest: str
    files: Sequence[Mapping[str, Any]]
    folder: Path
    packs: Sequence[tuple[PackManifest, Sequence[EmissionFactor]]] = ()


@dataclass(frozen=True, slots=True)
class RunSave:
    """One run, within a transaction of the loader."""

    tx: Connection
    tenant_id: UUID
    run: RunFiles

    async def everything(self) -> UUID:
        """Load all and prove it; returns the new run's id."""
        folder, run_id = RunFolder(self.run.folder), new_id()
        await self.add_packs()
        supplier_ids = await self.add_suppliers(folder.suppliers())
        import_id, partitions = await self._import(folder, supplier_ids)
        await self.add_run(run_id, import_id)
        await self.add_multipliers(run_id, folder)
        await add_texts(self.tx, self.tenant_id, run_id=run_id, folder=folder.folder)
        for table, rows in ((EMISSIONS, folder.line_rows(supplier_ids)), (UNLINED, folder.unlined_rows())):
            partitions.append(Partition(table, self.tenant_id, run_id))
            await fill(self.tx, partitions[-1], rows)
        for partition in partitions:
            await attach(self.tx, partition)
        await add_rollups(self.tx, self.tenant_id, run_id)
        await self.add_key_rollups(run_id, folder)
        await self.prove(run_id)
        return run_id

    async def add_packs(self) -> None:
        """Add the factor packs that the run used, as far as they are not there."""
        for manifest, factors in sorted(self.run.packs, key=lambda pack: pack[0].digest):
            new = await self.tx.fetchval(
                "INSERT INTO vcci.factor_packs (digest, name, version, manifest) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (digest) DO NOTHING RETURNING 1",
                *(manifest.digest, manifest.name, manifest.version, as_json(asdict(manifest))),
            )
            if new:
                rows = [(manifest.digest, *_factor(f)) for f in factors]
                await copy_into(self.tx, "factors", schema="vcci", records=rows)

    async def add_suppliers(self, names: Mapping[str, str]) -> dict[str, UUID]:
        """Return the id of each supplier by its key in the ledger; new ones are added, new names taken over.

        Sorted, so that two loads that share suppliers wait for each other and never deadlock.
        """
        name_of = {index_key(key): as_text(name) for key, name in names.items()}
        for batch in _batches(sorted(name_of.items()), BATCH):
            keys, known_as = (list(column) for column in zip(*batch, strict=True))
            await self.tx.execute(ADD_SUPPLIERS, self.tenant_id, new_ids(len(keys)), keys, known_as)
        return await self.supplier_ids(names)

    async def supplier_ids(self, names: Mapping[str, str]) -> dict[str, UUID]:
        """Return the id of each supplier by its key in the ledger; all of them have been added."""
        key_of = {name: index_key(name) for name in names}
        query = "SELECT source_key, id FROM vcci.suppliers WHERE tenant_id = $1 AND source_key = ANY ($2)"
        found: dict[str, UUID] = {}
        for keys in _batches(sorted(set(key_of.values())), BATCH):
            rows = await self.tx.fetch(query, self.tenant_id, keys)
            found.update((row["source_key"], row["id"]) for row in rows)
        return {original: found[key] for original, key in key_of.items()}

    async def _import(self, folder: RunFolder, supplier_ids: dict[str, UUID]) -> tuple[UUID, list[Partition]]:
        """Return the import's id, and its rows' partition unless an earlier run has loaded them."""
        import_id = new_id()
        if (known := await self.add_import(import_id)) is not None:
            return known, []
        partition = Partition(ACTIVITIES, self.tenant_id, import_id)
        await fill(self.tx, partition, folder.activity_rows(supplier_ids))
        return import_id, [partition]

    async def add_import(self, import_id: UUID) -> UUID | None:
        """Add the import under this id; where it is there already, return the id that it has."""
        new = await self.tx.fetchval(
            "INSERT INTO vcci.imports (tenant_id, id, digest, files, rows) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (tenant_id, digest) DO NOTHING RETURNING 1",
            *(self.tenant_id, import_id, self.run.import_digest),
            *(as_json(self.run.files), self.run.inventory.counts.rows),
        )
        return None if new else await self.known_import()

    async def known_import(self) -> UUID | None:
        """Return the id of the import, None where it is not there."""
        query = "SELECT id FROM vcci.imports WHERE tenant_id = $1 AND digest = $2"
        found: UUID | None = await self.tx.fetchval(query, self.tenant_id, self.run.import_digest)
        return found

    async def known_run(self) -> UUID | None:
        """Return the id of a run of the same digest; others that store one wait for this transaction."""
        digest = self.run.inventory.run_digest
        lock = f"{self.tenant_id}/{digest}"
        await self.tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
        query = "SELECT id FROM vcci.runs WHERE tenant_id = $1 AND digest = $2"
        found: UUID | None = await self.tx.fetchval(query, self.tenant_id, digest)
        return found

    async def add_run(self, run_id: UUID, import_id: UUID) -> None:
        """Add the run itself."""
        inventory, counts = self.run.inventory, self.run.inventory.counts
        made = asdict(inventory) | {"engine": __version__}
        await self.tx.execute(
            ADD_RUN,
            *(self.tenant_id, run_id, inventory.run_digest, import_id),
            *(as_text(inventory.title), inventory.year, as_json(inventory.parameters)),
            as_json([asdict(pack) for pack in inventory.packs]),
            *(counts.rows, counts.lines, counts.excluded, counts.not_covered, counts.rejected),
            *(inventory.total_mg_co2e, as_json(made), inventory.successor_of or None),
        )

    async def add_multipliers(self, run_id: UUID, folder: RunFolder) -> None:
        """Add the multipliers that the run's lines point to."""
        columns = [column.to_list() for column in folder.multipliers()]
        await self.tx.execute(ADD_MULTIPLIERS, self.tenant_id, run_id, *columns)

    async def add_key_rollups(self, run_id: UUID, folder: RunFolder) -> None:
        """Add the sums by multiplier, as the calculation has left them."""
        columns = [column.to_list() for column in folder.key_sums()]
        await self.tx.execute(ADD_KEYS, self.tenant_id, run_id, *columns)

    async def prove(self, run_id: UUID) -> None:
        """Count and add what is stored, and compare with the inventory."""
        row = await self.tx.fetchrow(PROOF, self.tenant_id, run_id)
        stored = {name: int(value) for name, value in dict(row or {}).items()}
        counts, total = self.run.inventory.counts, self.run.inventory.total_mg_co2e
        expected = {
            "lines": counts.lines,
            "unlined rows": counts.rows - counts.lines,
            "activities": counts.rows,
            "mg CO2e of the lines": total,
            "lines of the rollups": counts.lines,
            "mg CO2e of the rollups": total,
            "lines of the rollups by month": counts.lines,
            "mg CO2e of the rollups by month": total,
            "lines without their multiplier": 0,
            "multipliers whose sums differ": 0,
        }
        wrong = [
            f"{name} are {stored.get(name)}, should be {value}"
            for name, value in expected.items()
            if stored.get(name) != value
        ]
        if wrong:
            raise AccountingError(
                f"What was loaded differs from the inventory: {'; '.join(wrong)}.",
                remedy="Nothing was stored. Please report this with the run's folder.",
                code="stored_run_differs",
            )


async def add_rollups(tx: Connection, tenant_id: UUID, run_id: UUID) -> None:
    """Sum the lines of a run that is stored; role loader."""
    for query in (ADD_ROLLUPS, ADD_MONTHS):
        await tx.execute(query, tenant_id, run_id)
    await add_supplier_rollups(tx, tenant_id, run_id)


def as_text(text: str) -> str:
    """Return a text that PostgreSQL can hold: NUL, which it cannot, becomes U+FFFD."""
    return text.replace("\0", "\ufffd")


def as_json(value: Any) -> str:
    """Return JSON for a jsonb column."""
    return json.dumps(_storable(value), ensure_ascii=False, default=str)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return value


def _factor(factor: EmissionFactor) -> tuple[Any, ...]:
    return (
        factor.id,
        factor.activity,
        factor.name,
        factor.value_kg_co2e,
        factor.unit,
        factor.price_year,
        factor.price_basis.value if factor.price_basis else None,
        factor.region,
        factor.gwp_set,
    )


def _batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    walk = iter(items)
    while batch := list(islice(walk, size)):
        yield batch
