"""A classified ledger read as dictionary codes, part by part; its distinct keys and dates in a first pass.

What a row's key, date and supplier are is kept in files without a name, twelve bytes a row, for the second
pass.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vcci.engine.columnar import KEY_COLUMNS
from vcci.processing.codes import NONE, Combinations, Mask, Numbers, Values, combined

TEXTS: Final = (
    "activity", "region", "unit", "date", "asked_method", "problem", "exclusion", "supplier",
)  # fmt: skip
"""Columns whose texts come again and again; they are read as codes."""

KEY_TEXTS: Final = ("activity", "region", "unit", "asked_method")
"""Those of them that are part of a key as they are."""


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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a piece: each row's code, and each code's number among those of all pieces."""

    codes: Numbers
    numbers: Numbers

    def by_row(self) -> Numbers:
        """Return the number of each row."""
        return self.numbers[self.codes]


def _is_empty(column: pa.DictionaryArray) -> Mask:
    """Say which rows have the empty text."""
    empty = pc.index(column.dictionary, "").as_py()
    found: Mask = column.indices.to_numpy() == empty
    return found


def _categories(values: Any) -> Column:
    """Return categories, 8-bit integers with a sign, as a column whose numbers are the same bits without."""
    bits = values.view(np.uint8)
    occurs, codes = np.zeros(256, np.bool_), np.zeros(256, np.int32)
    occurs[bits] = True
    used = np.flatnonzero(occurs)
    codes[used] = np.arange(len(used))
    return Column(codes[bits], used.astype(np.int32))


def _numbered(columns: Sequence[Column], asks: Mask, known: Callable[[list[Numbers]], Numbers]) -> Numbers:
    """Return the number of each row by several columns, NONE where it does not ask.

    `known` tells the numbers of combinations by the columns' own.
    """
    sizes = [max(1, len(column.numbers)) for column in columns]
    numbers, codes = combined([column.codes for column in columns], sizes, asks)
    asked = [column.numbers[of] for column, of in zip(columns, codes, strict=True)]
    return np.append(known(asked), np.int32(NONE))[numbers]


@dataclass(slots=True)
class Questions:
    """What a ledger's rows ask the resolver, each question once."""

    keys: Combinations = field(default_factory=lambda: Combinations(len(KEY_COLUMNS)))
    dates: Values = field(default_factory=lambda: Values(pa.int64()))
    texts: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in (*TEXTS, "year")})
    rows_of_suppliers: Any = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, rows: pa.RecordBatch) -> Asked:
        """Return the numbers of the rows' questions."""
        asks = _is_empty(rows.column("problem")) & _is_empty(rows.column("exclusion"))
        columns = {name: self._column(name, rows.column(name)) for name in (*KEY_TEXTS, "date", "supplier")}
        columns["category"] = _categories(rows.column("category").to_numpy())
        columns["year"] = self._years(columns["date"].codes, rows.column("date").dictionary)
        suppliers = columns["supplier"].by_row()
        self._count(suppliers)
        keys = _numbered([columns[name] for name in KEY_COLUMNS], asks, self.keys.numbers_of)
        dates = _numbered([columns["unit"], columns["date"]], asks, self._dates)
        return Asked(keys, dates, suppliers)

    def _dates(self, columns: Sequence[Numbers]) -> Numbers:
        """Return the numbers of units and dates, which are many: they are packed into one integer."""
        units, dates = columns
        return self.dates.numbers_of(pa.array(units.astype(np.int64) << 32 | dates))

    def _column(self, name: str, column: pa.DictionaryArray) -> "Column":
        return Column(column.indices.to_numpy(), self.texts[name].numbers_of(column.dictionary))

    def _years(self, dates: Numbers, texts: pa.StringArray) -> "Column":
        """Return the years of dates: their first four characters, as in columnar.with_year."""
        years = pc.utf8_slice_codeunits(texts, 0, 4).dictionary_encode()
        return Column(years.indices.to_numpy()[dates], self.texts["year"].numbers_of(years.dictionary))

    def _count(self, suppliers: Numbers) -> None:
        """Count the rows of each supplier."""
        counted = np.bincount(suppliers, minlength=len(self.texts["supplier"]))
        counted[: len(self.rows_of_suppliers)] += self.rows_of_suppliers
        self.rows_of_suppliers = counted

    def key_table(self) -> pl.DataFrame:
        """Return the distinct keys (KEY_COLUMNS), in the order of their numbers."""
        found = dict(zip(KEY_COLUMNS, self.keys.columns(), strict=True))
        columns = {
            name: pl.Series(numbers.astype(np.uint8).view(np.int8), dtype=pl.Int8)
            if name == "category"
            else self._texts(name, numbers)
            for name, numbers in found.items()
        }
        return pl.DataFrame(columns)

    def date_table(self) -> pl.DataFrame:
        """Return the distinct (unit, date), in the order of their numbers."""
        pairs = self.dates.all().to_numpy()
        units, dates = (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)
        return pl.DataFrame({"unit": self._texts("unit", units), "date": self._texts("date", dates)})

    def _texts(self, name: str, numbers: Numbers) -> pl.Series:
        return pl.Series(name, self.texts[name].all().take(pa.array(numbers)), dtype=pl.String)


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
