"""Worker processes: kept, replaced when they die, limited in time and memory; only what kills is lost."""

import asyncio
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.waiting import until

from vcci.errors import InputError
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batch_results import (
    AnswerError,
    Failed,
    RaisedInWorkerError,
    SkipLimitError,
    WorkerDiedError,
    WorkerMemoryError,
    WorkerTimeError,
)
from vcci.processing.parallel import ParallelBatchProcessor
from vcci.processing.workers import ProcessorError

CONFIG = BatchConfig(batch_size=25, max_workers=2, first_wait_s=0.0)


@pytest.fixture(scope="module")
def processes() -> Iterator[ParallelBatchProcessor]:
    with ParallelBatchProcessor(CONFIG) as made:
        yield made


def squared(record: int) -> int:
    return record * record


def own_process(record: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def killed_by(number: int, record: int) -> int:
    if record == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return record


def exits(record: int) -> int:
    if record == 7:
        sys.exit(3)
    return record


def hangs(record: int) -> int:
    if record == 5:
        time.sleep(600)
    return record


def hungry(record: int) -> int:
    return len(bytearray(record))


def wrong(record: int) -> int:
    if record == 3:
        raise ValueError("three")
    if record == 4:
        raise InputError("Four.", remedy="Give another.", code="four_refused")
    return record


def tripled(records: list[int]) -> list[int]:
    if 13 in records:
        raise RuntimeError("thirteen")
    return [3 * record for record in records]


def shorter(records: list[int]) -> list[int]:
    return records[1:]


def not_picklable(record: int) -> Any:
    return (lambda: record) if record == 2 else record


def once_away(folder: Path, record: int) -> int:
    seen = folder / str(record)
    if record % 10 == 0 and not seen.exists():
        seen.touch()
        raise ConnectionError
    return record


async def waits(record: int) -> int:
    return record


def failures(results: list[Any]) -> list[Failed]:
    return [result for result in results if isinstance(result, Failed)]


async def test_results_of_processes_lie_where_their_records_do(processes: ParallelBatchProcessor) -> None:
    results, stats = await processes.process_batch(range(480), squared)
    assert results == [number * number for number in range(480)]
    assert (stats.processed_records, stats.batch_sizes) == (480, {25: 19, 5: 1})


async def test_processes_are_made_once_and_used_again(processes: ParallelBatchProcessor) -> None:
    first, _ = await processes.process_batch(range(100), own_process)
    second, _ = await processes.process_batch(range(100), own_process)
    assert set(first) == set(second) == set(processes.workers)
    assert len(processes.workers) == 2
    assert os.getpid() not in first


async def test_a_record_that_kills_its_process_stands_alone_and_the_rest_is_done() -> None:
    async with ParallelBatchProcessor(CONFIG) as processes:
        results, stats = await processes.process_batch(range(100), functools.partial(killed_by, 37))
    [failed] = failures(results)
    assert isinstance(failed.error, WorkerDiedError)
    assert (failed.record, failed.error.signal) == (37, "SIGKILL")
    assert [result for result in results if result is not failed] == [n for n in range(100) if n != 37]
    assert (stats.processed_records, stats.failed_records, stats.retried_batches) == (99, 1, 1)


async def test_a_processor_that_exits_loses_only_its_record(processes: ParallelBatchProcessor) -> None:
    results, _ = await processes.process_batch(range(50), exits)
    [failed] = failures(results)
    assert isinstance(failed.error, WorkerDiedError)
    assert (failed.record, failed.error.signal, failed.error.status) == (7, "", 3)
    assert len(results) == 50


async def test_a_process_that_is_killed_between_calls_is_replaced(processes: ParallelBatchProcessor) -> None:
    await processes.process_batch(range(50), squared)
    for process in processes.workers:
        os.kill(process, signal.SIGKILL)
    results, stats = await processes.process_batch(range(100), squared)
    assert (results, stats.failed_records) == ([n * n for n in range(100)], 0)


async def test_a_batch_that_hangs_is_ended_and_the_record_stands_alone() -> None:
    config = BatchConfig(batch_size=8, max_workers=2, batch_time_limit_s=0.5)
    async with ParallelBatchProcessor(config) as processes:
        results, _ = await processes.process_batch(range(16), hangs)
    [failed] = failures(results)
    assert (failed.record, type(failed.error)) == (5, WorkerTimeError)
    assert [result for result in results if result is not failed] == [n for n in range(16) if n != 5]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
async def test_a_record_that_takes_more_memory_than_a_process_may_fails_alone() -> None:
    config = BatchConfig(batch_size=4, max_workers=1, chunk_memory_limit_mb=50)
    records = [1_000, 30_000_000, 200_000_000, 1_000]
    async with ParallelBatchProcessor(config) as processes:
        results, _ = await processes.process_batch(records, hungry)
    assert isinstance(results[2].error, WorkerMemoryError)
    assert [results[number] for number in (0, 1, 3)] == [1_000, 30_000_000, 1_000]


async def test_records_of_a_batch_take_a_fourth_of_the_memory() -> None:
    config = BatchConfig(max_workers=1, chunk_memory_limit_mb=4)
    async with ParallelBatchProcessor(config) as processes:
        _, stats = await processes.process_batch(["x" * 300_000] * 8, str.upper)
    assert stats.batch_sizes == {4: 2}


async def test_errors_of_records_come_back_as_they_were_or_as_what_stands_for_them(
    processes: ParallelBatchProcessor,
) -> None:
    results, stats = await processes.process_batch(range(10), wrong)
    first, second = failures(results)
    assert (first.record, repr(first.error)) == (3, "ValueError('three')")
    assert isinstance(second.error, RaisedInWorkerError)
    assert (second.record, second.error.raised, second.error.code) == (4, "InputError", "four_refused")
    assert (stats.calls, stats.processed_records) == (1, 8)


async def test_a_batch_is_halved_until_the_bad_record_stands_alone(processes: ParallelBatchProcessor) -> None:
    results, stats = await processes.process_batch(range(100), tripled, of_batches=True)
    [failed] = failures(results)
    assert (failed.record, str(failed.error)) == (13, "thirteen")
    assert [result for result in results if result is not failed] == [3 * n for n in range(100) if n != 13]
    assert stats.calls <= 4 + 2 * 5


async def test_an_answer_of_another_length_fails_its_batch(processes: ParallelBatchProcessor) -> None:
    results, stats = await processes.process_batch(range(10), shorter, of_batches=True)
    assert [type(failed.error) for failed in failures(results)] == [AnswerError] * 10
    assert stats.calls == 1


async def test_what_passes_is_tried_again_in_processes(
    processes: ParallelBatchProcessor, tmp_path: Path
) -> None:
    results, stats = await processes.process_batch(range(100), functools.partial(once_away, tmp_path))
    assert (results, stats.retried_records, stats.failed_records) == (list(range(100)), 10, 0)


async def test_a_result_that_cannot_be_sent_back_fails_alone(processes: ParallelBatchProcessor) -> None:
    results, _ = await processes.process_batch(range(5), not_picklable)
    [failed] = failures(results)
    assert isinstance(failed.error, RaisedInWorkerError)
    assert (failed.record, failed.error.code) == (2, "batch_result_not_picklable")


async def test_a_record_that_cannot_be_sent_fails_alone(processes: ParallelBatchProcessor) -> None:
    results, _ = await processes.process_batch([1, lambda: 2, 3], str)
    [failed] = failures(results)
    assert isinstance(failed.error, InputError)
    assert (failed.record, failed.error.code) == (1, "batch_record_not_picklable")
    assert (results[0], results[2]) == ("1", "3")


@pytest.mark.parametrize(
    ("processor", "code"),
    [(lambda record: record, "batch_processor_not_picklable"), (waits, "batch_processor_asynchronous")],
)
async def test_a_processor_that_cannot_be_sent_is_refused_with_what_to_do(processor: Any, code: str) -> None:
    with pytest.raises(ProcessorError) as refused:
        await ParallelBatchProcessor(CONFIG).process_batch([1], processor)
    assert refused.value.code == code
    assert refused.value.remedy


class Unloadable:
    def __reduce__(self) -> Any:
        return (os._exit, (9,))

    def __call__(self, record: int) -> int:
        return record


async def test_a_processor_that_cannot_be_loaded_is_an_error_and_no_failure_of_every_record() -> None:
    async with ParallelBatchProcessor(CONFIG) as processes:
        with pytest.raises(ProcessorError, match="exited with status 9") as refused:
            await processes.process_batch(range(100), Unloadable())
    assert refused.value.code == "batch_processor_not_loaded"


async def test_a_cancellation_ends_processes_that_are_at_work_at_once() -> None:
    async with ParallelBatchProcessor(CONFIG) as processes:
        done: dict[int, Any] = {}
        task = asyncio.create_task(processes.process_batch([*range(6)] * 8, hangs, done=done))
        await until(lambda: bool(processes.at_work))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert processes.at_work == ()
        assert (await processes.process_batch([3], squared))[0] == [9]


async def test_more_failures_than_may_be_stop_the_processes() -> None:
    async with ParallelBatchProcessor(BatchConfig(batch_size=5, max_workers=1, skip_limit=1)) as strict:
        with pytest.raises(SkipLimitError) as stopped:
            await strict.process_batch([3, 4, *range(100)], wrong)
    assert len(stopped.value.done) == 5


ORPHANS = """
import asyncio, os, signal, time
from vcci.processing.parallel import ParallelBatchProcessor

async def main():
    processor = ParallelBatchProcessor()
    asyncio.create_task(processor.process_batch([600], time.sleep))
    while not processor.at_work:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    print(*processor.at_work, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
async def test_processes_at_work_end_when_the_one_that_asked_is_killed() -> None:
    asked = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHANS, stdout=subprocess.PIPE)
    assert asked.stdout is not None
    process = int(await asked.stdout.readline())
    assert await asked.wait() == -signal.SIGKILL
    await until(lambda: not is_running(process))


async def test_processes_end_when_they_are_closed() -> None:
    processes = ParallelBatchProcessor(CONFIG)
    pids, _ = await processes.process_batch(range(100), own_process)
    processes.close()
    for pid in set(pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
