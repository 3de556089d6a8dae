"""Batches for what waits: every record has its result, faults stand alone, nothing is beyond its bound."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from vcci.concurrency.deadline import within
from vcci.errors import ConfigurationError, InputError
from vcci.events import BatchAdvanced
from vcci.processing.batch_config import (
    LARGE_BATCH_CONFIG,
    MEDIUM_BATCH_CONFIG,
    SMALL_BATCH_CONFIG,
    BatchConfig,
)
from vcci.processing.batch_results import AnswerError, CutOffError, Failed, SkipLimitError
from vcci.processing.batches import AsyncBatchProcessor, process_in_batches

AT_ONCE = BatchConfig(batch_size=10, max_concurrent_batches=2, first_wait_s=0.0)


async def run(records: Any, processor: Any, config: BatchConfig = AT_ONCE, **named: Any) -> Any:
    return await AsyncBatchProcessor(config).process_batch(records, processor, **named)


async def doubled(record: int) -> int:
    await asyncio.sleep(0)
    return 2 * record


def bad(*numbers: int) -> Any:
    async def processor(record: int) -> int:
        if record in numbers:
            raise ValueError(f"bad {record}")
        return record

    return processor


class Books:
    """A processor of batches that writes down what it was given, and refuses batches with bad records."""

    def __init__(self, *refused: int, error: type[Exception] = RuntimeError) -> None:
        self.refused = set(refused)
        self.error = error
        self.calls: list[list[int]] = []
        self.written: Counter[int] = Counter()

    async def __call__(self, records: list[int]) -> list[int]:
        await asyncio.sleep(0)
        self.calls.append(records)
        if self.refused.intersection(records):
            raise self.error("refused")
        self.written.update(records)
        return [2 * record for record in records]


class Crowd:
    """Counts how many are in it at a time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def one(self, record: Any) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        return record


async def test_results_lie_where_their_records_do() -> None:
    results, stats = await run(range(95), doubled)
    assert results == [2 * number for number in range(95)]
    assert (stats.total_records, stats.processed_records, stats.failed_records) == (95, 95, 0)
    assert (stats.total_batches, stats.processed_batches, stats.batch_sizes) == (10, 10, {10: 9, 5: 1})


async def test_a_record_that_fails_keeps_its_place_and_names_its_error() -> None:
    results, stats = await run(range(30), bad(7, 22))
    assert [result.record for result in results if isinstance(result, Failed)] == [7, 22]
    assert (str(results[7].error), results[7].attempts) == ("bad 7", 1)
    assert [results[number] for number in (6, 8, 21, 23)] == [6, 8, 21, 23]
    assert (stats.processed_records, stats.failed_records, stats.failed_batches) == (28, 2, 2)


class Called:
    async def __call__(self, record: int) -> int:
        return await doubled(record)

    async def method(self, record: int) -> int:
        return await doubled(record)


@pytest.mark.parametrize(
    "processor",
    [
        doubled,
        Called(),
        Called().method,
        lambda record: doubled(record + 0),
        partial(Called()),
        lambda record: 2 * record,
        partial(lambda factor, record: factor * record, 2),
    ],
    ids=[
        "function",
        "object",
        "method",
        "lambda of coroutine",
        "partial",
        "synchronous",
        "synchronous partial",
    ],
)
async def test_whatever_can_be_called_is_a_processor(processor: Any) -> None:
    results, stats = await run(range(25), processor)
    assert results == [2 * number for number in range(25)]
    assert stats.processed_records == 25


async def test_records_may_come_from_any_iterable() -> None:
    async def arriving() -> AsyncIterator[int]:
        for number in range(25):
            yield number

    wanted = [2 * number for number in range(25)]
    for records in (range(25), iter(range(25)), (number for number in range(25)), arriving()):
        assert (await run(records, doubled))[0] == wanted
    assert (await run([], doubled))[0] == []


def noted(taken: list[int], records: range) -> Iterator[int]:
    for record in records:
        taken.append(record)
        yield record


async def test_no_more_records_are_taken_than_may_be_in_flight() -> None:
    taken: list[int] = []
    go_on = asyncio.Event()

    async def processor(record: int) -> int:
        await go_on.wait()
        return record

    source = noted(taken, range(500))
    task = asyncio.create_task(run(source, processor, BatchConfig(batch_size=10, max_concurrent_batches=3)))
    await asyncio.sleep(0.1)
    assert len(taken) == 30
    go_on.set()
    assert len((await task)[0]) == len(taken) == 500


