"""A loop that stands still is seen."""

import asyncio
import time

import pytest

from vcci.monitoring.loop_lag import watched_loop
from vcci.monitoring.metrics import REGISTRY

NAME = "greenlang_event_loop_lag_seconds"


def looks(*, later_than_s: str = "") -> float:
    every = REGISTRY.get_sample_value(f"{NAME}_count") or 0.0
    soon = REGISTRY.get_sample_value(f"{NAME}_bucket", {"le": later_than_s}) if later_than_s else 0.0
    return every - (soon or 0.0)


async def test_a_loop_that_stood_still_is_seen_with_how_long_it_did() -> None:
    late, looked = looks(later_than_s="0.2"), asyncio.Semaphore(0)
    async with watched_loop(interval_s=0.01, also=[looked.release]):
        await looked.acquire()
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - the loop stands still on purpose
        await looked.acquire()
    assert looks(later_than_s="0.2") - late >= 1


async def test_every_look_is_counted_and_what_else_is_to_be_read_is_read_each_time() -> None:
    before, read, reads = looks(), list[None](), asyncio.Semaphore(0)
    async with watched_loop(interval_s=0.001, also=[lambda: read.append(None), reads.release]):
        for _ in range(5):
            await reads.acquire()
    assert looks() - before == len(read) - 1 >= 4


async def test_nothing_is_measured_afterwards() -> None:
    async with watched_loop(interval_s=0.001):
        await asyncio.sleep(0.01)
    before = looks()
    await asyncio.sleep(0.02)
    assert looks() == before


async def test_a_reader_that_fails_is_told_of_at_the_end() -> None:
    pools = ["ours"]

    def failing() -> None:
        pools.pop()

    with pytest.raises(IndexError, match="empty list"):
        async with watched_loop(interval_s=0.001, also=[failing]):
            await asyncio.sleep(0.05)
