"""Rows on their way into a run on Spark: read, made canonical, written once, counted and fingerprinted.

The canonical columns are those of a classified ledger frame (domain/activity.py). They are read once: every
later pass sees what was written here, whatever becomes of the files meanwhile.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS, PART_COLUMNS
from vcci.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEMA: Final = {name: told.partition(":")[0] for name, told in (LEDGER_COLUMNS | CLASSIFIED_COLUMNS).items()}
"""The canonical columns and their types."""

REQUIRED: Final = ("row", "quantity", "unit", "date", "activity", "category")
"""Columns that every file has; the others are taken as empty where they are missing."""

TAKEN: Final[dict[str, tuple[str, ...]]] = {
    "String": ("string",),
    "Int64": ("tinyint", "smallint", "int", "bigint", "string"),
    "Int8": ("tinyint", "smallint", "int", "bigint", "string"),
    "Boolean": ("boolean", "string"),
}
"""The types of Spark that are taken for each canonical type; CSV has texts only."""

NO_CATEGORY: Final = -1
"""Stands for a category that is no number, so that the row is rejected and told of; 0 means stated apart."""

CSV: Final = re.compile(r"\.csv(\.gz|\.bz2|\.zst)?$", re.IGNORECASE)
"""What names a path of text files; everything else is read as Parquet."""

CSV_OPTIONS: Final = {
    "header": "true",
    "inferSchema": "false",
    "enforceSchema": "false",
    "escape": '"',
    "mode": "FAILFAST",
    "encoding": "UTF-8",
}
"""RFC 4180; each file's header is held against the first one's, and a row of another length ends the run."""

LINE_ENDS: Final = "\r\n\u0085\u2028\u2029"
"""Where Java's `$` matches before the end of the text; nothing that holds one is a plain decimal."""


@dataclass(frozen=True, slots=True)
class StagedRows:
    """How many rows were written, and the digest of their contents in any order."""

    rows: int
    digest: str


def read(session: "SparkSession", paths: Sequence[str]) -> "DataFrame":
    """Return the rows of all paths with the canonical columns.

    Raises `InputError` where columns are missing or of another type.
    """
    found = [(path, _read(session, path)) for path in paths]
    parts = [name for name in PART_COLUMNS if any(name in frame.columns for _, frame in found)]
    whole, *others = [_canonical(frame, path, parts) for path, frame in found]
    for other in others:
        whole = whole.unionByName(other)
    return whole


def stage(rows: "DataFrame", target: str, *, year: int | None) -> None:
    """Write rows as Parquet; with `year`, rows dated in another year are excluded (`outside_period`)."""
    from pyspark.sql import functions as F  # noqa: N812

    if year is not None:
        date = F.col("date")
        is_elsewhere = (date != "") & (F.substring(date, 1, 4) != f"{year:04}")
        exclusion = F.when(is_elsewhere, F.lit("outside_period")).otherwise(F.col("exclusion"))
        rows = rows.withColumn("exclusion", exclusion)
    rows.write.parquet(target)


def calculable(staged: "DataFrame") -> "DataFrame":
    """Return staged rows for the engine: a quantity with a line end in it stays no number."""
    from pyspark.sql import functions as F  # noqa: N812

    plain = F.translate(F.col("quantity"), LINE_ENDS, "?" * len(LINE_ENDS))
    return staged.withColumn("quantity", plain)


def counted(staged: "DataFrame") -> StagedRows:
    """Count rows and fingerprint them; raises `InputError` unless each has a number of its own."""
    from pyspark.sql import functions as F  # noqa: N812

    columns = [F.col(name) for name in sorted(staged.columns)]
    lanes = [lane for seed in ("one", "two") for lane in _halves(F.xxhash64(F.lit(seed), *columns))]
    sums = [F.coalesce(F.sum(lane), F.lit(0)) for lane in lanes]
    rows, *prints = staged.agg(F.count(F.lit(1)), *sums).collect()[0]
    numbers = staged.agg(F.count_distinct("row")).collect()[0][0]
    if numbers != rows:
        raise InputError(
            f"{rows:,} rows have {numbers:,} different numbers in the column `row`.",
            remedy="Give every row a whole number of its own, over all files of the run.",
            code="spark_rows_not_numbered",
        )
    text = json.dumps([sorted(staged.columns), rows, *prints])
    return StagedRows(rows, hashlib.sha256(text.encode()).hexdigest())


def _halves(number: Any) -> tuple[Any, Any]:
    """Return the two halves of a 64-bit hash: their sums cannot overflow."""
    from pyspark.sql import functions as F  # noqa: N812

    return number.bitwiseAND(F.lit(0xFFFF_FFFF)), F.shiftrightunsigned(number, 32)


def _read(session: "SparkSession", path: str) -> "DataFrame":
    if CSV.search(path.rstrip("/")):
        return session.read.options(**CSV_OPTIONS).csv(path)
    return session.read.parquet(path)


def _canonical(frame: "DataFrame", path: str, parts: Sequence[str]) -> "DataFrame":
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)}.",
            tried=frame.columns,
            remedy="Give classified rows, such as the activities.parquet of a run; "
            "ledgers as they come are read without --engine spark.",
            code="spark_columns_missing",
        )
    found = dict(frame.dtypes)
    wanted = SCHEMA | dict.fromkeys(parts, "String")
    _refuse_types({name: found[name] for name in wanted if name in found}, wanted, path)
    return frame.select(*(_column(name, kind, is_there=name in found) for name, kind in wanted.items()))


def _refuse_types(found: dict[str, str], wanted: dict[str, str], path: str) -> None:
    wrong = [
        f"{name} is {kind}, not {' or '.join(_taken(name, wanted[name]))}"
        for name, kind in found.items()
        if kind not in _taken(name, wanted[name])
    ]
    if wrong:
        raise InputError(
            f"{path}: {'; '.join(wrong)}.",
            remedy="Write the types of docs/spark.md; amounts are texts, so that none is rounded.",
            code="spark_column_type",
        )


def _taken(name: str, kind: str) -> tuple[str, ...]:
    return (*TAKEN[kind], "date") if name == "date" else TAKEN[kind]


def _column(name: str, kind: str, *, is_there: bool) -> Any:
    """Return a canonical column: no nulls but in `row`, where they are refused later."""
    from pyspark.sql import functions as F  # noqa: N812

    column = F.col(name) if is_there else F.lit(None)
    made = {
        "String": lambda: F.coalesce(column.cast("string"), F.lit("")),
        "Int64": lambda: column.try_cast("bigint"),
        "Int8": lambda: F.coalesce(column.try_cast("tinyint"), F.lit(NO_CATEGORY).cast("tinyint")),
        "Boolean": lambda: F.coalesce(column.try_cast("boolean"), F.lit(False)),
    }[kind]()
    if name == "line":
        made = F.coalesce(made, F.col("row").try_cast("bigint"))
    return made.alias(name)
