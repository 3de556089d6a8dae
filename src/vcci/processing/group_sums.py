"""Exact sums by number: of any number of rows, in memory that is bounded.

A *block* is an array of 64-bit integers: its first line are numbers, 0 and more, the others what is summed of
them. Numbers of a reduced block rise, each once. Blocks of many numbers are kept in files without a name,
each of a range of numbers, and reduced range by range.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.int64]

SAFE_BITS: Final = 62
REDUCE_ABOVE: Final = 500_000
"""Columns of blocks that are kept apart in memory; then they are reduced."""

HELD_BYTES: Final = 2**29
"""Bytes of blocks that are held in memory, 512 MB: writing them down takes longer than making them."""

MOST_KEPT: Final = 0.8
"""Share of a part's rows that may be left by adding up; where more are left, it is not worth its time."""

ROWS_OF_A_RANGE: Final = 1_000_000
MOST_RANGES: Final = 64
"""Ranges that a run's numbers are split into: one for so many rows, each a file that is open."""


def block_of(numbers: Block, columns: Sequence[Block]) -> Block:
    """Return the reduced block of rows: each of their numbers once, rising, and the columns' sums."""
    return _summed(numbers, columns, most_kept=0)


def nearly_reduced(numbers: Block, columns: Sequence[Block]) -> Block:
    """Return the same, but rows as they are, by rising number, where adding up would drop few of them."""
    return _summed(numbers, columns, most_kept=MOST_KEPT * len(numbers))


def reduced(block: Block) -> Block:
    """Return a block with each number once, in rising order, and its sums."""
    return block_of(block[0], list(block[1:]))


def _summed(numbers: Block, columns: Sequence[Block], *, most_kept: float) -> Block:
    """Return rows by rising number, added up by it unless more numbers than `most_kept` are left."""
    if not len(numbers):
        return np.empty((1 + len(columns), 0), np.int64)
    order = _rising(numbers)
    ordered = numbers[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    is_kept = 0 < most_kept < len(starts)
    found = np.empty((1 + len(columns), len(ordered) if is_kept else len(starts)), np.int64)
    found[0] = ordered if is_kept else ordered[starts]
    for line, column in enumerate(columns, start=1):
        if is_kept:
            found[line] = column[order]
        else:
            np.add.reduceat(column[order], starts, out=found[line])
    return found


def _rising(numbers: Block) -> Any:
    """Return the places of numbers in rising order: sorted with these packed below them, if they fit."""
    bits = len(numbers).bit_length()
    if int(numbers.max()).bit_length() + bits > SAFE_BITS:
        return np.argsort(numbers, kind="stable")
    packed = np.sort(numbers << bits | np.arange(len(numbers)))
    return packed & ((1 << bits) - 1)


class FewSums:
    """Sums of numbers that are few enough to be kept in memory."""

    def __init__(self, lines: int) -> None:
        self._blocks = [np.empty((lines, 0), np.int64)]

    def add(self, block: Block) -> None:
        """Add a block."""
        self._blocks.append(block)
        if sum(one.shape[1] for one in self._blocks) > REDUCE_ABOVE + 2 * self._blocks[0].shape[1]:
            self._blocks = [self.sums()]

    def sums(self) -> Block:
        """Return the sums of all numbers."""
        return reduced(np.concatenate(self._blocks, axis=1))


class ManySums:
    """Sums of numbers below the last of `ends`, nearly as many as rows.

    Blocks are held in memory until they are HELD_BYTES, and go to files in `folder` then, one for each range.
    """

    def __init__(self, *, lines: int, ends: Block, folder: Path) -> None:
        self._lines = lines
        self._ends = ends
        self._held: list[Block] = []
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile(dir=folder) for _ in ends]  # noqa: SIM115

    def add(self, block: Block) -> None:
        """Add a block whose numbers rise."""
        self._held.append(block)
        if sum(one.nbytes for one in self._held) > HELD_BYTES:
            for place, file in enumerate(self._files):
                for part in self._held_of(place):
                    file.write(np.int64(part.shape[1]).tobytes())
                    file.write(part.tobytes())
            self._held = []

    def sums(self) -> Iterator[Block]:
        """Yield the sums, range by range in rising order, and drop what was kept of each in files."""
        for place, file in enumerate(self._files):
            file.seek(0)
            parts = [np.empty((self._lines, 0), np.int64), *self._written(file), *self._held_of(place)]
            yield reduced(np.concatenate(parts, axis=1))
            file.close()

    def _held_of(self, place: int) -> Iterator[Block]:
        """Yield the parts of blocks in memory that lie in a range."""
        bounds = (self._ends[place - 1] if place else 0), self._ends[place]
        for block in self._held:
            start, end = np.searchsorted(block[0], bounds)
            yield block[:, start:end]

    def _written(self, file: IO[bytes]) -> Iterator[Block]:
        while head := file.read(8):
            columns = int(np.frombuffer(head, np.int64)[0])
            content = file.read(8 * self._lines * columns)
            yield np.frombuffer(content, np.int64).reshape(self._lines, columns)


def even_ends(rows_of: Any, *, width: int) -> Block:
    """Return where ranges end so that each has about as many rows; `rows_of` are rows by leading number.

    A number is leading number x `width` + another below it.
    """
    total = int(rows_of.sum())
    ranges = min(MOST_RANGES, max(1, -(-total // ROWS_OF_A_RANGE)))
    wanted = np.arange(1, ranges) * total // ranges
    leading = np.searchsorted(np.cumsum(rows_of), wanted) + 1
    return np.append(leading, len(rows_of)).astype(np.int64) * width
