"""One run over records in batches: takes them when there is room, tries again, halves what keeps failing.

A batch holds one of `slots` only while its processor is called. It waits for another try without one, so
that others go on. In all, twice `slots` batches are taken and not done with.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from random import random
from typing import Any, Final

from vcci.concurrency.retries import RetryBudget
from vcci.events import BatchAdvanced
from vcci.processing.batch_calls import Call, Raised
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batch_decisions import Again, Halve, Part, Rules
from vcci.processing.batch_results import BatchStatistics, CutOffError, Failed, SkipLimitError, Tally
from vcci.processing.batch_source import Batch, BatchSource

RESERVE_PER_SLOT: Final = 10
LEAST_RESERVE: Final = 50
"""Further tries that may be made at once, for each slot and at least, before calls have paid for more."""

FEW_RATIO: Final = 0.01
"""Records of a batch that may fail for errors that pass before the size is to blame."""

Deliver = Callable[[Batch], Awaitable[None]]


@dataclass(slots=True)
class BatchRun:
    """One run; its numbers are its own. `done` gets a value or a `Failed` by index, and keeps what it has."""

    config: BatchConfig
    call: Call
    batch_id: str
    slots: int
    done: dict[int, Any]
    clock: Callable[[], float]
    _tally: Tally = field(default_factory=Tally)
    _began_s: float = 0.0
    _rows_total: int | None = None
    _rules: Rules = field(init=False)
    _free: asyncio.Semaphore = field(init=False)
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        together = 1 if self.call.of_batches else self.config.size
        reserve = max(LEAST_RESERVE, self.slots * max(RESERVE_PER_SLOT, together))
        self._rules = Rules(self.config, RetryBudget(reserve=reserve))
        self._free = asyncio.Semaphore(self.slots)
        self._room = asyncio.Semaphore(2 * self.slots)
        self._began_s = self.clock()

    @property
    def statistics(self) -> BatchStatistics:
        """The numbers up to now."""
        return self._tally.told(self.batch_id, self.clock() - self._began_s)

    async def over(self, source: BatchSource, deliver: Deliver | None = None) -> None:
        """Work through the source; a batch that is done is handed to `deliver`, and counts until it returns.

        Raises what the source or `deliver` raises, and `SkipLimitError` with what was done.
        """
        self._rows_total = source.rows_total
        try:
            async with aclosing(source), asyncio.TaskGroup() as group:
                while batch := await self._taken(source):
                    group.create_task(self._work_through(batch, deliver))
        except BaseExceptionGroup as errors:
            raise self._completed(_first(errors)) from None

    async def _taken(self, source: BatchSource) -> Batch | None:
        """Take a batch once one could be called at once, and hold a slot for it."""
        await self._room.acquire()
        async with self._free:
            pass
        batch = await source.take(self.config.size)
        if batch is not None:
            await self._free.acquire()
        return batch

    async def _work_through(self, batch: Batch, deliver: Deliver | None) -> None:
        try:
            await self._settle(batch)
            done = self._tally.processed + self._tally.failed
            self.config.progress(BatchAdvanced(self.batch_id, done, self._rows_total))
            if deliver is not None:
                await deliver(batch)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise CutOffError() from None
        self._room.release()

    async def _settle(self, batch: Batch) -> None:
        """Call the processor until each record has a value or has failed; a slot is held to begin with."""
        todo = tuple(index for index in range(batch.first, batch.position) if index not in self.done)
        self._tally.total += len(todo)
        self._tally.sizes[len(batch.records)] += 1
        parts, retried = [Part(todo)], set[int]()
        while parts:
            more = await self._tried(parts.pop(0), batch)
            retried.update(index for part in more if part.tries for index in part.indexes)
            parts = more + parts
            if parts:
                await asyncio.sleep(parts[0].wait_s)
                await self._free.acquire()
        has_failed = any(isinstance(self.done[index], Failed) for index in todo)
        self._tally.batches["failed" if has_failed else "processed"] += 1
        self._tally.batches["retried"] += bool(retried)
        self._tally.retried += len(retried)

    async def _tried(self, part: Part, batch: Batch) -> list[Part]:
        """Call the processor with a part, let the slot go, and return what is left to be tried of it."""
        outcomes: dict[int, Any] = {}
        began_s = self.clock()
        try:
            error = await self._called(part, batch, outcomes)
        finally:
            self._free.release()
            values = {index: value for index, value in outcomes.items() if not isinstance(value, Raised)}
            self.done.update(values)
            self._tally.processed += len(values)
        raised = {index: one.error for index, one in outcomes.items() if isinstance(one, Raised)}
        if error is None or self._rules.is_for_size(error):
            errors = list(raised.values()) if error is None else [error] * len(part.indexes)
            self._learn(part, self.clock() - began_s, errors=errors)
        return self._after_each(raised, part) if error is None else self._after_all(error, part)

    async def _called(self, part: Part, batch: Batch, outcomes: dict[int, Any]) -> BaseException | None:
        if not part.indexes:
            return None
        self._tally.calls += 1
        for _ in part.indexes if not self.call.of_batches else (None,):
            self._rules.budget.pay_in()
        records = {index: batch.records[index - batch.first] for index in part.indexes}
        return await self.call(records, outcomes)

    def _learn(self, part: Part, seconds: float, *, errors: list[BaseException]) -> None:
        """Tell the optimizer of a batch's first call; errors of the records say nothing of their number."""
        if self.config.optimizer is None or part.attempts or not part.indexes:
            return
        size = len(part.indexes)
        for_size = sum(self._rules.is_for_size(error) for error in errors)
        self.config.optimizer.observe(size, seconds, has_failed=for_size > size * FEW_RATIO)

    def _after_each(self, raised: Mapping[int, BaseException], part: Part) -> list[Part]:
        again: list[int] = []
        wait_s = 0.0
        for index, error in raised.items():
            decision = self._rules.after(error, part, size=1, chance=random())  # noqa: S311
            if isinstance(decision, Again):
                again.append(index)
                wait_s = max(wait_s, decision.wait_s)
            else:
                self._fail(Failed(index, error, part.attempts + 1))
        return [part.again(tuple(again), wait_s)] if again else []

    def _after_all(self, error: BaseException, part: Part) -> list[Part]:
        match self._rules.after(error, part, size=len(part.indexes), chance=random()):  # noqa: S311
            case Again(wait_s):
                return [part.again(part.indexes, wait_s)]
            case Halve():
                return part.halves()
        for index in part.indexes:
            self._fail(Failed(index, error, part.attempts + 1))
        return []

    def _fail(self, failed: Failed) -> None:
        self.done[failed.record] = failed
        self._tally.failed += 1
        limit = self.config.skip_limit
        if limit is not None and self._tally.failed > limit:
            raise SkipLimitError(self._tally.failed, limit, last=failed)

    def _completed(self, error: BaseException) -> BaseException:
        if isinstance(error, SkipLimitError):
            error.done, error.statistics = self.done, self.statistics
        return error


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors
