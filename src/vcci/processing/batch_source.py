"""Takes records from where they come from, a batch at a time and never before there is room for it."""

import asyncio
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

Records = Iterable[Any] | AsyncIterable[Any]

DEPTH: Final = 3
"""How deep a record is looked into to see what memory it takes: a dictionary of lists of texts."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were taken together, and the index of the first; batches are numbered from 0."""

    number: int
    first: int
    records: list[Any]

    @property
    def position(self) -> int:
        """The index after its last record: where to go on."""
        return self.first + len(self.records)


class BatchSource:
    """Cuts records into batches. What is neither a sequence nor asynchronous is read in a thread of its own.

    The first `start_at` records are left out; indexes count them.
    """

    def __init__(self, records: Records, *, limit_bytes: int, start_at: int = 0) -> None:
        self._records = records
        self._limit_bytes = limit_bytes
        self._start_at = start_at
        self._number = 0
        self.position = start_at
        """The index after the last record that was taken."""

        self._iterator: Iterator[Any] | None = None
        self._async_iterator: AsyncIterator[Any] | None = None
        self._thread: ThreadPoolExecutor | None = None

    @property
    def rows_total(self) -> int | None:
        """Records that there are in all; None where that shows only at the end."""
        return len(self._records) if isinstance(self._records, Sequence) else None

    async def take(self, size: int) -> Batch | None:
        """Return up to `size` records, fewer where they take too much memory; None when there are no more."""
        if isinstance(self._records, AsyncIterable):
            records = await self._from_async(self._records, size)
        elif isinstance(self._records, Sequence):
            records = self._cut(self._records, size)
        else:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="batch-source")
            loop = asyncio.get_running_loop()
            records = await loop.run_in_executor(self._thread, self._cut, self._records, size)
        if not records:
            return None
        batch = Batch(self._number, self.position, records)
        self._number, self.position = self._number + 1, batch.position
        return batch

    async def aclose(self) -> None:
        """Let go of what is read from; an asynchronous generator is ended."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
        aclose = getattr(self._async_iterator, "aclose", None)
        if aclose is not None:
            await aclose()

    def _cut(self, records: Iterable[Any], size: int) -> list[Any]:
        if self._iterator is None:
            self._iterator = _from(records, self._start_at)
        taken: list[Any] = []
        left_bytes = self._limit_bytes
        for record in islice(self._iterator, size):
            taken.append(record)
            left_bytes -= size_bytes(record)
            if left_bytes <= 0:
                break
        return taken

    async def _from_async(self, records: AsyncIterable[Any], size: int) -> list[Any]:
        if self._async_iterator is None:
            self._async_iterator = aiter(records)
            for _ in range(self._start_at):
                await anext(self._async_iterator, None)
        taken: list[Any] = []
        left_bytes = self._limit_bytes
        while len(taken) < size and left_bytes > 0:
            try:
                taken.append(await anext(self._async_iterator))
            except StopAsyncIteration:
                break
            left_bytes -= size_bytes(taken[-1])
        return taken


def _from(records: Iterable[Any], start_at: int) -> Iterator[Any]:
    if isinstance(records, Sequence):
        return (records[index] for index in range(start_at, len(records)))
    return islice(records, start_at, None)


def size_bytes(value: Any, depth: int = DEPTH) -> int:
    """Return about what memory a record takes, in bytes; three levels of containers are looked into."""
    size = sys.getsizeof(value, 64)
    if not depth:
        return size
    if isinstance(value, Mapping):
        return size + sum(size_bytes(k, depth - 1) + size_bytes(v, depth - 1) for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return size + sum(size_bytes(part, depth - 1) for part in value)
    attributes = getattr(value, "__dict__", None)
    return size + size_bytes(attributes, depth - 1) if isinstance(attributes, dict) else size
