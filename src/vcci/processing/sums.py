"""The aggregates of a run while its parts come: sums by supplier and key, by key and month, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from vcci.engine import columnar
from vcci.engine.columnar import GASES
from vcci.processing.aggregates import COUNTINGS, refuse_overflow
from vcci.processing.codes import Numbers
from vcci.processing.fused import Answers, FusedLines
from vcci.processing.group_sums import REDUCE_ABOVE, FewSums, ManySums, even_ends, nearly_reduced
from vcci.processing.line_files import DELTA, GROUP_ROWS, WRITTEN, write_frame

GAS_COLUMNS: Final = tuple(GASES.values())


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The names of suppliers in order; by number, the place of each among them; by place, the rows it has."""

    names: Sequence[str]
    places: Numbers
    rows: Any

    @classmethod
    def of(cls, names: Sequence[str], rows: Any) -> "Suppliers":
        """Return suppliers by their numbers, with the rows that each has."""
        order = sorted(range(len(names)), key=names.__getitem__)
        places = np.empty(len(names), np.int32)
        places[order] = np.arange(len(names))
        return cls([names[number] for number in order], places, rows[np.array(order, np.int64)])


class Sums:
    """Sums of lines by supplier and key, by key and month; counts of notices and of rows without lines."""

    def __init__(self, answers: Answers, suppliers: Suppliers, *, folder: Path) -> None:
        self._answers = answers
        self._suppliers = suppliers
        self._folder = folder
        self._summed = ("lines", "emissions_mg_co2e", *(GAS_COLUMNS if answers.is_by_gas else ()))
        self._summed += ("spend_hundredths", "turnover_hundredths")
        self._keys = int(answers.key.max(initial=0)) + 1
        self._months, self._month_of = np.unique(answers.months, return_inverse=True)
        lines = 1 + len(self._summed)
        self._by_month = FewSums(lines)
        self._by_supplier = ManySums(
            lines=lines, ends=even_ends(suppliers.rows, width=self._keys), folder=folder
        )
        self._counted: dict[str, list[pl.DataFrame]] = {name: [] for name in COUNTINGS}
        self._sizes = {"co2e_mg": 0.0, "spend_hundredths": 0.0}

    def add(self, lines: FusedLines, *, suppliers: Numbers) -> None:
        """Add a part's lines and their suppliers' numbers; raises `AccountingError` for too large sums."""
        self._refuse_overflow(co2e_mg=lines.co2e_mg, spend_hundredths=lines.spend_hundredths)
        key = self._answers.key[lines.keys].astype(np.int64)
        gases = [amounts for amounts, _ in lines.gases.values()]
        spend = lines.spend_hundredths
        summed = [np.ones_like(key), lines.co2e_mg, *gases, spend, np.abs(spend)]
        by_month = key * len(self._months) + self._month_of[lines.rate_places]
        by_supplier = self._suppliers.places[suppliers] * np.int64(self._keys) + key
        self._by_month.add(nearly_reduced(by_month, summed))
        self._by_supplier.add(nearly_reduced(by_supplier, summed))

    def count(self, *, noticed: pl.DataFrame, unlined: pl.DataFrame) -> None:
        """Add a part's lines with notices of their own, and its rows without lines."""
        self._refuse_overflow(spend_hundredths=unlined["spend_hundredths"].to_numpy())
        added: dict[str, Any] = {
            "by_notice": columnar.noticed(nw.from_native(noticed), by=COUNTINGS["by_notice"]),
            "unlined": columnar.counted(nw.from_native(unlined), by=COUNTINGS["unlined"]),
        }
        for name, frame in added.items():
            frames = [*self._counted[name], nw.to_native(frame)]
            is_much = sum(one.height for one in frames) > REDUCE_ABOVE + 2 * frames[0].height
            self._counted[name] = [_merged(name, frames)] if is_much else frames

    def write(self) -> None:
        """Write each aggregate as a file of its name."""
        counted = {name: _merged(name, frames) for name, frames in self._counted.items()}
        for name, frame in (counted | {"by_category_key_month": self._of_months()}).items():
            write_frame(frame, self._folder / f"{name}.parquet")
        self._write_suppliers()

    def _of_months(self) -> pl.DataFrame:
        block = self._by_month.sums()
        keys, months = np.divmod(block[0], len(self._months))
        head = {"category": self._category(keys), "key": keys.astype(np.int32), "month": self._months[months]}
        return pl.DataFrame(head | dict(zip(self._summed, block[1:], strict=True)))

    def _write_suppliers(self) -> None:
        names = pa.array(self._suppliers.names, pa.string())
        kinds = {"supplier": pa.dictionary(pa.int32(), pa.string()), "category": pa.int8(), "key": pa.int32()}
        schema = pa.schema({**kinds, **dict.fromkeys(self._summed, pa.int64())})
        path, rising = self._folder / "by_supplier_key.parquet", dict.fromkeys(("key", *self._summed), DELTA)
        with pq.ParquetWriter(
            path, schema, use_dictionary=["supplier", "category"], column_encoding=rising, **WRITTEN
        ) as file:
            for block in self._by_supplier.sums():
                suppliers, keys = np.divmod(block[0], self._keys)
                columns = [_named(names, suppliers), self._category(keys), keys.astype(np.int32), *block[1:]]
                file.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)

    def _category(self, keys: Any) -> Any:
        of_key = np.zeros(self._keys, np.int8)
        known = self._answers.key >= 0
        of_key[self._answers.key[known]] = self._answers.category[known]
        return of_key[keys]

    def _refuse_overflow(self, **columns: Any) -> None:
        """Refuse sums that are too large; those of sizes as floats cannot wrap, and need not be exact."""
        for name, column in columns.items():
            self._sizes[name] += float(np.abs(column.astype(np.float64)).sum())
        refuse_overflow(self._sizes)


def _merged(name: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Sum counts, sorted by what they are of."""
    by = COUNTINGS[name]
    return pl.concat(frames).group_by(by).agg(pl.all().sum()).sort(by)


def _named(names: pa.StringArray, places: Any) -> pa.DictionaryArray:
    """Return names of suppliers whose places rise, as codes of those between the first and the last."""
    first, end = (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)
    return pa.DictionaryArray.from_arrays((places - first).astype(np.int32), names[first:end])
