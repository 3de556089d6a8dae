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

NONE: Final = -1
"""The number of what has none."""

MOST_CELLS: Final = 2**24
"""Cells of a table of pairs, 64 MB; pairs of more numbers than that are looked up one by one."""


class Texts:
    """Numbers of a column's texts, from 0 in the order in which they are first seen."""

    def __init__(self) -> None:
        self._known = pa.array([], pa.string())

    def __len__(self) -> int:
        return len(self._known)

    def number_of(self, text: str) -> int:
        """Return a text's number, NONE where it was not seen."""
        return int(pc.index(self._known, text).as_py())

    def numbered(self, column: pa.DictionaryArray) -> Numbers:
        """Return the number of each row; the column has no nulls."""
        codes: Numbers = column.indices.to_numpy()
        return self.numbers_of(column.dictionary)[codes]

    def numbers_of(self, texts: pa.Array) -> Numbers:
        """Return the numbers of different texts, new ones for those that were not seen."""
        numbers: Numbers = pc.index_in(texts, value_set=self._known).fill_null(NONE).to_numpy().copy()
        fresh = numbers == NONE
        if fresh.any():
            numbers[fresh] = np.arange(len(self), len(self) + fresh.sum())
            self._known = pa.concat_arrays([self._known, texts.filter(pa.array(fresh))])
        return numbers

    def all(self) -> list[str]:
        """Return the texts in the order of their numbers."""
        found: list[str] = self._known.to_pylist()
        return found


class Pairs:
    """Numbers of pairs of numbers, from 0 in an order of no meaning.

    They are looked up in a table of all pairs that could be; where that would be too large, in sorted order.
    """

    def __init__(self) -> None:
        self._table = np.full((0, 0), NONE, np.int32)
        self._rare: dict[int, int] = {}
        self._left: list[Numbers] = []
        self._right: list[Numbers] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def numbered(self, left: Numbers, right: Numbers) -> Numbers:
        """Return the number of each pair; numbers are 0 and more."""
        if not left.size:
            return np.empty(0, np.int32)
        height, width = int(left.max()) + 1, int(right.max()) + 1
        if not self._has_room(height, width):
            return self._looked_up(left, right)
        table, flat = self._table.reshape(-1), left * np.int32(self._table.shape[1]) + right
        numbers: Numbers = table[flat]
        if int(numbers.min()) < 0:
            fresh = np.unique(flat[numbers < 0]).astype(np.int64)
            table[fresh] = self._added(*np.divmod(fresh, self._table.shape[1]))
            numbers = table[flat]
        return numbers

    def sides(self) -> tuple[Numbers, Numbers]:
        """Return the left and the right number of each pair, in the order of the pairs' numbers."""
        empty = np.empty(0, np.int32)
        return np.concatenate([empty, *self._left]), np.concatenate([empty, *self._right])

    def _has_room(self, height: int, width: int) -> bool:
        """Make room in the table, twice as much as is asked for if it may be; say whether there is room."""
        least = max(height, self._table.shape[0]), max(width, self._table.shape[1])
        if self._rare or least[0] * least[1] > MOST_CELLS:
            return False
        if least != self._table.shape:
            ample = 2 * least[0], 2 * least[1]
            table = np.full(ample if ample[0] * ample[1] <= MOST_CELLS else least, NONE, np.int32)
            table[: self._table.shape[0], : self._table.shape[1]] = self._table
            self._table = table
        return True

    def _looked_up(self, left: Numbers, right: Numbers) -> Numbers:
        if not self._rare:
            self._leave_table()
        distinct, places = np.unique(left.astype(np.int64) << 32 | right, return_inverse=True)
        fresh = np.array([pair for pair in distinct.tolist() if pair not in self._rare], np.int64)
        added = self._added(fresh >> 32, fresh & 0xFFFFFFFF)
        self._rare.update(zip(fresh.tolist(), added.tolist(), strict=True))
        return np.array([self._rare[pair] for pair in distinct.tolist()], np.int32)[places]

    def _leave_table(self) -> None:
        left, right = self.sides()
        pairs = left.astype(np.int64) << 32 | right
        self._rare = dict(zip(pairs.tolist(), range(self._count), strict=True))
        self._table = np.full((0, 0), NONE, np.int32)

    def _added(self, left: Any, right: Any) -> Numbers:
        self._left.append(left.astype(np.int32))
        self._right.append(right.astype(np.int32))
        first, self._count = self._count, self._count + len(left)
        return np.arange(first, self._count, dtype=np.int32)


class Combinations:
    """Numbers of rows by several columns: those that agree in all have one."""

    def __init__(self, columns: int) -> None:
        self._steps = [Pairs() for _ in range(columns - 1)]

    def __len__(self) -> int:
        return len(self._steps[-1])

    def numbered(self, columns: Sequence[Numbers]) -> Numbers:
        """Return the number of each row, whose columns are numbered."""
        numbers = columns[0]
        for step, column in zip(self._steps, columns[1:], strict=True):
            numbers = step.numbered(numbers, column)
        return numbers

    def columns(self) -> list[Numbers]:
        """Return the columns' numbers of each combination, in the order of its number."""
        found: list[Numbers] = []
        numbers = np.arange(len(self), dtype=np.int32)
        for step in reversed(self._steps):
            left, right = step.sides()
            found.append(right[numbers])
            numbers = left[numbers]
        return [numbers, *reversed(found)]
