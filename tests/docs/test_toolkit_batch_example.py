"""The published integration example for batches, over a service that answers late; the import is ours."""

import asyncio
import re
from collections import Counter

import pytest

from vcci.processing.batch_results import Failed
from vcci.toolkit import (
    LARGE_BATCH_CONFIG,
    SMALL_BATCH_CONFIG,
    AsyncBatchProcessor,
    BatchConfig,
    BatchSizeOptimizer,
    ParallelBatchProcessor,
    StreamingBatchProcessor,
    process_in_batches,
)

RECORDS = 100_000
KG_PER_KWH = 0.4


async def test_example_5_processes_records(capsys: pytest.CaptureFixture[str]) -> None:
    calls: Counter[int] = Counter()
    large_dataset = [{"id": number, "kwh": number % 100} for number in range(RECORDS)]

    async def process_record_async(record: dict[str, int]) -> float:
        calls[record["id"]] += 1
        await asyncio.sleep(0)
        if record["id"] % 10_000 == 9_999 and calls[record["id"]] == 1:
            raise ConnectionError
        return record["kwh"] * KG_PER_KWH

    processor = AsyncBatchProcessor(config=LARGE_BATCH_CONFIG)

    results, stats = await processor.process_batch(
        records=large_dataset,
        processor=process_record_async,
        batch_id="BATCH-001"
    )  # fmt: skip

    print(f"Processed {stats.processed_records} records in {stats.processing_time_seconds}s")
    print(f"Throughput: {stats.records_per_second:.1f} records/sec")

    assert results == [record["kwh"] * KG_PER_KWH for record in large_dataset]
    assert (stats.batch_id, stats.failed_records, stats.retried_records) == ("BATCH-001", 0, 10)
    assert stats.batch_sizes == {10_000: 10}
    assert calls.total() == RECORDS + 10
    told = capsys.readouterr().out
    assert re.fullmatch(rf"Processed {RECORDS} records in [\d.]+s\nThroughput: [\d.]+ records/sec\n", told), (
        told
    )


async def test_the_batch_example_calculates_emissions() -> None:
    emissions_records = [{"kwh": number} for number in range(1_000)]

    async def calculate_emissions(record: dict[str, int]) -> float:
        return record["kwh"] * KG_PER_KWH

    processor = AsyncBatchProcessor(config=LARGE_BATCH_CONFIG)
    results, stats = await processor.process_batch(
        records=emissions_records,
        processor=calculate_emissions,
        batch_id="BATCH-20251109"
    )  # fmt: skip

    assert results == [record["kwh"] * KG_PER_KWH for record in emissions_records]
    assert stats.processed_records == 1_000


async def test_each_processor_gives_what_the_others_give() -> None:
    records = list(range(-350, 350))
    wanted = [abs(record) for record in records]
    streamed: list[int] = []
    with ParallelBatchProcessor(SMALL_BATCH_CONFIG) as parallel:
        in_processes, _ = await parallel.process_batch(records, abs)
    await StreamingBatchProcessor(SMALL_BATCH_CONFIG).process_stream(records, abs, streamed.extend)
    assert in_processes == streamed == await process_in_batches(records, abs, 100, 10) == wanted


async def test_the_size_of_batches_is_found_while_work_goes_on() -> None:
    optimizer = BatchSizeOptimizer(1_000, 100, 10_000)
    processor = AsyncBatchProcessor(BatchConfig(optimizer=optimizer, max_concurrent_batches=1))
    results, stats = await processor.process_batch(range(30_000), list, of_batches=True)
    assert [result for result in results if isinstance(result, Failed)] == []
    assert results == list(range(30_000))
    assert optimizer.decisions > 0
    assert max(stats.batch_sizes) <= 10_000
