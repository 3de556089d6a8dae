"""A report's file in a process of its own: `python -m vcci.runtime.report_job`.

It takes its order and tells its steps as `ledger_job` does. A report is of one moment: an attempt that was
interrupted is not continued but begun again. Its file is written in a folder of the attempt, put under its
digest while the job's row is locked, and told in the transaction that ends the job: who finds the file's name
finds all of it, and a process that has lost the job puts nothing there.
"""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vcci import settings as all_settings
from vcci.concurrency.failpoints import failpoint
from vcci.database.connections import Connection, connected
from vcci.database.job_chunks import (
    Chunk,
    JobCancelledError,
    done_chunks,
    end_older_holders,
    finish_chunk,
)
from vcci.database.job_leases import HeldJob, end_job
from vcci.database.job_store import JobState
from vcci.database.line_export import snapshot
from vcci.database.tenants import Role, tenant_transaction
from vcci.errors import VcciError
from vcci.runtime.job_failures import files_refused
from vcci.runtime.job_files import JobFiles, digest_of
from vcci.runtime.job_lifeline import Lifeline
from vcci.runtime.ledgers import data_folder, database_url
from vcci.runtime.report_making import ReportMaking, Step, Written
from vcci.services.report_requests import ReportTask
from vcci.settings import Settings

OPENED: Final = "opened"
"""The job has a folder: what is left there is removed once the job is over for a week."""

FILE: Final = "file"
"""The last chunk: the file is there. Its row has the file's name, digest, size and rows."""

DRAFT: Final = "draft"
SECONDS_BETWEEN: Final = 0.25

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """The job that is held, and its task."""

    held: HeldJob
    task: ReportTask

    @classmethod
    def of(cls, line: bytes) -> "ReportOrder":
        """Return the order of a line."""
        told = json.loads(line)
        tenant_id, job_id, worker_id = (UUID(told[name]) for name in ("tenant_id", "job_id", "worker_id"))
        held = HeldJob(tenant_id, job_id, worker_id, told["fence"])
        return cls(held, ReportTask.model_validate(told["task"]))


def main() -> None:
    """Do one job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker is told to stop, and ends this process
    lifeline = Lifeline()
    order = ReportOrder.of(lifeline.order())
    say(outcome_of(all_settings.load(), order, step=telling(say, lifeline)))


def say(what: dict[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(what), flush=True)


def outcome_of(settings: Settings, order: ReportOrder, *, step: Step) -> dict[str, Any]:
    """Make a report's file, and return what became of it."""
    try:
        return {"outcome": asyncio.run(made(settings, order, step=step))}
    except VcciError as error:
        told = {"code": error.code, "what": error.what, "tried": list(error.tried), "remedy": error.remedy}
        return {"outcome": {"error": told}}
    except OSError as error:
        return {"outcome": {"error": files_refused(error).told()}}


async def made(settings: Settings, order: ReportOrder, *, step: Step) -> dict[str, Any]:
    """Make the file, end the job with it, and return the outcome.

    Raises what `ReportMaking.write` and `finish_chunk` do, and `OSError` for what the data folder refuses.
    """
    held, task = order.held, order.task
    files = JobFiles(data_folder(settings) / task.out, held.fence)
    async with connected(database_url(settings)) as connection:
        await end_older_holders(connection, held)
        await _open(connection, held)
        files.begin()
        try:
            draft = files.attempt / DRAFT
            failpoint("before_copy")
            async with snapshot(connection, held.tenant_id) as tx:
                making = ReportMaking(tx, held.tenant_id, task.request, step, task.chunk_rows)
                written = await making.write(draft)
            failpoint("after_copy")
            outcome = _outcome(task, written, draft)
            await _finish(connection, order, files, outcome=outcome)
        except BaseException:
            shutil.rmtree(files.attempt, ignore_errors=True)  # and no more: the next one has begun, perhaps
            raise
    files.clear()
    return outcome


async def _open(connection: Connection, held: HeldJob) -> None:
    async with tenant_transaction(connection, tenant_id=held.tenant_id, role=Role.LOADER) as tx:
        if (OPENED, 0) not in await done_chunks(tx, held):
            await finish_chunk(tx, held, Chunk(OPENED, 0))


def _outcome(task: ReportTask, written: Written, draft: Path) -> dict[str, Any]:
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    told = {
        "name": task.name,
        "sha256": digest_of(draft),
        "size_bytes": draft.stat().st_size,
        "rows": written.rows,
    }
    return {"file": told, "counts": {"rows": written.rows}, "total_mg_co2e": written.total_mg_co2e}


async def _finish(
    connection: Connection, order: ReportOrder, files: JobFiles, *, outcome: dict[str, Any]
) -> None:
    """Put the file in its place and end the job, in one transaction: the job's row stays locked meanwhile."""
    held, file = order.held, outcome["file"]
    async with tenant_transaction(connection, tenant_id=held.tenant_id, role=Role.LOADER) as tx:
        await finish_chunk(tx, held, Chunk(FILE, 0, file["rows"], told=file))
        _publish(files, file["sha256"])
        await end_job(tx, held, state=JobState.COMPLETED, outcome=outcome)
        failpoint("before_commit")
    failpoint("after_commit")


def _publish(files: JobFiles, digest: str) -> None:
    """Put the file under its digest; one of an earlier attempt that came no further is removed."""
    files.out.mkdir(parents=True, exist_ok=True)
    for older in files.out.iterdir():
        with suppress(OSError):
            older.unlink()
    (files.attempt / DRAFT).replace(files.out / digest)
    folder = os.open(files.out, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def telling(tell: Say, lifeline: Lifeline) -> Step:
    """Return what tells steps, not too many of them; a job that was called off ends there."""
    told_s, told_stage = 0.0, ""

    def step(stage: str, rows_done: int, rows: int | None) -> None:
        nonlocal told_s, told_stage
        if lifeline.is_called_off:
            raise JobCancelledError
        now_s = time.monotonic()
        if stage != told_stage or now_s - told_s >= SECONDS_BETWEEN:
            told_s, told_stage = now_s, stage
            tell({"stage": stage, "rows_done": rows_done, "rows": rows})

    return step


if __name__ == "__main__":
    main()
