"""Many rows into one table: by INSERT from arrays, a thousand in a round trip, or by COPY. All, or none.

Names are looked up in the catalogue and quoted, types come from there. A row that is refused is named by its
number, from 1; its values are not repeated. COPY is quicker, and PostgreSQL refuses it under row security.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, LiteralString, ParamSpec, TypeVar

import asyncpg

from vcci.database.connections import Connection, refusals_of_transaction
from vcci.database.copying import copy_into
from vcci.database.optimizations.driver import all_or_nothing, driver_connection, taken_back
from vcci.database.optimizations.index_sql import quoted
from vcci.errors import InputError

P = ParamSpec("P")
T = TypeVar("T")

ROWS_PER_STATEMENT: Final = 1_000
DOCUMENTS: Final = frozenset({"json", "jsonb"})
NUMBER_IN_COPY: Final = re.compile(r"line (\d+)")

COLUMNS: Final[LiteralString] = """
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column,
        format_type(a.atttypid, a.atttypmod) AS type, t.typcategory = 'A' AS is_array,
        a.attgenerated <> '' AS is_generated
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relname = $2 AND c.relkind IN ('r', 'p')
    AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) OR n.nspname = 'vcci' ELSE n.nspname = $1 END
    ORDER BY pg_table_is_visible(c.oid) DESC, n.nspname, a.attnum
"""
"""A table's columns; one without a schema is looked for on the search path, then among ours."""

REFUSED: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What is wrong with a row, and not with the statement or the connection."""


@dataclass(frozen=True, slots=True)
class Target:
    """A table, and the columns that are written, with their types."""

    schema: str
    name: str
    types: Mapping[str, str]

    @property
    def sql(self) -> str:
        """The statement that takes one array for each column."""
        names = ", ".join(quoted(column) for column in self.types)
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(self.types.values(), start=1))
        return f"INSERT INTO {quoted(self.schema, self.name)} ({names}) SELECT * FROM unnest({arrays})"

    def arrays(self, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        """Return the values by column; those of JSON columns as text."""
        return [
            [_document(row[name]) if kind in DOCUMENTS else row[name] for row in rows]
            for name, kind in self.types.items()
        ]


def told_plainly(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Decorate work so that what PostgreSQL refuses beside rows comes out as a `DatabaseError`."""

    @wraps(work)
    async def told(*arguments: P.args, **named: P.kwargs) -> T:
        with refusals_of_transaction(""):
            return await work(*arguments, **named)

    return told


@told_plainly
async def insert_records(
    session_or_connection: Any,
    table_name: str,
    records: Sequence[Mapping[str, Any]],
    *,
    rows_per_statement: int = ROWS_PER_STATEMENT,
) -> int:
    """Insert records, all or none, and return how many; in the transaction that is open, if one is.

    All records have the keys of the first; columns that they leave out get their defaults. Raises
    `InputError` for a table or column that there is not, and for the first row that is refused.
    """
    if not records:
        return 0
    connection = await driver_connection(session_or_connection)
    target = await _target(connection, table_name, list(records[0]))
    _refuse_other_keys(records)
    async with all_or_nothing(connection):
        done = 0
        for rows in _batches(records, rows_per_statement):
            await _insert(connection, target, rows, done=done)
            done += len(rows)
    return done


@told_plainly
async def batch_insert_optimized(  # noqa: PLR0917  (the signature that is known)
    session: Any,
    table_name: str,
    records: Sequence[Mapping[str, Any]],
    batch_size: int = ROWS_PER_STATEMENT,
) -> int:
    """Insert records, `batch_size` in a round trip: see `insert_records`."""
    return await insert_records(session, table_name, records, rows_per_statement=batch_size)


