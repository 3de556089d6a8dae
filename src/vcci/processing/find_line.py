"""Finds one row among millions in the files of a run, by reading the few pages that hold it.

Rows lie in order, and parts hold consecutive rows, so the row counts in the files' own tables of contents say
where a row is; nothing else is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vcci.errors import InputError
from vcci.services.derivations import FoundRow


@dataclass
class RunFiles:
    """The files of one run; tables of contents and the few resolved keys are read once."""

    folder: Path
    _opened: dict[Path, pq.ParquetFile] = field(default_factory=dict)
    _small: dict[str, pl.DataFrame] = field(default_factory=dict)

    def row_of(self, source: str, line: int) -> int:
        """Return the row at a line of a file, as lines.csv names them."""
        found = (
            pl.scan_parquet(self.folder / "activities.parquet")
            .filter((pl.col("line") == line) & (pl.col("source") == source))
            .select("row")
            .collect()["row"]
        )
        if found.is_empty():
            raise _no_row(f"{source}:{line}", self.folder)
        return int(found[0])

    def find(self, row: int) -> FoundRow:
        """Return a row, counted from 1, with what belongs to it."""
        activities = self._file(self.folder / "activities.parquet")
        if not 1 <= row <= activities.metadata.num_rows:
            raise _no_row(str(row), self.folder)
        activity = self._in_groups(activities, row, at=row - 1)
        if activity["reason"]:
            return FoundRow(activity, {}, {}, {}, activity["reason"])
        line = self._line(row)
        multiplier = self._table("multipliers").row(line["key"], named=True)
        return FoundRow(activity, line, multiplier, self._rate(activity, multiplier))

    def _line(self, row: int) -> dict[str, Any]:
        parts = sorted((self.folder / "lines").glob("*.parquet"))
        heights = [self._height(path) for path in parts]
        place = next(n for n, end in enumerate(accumulate(heights)) if row <= end)
        file = self._file(parts[place])
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=["row"])["row"]
            if len(rows) and rows[0].as_py() <= row <= rows[-1].as_py():
                return _only(file.read_row_group(group), row)
        raise _no_row(str(row), self.folder)

    def _height(self, part: Path) -> int:
        lined = self._file(part).metadata.num_rows
        return int(lined + self._file(self.folder / "unlined" / part.name).metadata.num_rows)

    def _in_groups(self, file: pq.ParquetFile, row: int, *, at: int) -> dict[str, Any]:
        heights = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        group = next(n for n, end in enumerate(accumulate(heights)) if at < end)
        return _only(file.read_row_group(group), row)

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


def _only(table: pa.Table, row: int) -> dict[str, Any]:
    rows: Sequence[dict[str, Any]] = table.filter(pc.equal(table["row"], row)).to_pylist()
    return rows[0]


def _no_row(asked: str, folder: Path) -> InputError:
    return InputError(
        f"There is no row {asked} in the run at {folder}.",
        remedy="Give a number of the column `row` of lines.csv, or FILE:LINE of its columns source and line.",
        code="row_unknown",
    )
