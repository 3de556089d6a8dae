"""Small jobs while workers are killed and stopped: each effect once, stale writes refused, none stuck."""

import asyncio
import random
import signal
import time
from dataclasses import dataclass

from tests.kill.imports import is_over
from tests.kill.worker import EFFECTS, SMALL, STEPS
from tests.kill.world import Worker, World, working_world
from tests.support.database import execute

STOPPED_S = (3.5, 6.0)
"""A worker that was stopped is woken after its leases have run out."""

WRONG = f"""
    SELECT count(*) FILTER (WHERE n <> 1) AS doubled, count(DISTINCT job_id) AS jobs, sum(n) AS effects,
        {STEPS} * (SELECT count(*) FROM vcci.jobs) AS expected
    FROM (SELECT job_id, step, count(*) AS n FROM effects GROUP BY 1, 2) e
"""
STATES = "SELECT state, count(*) AS n, sum(attempts) AS attempts FROM vcci.jobs GROUP BY 1"


@dataclass
class JobsReport:
    """What the series came to."""

    seed: int
    jobs: int
    killed: int = 0
    stopped: int = 0
    refused: int = 0
    attempts: int = 0
    seconds: float = 0.0
    faults: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the report for people."""
        return [
            f"seed {self.seed}: {self.jobs} jobs, {self.killed} workers killed, {self.stopped} stopped and"
            f" woken, {self.seconds:.0f} s",
            f"  {self.attempts} attempts, {self.refused} stale writes refused",
            *(f"  FAULT {fault}" for fault in self.faults or ["none"]),
        ]


async def jobs_series(*, jobs: int, workers: int, disturbed_s: float, seed: int) -> JobsReport:
    """Do small jobs, and disturb a worker each second: killed, or stopped and woken too late."""
    report, chooser = JobsReport(seed, jobs), random.Random(seed)
    async with working_world(1) as world:
        await execute(world.url, EFFECTS)
        world.start_workers(workers, slots=2)
        await world.until_workers_work()
        began_s = time.monotonic()
        await queue_evenly(world, jobs, disturbed_s, report, chooser)
        report.faults = tuple(await faults_of(world, report))
        report.seconds = time.monotonic() - began_s
        codes = [code for code in world.end_workers() if code]
        report.faults += tuple(f"exit {code}" for code in codes)
    return report


async def queue_evenly(
    world: World, jobs: int, seconds: float, report: JobsReport, chooser: random.Random
) -> None:
    """Queue the jobs over the time of the disturbance, so that there is always something to disturb."""
    waking: list[asyncio.Task[None]] = []
    for second in range(round(seconds)):
        began_s = time.monotonic()
        share = jobs * (second + 1) // round(seconds) - jobs * second // round(seconds)
        await world.queue("many", SMALL, {}, count=share, priority=second % 2)
        await asyncio.sleep(max(0.0, chooser.uniform(0.2, 0.8)))
        awake = [worker for worker in world.workers if worker.process.poll() is None]
        victim = chooser.choice(awake)
        if second % 2:
            victim.signal(signal.SIGKILL)
            report.killed += 1
        else:
            victim.signal(signal.SIGSTOP)
            report.stopped += 1
            waking.append(asyncio.create_task(wake(victim, chooser.uniform(*STOPPED_S))))
        await asyncio.sleep(max(0.0, began_s + 1 - time.monotonic()))
        world.revive()
    await asyncio.gather(*waking)


async def wake(worker: Worker, after_s: float) -> None:
    await asyncio.sleep(after_s)
    worker.signal(signal.SIGCONT)


async def faults_of(world: World, report: JobsReport) -> list[str]:
    """Wait until no job is open, and count."""
    for _ in range(1_200):
        states = {row["state"]: row for row in await world.ask(STATES)}
        if all(is_over({"state": state}) for state in states):
            break
        world.revive()
        await asyncio.sleep(0.1)
    report.attempts = sum(row["attempts"] for row in states.values())
    report.refused = sum(worker.refusals for worker in world.workers)
    faults = [f"{row['n']} jobs are {state}" for state, row in states.items() if state != "completed"]
    (row,) = await world.ask(WRONG)
    if row["doubled"]:
        faults.append(f"{row['doubled']} effects came twice")
    if row["effects"] != row["expected"] or row["jobs"] != report.jobs:
        faults.append(f"{row['effects']} effects of {row['jobs']} jobs, should be {row['expected']}")
    return faults
