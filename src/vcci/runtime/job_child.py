"""A job that is done in a process of its own: it is given its task, listened to, and ended with its job.

The process lives no longer than the pipe that it got its task by: when the worker is killed, it ends itself.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from vcci.concurrency import failpoints
from vcci.database.job_chunks import JobCancelledError, JobLostError
from vcci.database.tenants import tenant_slug
from vcci.monitoring.performance import get_performance_monitor
from vcci.runtime.job_at_work import JobAtWork
from vcci.runtime.job_failures import DIED, AttemptFailedError, Failure
from vcci.settings import as_environment

CHILD: Final = ("-m", "vcci.runtime.ledger_job")
REPORT_CHILD: Final = ("-m", "vcci.runtime.report_job")
VERIFY_CHILD: Final = ("-m", "vcci.runtime.verify_job")
METRIC: Final = "ledger"
REPORT_METRIC: Final = "report"
VERIFY_METRIC: Final = "verification"
LONGEST_LINE_BYTES: Final = 2**22
CALL_OFF: Final = b"cancel\n"


async def in_own_process(at: JobAtWork) -> dict[str, Any]:
    """Do a ledger's job by a process, and return the outcome that it tells.

    Raises `AttemptFailedError` for the failure that it tells, or its death; `JobLostError`,
    `JobCancelledError`.
    """
    return await _measured(at, CHILD, metric=METRIC)


async def report_in_own_process(at: JobAtWork) -> dict[str, Any]:
    """Do a report's job by a process; as `in_own_process`.

    Not in a thread: rows are turned into a file by Python, which would take turns with the loop that renews
    leases and answers requests; and what takes too much memory takes only itself down.
    """
    return await _measured(at, REPORT_CHILD, metric=REPORT_METRIC)


async def verification_in_own_process(at: JobAtWork) -> dict[str, Any]:
    """Verify a run by a process; as `in_own_process`."""
    return await _measured(at, VERIFY_CHILD, metric=VERIFY_METRIC)


async def _measured(at: JobAtWork, command: Sequence[str], *, metric: str) -> dict[str, Any]:
    with get_performance_monitor().metrics.track_batch(metric) as batch:
        outcome = await _outcome(at, command)
        batch.records = int(outcome.get("counts", {}).get("rows", 0))
    return outcome


async def _outcome(at: JobAtWork, command: Sequence[str]) -> dict[str, Any]:
    async with _started(at, command) as child:
        calling_off = asyncio.create_task(_call_off(at, child))
        try:
            told = await _last_word(at, child)
        except ValueError as error:  # it said what nobody understands
            raise AttemptFailedError(DIED) from error
        finally:
            calling_off.cancel()
    if told is None:
        raise AttemptFailedError(DIED)
    if "error" not in told["outcome"]:
        return dict(told["outcome"])
    raise _told_error(at, told["outcome"]["error"])


def _told_error(at: JobAtWork, error: dict[str, Any]) -> Exception:
    if error["code"] == JobLostError.code:
        return JobLostError(at.held)
    if error["code"] == JobCancelledError.code:
        return JobCancelledError()
    failure = Failure(error["code"], error["what"], error["remedy"], error["tried"])
    return AttemptFailedError(failure)


@asynccontextmanager
async def _started(at: JobAtWork, command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the process and give it its order; it is gone at the end, however this ends."""
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=await _environment(at),
            limit=LONGEST_LINE_BYTES,
        )
    except OSError as error:
        raise AttemptFailedError(DIED) from error
    try:
        held = at.held
        order = {
            "tenant_id": str(held.tenant_id),
            "job_id": str(held.job_id),
            "worker_id": str(held.worker_id),
            "fence": held.fence,
            "kind": at.job.kind,
            "task": at.job.task,
        }
        await _write(child, json.dumps(order).encode() + b"\n")
        yield child
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
        await child.wait()


async def _environment(at: JobAtWork) -> dict[str, str]:
    service = at.service
    environment = os.environ | as_environment(service.settings)
    async with at.writing() as tx:
        environment["VCCI_TENANT"] = await tenant_slug(tx, at.held.tenant_id)
    environment["DATABASE_URL"] = service.direct_url  # what holds a job is told by its connection's name
    if failpoints.FOLDER:
        environment[failpoints.VARIABLE] = failpoints.FOLDER
    return environment


async def _write(child: asyncio.subprocess.Process, line: bytes) -> None:
    if child.stdin is not None:
        with suppress(ConnectionError):  # it died at once: it says nothing either
            child.stdin.write(line)
            await child.stdin.drain()


async def _call_off(at: JobAtWork, child: asyncio.subprocess.Process) -> None:
    await at.called_off.wait()
    await _write(child, CALL_OFF)


async def _last_word(at: JobAtWork, child: asyncio.subprocess.Process) -> dict[str, Any] | None:
    """Return the outcome that the process tells; None where it died without one."""
    if child.stdout is None:
        raise TypeError("the child has no pipes")
    async for line in child.stdout:
        told: dict[str, Any] = json.loads(line)
        if "outcome" in told:
            return told
        at.tell(told["stage"], int(told.get("rows_done", 0)), told.get("rows"))
    return None