async def test_as_many_batches_more_are_taken_while_those_wait_for_another_try() -> None:
    taken: list[int] = []

    async def away(records: list[int]) -> None:
        raise ConnectionError

    source = noted(taken, range(500))
    config = BatchConfig(batch_size=10, max_concurrent_batches=3, max_retries=100, first_wait_s=100.0)
    task = asyncio.create_task(run(source, away, config, of_batches=True))
    await asyncio.sleep(0.1)
    assert len(taken) == 60
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_max_workers_records_of_each_batch_are_called_at_a_time() -> None:
    crowd = Crowd()
    await run(range(400), crowd.one, BatchConfig(batch_size=50, max_concurrent_batches=3, max_workers=5))
    assert crowd.most == 15


async def test_max_concurrent_batches_are_called_at_a_time() -> None:
    crowd = Crowd()
    config = BatchConfig(batch_size=10, max_concurrent_batches=3, max_workers=5)
    await run(range(400), crowd.one, config, of_batches=True)
    assert crowd.most == 3


async def test_a_batch_ends_where_its_records_fill_the_memory_that_it_may_take() -> None:
    records = [{"note": "x" * 400_000} for _ in range(12)]
    _, stats = await run(records, Crowd().one, BatchConfig(chunk_memory_limit_mb=1))
    assert stats.batch_sizes == {3: 4}


async def test_what_is_synchronous_runs_in_threads_and_leaves_the_loop_free() -> None:
    together = threading.Barrier(8, timeout=30)

    def processor(record: int) -> str:
        together.wait()
        return threading.current_thread().name

    config = BatchConfig(batch_size=4, max_concurrent_batches=2, max_workers=4)
    results, _ = await run(range(8), processor, config)
    assert len(set(results)) == 8
    assert threading.current_thread().name not in results


async def test_what_passes_is_tried_again_and_counts_as_processed() -> None:
    calls: Counter[int] = Counter()

    async def processor(record: int) -> int:
        calls[record] += 1
        if record % 10 == 3 and calls[record] < 3:
            raise ConnectionError
        return record

    results, stats = await run(range(30), processor)
    assert results == list(range(30))
    assert {record: count for record, count in calls.items() if count > 1} == {3: 3, 13: 3, 23: 3}
    assert (stats.failed_records, stats.retried_records, stats.retried_batches) == (0, 3, 3)
    assert (stats.processed_batches, stats.failed_batches) == (3, 0)


@pytest.mark.parametrize("max_retries", [0, 2, 5])
async def test_max_retries_are_made_after_the_first_try(max_retries: int) -> None:
    async def away(_: int) -> None:
        raise TimeoutError

    config = BatchConfig(max_retries=max_retries, first_wait_s=0.0)
    [failed], stats = await run([1], away, config)
    assert (failed.attempts, type(failed.error)) == (max_retries + 1, TimeoutError)
    assert (stats.calls, stats.retried_records) == (max_retries + 1, min(max_retries, 1))


async def test_a_record_that_is_wrong_is_never_tried_again_whatever_the_predicate_says() -> None:
    for error in (ValueError("no"), TypeError("no"), InputError("No.", remedy="Correct it.")):
        calls: list[int] = []

        async def processor(record: int, error: Exception = error, calls: list[int] = calls) -> None:
            calls.append(record)
            raise error

        config = BatchConfig(is_transient=lambda _: True, first_wait_s=0.0)
        [failed], _ = await run([1], processor, config)
        assert (calls, failed.error) == ([1], error)


async def test_the_predicate_says_what_may_pass() -> None:
    one_by_one = Counter[int]()

    async def processor(record: int) -> None:
        one_by_one[record] += 1
        raise KeyError

    config = BatchConfig(is_transient=lambda error: isinstance(error, KeyError), first_wait_s=0.0)
    await run([1], processor, config)
    assert one_by_one == {1: 4}


