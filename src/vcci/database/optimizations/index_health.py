"""What is to be said of the indexes that are there: unused, twice the same, covered by another, not valid.

Sizes and scans of a partitioned index are those of its partitions together. Scans are counted on the server
that is asked, since its statistics were reset: a replica counts its own, and an index that is used once a
year looks unused until then. What enforces a rule (primary, unique) is never called unused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Final, LiteralString

from sqlalchemy import Index

from vcci.database.connections import Connection
from vcci.database.optimizations.index_sql import name_of, table_of

SCHEMAS: Final = ("vcci", "vcci_runs")
YOUNG_DAYS: Final = 30
"""Statistics that are younger than a month have not seen every use."""

FACTS: Final[LiteralString] = """
    SELECT n.nspname AS schema, c.relname AS name, t.relname AS table, am.amname AS method,
        i.indisunique AS is_unique, i.indisprimary AS is_primary,
        i.indisvalid AND i.indisready AS is_valid,
        (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, false)
            || ' ' || i.indclass[k - 1] || ' ' || i.indoption[k - 1] || ' ' || i.indcollation[k - 1]
            ORDER BY k) FROM generate_series(1, i.indnkeyatts) k) AS keys,
        (SELECT coalesce(array_agg(pg_get_indexdef(i.indexrelid, k, false) ORDER BY k), '{}')
            FROM generate_series(i.indnkeyatts + 1, i.indnatts) k) AS included,
        coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
        leaves.size_bytes, leaves.scans,
        CASE WHEN c.relkind = 'I' THEN (SELECT count(*) FROM pg_inherits p WHERE p.inhparent = i.indrelid)
            - (SELECT count(*) FROM pg_inherits p WHERE p.inhparent = i.indexrelid) ELSE 0 END
            AS partitions_without
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid AND NOT c.relispartition
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_am am ON am.oid = c.relam
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(pg_relation_size(leaf.oid)), 0)::bigint AS size_bytes,
            coalesce(sum(s.idx_scan), 0)::bigint AS scans
        FROM (SELECT c.oid UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid) leaf
        LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = leaf.oid
    ) leaves
    WHERE n.nspname = ANY ($1) AND t.relname <> 'alembic_version'
    ORDER BY n.nspname, t.relname, c.relname
"""
CAVEATS: Final[LiteralString] = """
    SELECT pg_is_in_recovery() AS is_replica, s.stats_reset, now() - s.stats_reset AS age
    FROM pg_stat_database s WHERE s.datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """One index as PostgreSQL has it; keys with operator class, order and collation."""

    schema: str
    name: str
    table: str
    method: str
    is_unique: bool
    is_primary: bool
    is_valid: bool
    keys: Sequence[str]
    included: Sequence[str]
    predicate: str
    size_bytes: int
    scans: int
    partitions_without: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """A declared index that is not there, or not on so many partitions of its table."""

    name: str
    table: str
    partitions: int = 0


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """All indexes, by what is to be said of them; pairs are (one that can go, the one that does its work)."""

    indexes: Sequence[IndexFacts]
    unused: Sequence[IndexFacts]
    duplicate: Sequence[tuple[IndexFacts, IndexFacts]]
    covered: Sequence[tuple[IndexFacts, IndexFacts]]
    invalid: Sequence[IndexFacts]
    missing: Sequence[Missing]
    is_replica: bool
    statistics_since: datetime | None
    statistics_days: int | None

    @property
    def caveats(self) -> list[str]:
        """Return what to bear in mind before an index is dropped as unused."""
        told = []
        if self.is_replica:
            told.append("this server is a replica: the primary counts its own scans")
        if self.statistics_days is None:
            told.append("it is not known since when scans are counted")
        elif self.statistics_days < YOUNG_DAYS:
            told.append(f"scans have been counted for {self.statistics_days} days only")
        return told


async def index_health(
    connection: Connection, declared: Iterable[Index], *, schemas: Sequence[str] = SCHEMAS
) -> IndexHealth:
    """Return the health of the indexes of schemas."""
    found = [IndexFacts(**dict(row)) for row in await connection.fetch(FACTS, list(schemas))]
    caveats = await connection.fetchrow(CAVEATS)
    age = caveats["age"] if caveats else None
    pairs = list(redundant(found))
    return IndexHealth(
        indexes=found,
        unused=[one for one in found if not (one.scans or one.is_unique or one.is_primary)],
        duplicate=[pair for pair in pairs if is_same(*pair)],
        covered=[pair for pair in pairs if not is_same(*pair)],
        invalid=[one for one in found if not one.is_valid and not one.partitions_without],
        missing=list(_missing(declared, found)),
        is_replica=bool(caveats and caveats["is_replica"]),
        statistics_since=caveats["stats_reset"] if caveats else None,
        statistics_days=None if age is None else age.days,
    )


def redundant(indexes: Sequence[IndexFacts]) -> Iterable[tuple[IndexFacts, IndexFacts]]:
    """Yield each index that can go, with one that does its work; of two alike the later by name goes."""
    for one, other in permutations(indexes, 2):
        if _is_covered(one, other) and not (_is_covered(other, one) and one.name < other.name):
            yield one, other


def is_same(one: IndexFacts, other: IndexFacts) -> bool:
    """Say whether two indexes hold the same."""
    return (list(one.keys), list(one.included)) == (list(other.keys), list(other.included))


def _is_covered(one: IndexFacts, other: IndexFacts) -> bool:
    """Say whether `other` answers whatever `one` answers; one that enforces a rule never is."""
    if (one.schema, one.table, one.method) != (other.schema, other.table, "btree"):
        return False
    is_rule = one.is_primary or (one.is_unique and not (other.is_unique and is_same(one, other)))
    if is_rule or not other.is_valid or other.predicate != one.predicate:
        return False
    holds = {key.rsplit(" ", 3)[0] for key in other.keys} | set(other.included)
    return list(other.keys[: len(one.keys)]) == list(one.keys) and set(one.included) <= holds


def _missing(declared: Iterable[Index], found: Sequence[IndexFacts]) -> Iterable[Missing]:
    by_name = {(one.schema, one.name): one for one in found}
    for index in declared:
        schema, table = table_of(index)
        there = by_name.get((schema, name_of(index)))
        if there is None or there.partitions_without > 0:
            yield Missing(name_of(index), table, there.partitions_without if there else 0)
