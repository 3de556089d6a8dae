"""Runs the check: `python -m tests.coherence.check --runs 50 --planted`.

A run has a seed, from which its faults follow: which messages are lost, come twice or late, when Valkey is
frozen, killed or flaps, when a process stands still, when connections that listen are cut.
"""

import argparse
import asyncio
import json
import math
import os
import shutil
import signal
import sys
import tempfile
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from redis.asyncio import Redis
from tests.coherence.faults import PLANTED, SHOWN_BY
from tests.support.valkey import StoppableValkey

from vcci.database import embedded
from vcci.database.migrate import migrate

ROOT = Path(__file__).parents[2]
NODES, BOUND_SECONDS, RUN_SECONDS = 3, 0.5, 3.0
MESSAGES = ([0.0, 0.1, 0.4, 0.9], [0.0, 0.1, 0.4], [0.0, 0.1, 0.4])
"""How likely a message is lost, comes twice, or late: one of each for a run."""

MOST_RUNS = 20
"""A planted mistake has to show in one of so many runs."""
TABLE = """
    CREATE TABLE IF NOT EXISTS coherence_truth (
        tenant_id uuid, key text, version bigint, PRIMARY KEY (tenant_id, key)
    );
    GRANT ALL ON coherence_truth TO vcci_app, vcci_loader;
"""
ANEW = """
    UPDATE coherence_truth SET version = 0;
    UPDATE vcci.announced SET number = 0;
    DELETE FROM vcci.outdated_groups;
"""
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query IN ('SELECT number FROM vcci.announced', 'SELECT')
    AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the reads that were older than the bound, by how much at most, and counts.

    `failed` reads got an error, `loads` asked the truth: a cache that refuses or loads every time is never
    outdated, and of no use.
    """

    seed: int
    outdated: int
    worst_s: float
    reads: int
    failed: int
    loads: int
    writes: int

    @property
    def is_of_use(self) -> bool:
        """Say whether most reads were answered, and most answers were not loaded for them."""
        return self.failed < self.reads and self.loads < self.reads / 2 and self.writes > 0


@dataclass(frozen=True)
class Place:
    """The servers of the check."""

    url: str
    valkey: StoppableValkey
    owners: list[UUID]


async def run(place: Place, seed: int, *, planted: str = "") -> Outcome:
    """Run the nodes once with the faults of a seed, and judge every read."""
    await _begin_anew(place)
    chooser = Random(seed)
    ends_s = monotonic() + RUN_SECONDS + 1.0
    shape = {
        "bound_s": BOUND_SECONDS,
        "planted": planted,
        "database": place.url,
        "redis": place.valkey.url,
        "owners": [str(owner) for owner in place.owners],
        "keys": ["0", "1", "2", "3"],
        "messages": [chooser.choice(chances) for chances in MESSAGES],
        "slow_loads": chooser.choice([0.0, 0.02, 0.1, 0.2]),
        "write_pause_s": chooser.choice([0.3, 1.0]),
        "failing_loads": chooser.choice([0.0, 0.1, 0.3]),
        "ends_s": ends_s,
    } | SHOWN_BY.get(planted, {})
    nodes = [await _started(shape | {"seed": seed * 100 + number}) for number in range(NODES)]
    disturbing = asyncio.create_task(_disturb(place, nodes, chooser, ends_s=ends_s))
    outputs = await asyncio.gather(*(node.communicate() for node in nodes))
    await disturbing
    failed = [
        error.decode()[-2000:] for (_, error), node in zip(outputs, nodes, strict=True) if node.returncode
    ]
    if failed:
        raise RuntimeError(failed[0])
    return judged(seed, [tuple(line) for output, _ in outputs for line in json.loads(output)])


def judged(seed: int, log: list[tuple[Any, ...]]) -> Outcome:
    """Return how many reads began more than the bound after a newer version was certainly there.

    A version was there once anybody has seen it, or a later one, in whatever way. So nothing depends on the
    writer's own note, which comes late from one that stood still, and never from one whose commit was cut.
    """
    seen: defaultdict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for kind, owner, key, version, _, ended_s in log:
        if kind != "failed":
            seen[owner, key].append((version, ended_s))
    there_by = {key: _earliest(times) for key, times in seen.items()}
    late = []
    for kind, owner, key, version, began_s, _ in log:
        versions, times_s = there_by.get((owner, key), ([], []))
        place = bisect_right(versions, version) if kind == "read" else len(versions)
        if place < len(versions) and began_s - times_s[place] > BOUND_SECONDS:
            late.append(began_s - times_s[place])
    counts = Counter(kind for kind, *_ in log)
    kinds = [counts[kind] for kind in ("read", "failed", "load", "write")]
    return Outcome(seed, len(late), max(late, default=0.0), *kinds)


def summed(outcomes: list[Outcome]) -> Outcome:
    """Return what came of runs together."""
    names = ("outdated", "reads", "failed", "loads", "writes")
    counts = {name: sum(getattr(one, name) for one in outcomes) for name in names}
    return Outcome(0, worst_s=max((one.worst_s for one in outcomes), default=0.0), **counts)


def _earliest(seen: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    """Return the versions in their order, and for each by when it or a later one had been seen."""
    versions, times_s, earliest_s = list[int](), list[float](), math.inf
    for version, time_s in sorted(seen, reverse=True):
        earliest_s = min(earliest_s, time_s)
        versions.append(version)
        times_s.append(earliest_s)
    return versions[::-1], times_s[::-1]


async def _begin_anew(place: Place) -> None:
    """Let a run find nothing of those before, so that it shows what its seed makes it show."""
    async with Redis.from_url(place.valkey.url) as redis:
        await redis.flushall()
    connection = await asyncpg.connect(place.url)
    await connection.execute(ANEW)
    await connection.close()


async def _started(told: dict[str, Any]) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.coherence.node", json.dumps(told)]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)


async def _disturb(place: Place, nodes: list[Any], chooser: Random, *, ends_s: float) -> None:
    """Let one thing after the other go wrong, until shortly before the end; then all is well again."""
    await asyncio.sleep(0.6)
    while monotonic() < ends_s - 0.6:
        what = chooser.choice(["freeze", "kill", "flap", "pause", "cut", "nothing"])
        lasts_s = chooser.uniform(0.1, 1.0)
        await _DISTURBANCES[what](place, chooser.choice(nodes), lasts_s)
        await asyncio.sleep(chooser.uniform(0.05, 0.3))


async def _freeze(place: Place, _: Any, lasts_s: float) -> None:
    place.valkey.freeze()
    await asyncio.sleep(lasts_s)
    place.valkey.thaw()


async def _kill(place: Place, _: Any, lasts_s: float) -> None:
    place.valkey.kill()
    await asyncio.sleep(lasts_s)
    await asyncio.to_thread(place.valkey.restart)


async def _flap(place: Place, node: Any, lasts_s: float) -> None:
    for _ in range(4):
        await _freeze(place, node, lasts_s / 8)
        await asyncio.sleep(lasts_s / 8)


async def _pause(_: Place, node: Any, lasts_s: float) -> None:
    with suppress(ProcessLookupError):
        os.kill(node.pid, signal.SIGSTOP)
        await asyncio.sleep(lasts_s)
        os.kill(node.pid, signal.SIGCONT)


async def _cut(place: Place, _: Any, lasts_s: float) -> None:
    connection = await asyncpg.connect(place.url)
    await connection.execute(CUT)
    await connection.close()
    await asyncio.sleep(lasts_s / 4)


async def _nothing(_: Place, __: Any, lasts_s: float) -> None:
    await asyncio.sleep(lasts_s / 2)


_DISTURBANCES = {
    "freeze": _freeze, "kill": _kill, "flap": _flap, "pause": _pause, "cut": _cut, "nothing": _nothing
}  # fmt: skip


@asynccontextmanager
async def place_over(url: str) -> AsyncIterator[Place]:
    """Give the servers of the check over a migrated database."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    owners = [uuid4(), uuid4()]
    for owner in owners:
        await connection.execute("INSERT INTO vcci.tenants VALUES ($1, $2, '')", owner, str(owner))
        rows = [(owner, str(key), 0) for key in range(4)]
        await connection.executemany("INSERT INTO coherence_truth VALUES ($1, $2, $3)", rows)
    await connection.close()
    valkey = StoppableValkey()
    try:
        yield Place(url, valkey, owners)
    finally:
        valkey.end()