async def test_a_batch_that_waits_for_another_try_holds_no_slot() -> None:
    tried = asyncio.Event()
    others: list[int] = []

    async def processor(records: list[int]) -> list[int]:
        if 0 in records and not tried.is_set():
            tried.set()
            raise ConnectionError
        if 0 not in records:
            others.append(records[0])
        else:
            assert others, "the others were to go on meanwhile"
        return records

    config = BatchConfig(batch_size=10, max_concurrent_batches=1, first_wait_s=0.5)
    results, stats = await run(range(20), processor, config, of_batches=True)
    assert (results, stats.retried_batches) == (list(range(20)), 1)


async def test_a_bad_record_of_a_batch_stands_alone_after_few_calls() -> None:
    books = Books(137, 700)
    config = BatchConfig(batch_size=1_000)
    results, stats = await run(range(1_000), books, config, of_batches=True)
    assert [result.record for result in results if isinstance(result, Failed)] == [137, 700]
    assert sum(result == 2 * number for number, result in enumerate(results)) == 998
    assert stats.calls == len(books.calls) <= 2 * 2 * 10 + 1
    assert stats.failed_batches == 1


async def test_calls_whose_records_succeeded_are_never_repeated() -> None:
    books = Books(3, 44, 45, 99)
    await run(range(100), books, BatchConfig(batch_size=50), of_batches=True)
    assert books.written == dict.fromkeys(set(range(100)) - {3, 44, 45, 99}, 1)


async def test_what_is_down_is_not_called_for_every_record() -> None:
    books = Books(*range(10_000), error=ConnectionError)
    config = BatchConfig(batch_size=1_000, max_concurrent_batches=2, first_wait_s=0.0)
    results, stats = await run(range(10_000), books, config, of_batches=True)
    assert {type(result.error) for result in results} == {ConnectionError}
    assert stats.failed_records == 10_000
    assert 10 < len(books.calls) <= 10 + 2 * (50 + len(books.calls) / 10)


async def test_without_retries_a_failed_call_fails_all_of_its_records_at_once() -> None:
    books = Books(3, error=ConnectionError)
    config = BatchConfig(batch_size=10, retry_failed_batches=False)
    results, stats = await run(range(20), books, config, of_batches=True)
    assert [isinstance(result, Failed) for result in results] == [True] * 10 + [False] * 10
    assert (stats.calls, stats.retried_batches) == (2, 0)


@pytest.mark.parametrize("answer", [[1, 2], None, "abc", {1: 1, 2: 2, 3: 3}])
async def test_an_answer_that_does_not_fit_fails_the_batch_and_is_not_asked_for_again(answer: Any) -> None:
    calls = []

    async def processor(records: list[int]) -> Any:
        calls.append(records)
        return answer

    results, _ = await run([1, 2, 3], processor, of_batches=True)
    assert [type(result.error) for result in results] == [AnswerError] * 3
    assert len(calls) == 1


async def test_one_failure_more_than_may_be_stops_the_work_and_says_what_was_done() -> None:
    config = BatchConfig(batch_size=10, max_concurrent_batches=1, max_workers=1, skip_limit=2)
    with pytest.raises(SkipLimitError) as stopped:
        await run(range(1_000), bad(5, 15, 25), config)
    assert (stopped.value.code, len(stopped.value.done)) == ("batch_skip_limit", 30)
    assert stopped.value.statistics is not None
    assert (stopped.value.statistics.processed_records, stopped.value.statistics.failed_records) == (27, 3)
    results, _ = await run(range(1_000), bad(5, 15), BatchConfig(skip_limit=2))
    assert len(results) == 1_000


async def test_a_cancellation_ends_all_calls_and_keeps_what_was_done() -> None:
    ended: list[int] = []
    done: dict[int, Any] = {}
    waiting = asyncio.Event()

    async def processor(record: int) -> int:
        if record < 20:
            return record
        try:
            waiting.set()
            await asyncio.Event().wait()
        finally:
            ended.append(record)
        return record

    task = asyncio.create_task(run(range(100), processor, done=done))
    await waiting.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == {number: number for number in range(20)}
    assert len(ended) == 8
    assert [other for other in asyncio.all_tasks() if other is not asyncio.current_task()] == []


async def test_work_goes_on_from_what_was_done() -> None:
    done: dict[int, Any] = dict.fromkeys(range(0, 50, 2), "before")
    calls: list[int] = []

    async def processor(record: int) -> int:
        calls.append(record)
        return record

    results, stats = await run(range(50), processor, done=done)
    assert sorted(calls) == list(range(1, 50, 2))
    assert results == ["before" if number % 2 == 0 else number for number in range(50)]
    assert stats.total_records == 25


