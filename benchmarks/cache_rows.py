"""What is measured of caches: hits, misses, stampedes, outdating, a frozen Redis, and how much is kept."""

import asyncio
import heapq
import os
import statistics
import subprocess
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import accumulate, count
from random import Random
from time import perf_counter
from typing import IO

from benchmarks.cache_ways import Kept, Opened, RawRedis, Truth, raw_redis, value_of
from benchmarks.record import ROOT
from benchmarks.rounds import Cost, Way, figure, in_turns, medians, once, over_ours, refuse_unless, spread
from tests.support.valkey import StoppableValkey

AT_ONCE = 64
KEYS = 1_000
"""Keys that are asked for in turn where all of them are kept."""

FROZEN_CALLS = 20
LOAD_SECONDS = 0.05
"""What loading a value takes that many ask for at once."""

UNITS = ("wall_us", "cpu_us")
Figures = dict[str, float]


@asynccontextmanager
async def opened(ways: Mapping[str, Opened], url: str, truth: Truth) -> AsyncIterator[dict[str, Kept]]:
    """Give all caches at once."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(way(url, truth)) for name, way in ways.items()}


async def filled(cache: Kept, keys: Sequence[str], *, version: int = 1) -> None:
    """Ask for every key, some at once, and make sure that the values are right."""

    async def one(number: int) -> None:
        key = keys[number]
        refuse_unless(await cache.get(key) == value_of(key, version), f"the value of {key} is wrong")

    await spread(len(keys), AT_ONCE, one)


def asking(get: Callable[[str], Awaitable[object]], keys: Sequence[str], *, at_once: int = 1) -> Way:
    """Return a way that asks for keys in turn, so many at once, and looks whose values come back."""

    async def one(number: int) -> None:
        key = keys[number % len(keys)]
        found = await get(key)
        if found["id"] != key:  # type: ignore[index]
            raise SystemExit(f"The measurement is void: {key} was asked for, {found} came.")

    async def way(times: int) -> None:
        await spread(times, at_once, one)

    return way


def asking_raw(raw: RawRedis, keys: Sequence[str], *, at_once: int) -> Way:
    """Return the same over a bare connection, so many in one write."""

    async def way(times: int) -> None:
        for start in range(0, times, at_once):
            wanted = [keys[n % len(keys)] for n in range(start, min(start + at_once, times))]
            found = await raw.get_many(wanted)
            if [one["id"] for one in found] != wanted:
                raise SystemExit("The measurement is void: other values came than were asked for.")

    return way


async def hits(ways: Mapping[str, Opened], url: str, row: str, *, rounds: int, seconds: float) -> Figures:
    """Measure what is kept near."""
    truth, keys = Truth(), [f"key-{number}" for number in range(KEYS)]
    async with opened(ways, url, truth) as caches:
        for cache in caches.values():
            await filled(cache, keys)
        loaded = truth.loads.total()
        turns = {name: asking(cache.get, keys) for name, cache in caches.items()}
        costs = await in_turns(turns, rounds=rounds, seconds=seconds)
        refuse_unless(truth.loads.total() == loaded, f"{row}: what was to be a hit was loaded")
    return medians(costs, row, units=["cpu_us"]) | over_ours(costs, row, unit="cpu_us")


async def shared_hits(ways: Mapping[str, Opened], url: str, *, rounds: int, seconds: float) -> Figures:
    """Measure what only Redis has, asked for one by one and many at once."""
    truth, keys = Truth(), [f"key-{number}" for number in range(KEYS)]
    figures: Figures = {}
    async with opened(ways, url, truth) as caches, raw_redis(url) as raw:
        for cache in caches.values():
            await filled(cache, keys)
        for key in keys:
            await raw.set(f"raw:{key}", value_of(f"raw:{key}"))
        loaded = truth.loads.total()
        for row, at_once in (("l2_hit", 1), (f"l2_hit_{AT_ONCE}_at_once", AT_ONCE)):
            turns = {name: asking(cache.get, keys, at_once=at_once) for name, cache in caches.items()}
            turns["raw_socket"] = asking_raw(raw, [f"raw:{key}" for key in keys], at_once=at_once)
            costs = await in_turns(turns, rounds=rounds, seconds=seconds, least=at_once)
            figures |= medians(costs, row, units=UNITS)
            for unit in ("wall", "cpu"):
                figures |= over_ours(costs, f"{row}_{unit}", unit=f"{unit}_us")
        refuse_unless(truth.loads.total() == loaded, "what was to be a hit was loaded")
    return figures


async def misses(ways: Mapping[str, Opened], url: str, row: str, *, rounds: int, seconds: float) -> Figures:
    """Measure loading and keeping; the loading itself is making up a value."""
    truth, numbers = Truth(), count()
    async with opened(ways, url, truth) as caches:

        def missing(cache: Kept) -> Way:
            async def way(times: int) -> None:
                before = truth.loads.total()
                for _ in range(times):
                    await cache.get(f"new-{next(numbers)}")
                refuse_unless(truth.loads.total() - before == times, f"{row}: a miss was no miss")

            return way

        turns = {name: missing(cache) for name, cache in caches.items()}
        costs = await in_turns(turns, rounds=rounds, seconds=seconds)
    return medians(costs, row, units=UNITS) | over_ours(costs, f"{row}_cpu", unit="cpu_us")


async def stampede(ways: Mapping[str, Opened], url: str, row: str, *, callers: int, rounds: int) -> Figures:
    """Measure many who ask at once for a value that nobody has, in one process."""
    truth = Truth(LOAD_SECONDS)
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    loads: dict[str, int] = dict.fromkeys(ways, 0)
    async with opened(ways, url, truth) as caches:
        for number in range(rounds):
            for name, cache in caches.items():
                key = f"cold-{name}-{number}"

                async def way(times: int, cache: Kept = cache, key: str = key) -> None:
                    found = await asyncio.gather(*(cache.get(key) for _ in range(times)))
                    refuse_unless(found == [value_of(key)] * times, "a caller got something else")

                costs[name].append(await once(way, callers))
                loads[name] = max(loads[name], truth.loads[key])
    row = f"{row}_of_{callers}"
    figures: Figures = {figure(name, f"{row}_loader_calls"): many for name, many in loads.items()}
    figures |= medians(costs, f"{row}_per_caller", units=["cpu_us"])
    return figures | over_ours(costs, f"{row}_cpu", unit="cpu_us")


@dataclass(frozen=True, slots=True)
class Process:
    """One of the processes that ask: it is told keys, and tells how often it has loaded each."""

    keys: IO[str]
    told: IO[str]

    def ask(self, key: str) -> None:
        """Let its callers ask for a key."""
        self.keys.write(f"{key}\n")
        self.keys.flush()


@contextmanager
def _process(name: str, url: str, *, callers: int) -> Iterator[Process]:
    command = [sys.executable, "-m", "benchmarks.cache_process", name, url, str(callers), str(LOAD_SECONDS)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Process(process.stdin, process.stdout)
        process.stdin.close()


def across_processes(names: Sequence[str], url: str, *, processes: int, callers: int, rounds: int) -> Figures:
    """Count how often a value is loaded that all callers of several processes ask for at once."""
    figures: Figures = {}
    for name in names:
        loads, right = _loads_across(name, url, processes=processes, callers=callers, rounds=rounds)
        row = f"cold_{processes}_processes_of_{callers}"
        figures[figure(name, f"{row}_loader_calls_median")] = statistics.median(loads)
        figures[figure(name, f"{row}_loader_calls_most")] = max(loads)
        figures[figure(name, f"{row}_right_answers_percent")] = 100 * right / (rounds * processes * callers)
    return figures


def _loads_across(name: str, url: str, *, processes: int, callers: int, rounds: int) -> tuple[list[int], int]:
    with ExitStack() as stack:
        workers = [stack.enter_context(_process(name, url, callers=callers)) for _ in range(processes)]
        for worker in workers:
            refuse_unless(worker.told.readline() == "ready\n", f"a process of {name} did not start")
        loads, right = [], 0
        for number in range(rounds):
            for worker in workers:
                worker.ask(f"{name}-across-{number}")
            told = [tuple(map(int, worker.told.readline().split())) for worker in workers]
            loads.append(sum(one[0] for one in told))
            right += sum(one[1] for one in told)
    return loads, right


async def outdating(ways: Mapping[str, Opened], url: str, *, entries: int, rounds: int) -> Figures:
    """Measure making all entries of a group outdated."""
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    keys = [f"grouped-{number}" for number in range(entries)]
    truth = Truth()
    async with opened(ways, url, truth) as caches:
        for number in range(1 + rounds):  # the first does not count: scripts are loaded in it
            for name, cache in caches.items():
                await filled(cache, keys, version=truth.version)

                async def way(_: int, cache: Kept = cache) -> None:
                    assert cache.outdate is not None
                    await cache.outdate()

                cost = await once(way, 1)
                costs[name] += [cost] if number else []
                truth.version += 1
                await filled(cache, keys[:: max(1, entries // 20)], version=truth.version)
                await cache.outdate()  # type: ignore[misc]
    row = f"outdate_{entries}"
    return medians(costs, row, units=UNITS) | over_ours(costs, f"{row}_wall", unit="wall_us")


async def frozen(name: str, way: Opened, server: StoppableValkey, *, most_s: float) -> Figures:
    """Measure how long callers wait, one after the other, while Redis stands still."""
    truth, figures = Truth(), Figures()
    async with way(server.url, truth) as cache:
        await cache.get("warm")
        server.freeze()
        started, answers = perf_counter(), 0
        try:
            async with asyncio.timeout(most_s):
                for number in range(FROZEN_CALLS):
                    key = f"frozen-{number}"
                    if await _tried(cache, key):
                        answers += 1
                        passed_ms = 1000 * (perf_counter() - started)
                        if answers in (1, FROZEN_CALLS):
                            figures[figure(name, f"frozen_answer_{answers}_ms")] = passed_ms
        except TimeoutError:
            pass
        finally:
            server.thaw()
    return {figure(name, f"frozen_answers_of_{FROZEN_CALLS}"): answers, **figures}


async def _tried(cache: Kept, key: str) -> bool:
    try:
        found = await cache.get(key)
    except asyncio.CancelledError:
        raise
    except Exception:
        return False
    return bool(found == value_of(key))


def trace_of(reads: int, keys: int, *, seed: int) -> list[str]:
    """Return keys as they are asked for: by Zipf's law (0.9), and now and then a scan of what is rare."""
    chooser = Random(seed)
    weights = list(accumulate(1 / rank**0.9 for rank in range(1, keys + 1)))
    scan, trace = max(1, keys // 20), list[str]()
    while len(trace) < reads:
        trace += [
            f"k{bisect_right(weights, chooser.random() * weights[-1])}" for _ in range(max(1, reads // 10))
        ]
        start = chooser.randrange(keys)
        trace += [f"k{(start + step) % keys}" for step in range(scan)]
    return trace[:reads]


async def hit_rates(ways: Mapping[str, Opened], url: str, *, trace: Sequence[str], most: int) -> Figures:
    """Measure what share of a trace a cache of so many entries answers, and what that costs."""
    figures: Figures = {"hit_rate_best_possible_percent": 100 * best_possible(trace, most)}
    for name, way in ways.items():
        truth = Truth()
        async with way(url, truth) as cache:
            cost = await once(asking(cache.get, trace), len(trace))
        figures[figure(name, "hit_rate_percent")] = 100 * (1 - truth.loads.total() / len(trace))
        figures[figure(name, "hit_rate_cpu_us")] = cost.cpu_us
    return figures


def best_possible(trace: Sequence[str], most: int) -> float:
    """Return the hit rate of who knows the future: what is asked for latest goes first (Belady)."""
    upcoming: list[int] = [0] * len(trace)
    seen: dict[str, int] = {}
    for place in range(len(trace) - 1, -1, -1):
        upcoming[place] = seen.get(trace[place], len(trace) + place)
        seen[trace[place]] = place
    kept: dict[str, int] = {}
    latest: list[tuple[int, str]] = []
    found = Counter[bool]()
    for place, key in enumerate(trace):
        found[key in kept] += 1
        kept[key] = upcoming[place]
        heapq.heappush(latest, (-upcoming[place], key))
        while len(kept) > most:
            when, gone = heapq.heappop(latest)
            if kept.get(gone) == -when:
                del kept[gone]
    return found[True] / len(trace)
