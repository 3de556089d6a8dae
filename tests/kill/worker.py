"""A worker that also knows small jobs: `python -m tests.kill.worker SLOTS`. What is refused it says."""

import asyncio
import random
import sys
from typing import Any

from vcci import settings
from vcci.database.job_chunks import Chunk, JobLostError, done_chunks
from vcci.runtime.job_at_work import JobAtWork
from vcci.runtime.job_kinds import KINDS
from vcci.runtime.worker_process import work_until_stopped

SMALL = "small"
STEPS = 3
LONGEST_STEP_S = 0.25
EFFECT = "INSERT INTO effects (job_id, step) VALUES ($1, $2)"
EFFECTS = "CREATE TABLE effects (job_id uuid, step int); GRANT INSERT, SELECT ON effects TO vcci_loader"


async def small(at: JobAtWork) -> dict[str, Any]:
    """Have three effects, each in a chunk of its own; they take a moment in which much may happen."""
    async with at.writing() as tx:
        done = await done_chunks(tx, at.held)
    for step in range(STEPS):
        if ("step", step) in done:
            continue
        try:
            async with at.writing() as tx:
                await tx.execute(EFFECT, at.job.id, step)
                await asyncio.sleep(random.uniform(0, LONGEST_STEP_S))
                await at.finish(tx, Chunk("step", step))
        except JobLostError:
            print("refused", flush=True)
            raise
    return {"steps": STEPS}


def said(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    kinds = {**KINDS, SMALL: small}
    asyncio.run(work_until_stopped(settings.load(), slots=int(sys.argv[1]), kinds=kinds, say=said))