async def test_a_cancelled_thread_ends_after_its_record_and_that_is_kept() -> None:
    done: dict[int, Any] = {}
    begun, go_on = threading.Event(), threading.Event()

    def processor(record: int) -> int:
        begun.set()
        go_on.wait(30)
        return record

    config = BatchConfig(batch_size=100, max_concurrent_batches=1, max_workers=1)
    task = asyncio.create_task(run(range(100), processor, config, done=done))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0.05)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == {0: 0}


async def test_a_processor_that_cancels_itself_fails_and_does_not_vanish() -> None:
    async def processor(record: int) -> int:
        if record == 3:
            raise asyncio.CancelledError
        return record

    results, _ = await run(range(6), processor)
    assert isinstance(results[3].error, CutOffError)
    assert [results[number] for number in (0, 1, 2, 4, 5)] == [0, 1, 2, 4, 5]
    together, _ = await run([3], lambda records: processor(records[0]), of_batches=True)
    assert isinstance(together[0].error, CutOffError)


async def test_what_the_source_raises_is_raised_and_ends_the_work() -> None:
    def source() -> Iterator[int]:
        yield from range(10)
        raise OSError("disk")

    done: dict[int, Any] = {}
    with pytest.raises(OSError, match="disk"):
        await run(source(), doubled, BatchConfig(batch_size=5, max_concurrent_batches=1), done=done)
    assert done == {number: 2 * number for number in range(10)}


async def test_calls_that_overlap_have_numbers_of_their_own() -> None:
    processor = AsyncBatchProcessor(AT_ONCE)
    first, second = await asyncio.gather(
        processor.process_batch(range(100), doubled), processor.process_batch(range(37), bad(5))
    )
    assert (first[1].processed_records, first[1].failed_records) == (100, 0)
    assert (second[1].processed_records, second[1].failed_records) == (36, 1)
    assert first[1].batch_id != second[1].batch_id


async def test_progress_is_told_after_each_batch() -> None:
    told: list[Any] = []
    config = BatchConfig(batch_size=10, max_concurrent_batches=1, progress=told.append)
    await run(range(25), doubled, config, batch_id="ledger")
    assert told == [BatchAdvanced("ledger", rows, 25) for rows in (10, 20, 25)]


async def test_speed_is_of_the_clock_that_is_given() -> None:
    now_s = 0.0

    def processor(records: list[int]) -> list[int]:
        nonlocal now_s
        now_s += 2.0
        return records

    config = BatchConfig(batch_size=50, max_concurrent_batches=1)
    timed = AsyncBatchProcessor(config, clock=lambda: now_s)
    _, stats = await timed.process_batch(range(100), processor, of_batches=True)
    assert (stats.processing_time_seconds, stats.records_per_second) == (4.0, 25.0)


async def test_another_try_that_would_come_too_late_is_not_waited_for() -> None:
    calls = []

    async def away(record: int) -> None:
        calls.append(record)
        raise ConnectionError

    with within(0.0):
        [failed], _ = await run([1], away, BatchConfig(first_wait_s=1_000.0))
    assert (calls, failed.attempts) == ([1], 1)


def test_configurations_are_those_that_are_known() -> None:
    known = [SMALL_BATCH_CONFIG, MEDIUM_BATCH_CONFIG, LARGE_BATCH_CONFIG]
    values = [(one.batch_size, one.max_concurrent_batches, one.max_workers) for one in known]
    assert values == [(100, 5, 2), (1_000, 10, 4), (10_000, 20, 8)]


@pytest.mark.parametrize(
    "name", ["batch_size", "max_concurrent_batches", "max_workers", "chunk_memory_limit_mb"]
)
def test_a_configuration_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is 0, and is at least 1"):
        replace(BatchConfig(), **{name: 0})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="skip_limit is -1"):
        BatchConfig(skip_limit=-1)


async def test_a_function_and_two_numbers_are_enough() -> None:
    results = await process_in_batches(range(2_500), bad(2_000), 1_000, 10)
    assert [result for result in results if isinstance(result, Failed)] == [results[2_000]]
    assert [*results[:2_000], *results[2_001:]] == [number for number in range(2_500) if number != 2_000]
