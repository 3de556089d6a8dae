"""A classified ledger read as dictionary codes, part by part; its distinct keys and dates in a first pass.

What a row's key, date and supplier are is kept in files without a name, twelve bytes a row, for the second
pass.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from vcci.engine.columnar import KEY_COLUMNS
from vcci.processing.codes import NONE, Combinations, Numbers, Pairs, Texts

TEXTS: Final = (
    "activity", "region", "unit", "date", "asked_method", "problem", "exclusion", "supplier",
)  # fmt: skip
"""Columns whose texts come again and again; they are read as codes."""

CATEGORY_SHIFT: Final = 128
"""Categories are 8-bit integers with a sign; the numbers of combinations have none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What rows ask, by number: key and (unit, date), NONE where a row asks for neither; its supplier."""

    keys: Numbers
    dates: Numbers
    suppliers: Numbers


class Kept:
    """What all rows ask, one after the other, in files without a name."""

    def __init__(self, folder: Path) -> None:
        self._files = [tempfile.TemporaryFile(dir=folder) for _ in fields(Asked)]  # noqa: SIM115

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def keep(self, asked: Asked) -> None:
        """Append what the next rows ask."""
        for file, field_ in zip(self._files, fields(Asked), strict=True):
            file.write(getattr(asked, field_.name).tobytes())

    def rewind(self) -> None:
        """Go back to the first row."""
        for file in self._files:
            file.seek(0)

    def next(self, rows: int) -> Asked:
        """Return what the next rows ask."""
        return Asked(*(np.frombuffer(file.read(4 * rows), np.int32) for file in self._files))


@dataclass(slots=True)
class Questions:
    """What a ledger's rows ask the resolver, each question once."""

    keys: Combinations = field(default_factory=lambda: Combinations(len(KEY_COLUMNS)))
    dates: Pairs = field(default_factory=Pairs)
    texts: dict[str, Texts] = field(default_factory=lambda: {name: Texts() for name in TEXTS})
    years: Texts = field(default_factory=Texts)
    rows_of_suppliers: Any = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, rows: pa.RecordBatch) -> Asked:
        """Return the numbers of the rows' questions."""
        numbers = {name: self.texts[name].numbered(rows.column(name)) for name in TEXTS}
        none = [self.texts[name].number_of("") for name in ("problem", "exclusion")]
        asks = np.flatnonzero((numbers["problem"] == none[0]) & (numbers["exclusion"] == none[1]))
        numbers["category"] = rows.column("category").to_numpy().astype(np.int32) + CATEGORY_SHIFT
        numbers["year"] = self._years().take(numbers["date"])
        found = np.full((2, rows.num_rows), NONE, np.int32)
        found[0, asks] = self.keys.numbered([numbers[name].take(asks) for name in KEY_COLUMNS])
        found[1, asks] = self.dates.numbered(numbers["unit"].take(asks), numbers["date"].take(asks))
        self._count(numbers["supplier"])
        return Asked(found[0], found[1], numbers["supplier"])

    def _count(self, suppliers: Numbers) -> None:
        """Count the rows of each supplier."""
        counted = np.bincount(suppliers, minlength=len(self.texts["supplier"]))
        counted[: len(self.rows_of_suppliers)] += self.rows_of_suppliers
        self.rows_of_suppliers = counted

    def key_table(self) -> pl.DataFrame:
        """Return the distinct keys (KEY_COLUMNS), in the order of their numbers."""
        found = dict(zip(KEY_COLUMNS, self.keys.columns(), strict=True))
        texts = {name: self.texts[name].all() for name in TEXTS} | {"year": self.years.all()}
        columns = {
            name: pl.Series(numbers - CATEGORY_SHIFT, dtype=pl.Int8) if name == "category"
            else pl.Series([texts[name][number] for number in numbers], dtype=pl.String)
            for name, numbers in found.items()
        }  # fmt: skip
        return pl.DataFrame(columns)

    def date_table(self) -> pl.DataFrame:
        """Return the distinct (unit, date), in the order of their numbers."""
        units, dates = self.dates.sides()
        of_unit, of_date = self.texts["unit"].all(), self.texts["date"].all()
        columns = {"unit": [of_unit[unit] for unit in units], "date": [of_date[date] for date in dates]}
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))

    def _years(self) -> Numbers:
        """Return the number of each date's year: its first four characters, as in columnar.with_year."""
        dates = pa.array([date[:4] for date in self.texts["date"].all()], pa.string()).dictionary_encode()
        return self.years.numbered(dates)


class CodedLedger:
    """A classified ledger in Parquet; parts are of `part_rows`, the last may be shorter."""

    def __init__(self, path: Path, *, part_rows: int) -> None:
        self._path = path
        self._part_rows = part_rows
        self.rows = int(pq.read_metadata(path).num_rows)
        self.questions = Questions()

    def parts(self, columns: Sequence[str], *, coded: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order; the columns in `coded` are dictionaries of their texts."""
        pieces = list[pa.RecordBatch]()
        for piece in self._pieces(columns, coded=coded):
            pieces.append(piece)
            if sum(one.num_rows for one in pieces) >= self._part_rows:
                yield _joined(pieces)
                pieces = []
        if pieces:
            yield _joined(pieces)

    def _pieces(self, columns: Sequence[str], *, coded: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order; a piece ends where a part does, and where a row group of the file does."""
        wanted = list(columns)
        with pq.ParquetFile(self._path, read_dictionary=list(coded), pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=self._part_rows, columns=wanted)
            if not self.rows:
                schema = pa.schema([file.schema_arrow.field(name) for name in wanted])
                yield _row_batch(schema.empty_table())

    def ask(self, kept: Kept) -> None:
        """Find the distinct questions, and keep in a file what each row asks."""
        for rows in self._pieces(("category", *TEXTS), coded=TEXTS):
            kept.keep(self.questions.of(rows))


def _joined(pieces: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Return pieces as one, with one dictionary for each column."""
    if len(pieces) == 1:
        return pieces[0]
    return _row_batch(pa.Table.from_batches(pieces).unify_dictionaries())


def _row_batch(table: pa.Table) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.record_batch(columns, names=table.column_names)
