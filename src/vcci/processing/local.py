"""Scan, run, sink: the calculation over one Parquet file, on this machine, part by part.

Two passes: the first collects the distinct keys and dates, which are resolved once; the second looks up,
multiplies and writes. Memory is bounded by `chunk_rows`. Every sum is of integers, so no chunk size changes a
total.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.errors import AccountingError
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.processing.aggregates import aggregates_in, checked
from vcci.processing.coded_ledger import Asked, CodedLedger, Kept, Questions
from vcci.processing.fused import Answers, FusedLines, fused_lines
from vcci.processing.line_files import line_table, write_frame, write_lines
from vcci.processing.sums import Sums, Suppliers
from vcci.services.ports import CalculatedRun, Resolve

CHUNK_ROWS = 250_000
"""Rows in memory at a time: larger parts took more memory, and no less CPU that could be measured."""

CODED: Final = (
    "source", "supplier", "account", "unit", "notices", "problem", "problem_column", "problem_value",
    "exclusion",
)  # fmt: skip
COLUMNS: Final = ("row", "line", "quantity", *CODED)
"""What is read of a row for its line, or to say why it has none; what it asks is known by its numbers."""


def run(
    rows: Path,
    *,
    resolve: Resolve,
    out: Path,
    chunk_rows: int = CHUNK_ROWS,
    columns: Sequence[str] = columnar.LINE_COLUMNS,
    hook: Hook = ignore,
) -> CalculatedRun:
    """Calculate a classified ledger frame into `out`.

    Writes lines/ and unlined/ (Parquet parts), multipliers.parquet, rates.parquet and one file for each of
    GROUPINGS and COUNTINGS; of lines, `columns` are kept. Raises `AccountingError` if a row is lost or a
    total would not fit.
    """
    for folder in ("lines", "unlined"):
        (out / folder).mkdir(parents=True)
    ledger, done = CodedLedger(rows, part_rows=chunk_rows), 0
    with Kept(out) as kept:
        ledger.ask(kept)
        kept.rewind()
        parts = Parts.of(ledger.questions, resolve, out, columns=columns)
        for part in ledger.parts(COLUMNS, coded=CODED):
            parts.add(part, kept.next(part.num_rows))
            done += part.num_rows
            hook(BatchAdvanced("calculate", done, ledger.rows))
    parts.sums.write()
    return checked(ledger.rows, parts.tables, aggregates_in(out))


@dataclass(slots=True)
class Parts:
    """The parts of a run: each is calculated, written and added to the sums."""

    out: Path
    tables: ResolvedTables
    answers: Answers
    sums: Sums
    columns: list[str]
    count: int = 0

    @classmethod
    def of(cls, questions: Questions, resolve: Resolve, out: Path, *, columns: Sequence[str]) -> "Parts":
        """Have the questions answered, and begin; the answers are written."""
        keys, dates = questions.key_table(), questions.date_table()
        tables = resolve(keys, dates)
        for name in ("multipliers", "rates"):
            write_frame(getattr(tables, name), out / f"{name}.parquet")
        answers = Answers.of(tables, keys=keys, dates=dates)
        suppliers = Suppliers.of(questions.texts["supplier"].all().to_pylist(), questions.rows_of_suppliers)
        return cls(out, tables, answers, Sums(answers, suppliers, folder=out), list(columns))

    def add(self, rows: pa.RecordBatch, asked: Asked) -> None:
        """Calculate the next part, whose rows ask this."""
        lines = fused_lines(self.answers, rows, keys=asked.keys, dates=asked.dates)
        table = line_table(lines, self.answers, rows)
        unlined = self._unlined(rows, asked, lines)
        name = f"part-{self.count:05}.parquet"
        write_lines(table.select(self.columns), self.out / "lines" / name)
        write_frame(unlined, self.out / "unlined" / name)
        self.count += 1
        self.sums.add(lines, suppliers=asked.suppliers[lines.places])
        self.sums.count(noticed=_noticed(table), unlined=unlined)

    def _unlined(self, rows: pa.RecordBatch, asked: Asked, lines: FusedLines) -> pl.DataFrame:
        """Return the rows without lines in row order, each with its reason, by the definition itself.

        Raises `AccountingError` where the definition finds a line that the fused calculation did not.
        """
        is_other = np.ones(rows.num_rows, np.bool_)
        is_other[lines.places] = False
        places = np.flatnonzero(is_other)
        others = _with_texts(pa.Table.from_batches([rows.take(pa.array(places))]))
        joined = self.answers.beside(others, keys=asked.keys[places], dates=asked.dates[places])
        outcome = columnar.multiplied(nw.from_native(joined.lazy()))
        lined = nw.to_native(outcome.filter(nw.col("is_line")).select("row"))
        found, unlined = pl.collect_all([lined, nw.to_native(columnar.unlined(outcome))], engine="in-memory")
        if found.height:
            raise AccountingError(
                f"Row {found['row'][0]} has a line by one way to calculate, and none by the other.",
                remedy="Please report this with the row; nothing was stored.",
                code="engines_differ",
            )
        return unlined.sort("row")


def _noticed(lines: pa.Table) -> pl.DataFrame:
    """Return the notices of those lines that have some, by row and by rate."""
    notices = lines.select(["notices", "rate_notices"])
    if all(column.null_count == len(lines) for column in notices.columns):
        return _with_texts(notices.slice(0, 0))
    has_one = pc.or_(*(pc.is_valid(notices.column(name)) for name in notices.column_names))
    return _with_texts(notices.filter(has_one))


def _with_texts(table: pa.Table) -> pl.DataFrame:
    columns = [
        column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    frame = pl.from_arrow(pa.table(columns, names=table.column_names))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  (a table gives a frame)
    return frame
