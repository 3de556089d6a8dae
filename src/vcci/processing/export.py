"""What a person opens: every line with its factor, every rejected row with its remedy, all rows.

Works part by part, as the calculation left them, so memory is bounded by one part whatever the run's size.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from vcci.domain.activity import PART_COLUMNS
from vcci.domain.display import FORMULA
from vcci.domain.finding import REASONS, Outcome
from vcci.services.ports import Records

LINE_FIELDS: Final = (
    "row", "source", "line", "supplier", "account", "description", "date", "quantity", "unit",
    "category", "activity", "factor_name", "amount", "factor_currency", "mg_co2e_per_unit",
    "co2e_mg", "factor_value", "factor_unit", "factor_id", "pack", "method", "notices", "steps",
)  # fmt: skip
"""Columns of lines.csv: the row as read, what its amount was multiplied by, and how that came about."""

ROW_FIELDS: Final = LINE_FIELDS[:9]
"""The columns of lines.csv that come from the row itself."""

PART_FIELDS: Final = ("account_code", *PART_COLUMNS)
"""What lines.csv has beside these for parts of activities: the activity's own id, the part, its formula."""

REJECT_FIELDS: Final = (
    "source", "line", "column", "code", "value", "meaning", "hint", "row", "run", "sha256",
)  # fmt: skip
"""Columns of rejects.csv; `column` and `value` are the file's own where a cell is at fault, `row` is the
whole record as CSV, `run` the run that rejected it, `sha256` the file's: what a repair finds the row by."""

AT_FAULT: Final = {
    "unit_unknown": "unit",
    "quantity_negative": "quantity",
    "quantity_too_large": "quantity",
    "date_outside_rates": "date",
    "region_unknown": "region",
}
"""The cell at fault, where the calculation rejects a row and not intake, which tells the column itself."""

GROUP_ROWS: Final = 16_384
"""Rows that have to be read to see one of them."""

NUMERALS: Final = ("quantity", "factor_value")
"""Plain decimals that are kept as text to be exact; a spreadsheet is to take them for numbers."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one part of the calculation, all in row order."""

    activities: pl.DataFrame
    lines: pl.DataFrame
    unlined: pl.DataFrame


def rows(folder: Path, *, run: str, records: Records) -> None:
    """Write lines.csv and rejects.csv, rewrite activities.parquet with outcomes, remove ledger.parquet.

    `run` is the run's digest; `records` tells rejected rows as they stand in the file.
    """
    keys = _keys(folder)
    fields = _line_fields(folder)
    target = folder / "outcomes.parquet"
    with (
        _csv(folder / "lines.csv", fields) as lines_file,
        _csv(folder / "rejects.csv", REJECT_FIELDS) as rejects_file,
        pq.ParquetWriter(target, _outcome_schema(folder), compression="zstd") as outcomes_file,
    ):
        for part in _parts(folder):
            outcomes_file.write_table(_arrow(with_outcomes(part)), row_group_size=GROUP_ROWS)
            lines(part, keys, fields).write_csv(lines_file, include_header=False)
            rejects(part.unlined, run=run, records=records).write_csv(rejects_file, include_header=False)
    target.replace(folder / "activities.parquet")
    (folder / "ledger.parquet").unlink()


def with_outcomes(part: Part) -> pl.DataFrame:
    """Return every row with its outcome, and the reason where it has no line."""
    outcome_of = {code: reason.outcome.value for code, reason in REASONS.items()}
    reason = pl.col("reason").fill_null("")
    return part.activities.join(
        part.unlined.select("row", "reason"), on="row", how="left", maintain_order="left"
    ).with_columns(reason=reason, outcome=reason.replace_strict(outcome_of, default=Outcome.LINE.value))


def _line_fields(folder: Path) -> tuple[str, ...]:
    """Return the columns of lines.csv: those of parts too, where the rows are parts of activities."""
    names = pl.read_parquet_schema(folder / "activities.parquet")
    return (*LINE_FIELDS, *PART_FIELDS) if set(PART_FIELDS) <= set(names) else LINE_FIELDS