@told_plainly
async def copy_records(
    session_or_connection: Any,
    table_name: str,
    records: Iterable[Sequence[Any]],
    *,
    columns: Sequence[str],
) -> int:
    """Copy records, tuples in the order of `columns`, all or none; returns how many.

    Raises `InputError` as `insert_records` does, and for a table under row security.
    """
    connection = await driver_connection(session_or_connection)
    target = await _target(connection, table_name, columns, is_for_copy=True)
    counted = Counted(records)
    try:
        async with all_or_nothing(connection):
            await copy_into(connection, target.name, schema=target.schema, columns=columns, records=counted)
    except asyncpg.FeatureNotSupportedError:
        raise InputError(
            f"PostgreSQL copies nothing into {table_name}: its rows are secured by tenant.",
            remedy="Insert the records instead (insert_records, batch_insert_optimized).",
            code="bulk_copy_refused",
        ) from None
    except (*REFUSED, TypeError, ValueError, OverflowError) as error:
        told = NUMBER_IN_COPY.search(getattr(error, "context", None) or "")
        raise _row_refused(int(told[1]) if told else counted.count, target, error) from None
    return counted.count


class Counted:
    """Records with a count of those that were taken."""

    def __init__(self, records: Iterable[Sequence[Any]]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Yield the records."""
        for record in self._records:
            self.count += 1
            yield record


async def _target(
    connection: Connection, table_name: str, columns: Sequence[str], *, is_for_copy: bool = False
) -> Target:
    schema, _, name = table_name.rpartition(".")
    rows = await connection.fetch(COLUMNS, schema, name)
    if not rows:
        raise _name_refused(f"There is no table {table_name}", "Name one that is there, with its schema.")
    found = [row for row in rows if row["schema"] == rows[0]["schema"]]
    known = {row["column"]: row for row in found if not row["is_generated"]}
    if unknown := [name for name in columns if name not in known]:
        remedy = f"Its columns are {', '.join(known)}."
        raise _name_refused(f"{table_name} has no column {', '.join(unknown)} that can be written", remedy)
    arrays = [name for name in columns if known[name]["is_array"]]
    if arrays and not is_for_copy:
        remedy = "Use copy_records for this table."
        raise _name_refused(f"The column {', '.join(arrays)} holds arrays, which are not unnested", remedy)
    return Target(found[0]["schema"], name, {name: known[name]["type"] for name in columns})


def _name_refused(what: str, remedy: str) -> InputError:
    return InputError(f"{what}.", remedy=remedy, code="bulk_target_unknown")


def _refuse_other_keys(records: Sequence[Mapping[str, Any]]) -> None:
    first = set(records[0])
    for number, record in enumerate(records, start=1):
        if record.keys() != first:
            odd = ", ".join(sorted(map(str, record.keys() ^ first)))
            raise InputError(
                f"Row {number:,} has other columns than the first: {odd}.",
                remedy="Give every record the same keys; None stands for an empty value.",
                code="bulk_row_refused",
            )


async def _insert(
    connection: Connection, target: Target, rows: Sequence[Mapping[str, Any]], *, done: int
) -> None:
    try:
        async with all_or_nothing(connection, "vcci_batch"):
            await connection.execute(target.sql, *target.arrays(rows))
    except REFUSED as error:
        number, why = await _first_refused(connection, target, rows)
        raise _row_refused(done + number, target, why or error) from None


async def _first_refused(
    connection: Connection, target: Target, rows: Sequence[Mapping[str, Any]]
) -> tuple[int, Exception | None]:
    """Return the number of the first row that cannot be inserted after those before it, and why.

    Halves the rows that it may be among: ten trials find one in a thousand.
    """
    good, bad, why = 0, len(rows), None
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            async with taken_back(connection):
                await connection.execute(target.sql, *target.arrays(rows[:middle]))
            good = middle
        except REFUSED as error:
            bad, why = middle, error
    return bad, why


def _row_refused(number: int, target: Target, error: Exception) -> InputError:
    constraint = getattr(error, "constraint_name", None)
    column = getattr(error, "column_name", None)
    where = f" ({constraint})" if constraint else f" ({column})" if column else ""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__.removesuffix("Error")).lower()
    return InputError(
        f"Row {number:,} cannot be written into {target.schema}.{target.name}: {kind}{where}.",
        remedy="Nothing was written. Correct the row, then write all of them again.",
        code="bulk_row_refused",
    )


def _document(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, default=str)


def _batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
