"""Imports whose processes or database are killed: nothing lost, nothing doubled, soon taken up again."""

import asyncio
import hashlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.kill.books import books_of, stray_tables
from tests.kill.world import Worker, World, working_world

from vcci.concurrency import failpoints
from vcci.database import embedded

KILLS_OF_ONE = 6
"""Kills of one import, before the next begins."""

PATIENCE_S = 90.0
POINTS = failpoints.NAMES[:-1]
"""After the end there is nothing to go on with."""


@dataclass
class Report:
    """What a series came to; `resumed_s` are the seconds from each kill to the next claim."""

    seed: int
    imports: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    resumed_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        """Return how often something was killed."""
        return sum(self.kills.values())

    def count(self, what: str) -> None:
        """Count a kill."""
        self.kills[what] = self.kills.get(what, 0) + 1

    def lines(self) -> list[str]:
        """Return the report for people."""
        longest = max(self.resumed_s, default=0.0)
        middle = sorted(self.resumed_s)[len(self.resumed_s) // 2] if self.resumed_s else 0.0
        return [
            f"seed {self.seed}: {self.killed} kills in {self.imports} imports, {self.seconds:.0f} s",
            f"  kills: {', '.join(f'{name} {count}' for name, count in sorted(self.kills.items()))}",
            f"  taken up again after {middle:.2f} s (median), {longest:.2f} s (longest)",
            *(f"  FAULT {fault}" for fault in self.faults or ["none"]),
        ]


Deed = Callable[["Series", UUID], Awaitable[str]]
"""Kills something while a job is under way, and says what; empty where the job was over before."""


@dataclass
class Series:
    """A series of kills over imports of one ledger."""

    world: World
    chooser: random.Random
    report: Report
    expected: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Run the ledger once undisturbed."""
        self.files = files_of(self.world.clean_run("clean"))

    async def run(self, deed: Deed, *, kills: int, jobs_at_once: int = 1) -> None:
        """Kill that often, over as many imports as it takes, and compare each with the clean one."""
        began_s = time.monotonic()
        self.expected = await books_of(self.world.url, "clean")
        while self.report.killed < kills:
            tenant = f"import-{self.report.imports}"
            jobs = [await self.world.queue_import(tenant) for _ in range(jobs_at_once)]
            for _ in range(min(KILLS_OF_ONE, kills - self.report.killed)):
                await self._kill(deed, jobs[0])
            await self._compare(tenant, jobs)
            self.report.imports += 1
        if strays := await stray_tables(self.world.url):
            self.report.faults.append(f"{strays} tables are no run's")
        self.report.seconds += time.monotonic() - began_s

    async def _kill(self, deed: Deed, job_id: UUID) -> None:
        if not await self._has_moved_on(job_id):
            return
        before = await self.world.job(job_id)
        what = await deed(self, job_id)
        if not what:
            return
        self.report.count(what)
        killed_s = time.monotonic()
        after = await self.world.job(job_id)
        while not is_over(after) and after["fence"] <= before["fence"]:
            self.world.revive()
            if time.monotonic() - killed_s > PATIENCE_S:
                self.report.faults.append(f"job {job_id} was not taken up again after {what}")
                return
            await asyncio.sleep(0.05)
            after = await self.world.job(job_id)
        if not is_over(after):
            self.report.resumed_s.append(time.monotonic() - killed_s)
        self.world.revive()

    async def _has_moved_on(self, job_id: UUID) -> bool:
        """Wait until the job is held and has finished a chunk since it died last; false where it is over.

        Three deaths in a row would rightly be given up, and one deed may be two.
        """
        for _ in range(int(PATIENCE_S / 0.05)):
            job = await self.world.job(job_id)
            if is_over(job):
                return False
            if job["state"] == "running" and not job["deaths"] and not job["losses"]:
                return True
            await asyncio.sleep(0.05)
        self.report.faults.append(f"job {job_id} stands still: {job['state']}, {job['deaths']} deaths")
        return False

    async def _compare(self, tenant: str, jobs: list[UUID]) -> None:
        """Wait for the end, and hold all that it left against the clean run."""
        for job_id in jobs:
            job = await self._ended(job_id)
            if job["state"] != "completed":
                self.report.faults.append(f"{tenant}: {job['state']}, {job['outcome']}")
                continue
            found = files_of(self.world.folder / "results" / str(job_id))
            wrong = sorted(name for name in found | self.files if found.get(name) != self.files.get(name))
            self.report.faults += [f"{tenant}: file {name} differs" for name in wrong]
        found = await books_of(self.world.url, tenant)
        wrong = sorted(name for name in self.expected if found[name] != self.expected[name])
        self.report.faults += [f"{tenant}: {name} is {found[name]}" for name in wrong]

    async def _ended(self, job_id: UUID) -> Any:
        for _ in range(int(4 * PATIENCE_S / 0.1)):
            self.world.revive()
            job = await self.world.job(job_id)
            if is_over(job):
                return job
            await asyncio.sleep(0.1)
        return job


def is_over(job: Any) -> bool:
    """Say whether a job is over."""
    return job["state"] in ("completed", "failed", "cancelled")


def files_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a folder."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}


async def kill_at_failpoint(series: Series, job_id: UUID) -> str:
    """Let a process of the job kill itself at a place that is drawn."""
    place = series.chooser.choice(POINTS)
    mark = series.world.arm(place)
    if place == "after_lease":  # a job comes there only when it is claimed
        await kill_holder(series, job_id)
    while mark.exists():
        series.world.revive()
        if is_over(await series.world.job(job_id)):
            mark.unlink(missing_ok=True)
            return ""
        await asyncio.sleep(0.02)
    return place


async def kill_at_random(series: Series, job_id: UUID) -> str:
    """Kill the worker, or the process that it has started, at a moment that is drawn."""
    await asyncio.sleep(series.chooser.uniform(0, 2))
    if is_over(await series.world.job(job_id)):
        return ""
    return await kill_holder(series, job_id)


async def kill_holder(series: Series, job_id: UUID) -> str:
    """Kill who holds the job: its worker, or that one's process."""
    job = await series.world.job(job_id)
    worker = holder_of(series.world, job)
    if job["state"] != "running" or worker is None:
        return ""
    children = worker.children()
    if children and series.chooser.random() < 0.5:
        with suppress(ProcessLookupError):
            os.kill(children[0], signal.SIGKILL)
        return "process"
    worker.signal(signal.SIGKILL)
    worker.process.wait()
    return "worker"


async def kill_server(series: Series, job_id: UUID) -> str:
    """Kill the postmaster at a moment that is drawn."""
    await asyncio.sleep(series.chooser.uniform(0, 4))
    if is_over(await series.world.job(job_id)):
        return ""
    pid = embedded.status(series.world.folder).pid
    if pid is None:
        return ""
    os.kill(pid, signal.SIGKILL)
    return "postmaster"


def holder_of(world: World, job: Any) -> Worker | None:
    """Return the worker that holds a job."""
    return next((one for one in world.workers if one.worker_id == str(job["worker_id"])), None)


async def import_series(*, rows: int, kills: int, seed: int) -> Report:
    """Kill processes of an import, half at failpoints and half at moments that are drawn."""
    async with working_world(rows) as world:
        series = Series(world, random.Random(seed), Report(seed))
        await asyncio.to_thread(series.begin)
        world.start_workers(2)
        await world.until_workers_work()
        await series.run(kill_at_failpoint, kills=kills // 2)
        await series.run(kill_at_random, kills=kills)
        series.report.faults += [f"exit {code}" for code in world.end_workers() if code]
    return series.report


async def race_series(*, rows: int, kills: int, seed: int) -> Report:
    """Kill while two workers race for the same ledger, each with a job of its own."""
    async with working_world(rows) as world:
        series = Series(world, random.Random(seed), Report(seed))
        await asyncio.to_thread(series.begin)
        world.start_workers(2)
        await world.until_workers_work()

        async def either(series: Series, job_id: UUID) -> str:
            deed = series.chooser.choice([kill_at_failpoint, kill_at_random])
            return await deed(series, job_id)

        await series.run(either, kills=kills, jobs_at_once=2)
        series.report.faults += [f"exit {code}" for code in world.end_workers() if code]
    return series.report


async def server_series(*, rows: int, kills: int, seed: int) -> Report:
    """Kill the postmaster under an import; a worker starts it again."""
    async with working_world(rows) as world:
        series = Series(world, random.Random(seed), Report(seed))
        await asyncio.to_thread(series.begin)
        world.start_workers(2, owns_server=True)
        await world.until_workers_work()
        await series.run(kill_server, kills=kills)
        series.report.faults += [f"exit {code}" for code in world.end_workers() if code]
    return series.report
