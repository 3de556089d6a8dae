"""Streams: in order, in bounded memory, with a source that waits, and gone on with after the process died."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from vcci.errors import InputError
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batch_results import CutOffError, Failed, SkipLimitError
from vcci.processing.checkpoints import FileCheckpoint
from vcci.processing.streaming import StreamBatch, StreamingBatchProcessor

SMALL = BatchConfig(batch_size=10, max_concurrent_batches=3, max_workers=4, first_wait_s=0.0)

CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from vcci.processing.batch_config import BatchConfig
from vcci.processing.checkpoints import FileCheckpoint
from vcci.processing.streaming import StreamingBatchProcessor

folder, die_at, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
kept = FileCheckpoint(folder / "position.json")

def die(batch):
    if batch.position == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

def sink(batch):
    if when == "before": die(batch)
    with (folder / "out.txt").open("a") as file:
        file.write("".join(f"{value}\\n" for value in batch))
    if when == "after": die(batch)

async def processor(record):
    with (folder / "calls.txt").open("a") as file:
        file.write(f"{record}\\n")
    await asyncio.sleep(0)
    return record

config = BatchConfig(batch_size=10, max_concurrent_batches=1)
stream = StreamingBatchProcessor(config).process_stream(
    range(100), processor, sink, checkpoint=kept, start_at=kept.position
)
async def main():
    await stream
asyncio.run(main())
"""


def stream(source: Any, processor: Any, *more: Any, config: BatchConfig = SMALL, **named: Any) -> Any:
    return StreamingBatchProcessor(config).process_stream(source, processor, *more, **named)


async def late_first(record: int) -> int:
    """Let the first of ten batches of ten come last."""
    await asyncio.sleep(0.02 if record < 10 else 0)
    return record