def lines(part: Part, keys: pl.DataFrame, fields: tuple[str, ...] = LINE_FIELDS) -> pl.DataFrame:
    """Return the lines as lines.csv shows them: `fields`, texts inert."""
    of_key = pl.when(pl.col("key_notices") != "").then(pl.col("key_notices"))
    notices = [pl.col("notices"), pl.col("rate_notices"), of_key]
    of_row = (*ROW_FIELDS, *(name for name in fields if name in PART_FIELDS))
    texts = [name for name in of_row if name not in ("row", "line", *NUMERALS)]
    return (
        part.lines.drop("supplier")
        .join(part.activities.select(of_row), on="row", how="left", maintain_order="left")
        .join(keys, on="key", how="left", maintain_order="left")
        .with_columns(
            *(inert(pl.col(name)) for name in texts),
            notices=pl.concat_str(notices, separator=";", ignore_nulls=True),
        )
        .select(fields)
    )


def rejects(unlined: pl.DataFrame, *, run: str, records: Records) -> pl.DataFrame:
    """Return the rejected rows as rejects.csv shows them: REJECT_FIELDS, texts inert, in row order."""
    meanings = {
        code: reason.meaning for code, reason in REASONS.items() if reason.outcome == Outcome.REJECTED
    }
    hints = {code: REASONS[code].remedy for code in meanings}
    code = pl.col("reason")
    rejected = unlined.filter(code.is_in(list(meanings)))
    is_told = (pl.col("problem_column") != "") | (pl.col("problem_value") != "")
    target = pl.when(~is_told).then(code.replace_strict(AT_FAULT, default=""))
    found = records(rejected.select("row", target=target.fill_null("")))
    told = rejected.join(found, on="row", how="left", maintain_order="left")
    return told.select(
        inert(pl.col("source")),
        "line",
        inert(pl.when(is_told).then("problem_column").otherwise("column")).alias("column"),
        code.alias("code"),
        inert(pl.when(is_told).then("problem_value").otherwise("value")).alias("value"),
        code.replace_strict(meanings).alias("meaning"),
        code.replace_strict(hints).alias("hint"),
        inert(pl.col("record")).alias("row"),
        pl.lit(run).alias("run"),
        "sha256",
    ).select(REJECT_FIELDS)


def inert(text: pl.Expr) -> pl.Expr:
    """Return a text that no spreadsheet takes for a formula, as `display.inert` does for a single one."""
    return pl.when(~text.str.contains(FORMULA)).then(text).otherwise(pl.lit("'") + text)


def _keys(folder: Path) -> pl.DataFrame:
    """Return what each key was resolved to, its texts inert: a few thousand rows for any run."""
    keys = pl.read_parquet(folder / "multipliers.parquet").drop("category", "unit", "region", "year")
    texts = [name for name, kind in keys.schema.items() if kind == pl.String and name not in NUMERALS]
    steps = pl.col("steps").str.replace_all("\n", "; ", literal=True)
    return (
        keys.with_columns(steps)
        .with_columns(inert(pl.col(name)) for name in texts)
        .rename({"notices": "key_notices"})
    )


def _parts(folder: Path) -> Iterator[Part]:
    activities = pl.scan_parquet(folder / "activities.parquet")
    done = 0
    for path in sorted((folder / "lines").glob("part-*.parquet")):
        lined, unlined = pl.read_parquet(path), pl.read_parquet(folder / "unlined" / path.name)
        height = lined.height + unlined.height
        yield Part(activities.slice(done, height).collect(), lined, unlined)
        done += height


def _outcome_schema(folder: Path) -> pa.Schema:
    none = pl.read_parquet(folder / "activities.parquet", n_rows=0)
    return _arrow(none.with_columns(reason=pl.lit(""), outcome=pl.lit(""))).schema


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


@contextmanager
def _csv(path: Path, header: tuple[str, ...]) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        file.write(f"{','.join(header)}\n".encode())
        yield file
