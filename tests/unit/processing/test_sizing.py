"""The batch size finds where a record costs least, on a server of known capacity, and stays in bounds."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean

import pytest

from vcci.errors import ConfigurationError
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batches import AsyncBatchProcessor
from vcci.processing.sizing import BatchSizeOptimizer, SizeRule, SizeState, decided
from vcci.processing.streaming import StreamingBatchProcessor

RULE = SizeRule()
SIZES = range(100, 10_001, 10)


@dataclass
class Server:
    """Takes 50 ms a call and 1 ms a record; above its capacity a record takes more the more there are."""

    capacity: int
    slowness: float = 1.0
    now_s: float = 0.0

    def seconds(self, size: int) -> float:
        over = max(0, size - self.capacity)
        return self.slowness * (0.05 + 0.001 * size + 0.004 * over * over / self.capacity)

    def record_s(self, size: int) -> float:
        return self.seconds(size) / size

    def work(self, records: list[int]) -> list[int]:
        self.now_s += self.seconds(len(records))
        return records

    @property
    def best(self) -> int:
        return min(SIZES, key=self.record_s)

    def clock(self) -> float:
        return self.now_s


def noisy(noise: random.Random) -> float:
    return max(0.5, noise.gauss(1, 0.1)) * (10 if noise.random() < 0.05 else 1)


def driven(
    optimizer: BatchSizeOptimizer, server: Server, decisions: int, *, noise: random.Random | None = None
) -> list[int]:
    """Return the sizes after each decision; noise is of 10 %, and one call in twenty takes ten times."""

    def sizes() -> Iterator[int]:
        until = optimizer.decisions + decisions
        while optimizer.decisions < until:
            factor = (
                1.0 if noise is None else max(0.5, noise.gauss(1, 0.1)) * (10 if noise.random() < 0.05 else 1)
            )
            before = optimizer.decisions
            optimizer.observe(optimizer.size, server.seconds(optimizer.size) * factor)
            if optimizer.decisions > before:
                yield optimizer.size

    return list(sizes())


def near(server: Server) -> tuple[float, float]:
    """Three shrinkings below where a record takes a fifth more than at best, up to steps beyond that."""
    worse = max(size for size in SIZES if server.record_s(size) <= 1.2 * server.record_s(server.best))
    return 0.8**3 * worse, worse * 1.1 + 2 * RULE.step


@pytest.mark.parametrize("capacity", [500, 1_000, 3_000, 6_000])
@pytest.mark.parametrize("initial", [100, 1_000, 10_000])
def test_size_settles_near_the_best_within_the_decisions_that_the_range_takes(
    capacity: int, initial: int
) -> None:
    server = Server(capacity)
    optimizer = BatchSizeOptimizer(initial)
    driven(optimizer, server, RULE.most_decisions)
    least, most = near(server)
    settled = driven(optimizer, server, 200)
    assert (least <= min(settled), max(settled) <= most) == (True, True), (server.best, settled)
    most_ratio = 1.3 if capacity == 500 else 1.15
    assert mean(server.record_s(size) for size in settled) <= most_ratio * server.record_s(server.best)


@pytest.mark.parametrize(("before", "after"), [(6_000, 1_000), (1_000, 6_000)])
def test_size_follows_a_step_of_capacity_within_the_decisions_that_the_range_takes(
    before: int, after: int
) -> None:
    optimizer = BatchSizeOptimizer()
    driven(optimizer, Server(before), 100)
    server = Server(after)
    driven(optimizer, server, RULE.most_decisions)
    least, most = near(server)
    assert all(least <= size <= most for size in driven(optimizer, server, 100))


def test_a_server_that_became_slower_for_every_size_does_not_shrink_it_to_the_least() -> None:
    optimizer, server = BatchSizeOptimizer(), Server(3_000)
    driven(optimizer, server, 100)
    server.slowness = 3.0
    sizes = driven(optimizer, server, 100)
    least, most = near(server)
    assert (0.8 * least <= min(sizes), max(sizes) <= most) == (True, True)


@pytest.mark.parametrize("seed", range(10))
def test_noise_does_not_mislead_the_size(seed: int) -> None:
    optimizer, server = BatchSizeOptimizer(), Server(3_000)
    noise = random.Random(seed)
    driven(optimizer, server, RULE.most_decisions, noise=noise)
    least, most = near(server)
    sizes = driven(optimizer, server, 300, noise=noise)
    assert sum(least <= size <= most for size in sizes) >= 0.8 * len(sizes)
    assert mean(server.record_s(size) for size in sizes) <= 1.1 * server.record_s(server.best)


@pytest.mark.parametrize("seed", range(5))
def test_sizes_never_leave_their_bounds_whatever_is_observed(seed: int) -> None:
    chance = random.Random(seed)
    optimizer = BatchSizeOptimizer(50, min_size=150, max_size=900)
    seen = [optimizer.size]
    for number in range(5_000):
        kind = number // 500 % 3
        seconds = optimizer.size * (1.0, chance.random(), 1.0)[kind]
        optimizer.observe(optimizer.size, seconds, has_failed=kind == 2)
        seen.append(optimizer.size)
    assert (seen[0], min(seen), max(seen)) == (150, 150, 900)


def test_a_call_that_failed_shrinks_the_size_at_once() -> None:
    optimizer = BatchSizeOptimizer(1_000)
    optimizer.observe(1_000, 1.0, has_failed=True)
    assert optimizer.size == 800


def test_what_is_observed_of_another_size_decides_nothing() -> None:
    optimizer = BatchSizeOptimizer(1_000)
    for _ in range(100):
        optimizer.observe(999, 1_000.0, has_failed=True)
    assert (optimizer.size, optimizer.decisions) == (1_000, 0)


def test_a_size_that_shrank_shrinks_on_while_that_helps() -> None:
    shrunk = SizeState(800, before_s=2.0)
    assert decided(shrunk, 1.0, rule=RULE) == SizeState(640, before_s=1.0)
    assert decided(shrunk, 1.99, rule=RULE) == SizeState(1_000, reference_s=1.99)


def test_bounds_that_contradict_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="leave nothing to choose"):
        BatchSizeOptimizer(min_size=200, max_size=100)


async def test_an_asynchronous_processor_finds_the_size_by_its_config() -> None:
    server = Server(500)
    optimizer = BatchSizeOptimizer(100, 100, 5_000)
    config = BatchConfig(max_concurrent_batches=1, optimizer=optimizer)
    results, stats = await AsyncBatchProcessor(config, clock=server.clock).process_batch(
        range(200_000), server.work, of_batches=True
    )
    assert results == list(range(200_000))
    assert 0.6 * server.best <= optimizer.size <= 1.5 * server.best + 100
    assert min(stats.batch_sizes) >= 1
    assert max(stats.batch_sizes) <= 1.5 * server.best + 100


async def test_a_stream_finds_the_size_by_its_config() -> None:
    server = Server(500)
    optimizer = BatchSizeOptimizer(100, 100, 5_000)
    config = BatchConfig(max_concurrent_batches=1, optimizer=optimizer)
    processor = StreamingBatchProcessor(config, clock=server.clock)
    await processor.process_stream(iter(range(200_000)), server.work, of_batches=True)
    assert 0.6 * server.best <= optimizer.size <= 1.5 * server.best + 100


async def test_a_service_that_refuses_makes_batches_smaller() -> None:
    async def full(records: list[int]) -> list[int]:
        if len(records) > 300:
            raise ConnectionError("too many at once")
        return records

    optimizer = BatchSizeOptimizer(1_000)
    config = BatchConfig(max_concurrent_batches=1, optimizer=optimizer, first_wait_s=0.0, max_retries=0)
    results, stats = await AsyncBatchProcessor(config).process_batch(range(20_000), full, of_batches=True)
    assert (results, stats.failed_records) == (list(range(20_000)), 0)
    assert max(size for size in stats.batch_sizes) == 1_000
    assert optimizer.size < 1_000
