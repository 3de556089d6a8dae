"""Reports that are made by jobs: queued in one transaction with their reply, and fetched as files."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import Response
from fastapi.responses import FileResponse

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_store import BULK, INTERACTIVE, Job, add_job
from vcci.database.run_sets import run_set
from vcci.domain.access import Principal
from vcci.edge.problems import ProblemError
from vcci.edge.write_once import Reply, Write
from vcci.reports.table_files import MEDIA_TYPES
from vcci.runtime.ledgers import data_folder
from vcci.runtime.service import Service
from vcci.services.report_requests import REPORT, ReportContent, ReportJobRequest, ReportTask

FOLDER: Final = "reports"
"""Where reports lie in the service's data folder: under tenant and job."""

JOBS: Final = "/api/v1/jobs"
JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"
NOT_KEPT: Final = {"Cache-Control": "private, no-store"}
"""A file may be larger than any cache."""


@dataclass(frozen=True, slots=True)
class ReportJobs:
    """The reports of a principal's tenant."""

    service: Service
    principal: Principal

    async def queue(self, asked: ReportJobRequest, write: Write) -> Response:
        """Queue a report; raises the problem of a run that is not there."""
        tenant_id = self.principal.tenant_id

        async def take(tx: Connection) -> Reply:
            if await run_set(tx, tenant_id, asked.runs) is None:
                raise ProblemError("not_found", "There is no such run.", pointer="/runs")
            job_id = new_id()
            task = ReportTask(out=f"{FOLDER}/{tenant_id}/{job_id}", request=asked)
            job = job_id, self.principal.key_id, REPORT
            priority = BULK if asked.content is ReportContent.LINES else INTERACTIVE
            await add_job(tx, tenant_id, job=job, task=task.model_dump(mode="json"), priority=priority)
            return _queued(job_id)

        return await write.once(take)

    async def result(self, job: Job) -> Response:
        """Return the file of a job; raises the problem of one that has none, or is not over."""
        if not job.is_over:
            raise ProblemError("conflict", f"The job is {job.state}.", more={"state": job.state})
        if "file" not in job.outcome:
            raise ProblemError("not_found", f"The job is {job.state}, and came to no file.")
        file = job.outcome["file"]
        path = data_folder(self.service.settings) / job.task["out"] / file["sha256"]
        if not await asyncio.to_thread(path.is_file):
            raise ProblemError("not_found", "The file of this job is no longer kept here.")
        return _answer(path, file["name"], digest=file["sha256"])


def _queued(job_id: UUID) -> Reply:
    here = f"{JOBS}/{job_id}"
    links = {"job": here, "events": f"{here}/events", "result": f"{here}/result"}
    return Reply({"job_id": str(job_id), "links": links}, 202, {"Location": here})


def _answer(path: Path, name: str, *, digest: str) -> Response:
    """Answer with a file whose name is ours, and its digest for who checks it."""
    ending = name.rpartition(".")[2]
    media_type = JSON if ending == "json" else MEDIA_TYPES.get(ending, OCTETS)
    headers = {**NOT_KEPT, "ETag": f'"{digest}"'}
    return FileResponse(path, media_type=media_type, filename=name, headers=headers)
