"""Finds one row among millions in the files of a run, by reading the few pages that hold it.

Rows lie in order, and parts hold consecutive rows, so the row counts in the files' own tables of contents say
where a row is; nothing else is read.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vcci.errors import InputError
from vcci.services.derivations import FoundRow

BROKEN: Final = (OSError, pa.ArrowException, pl.exceptions.PolarsError)
"""What files raise that are missing, cut off, or of another shape."""


@dataclass
class RunFiles:
    """The files of one run; tables of contents and the few resolved keys are read once."""

    folder: Path
    _opened: dict[Path, pq.ParquetFile] = field(default_factory=dict)
    _small: dict[str, pl.DataFrame] = field(default_factory=dict)

    def row_of(self, source: str, line: int) -> int:
        """Return the row at a line of a file, as lines.csv names them."""
        is_it = (pl.col("line") == line) & (pl.col("source") == source)
        try:
            rows = pl.scan_parquet(self.folder / "activities.parquet").filter(is_it).select("row").head(1)
            found = rows.collect()["row"]
        except BROKEN as error:
            raise damaged(self.folder) from error
        if found.is_empty():
            raise _no_row(f"{source}:{line}", self.folder)
        return int(found[0])

    def find(self, row: int) -> FoundRow:
        """Return a row, counted from 1, with what belongs to it; `InputError` if there is no such row."""
        try:
            return self._find(row)
        except (*BROKEN, LookupError, StopIteration) as error:
            raise damaged(self.folder) from error

    def _find(self, row: int) -> FoundRow:
        activities = self._file(self.folder / "activities.parquet")
        if not 1 <= row <= activities.metadata.num_rows:
            raise _no_row(str(row), self.folder)
        activity = _at(activities, row, place=row - 1)
        if activity["reason"]:
            return FoundRow(activity, {}, {}, {}, activity["reason"])
        line = self._line(row)
        multiplier = self._table("multipliers").row(line["key"], named=True)
        return FoundRow(activity, line, multiplier, self._rate(activity, multiplier))

    def _line(self, row: int) -> dict[str, Any]:
        """Return the line of a row; in its part it stands behind the rows before it, less those without."""
        before = 0
        for part in sorted((self.folder / "lines").glob("*.parquet")):
            lines, unlined = self._file(part), self._file(self.folder / "unlined" / part.name)
            height = lines.metadata.num_rows + unlined.metadata.num_rows
            if row <= before + height:
                without = pc.sum(pc.less(unlined.read(columns=["row"])["row"], row)).as_py() or 0
                return _at(lines, row, place=row - before - 1 - without)
            before += height
        raise LookupError(row)

    def _rate(self, activity: dict[str, Any], multiplier: dict[str, Any]) -> dict[str, Any]:
        asked = {"unit": activity["unit"], "date": activity["date"]}
        asked["factor_currency"] = multiplier["factor_currency"]
        rows = self._table("rates").filter(**asked).rows(named=True)
        return rows[0] if rows else {}

    def _table(self, name: str) -> pl.DataFrame:
        if name not in self._small:
            self._small[name] = pl.read_parquet(self.folder / f"{name}.parquet")
        return self._small[name]

    def _file(self, path: Path) -> pq.ParquetFile:
        if path not in self._opened:
            self._opened[path] = pq.ParquetFile(path)
        return self._opened[path]


def _at(file: pq.ParquetFile, row: int, *, place: int) -> dict[str, Any]:
    """Return the record at a place of a file, counted from 0, which has to be of that row."""
    groups = range(file.num_row_groups)
    ends = list(accumulate(file.metadata.row_group(group).num_rows for group in groups))
    group = bisect_right(ends, place)
    record = file.read_row_group(group).slice(place - (ends[group - 1] if group else 0), 1)
    found: dict[str, Any] = record.to_pylist()[0]
    if found["row"] != row:
        raise LookupError(row)
    return found


def damaged(folder: Path) -> InputError:
    """Return the error for a folder whose files cannot be read as one run."""
    return InputError(
        f"The files of the run at {folder} are not all there, or do not belong together.",
        remedy="Run the ledger again; `vcci verify` says which files differ.",
        code="run_damaged",
    )


def _no_row(asked: str, folder: Path) -> InputError:
    return InputError(
        f"There is no row {asked} in the run at {folder}.",
        remedy="Give a number of the column `row` of lines.csv, or FILE:LINE of its columns source and line.",
        code="row_unknown",
    )
