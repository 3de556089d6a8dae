"""Columns that many tables have, and how an index is declared beside its table."""

from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index, MetaData, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

SCHEMA: Final = "vcci"
PARTITION_SCHEMA: Final = "vcci_runs"
"""Partitions lie apart, in a schema that the app role may not enter."""

Buffers = Literal["log", "page", "group"]
"""How what an index's query reads may grow: with the depth of the index, with its page, or with its group."""

metadata = MetaData(schema=SCHEMA)


def text(name: str, *, nullable: bool = False) -> Column[str]:
    """Return a text column."""
    return Column(name, Text, nullable=nullable)


def added_text(name: str) -> Column[str]:
    """Return a text that rows from before it was added hold as empty."""
    return Column(name, Text, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    """Return a column of whole numbers."""
    return Column(name, BigInteger, nullable=False)


def tenant() -> Column[object]:
    """Return the column that says whose a row is."""
    return Column("tenant_id", Uuid, ForeignKey("vcci.tenants.id"), nullable=False)


def id_(name: str = "id", *, nullable: bool = False) -> Column[object]:
    """Return a column of an id."""
    return Column(name, Uuid, nullable=nullable)


def json_(name: str) -> Column[object]:
    """Return a column of a JSON document."""
    return Column(name, JSONB, nullable=False)


def created() -> Column[object]:
    """Return the moment of the transaction that made a row."""
    return Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now())


def moment(name: str) -> Column[object]:
    """Return a column of a moment that may be still to come."""
    return Column(name, TIMESTAMP(timezone=True))


def of_run() -> ForeignKeyConstraint:
    """Return the key to the run of a row."""
    return ForeignKeyConstraint(
        ["tenant_id", "run_id"], ["vcci.runs.tenant_id", "vcci.runs.id"], ondelete="CASCADE"
    )


def index(name: str, *columns: str, serves: str, buffers: Buffers, **options: Any) -> Index:
    """Return an index with the query that it serves, and how the buffers of that may grow.

    log    one row is found: as many buffers as the index is deep
    page   a page is cut out: the same buffers for each of its rows, however many rows the table has
    group  all rows of a group are read: the same buffers for each of them, however many others there are
    """
    return Index(name, *columns, info={"serves": serves, "buffers": buffers}, **options)
