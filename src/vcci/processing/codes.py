"""Texts as numbers: what a column holds in dictionary codes is compared, joined and summed as integers.

A column of a Parquet file names each text once and repeats its number. Numbers of one file's parts differ,
so they are brought to one numbering; several columns together are brought to one number by looking it up.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

TEXT: Final = pa.string()

NONE: Final = -1
"""The number of what has none."""

MOST_CELLS: Final = 2**20
"""Cells that a combination of columns may have before it is brought down to those that occur; 5 MB."""

MOST_TABLE_CELLS: Final = 2**24
"""Cells from which on those that occur are found by sorting, not by a table."""


class Values:
    """Numbers of values, from 0 in the order in which they are first seen."""

    def __init__(self, kind: pa.DataType = TEXT) -> None:
        self._known = pa.array([], kind)

    def __len__(self) -> int:
        return len(self._known)

    def numbered(self, column: pa.DictionaryArray) -> Numbers:
        """Return the number of each row; the column has no nulls."""
        codes: Numbers = column.indices.to_numpy()
        return self.numbers_of(column.dictionary)[codes]

    def numbers_of(self, values: pa.Array) -> Numbers:
        """Return the numbers of different values, new ones for those that were not seen."""
        numbers: Numbers = pc.index_in(values, value_set=self._known).fill_null(NONE).to_numpy().copy()
        fresh = numbers == NONE
        if fresh.any():
            numbers[fresh] = np.arange(len(self), len(self) + fresh.sum())
            self._known = pa.concat_arrays([self._known, values.filter(pa.array(fresh))])
        return numbers

    def all(self) -> pa.Array:
        """Return the values in the order of their numbers."""
        return self._known


class Combinations:
    """Numbers of combinations of numbers, from 0 in the order in which they are first seen."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._numbers: dict[tuple[int, ...], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers_of(self, columns: Sequence[Numbers]) -> Numbers:
        """Return the number of each combination; new ones for those that were not seen."""
        known = self._numbers
        combinations = zip(*(column.tolist() for column in columns), strict=True)
        return np.array([known.setdefault(one, len(known)) for one in combinations], np.int32)

    def columns(self) -> Numbers:
        """Return the numbers of each combination, a line for each column, in the order of its own number."""
        return np.array([*self._numbers], np.int32).reshape(len(self), self._width).T


def combined(codes: Sequence[Numbers], sizes: Sequence[int], asks: Mask) -> tuple[Numbers, list[Numbers]]:
    """Return numbers of rows by the codes of their columns, and the codes that each number stands for.

    Rows have one number if all their codes agree. Codes of a column lie below its size. Rows that do not ask
    have the number after the last.
    """
    found: list[Numbers] = [np.arange(sizes[0], dtype=np.int32)]
    flat, cells, pending = codes[0], sizes[0], list[int]()
    for column, size in zip(codes[1:], sizes[1:], strict=True):
        if cells * size > MOST_CELLS:
            flat, used = _used(flat, cells)
            found, cells, pending = _decoded(found, used, pending), len(used), []
        kind = np.int64 if cells * size >= 2**31 else np.int32
        flat, cells = flat * kind(size) + column, cells * size
        pending.append(size)
    numbers, used = _used(np.where(asks, flat, flat.dtype.type(cells)), cells + 1)
    is_asked = used[: np.searchsorted(used, cells)]
    return numbers, _decoded(found, is_asked, pending)


def _used(flat: Any, cells: int) -> tuple[Numbers, Any]:
    """Return the cells of rows, numbered as far as they occur, and these in rising order."""
    if cells > MOST_TABLE_CELLS:
        used, numbers = np.unique(flat, return_inverse=True)
        return numbers.astype(np.int32), used
    occurs = np.zeros(cells, np.bool_)
    occurs[flat] = True
    used = np.flatnonzero(occurs)
    table = np.empty(cells, np.int32)
    table[used] = np.arange(len(used), dtype=np.int32)
    return table[flat], used


def _decoded(found: list[Numbers], cells: Any, sizes: list[int]) -> list[Numbers]:
    """Return the codes of cells: those that were found before, and those of the columns added since."""
    added = []
    for size in reversed(sizes):
        cells, codes = np.divmod(cells, size)
        added.append(codes.astype(np.int32))
    return [codes[cells] for codes in found] + added[::-1]
