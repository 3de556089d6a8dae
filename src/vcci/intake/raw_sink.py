"""The sink that every reader writes to: records in, the raw table as Parquet out, in bounded memory."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vcci.errors import FileRefusedError
from vcci.intake.job import Job
from vcci.intake.limits import refuse_over

BATCH_CELLS: Final = 400_000
"""Cells held as Python texts before they are written: some 30 MB."""
BATCH_CHARACTERS: Final = 16_000_000
"""Characters held before they are written, where cells are long."""

Record = tuple[int, Sequence[str]]
"""A line number from 1 and the cells found there."""


class RawSink:
    """Writes the rows that have any text; refuses cells that are too long or hold NUL characters."""

    def __init__(self, job: Job, header: Sequence[str]) -> None:
        refuse_over(
            len(header),
            job.limits.columns,
            code="file_too_many_columns",
            what=f"{job.name}: too many columns",
        )
        self._job = job
        self._width = len(header)
        self._schema = raw_schema(self._width)
        self._writer = pq.ParquetWriter(job.out, self._schema, compression="zstd", compression_level=1)
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: object, _t: TracebackType | None) -> None:
        self._writer.close()

    def write_records(self, records: Iterable[Record]) -> None:
        """Write records, fitted to the header's width; `cells` keeps how many were found."""
        full = max(1, BATCH_CELLS // max(1, self._width))
        batch: list[tuple[int, int, str, Sequence[str]]] = []
        characters = 0
        for line, cells in records:
            text = "".join(cells)
            if text and not text.isspace():
                batch.append((line, *fitted(cells, self._width)))
                characters += len(text)
            if len(batch) >= full or characters >= BATCH_CHARACTERS:
                self._write_batch(batch)
                batch, characters = [], 0
        if batch:
            self._write_batch(batch)

    def write_columns(self, first_line: int, columns: Sequence[Any]) -> None:
        """Write full columns of text (Arrow string arrays of one length), dropping rows without any text."""
        lines = pa.array(range(first_line, first_line + len(columns[0])), pa.int64())
        kept = pc.equal(pc.utf8_trim_whitespace(columns[0]), "")
        for column in columns[1:]:
            kept = pc.and_(kept, pc.equal(pc.utf8_trim_whitespace(column), ""))
        kept = pc.invert(kept)
        size = pc.sum(kept).as_py() or 0
        columns = [column.filter(kept) for column in columns]
        self._write(lines.filter(kept), [self._width] * size, [pa.array([""] * size), *columns])

    def _write_batch(self, batch: list[tuple[int, int, str, Sequence[str]]]) -> None:
        lines, found, rests, rows = zip(*batch, strict=True)
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        self._write(pa.array(lines, pa.int64()), found, [pa.array(rests, pa.string()), *columns])

    def _write(self, lines: Any, found: Sequence[int], texts: Sequence[Any]) -> None:
        for index, column in enumerate(texts):
            self._check(column, index)
        arrays = [lines, pa.array(found, pa.int32()), *texts]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self.rows += len(found)
        self._job.report(self.rows)

    def _check(self, column: Any, index: int) -> None:
        where = f"column {index}" if index else "the columns beyond its header"
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        what = f"{self._job.name} has a cell with many bytes in {where}"
        refuse_over(longest, self._job.limits.cell_bytes, code="file_cell_too_long", what=what)
        if pc.any(pc.match_substring(column, "\0")).as_py():
            raise FileRefusedError(
                f"{self._job.name} has a NUL character in {where}.",
                remedy="Remove it, or export the file again.",
                code="file_has_nul",
            )


def raw_schema(width: int) -> Any:
    """Return the Arrow schema of a raw table of `width` columns."""
    names = [f"c{index}" for index in range(width)]
    texts = [(name, pa.string()) for name in ("rest", *names)]
    fields = [("line", pa.int64()), ("cells", pa.int32()), *texts]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])


def fitted(cells: Sequence[str], width: int) -> tuple[int, str, Sequence[str]]:
    """Return how many cells count as found, those beyond `width` as CSV, and all others padded to it."""
    if len(cells) == width:
        return width, "", cells
    if len(cells) < width:
        return len(cells), "", [*cells, *[""] * (width - len(cells))]
    found = max(width, last_text(cells))
    return found, record_of(cells[width:found]), cells[:width]


def record_of(cells: Sequence[str]) -> str:
    """Return cells as one record of CSV; no cells, and one that is empty, are the empty text."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return "" if list(cells) == [""] else text.getvalue().removesuffix("\r\n")


def last_text(cells: Sequence[str]) -> int:
    """Return the number, from 1, of the last cell with any text; 0 if there is none."""
    return next((index for index in range(len(cells), 0, -1) if cells[index - 1].strip()), 0)


def header_cells(cells: Sequence[str], records: Callable[[], Iterable[Record]]) -> tuple[str, ...]:
    """Return the header, stripped, without those nameless columns at its end that hold no text at all.

    `records` gives the rows below; they are read, once more, only if the header ends with empty cells.
    """
    named = last_text(cells)
    if named < len(cells):
        used = max((last_text(row) for _line, row in records()), default=0)
        named = max(named, min(used, len(cells)))
    return tuple(cell.strip() for cell in cells[:named])
