"""A run's verification, queued: made again by a job from what went in, as far as that is kept here."""

from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_store import BULK, INTERACTIVE, Job, add_job, verifications_of
from vcci.database.run_read import RunRow
from vcci.domain.access import Principal
from vcci.edge.problems import ProblemError
from vcci.edge.run_answers import ledger_task
from vcci.runtime.job_kinds import RECALCULATION
from vcci.services.verification import VERIFICATION, VerificationTask

BULK_ROWS = 50_000
"""A run of so many rows and more waits behind what somebody waits for."""


def task_of(run: RunRow, job: Job | None) -> VerificationTask | None:
    """Return what verifies the run that a job came to; None where no job of this service did.

    A recalculation was made from classified rows, and is made again from them.
    """
    task = ledger_task(job)
    if task is None or job is None:
        return None
    is_from_rows = job.kind == RECALCULATION
    return VerificationTask(
        run_id=str(run.id),
        folder=task.out,
        files=[] if is_from_rows else [task.file],
        repairs=[] if is_from_rows else task.repairs,
    )


async def queue_verification(tx: Connection, principal: Principal, *, run: RunRow, job: Job | None) -> UUID:
    """Queue the verification of a run, or return the job of one that is under way; role loader.

    Raises `ProblemError` for a run whose results are not kept here.
    """
    tenant_id, task = principal.tenant_id, task_of(run, job)
    if task is None:
        detail = "No job of this service came to the run: its results lie where they were written."
        raise ProblemError("conflict", f"{detail} `vcci verify FOLDER` verifies them there.")
    for known in await verifications_of(tx, tenant_id, run.id, limit=1):
        if not known.is_over:
            return known.id
    job_id: UUID = new_id()
    queued = job_id, principal.key_id, VERIFICATION
    priority = BULK if run.rows >= BULK_ROWS else INTERACTIVE
    await add_job(tx, tenant_id, job=queued, task=task.model_dump(mode="json"), priority=priority)
    return job_id