async def found(place: Place, planted: str, *, seeds: range) -> Outcome | None:
    """Return the first run in which a planted mistake shows, None if in none of them."""
    for seed in seeds:
        outcome = await run(place, seed, planted=planted)
        if outcome.outdated:
            return outcome
    return None


async def check(url: str, *, runs: int, is_planted: bool) -> bool:
    """Run over a server's database, print what came of it, and say whether all is well."""
    await migrate(url)
    async with place_over(url) as place:
        all_runs = summed([await run(place, seed) for seed in range(1, runs + 1)])
        print(f"{runs} runs, {NODES} processes, {all_runs.reads:,} reads, {all_runs.writes:,} writes")
        print(f"reads that failed: {all_runs.failed:,}, loads: {all_runs.loads:,}")
        print(f"reads older than {BOUND_SECONDS:g} s: {all_runs.outdated}")
        missed = []
        for name in PLANTED if is_planted else ():
            one = await found(place, name, seeds=range(1, MOST_RUNS + 1))
            missed += [] if one else [name]
            print(f"  {name:32} {f'found in run {one.seed}, {one.outdated} reads' if one else 'MISSED'}")
    return all_runs.is_of_use and not (all_runs.outdated or missed)


def main() -> None:
    """Run what is asked for; exit 1 if a read was too old, the cache of no use, or a mistake not found."""
    parser = argparse.ArgumentParser(description="Checks the bound of the caches.")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--planted", action="store_true", help="Plant each of ten mistakes, too.")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vcci-coherence-"))
    folder.chmod(0o755)
    try:
        url = embedded.start(folder).url
        is_well = asyncio.run(check(url, runs=asked.runs, is_planted=asked.planted))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