async def arriving(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@pytest.mark.parametrize("kind", [range, lambda count: iter(range(count)), arriving])
async def test_results_come_in_the_order_of_the_source(kind: Any) -> None:
    taken: list[int] = []
    stats = await stream(kind(95), late_first, taken.extend)
    assert taken == list(range(95))
    assert (stats.processed_records, stats.total_batches) == (95, 10)


async def test_results_can_be_iterated_over() -> None:
    batches = [batch async for batch in stream(range(25), late_first)]
    assert [(batch.first, batch.position, list(batch)) for batch in batches] == [
        (0, 10, list(range(10))),
        (10, 20, list(range(10, 20))),
        (20, 25, list(range(20, 25))),
    ]


async def test_batches_are_worked_on_at_the_same_time() -> None:
    together = asyncio.Barrier(3)

    async def processor(records: list[int]) -> list[int]:
        await asyncio.wait_for(together.wait(), 30)
        return records

    stats = await stream(range(60), processor, of_batches=True)
    assert stats.total_batches == 6


async def test_a_slow_sink_makes_the_source_wait() -> None:
    taken = given = most = 0

    def source() -> Iterator[int]:
        nonlocal taken, most
        for number in range(1_000):
            taken += 1
            most = max(most, taken - given)
            yield number

    async def sink(batch: StreamBatch) -> None:
        nonlocal given
        await asyncio.sleep(0.001)
        given += len(batch)

    await stream(source(), late_first, sink)
    assert given == 1_000
    assert 30 < most <= 2 * 3 * 10


async def test_nobody_takes_and_the_source_stands_still() -> None:
    taken: list[int] = []

    async def source() -> AsyncIterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    batches = aiter(stream(source(), late_first))
    assert list(await anext(batches)) == list(range(10))
    await asyncio.sleep(0.05)
    assert len(taken) <= 2 * 3 * 10
    await batches.aclose()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_nothing_is_kept_of_what_the_sink_has() -> None:
    running = stream(range(1_000), late_first, list)
    await running
    assert (running._done, len(running._turns)) == ({}, 1)


async def test_the_checkpoint_is_told_after_the_sink_and_in_order() -> None:
    told: list[Any] = []
    await stream(range(35), late_first, lambda batch: told.append(list(batch)[-1]), checkpoint=told.append)
    assert told == [9, 10, 19, 20, 29, 30, 34, 35]


async def test_a_stream_begins_where_it_is_told_to_and_counts_from_the_beginning() -> None:
    async def bad(record: int) -> int:
        raise ValueError(record)

    for source in (range(25), iter(range(25)), arriving(25)):
        [batch] = [batch async for batch in stream(source, bad, start_at=18)]
        assert [(failed.record, failed.error.args) for failed in batch] == [(n, (n,)) for n in range(18, 25)]


async def test_a_record_that_failed_keeps_its_place_in_the_stream() -> None:
    async def processor(record: int) -> int:
        if record == 13:
            raise ValueError
        return record

    taken: list[Any] = []
    stats = await stream(range(30), processor, taken.extend)
    assert isinstance(taken[13], Failed)
    assert (len(taken), stats.failed_records) == (30, 1)


async def test_a_sink_that_fails_ends_the_stream_before_the_checkpoint() -> None:
    told: list[int] = []

    def sink(batch: StreamBatch) -> None:
        if batch.first == 20:
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        await stream(range(1_000), late_first, sink, checkpoint=told.append)
    assert told == [10, 20]


async def test_a_sink_that_cancels_itself_ends_the_stream_with_an_error() -> None:
    async def sink(batch: StreamBatch) -> None:
        raise asyncio.CancelledError

    with pytest.raises(CutOffError):
        await stream(range(1_000), late_first, sink)


async def test_one_failure_more_than_may_be_ends_the_stream() -> None:
    async def bad(record: int) -> int:
        raise ValueError

    config = BatchConfig(batch_size=10, skip_limit=5)
    with pytest.raises(SkipLimitError):
        await stream(range(100), bad, config=config)
    with pytest.raises(SkipLimitError):
        [batch async for batch in stream(range(100), bad, config=config)]


def died_and_gone_on(folder: Path, when: str) -> tuple[list[int], list[int], int]:
    """Kill a process at a batch, let another go on; return calls, output and where the first was."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    died = subprocess.run([*command, "40", when], check=False)
    assert died.returncode == -signal.SIGKILL
    position = FileCheckpoint(folder / "position.json").position
    subprocess.run([*command, "-1", when], check=True)
    calls, out = ((folder / name).read_text().split() for name in ("calls.txt", "out.txt"))
    return [int(line) for line in calls], [int(line) for line in out], position


def test_a_process_that_died_before_the_sink_took_a_batch_is_gone_on_with(tmp_path: Path) -> None:
    calls, out, position = died_and_gone_on(tmp_path, "before")
    assert (position, out) == (30, list(range(100)))
    again = {record for record in calls if calls.count(record) > 1}
    assert set(range(30, 40)) <= again <= set(range(30, 60))
    assert max(calls.count(record) for record in calls) == 2


def test_a_process_that_died_after_the_sink_took_a_batch_gives_that_one_again(tmp_path: Path) -> None:
    calls, out, position = died_and_gone_on(tmp_path, "after")
    assert (position, out) == (30, [*range(40), *range(30, 100)])
    assert max(calls.count(record) for record in calls) == 2
    assert json.loads((tmp_path / "position.json").read_text()) == {"position": 100}


TRANSACTION = """
import asyncio, os, signal, sqlite3, sys
from vcci.processing.batch_config import BatchConfig
from vcci.processing.streaming import StreamingBatchProcessor

path, die_at, when = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with sqlite3.connect(path) as database:
    database.execute("CREATE TABLE IF NOT EXISTS results (record integer, result integer, position integer)")
    [(position,)] = database.execute("SELECT coalesce(max(position), 0) FROM results")

def sink(batch):
    with sqlite3.connect(path) as database:
        rows = [(batch.first + place, value, batch.position) for place, value in enumerate(batch)]
        database.executemany("INSERT INTO results VALUES (?, ?, ?)", rows)
        if when == "before" and batch.position == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
    if batch.position == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    config = BatchConfig(batch_size=10, max_concurrent_batches=3)
    processor = StreamingBatchProcessor(config)
    await processor.process_stream(range(100), lambda record: record * 2, sink, start_at=position)
asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sink_that_stores_the_position_with_the_results_has_each_exactly_once(
    tmp_path: Path, when: str
) -> None:
    path = tmp_path / "results.db"
    died = [
        subprocess.run([sys.executable, "-c", TRANSACTION, path, die_at, when], check=False).returncode
        for die_at in ("40", "70", "-1")
    ]
    assert died == [-signal.SIGKILL, -signal.SIGKILL, 0]
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT record, result FROM results ORDER BY record").fetchall()
    assert rows == [(number, 2 * number) for number in range(100)]


async def test_a_stream_that_was_used_is_not_taken_for_one_that_is_empty() -> None:
    used = stream(range(5), late_first)
    await used
    with pytest.raises(InputError, match="a second time"):
        await used


def test_a_checkpoint_is_read_again_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "position.json"
    assert FileCheckpoint(path).position == 0
    FileCheckpoint(path)(70)
    assert FileCheckpoint(path).position == 70
    assert [one.name for one in tmp_path.iterdir()] == ["position.json"]


@pytest.mark.parametrize("text", ["", "{}", '{"position": "x"}', '{"position": -1}', "[]"])
def test_a_checkpoint_that_holds_no_position_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "position.json"
    path.write_text(text)
    with pytest.raises(InputError, match="holds no position") as refused:
        FileCheckpoint(path)
    assert refused.value.code == "checkpoint_damaged"
