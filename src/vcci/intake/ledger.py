"""Intake, from the user's files to one ledger frame (domain/activity.py); nothing is guessed silently.

Safely read (front.py), looked over (survey.py), made a frame (frame.py), and written down in one pass.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.mapping import Mapping
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.intake.frame import ledger_frame
from vcci.intake.front import RawTable, read_tables
from vcci.intake.limits import IntakeLimits
from vcci.intake.survey import FileReading, survey
from vcci.services.ports import LedgerRead


def read_ledger(
    paths: Sequence[Path],
    *,
    mapping: Mapping,
    out: Path,
    limits: IntakeLimits,
    year: int | None,
    hook: Hook = ignore,
) -> LedgerRead:
    """Read files into one ledger frame at `out`; rows without any date fall in `year`, or are rejected.

    Raises `FileRefusedError`, `MappingError`, and one `QuestionError` for all that only a person may settle.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".raw-") as folder:
        tables = read_tables(
            paths, conventions=mapping.conventions, limits=limits, folder=Path(folder), hook=hook
        )
        return ledger_of(tables, mapping=mapping, out=out, year=year, hook=hook)


def ledger_of(
    tables: Sequence[RawTable], *, mapping: Mapping, out: Path, year: int | None, hook: Hook = ignore
) -> LedgerRead:
    """Write the ledger frame of raw tables, in their order, and say how they were read."""
    readings, in_force = survey(tables, mapping)
    rows, frames = 0, []
    for reading in readings:
        frames.append(ledger_frame(reading, mapping=in_force, year=year, first_row=rows + 1))
        rows += reading.rows
    pl.concat(frames).sink_parquet(out, compression="zstd", compression_level=1, maintain_order=True)
    hook(BatchAdvanced("read", rows, rows))
    digests = "".join(table.sha256 for table in tables)
    digest = hashlib.sha256(digests.encode()).hexdigest()
    return LedgerRead(rows, digest, tuple(map(_described, readings)), in_force)


def _described(reading: FileReading) -> dict[str, Any]:
    """Return what was found out of a file: `guessed` has points of 100 for each column that was guessed."""
    table = reading.table
    order = reading.dates.order
    found = {
        **table.found,
        "decimal": str(reading.mark or ""),
        "date_order": str(order or ""),
        "total_line": str(reading.total_line or ""),
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
