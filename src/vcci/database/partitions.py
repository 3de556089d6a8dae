"""A partition for the rows of one import or run: made, filled, indexed, secured, attached.

Order matters. Rows are copied before indexes are built (a tenth of the work) and before row security comes
on (PostgreSQL refuses COPY under it); a check on the key spares ATTACH from reading the rows again, and
indexes like those of the table spare it from building any while others wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import polars as pl

from vcci.database.connections import Connection
from vcci.database.copying import copy_frames
from vcci.database.optimizations.index_sql import create_index_sql, indexes_of, partition_index_name
from vcci.database.schema import PARTITION_SCHEMA, SCHEMA
from vcci.engine.columnar import GASES


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table: the column it is split by, what is loaded, and its keys."""

    table: str
    by: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]


ACTIVITIES: Final = Partitioned(
    "activities",
    "import_id",
    ("id", "row_number", "source", "line", "supplier_id", "account", "account_code", "description",
     "capital", "transaction_date", "quantity", "unit", "region", "problem", "problem_column",
     "problem_value", "notices", "asked_method", "part", "formula"),
    ("PRIMARY KEY (tenant_id, import_id, id)", "UNIQUE (tenant_id, import_id, row_number)"),
)  # fmt: skip
EMISSIONS: Final = Partitioned(
    "emissions",
    "run_id",
    ("id", "row_number", "supplier_id", "scope3_category", "transaction_date", "multiplier_key", "amount",
     "co2e_mg", *GASES.values(), "notices"),
    ("PRIMARY KEY (tenant_id, run_id, id)",),
)  # fmt: skip
UNLINED: Final = Partitioned(
    "unlined", "run_id", ("row_number", "reason"), ("PRIMARY KEY (tenant_id, run_id, row_number)",)
)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of a table: the rows of `key` (an import or a run) of one tenant."""

    of: Partitioned
    tenant_id: UUID
    key: UUID

    @property
    def name(self) -> str:
        """Its table's name, within its schema."""
        return f"{self.of.table}_{self.key.hex}"

    @property
    def table(self) -> str:
        """Its table's name with its schema, as SQL writes it."""
        return f"{PARTITION_SCHEMA}.{self.name}"


async def fill(connection: Connection, partition: Partition, frames: Iterable[pl.DataFrame]) -> None:
    """Make a partition, not yet attached, from frames with the columns of its table; role loader."""
    await make(connection, partition)
    await load(connection, partition, frames)
    await seal(connection, partition)


async def make(connection: Connection, partition: Partition) -> None:
    """Make the empty table of a partition; role loader, which owns it."""
    of, child = partition.of, partition.table
    await connection.execute(
        f"CREATE TABLE {child} (LIKE {SCHEMA}.{of.table} INCLUDING DEFAULTS INCLUDING GENERATED"
        " INCLUDING CONSTRAINTS INCLUDING STORAGE)"
    )
    await connection.execute(
        f"ALTER TABLE {child} ALTER tenant_id SET DEFAULT '{partition.tenant_id}',"
        f" ALTER {of.by} SET DEFAULT '{partition.key}'"
    )


async def load(connection: Connection, partition: Partition, frames: Iterable[pl.DataFrame]) -> None:
    """Copy frames with the columns of its table into a partition that was made; role loader."""
    columns = partition.of.columns
    await copy_frames(connection, partition.name, schema=PARTITION_SCHEMA, columns=columns, frames=frames)


async def seal(connection: Connection, partition: Partition) -> None:
    """Give a partition that is full its keys, indexes, statistics and row security; role loader."""
    of, child = partition.of, partition.table
    keys = ", ".join(f"ADD {definition}" for definition in of.keys)
    mine = f"tenant_id = '{partition.tenant_id}' AND {of.by} = '{partition.key}'"
    await connection.execute(
        f"ALTER TABLE {child} {keys}, ADD CONSTRAINT partition_key CHECK ({mine}),"
        f" ALTER tenant_id DROP DEFAULT, ALTER {of.by} DROP DEFAULT"
    )
    for index in indexes_of(of.table):
        name = partition_index_name(index, partition.name)
        await connection.execute(create_index_sql(index, on=child, name=name))
    await connection.execute(f"ANALYZE {child}")
    await secure(connection, partition)


async def secure(connection: Connection, partition: Partition) -> None:
    """Force row security on a partition, on its owner too."""
    table = partition.table
    await connection.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


async def load_secured(connection: Connection, partition: Partition, frames: Iterable[pl.DataFrame]) -> None:
    """Copy into a partition that is secured already: no other transaction sees it without its security."""
    await connection.execute(f"ALTER TABLE {partition.table} NO FORCE ROW LEVEL SECURITY")
    await load(connection, partition, frames)
    await connection.execute(f"ALTER TABLE {partition.table} FORCE ROW LEVEL SECURITY")


async def drop(connection: Connection, partition: Partition) -> None:
    """Drop the table of a partition that was never attached, if it is there; role loader."""
    await connection.execute(f"DROP TABLE IF EXISTS {partition.table}")


async def attach(connection: Connection, partition: Partition) -> None:
    """Make a filled partition part of its table; others that attach wait until this transaction ends."""
    await connection.execute(
        f"ALTER TABLE {SCHEMA}.{partition.of.table} ATTACH PARTITION {partition.table}"
        f" FOR VALUES IN ('{partition.key}')"
    )
