"""Where the repair of a file stands: the run that is mended, its draft, and what is under way."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vcci.database.decisions import decisions_now
from vcci.database.intake_store import IntakeFile
from vcci.database.job_store import Job, jobs_of_file
from vcci.domain.access import Principal
from vcci.domain.review import Decision
from vcci.edge.intake_writes import SHOWN_JOBS, IntakeWrite
from vcci.edge.problems import ProblemError
from vcci.runtime.job_worker import LEDGER
from vcci.runtime.repair_desk import MOST_ROWS, REJECTS, Desk, desk_of
from vcci.runtime.repair_draft import Draft
from vcci.runtime.service import Service
from vcci.services.ledger_options import LedgerTask


@dataclass(frozen=True, slots=True)
class RepairState:
    """The repair of a file: `job` made the run that is mended, `latest` is the last job of the file.

    There is no draft where nothing is rejected, or a run of the file is under way.
    """

    file: IntakeFile
    job: Job
    latest: Job
    desk: Desk
    draft: Draft | None

    @property
    def is_running(self) -> bool:
        """Say whether a run of the file is under way."""
        return not self.latest.is_over

    @property
    def error(self) -> dict[str, Any] | None:
        """What the last job ended with, None if it came to a run."""
        found: dict[str, Any] | None = self.latest.outcome.get("error") if self.latest.is_over else None
        return found

    @property
    def is_of_activities(self) -> bool:
        """Say whether the rows are of activity tables, which are mended in the files."""
        return self.draft is not None and not self.draft.rejected.readings

    @property
    def beyond(self) -> int:
        """Return how many rejected rows are not seen yet."""
        return max(0, self.desk.total - MOST_ROWS)

    def open_draft(self) -> Draft:
        """Return the draft; raises the problem of a file of which there is none."""
        self.refuse_running()
        if self.draft is None:
            raise ProblemError("conflict", "No row of the file's last run is rejected.")
        return self.draft

    def refuse_running(self) -> None:
        """Raise the problem of a file that is being run."""
        if self.is_running:
            raise ProblemError("conflict", "A run of this file is under way. Wait for its end.")

    def told(self) -> dict[str, Any]:
        """Return in plain values what stands."""
        draft = self.draft
        settled = len(draft.settled()) if draft else 0
        return {
            "file_id": self.file.id,
            "file": self.file.name,
            "run_id": self.job.outcome.get("run_id"),
            "job_id": self.latest.id,
            "job_state": self.latest.state,
            "error": self.error,
            "counts": self.job.outcome.get("counts", {}),
            "rejected": self.desk.total,
            "shown": len(draft.rejected.rows) if draft else 0,
            "settled": settled,
            "left_out": draft.left_out() if draft else 0,
            "version": draft.mended.version if draft else 0,
        }


async def repair_state(service: Service, principal: Principal, file_id: UUID) -> RepairState:
    """Return where the repair of a tenant's file stands.

    Raises the problem of a file that is not there, of one without a run, or whose results are gone.
    """
    writing = IntakeWrite(service, principal)
    async with service.pool.transaction(principal.tenant_id) as tx:
        file = await writing.file(tx, file_id)
        job = await writing.last_run(tx, file_id)
        jobs = await jobs_of_file(tx, principal.tenant_id, file_id, limit=SHOWN_JOBS)
        decisions = await decisions_now(tx, principal.tenant_id)
    latest = next((one for one in jobs if one.kind == LEDGER), job)
    await writing.result(job, REJECTS)
    return await asyncio.to_thread(_with_draft, writing, file, jobs=(job, latest), decisions=decisions)


def _with_draft(
    writing: IntakeWrite, file: IntakeFile, *, jobs: tuple[Job, Job], decisions: Sequence[Decision]
) -> RepairState:
    job, latest = jobs
    task, rejected = LedgerTask.model_validate(job.task), int(job.outcome["counts"]["rejected"])
    folder = writing.uploads.folder(file.id)
    desk = desk_of(
        writing.service.settings,
        folder,
        job=str(job.id),
        task=task,
        rejected=rejected,
        decisions=decisions,
    )
    if not rejected:
        shutil.rmtree(desk.folder.parent, ignore_errors=True)
    draft = desk.draft() if rejected and latest.is_over else None
    return RepairState(file, job, latest, desk, draft)
