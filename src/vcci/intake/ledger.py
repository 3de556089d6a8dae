"""Intake, from the user's files to one ledger frame (domain/activity.py); nothing is guessed silently.

Safely read (front.py), looked over (survey.py), made a frame (frame.py), and written down in one pass.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.mapping import Conventions, Mapping
from vcci.domain.quantity import UnitTable
from vcci.engine.columnar import TOO_LARGE
from vcci.errors import MappingError
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.intake.activity_table import is_activity_table, read_activities
from vcci.intake.frame import ledger_frame
from vcci.intake.front import RawTable, read_tables
from vcci.intake.limits import IntakeLimits
from vcci.intake.records import rejected_records
from vcci.intake.repairs import Repaired, refuse_idle, repair
from vcci.intake.survey import FileReading, survey
from vcci.services.ports import LedgerRead, RepairedRow

RAW_FOLDER: Final = "raw"
"""Folder beside the ledger frame that holds the files as texts; the caller removes it when all is told."""

REPAIRED: Final = "row_repaired"
"""Notice of a row that was mended after it had been rejected."""


def read_ledger(
    paths: Sequence[Path],
    *,
    mapping: Mapping,
    out: Path,
    limits: IntakeLimits,
    year: int | None,
    hook: Hook = ignore,
    repairs: Sequence[Path] = (),
    units: UnitTable | None = None,
) -> LedgerRead:
    """Read files into one ledger frame at `out`; rows without any date fall in `year`, or are rejected.

    `repairs` are files of mended rows, in order (repairs.py). With `units`, activity tables are read too
    (activity_table.py), but where the mapping names columns: that is a ledger's. Raises `FileRefusedError`,
    `MappingError`, and one `QuestionError` for all that only a person may settle.
    """
    raw, mended = out.parent / RAW_FOLDER, out.parent / RAW_FOLDER / "repairs"
    mended.mkdir(parents=True, exist_ok=True)
    tables = read_tables(paths, conventions=mapping.conventions, limits=limits, folder=raw, hook=hook)
    if units and not mapping.columns and any(map(is_activity_table, tables)):
        _refuse_mixed(tables, repairs)
        return read_activities(tables, mapping=mapping, units=units, out=out, year=year, hook=hook)
    lists = read_tables(repairs, conventions=Conventions(), limits=limits, folder=mended)
    return ledger_of(tables, mapping=mapping, out=out, year=year, hook=hook, repairs=lists)


def _refuse_mixed(tables: Sequence[RawTable], repairs: Sequence[Path]) -> None:
    others = [table.name for table in tables if not is_activity_table(table)]
    if others or repairs:
        what = f"{', '.join(others)} is no such table" if others else "rejects cannot be put back into them"
        raise MappingError(
            f"The files hold activity tables, and {what}.",
            remedy="Give activity tables by themselves, and mend their rows in the files.",
            code="activity_tables_mixed",
        )


def ledger_of(
    tables: Sequence[RawTable],
    *,
    mapping: Mapping,
    out: Path,
    year: int | None,
    hook: Hook = ignore,
    repairs: Sequence[RawTable] = (),
) -> LedgerRead:
    """Write the ledger frame of raw tables, in their order, and say how they were read."""
    repaired = Repaired(*survey(tables, mapping))
    for mended in repairs:
        repaired = repair(repaired, mended, year=year, folder=mended.path.parent)
    refuse_idle(repaired, repairs)
    rows, frames = 0, []
    for place, reading in enumerate(repaired.readings):
        frame = ledger_frame(reading, mapping=repaired.mapping, year=year, first_row=rows + 1)
        frames.append(_left_out(_noticed(frame, repaired.lines(place)), repaired.left_out(place)))
        rows += reading.rows
    pl.concat(frames).sink_parquet(out, compression="zstd", compression_level=1, maintain_order=True)
    hook(BatchAdvanced("read", rows, rows))
    return LedgerRead(
        rows,
        _digest(tables, repaired),
        tuple(map(_described, repaired.readings)),
        repaired.mapping,
        records=partial(rejected_records, repaired.readings),
        repairs=tuple(repaired.rows.values()),
        successor_of=repaired.successor_of,
    )


def _noticed(frame: pl.LazyFrame, lines: Sequence[int]) -> pl.LazyFrame:
    """Return the frame with a notice on the rows of these lines."""
    own = pl.when(pl.col("notices") != "").then("notices")
    repaired = pl.when(pl.col("line").is_in(lines)).then(pl.lit(REPAIRED))
    notices = pl.concat_str([own, repaired], separator=";", ignore_nulls=True)
    return frame.with_columns(notices=notices) if lines else frame


def _left_out(frame: pl.LazyFrame, rows: dict[int, RepairedRow]) -> pl.LazyFrame:
    """Return the frame with the reason why the rows of these lines are no purchases.

    What they say was spent is counted among what is left out, but where it was too much to be believed.
    """
    if not rows:
        return frame
    reasons = {line: row.left_out for line, row in rows.items()}
    beyond_belief = [line for line, row in rows.items() if row.code == TOO_LARGE]
    is_left_out = pl.col("line").is_in(list(reasons))
    return frame.with_columns(
        problem=pl.when(is_left_out)
        .then(pl.col("line").replace_strict(reasons, default="", return_dtype=pl.String))
        .otherwise("problem"),
        problem_column=pl.when(is_left_out).then(pl.lit("")).otherwise("problem_column"),
        problem_value=pl.when(is_left_out).then(pl.lit("")).otherwise("problem_value"),
        quantity=pl.when(pl.col("line").is_in(beyond_belief)).then(pl.lit("")).otherwise("quantity"),
    )


def _digest(tables: Sequence[RawTable], repaired: Repaired) -> str:
    """Return what names the rows that were read: the bytes of the files, and what was mended in them."""
    digests = [table.sha256 for table in tables] + ([repaired.digest] if repaired.rows else [])
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _described(reading: FileReading) -> dict[str, Any]:
    """Return what was found out of a file: `guessed` has points of 100 for each column that was guessed."""
    table = reading.table
    order = reading.dates.order
    found = {
        **table.found,
        "decimal": str(reading.mark or ""),
        "date_order": str(order or ""),
    }
    return {
        "name": table.name,
        "sha256": table.sha256,
        "rows": reading.rows,
        "kind": table.kind,
        "found": {name: value for name, value in found.items() if value},
        "columns": {target: reading.header(target) for target in reading.columns},
        "guessed": {target: column.points for target, column in reading.columns.items() if column.points},
    }
