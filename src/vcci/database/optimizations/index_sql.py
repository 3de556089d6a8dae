"""The SQL of declared indexes: on their own table, or on one of its partitions."""

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Index
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from vcci.database.schema import SCHEMA, metadata

DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
CREATED: Final = re.compile(r"CREATE (UNIQUE )?INDEX \S+ ON \S+ (.+)", re.DOTALL)
LONGEST_NAME: Final = 63


def create_index_sql(index: Index, *, on: str, name: str, how: str = "") -> str:
    """Return the statement that makes an index on a table, which is quoted where it has to be.

    `how` is CONCURRENTLY or empty; a table of `ONLY schema.table` is without its partitions.
    """
    compiled = CREATED.fullmatch(str(CreateIndex(index).compile(dialect=DIALECT)).strip())
    if compiled is None:
        raise ValueError(f"no index can be made of {index!r}")
    words = ["CREATE", (compiled[1] or "").strip(), "INDEX", how, quoted(name), "ON", on, compiled[2]]
    return " ".join(filter(None, words))


def indexes_of(table: str) -> Iterator[Index]:
    """Yield the declared indexes of one of our tables, by their names."""
    yield from sorted(metadata.tables[f"{SCHEMA}.{table}"].indexes, key=name_of)


def name_of(index: Index) -> str:
    """Return the name of a declared index."""
    return str(index.name)


def schema_of(index: Index) -> str:
    """Return the schema that an index's table is in."""
    return table_of(index)[0]


def table_of(index: Index) -> tuple[str, str]:
    """Return the schema and the name of an index's table."""
    if index.table is None:
        raise ValueError(f"{index!r} is of no table")
    return index.table.schema or "public", index.table.name


def partition_index_name(index: Index, partition: str) -> str:
    """Return how an index is named on a partition of its table: the key of the partition at its end."""
    suffix = partition.removeprefix(f"{table_of(index)[1]}_")
    return f"{name_of(index)}_{suffix}"[:LONGEST_NAME]


def quoted(*names: str) -> str:
    """Return names as an identifier of SQL, schema first."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
