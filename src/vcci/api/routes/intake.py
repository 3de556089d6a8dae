"""Intake: ledgers that are uploaded, read and calculated, and their rejected rows, mended."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, File, Form, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel

from vcci.database.intake_store import FILES
from vcci.database.job_store import jobs_of_file
from vcci.edge.descriptions import described
from vcci.edge.intake_writes import SHOWN_JOBS, IntakeWrite, file_as_json
from vcci.edge.job_answers import JobAnswer, job_as_json
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Editor, Reader, TheService, TheWrite
from vcci.edge.strict_route import StrictRoute
from vcci.services.ledger_options import LedgerOptions

router = APIRouter(prefix="/api/v1/intake/files", tags=["intake"], route_class=StrictRoute)

MULTIPART: Final = "multipart/form-data"


class UploadForm(LedgerOptions):
    """A ledger's file (or an archive of several) with what is known of it."""

    file: UploadFile


class FileAnswer(BaseModel):
    """A file that was uploaded; its name is as it was, without folders and odd characters."""

    id: UUID
    name: str
    sha256: str
    size_bytes: int
    created_at: datetime


class FileWithJobs(FileAnswer):
    """A file with its last jobs, the newest first."""

    jobs: list[JobAnswer]


class Queued(BaseModel):
    """A job that was queued; `links` has the addresses of file and job."""

    file_id: UUID
    job_id: UUID
    links: dict[str, str]


Options = Annotated[LedgerOptions, Body(examples=[{"currency": "GBP", "date_order": "day-month-year"}])]
Uploaded = Annotated[UploadForm, Form(media_type=MULTIPART)]
Mended = Annotated[UploadFile, File(description="rejects.csv with what could be mended.")]
Paged = Annotated[PageQuery, Depends(page_query(FILES.orders))]


async def _writing(service: TheService, principal: Editor) -> IntakeWrite:
    return IntakeWrite(service, principal)


async def _reading(service: TheService, principal: Reader) -> IntakeWrite:
    return IntakeWrite(service, principal)


Writing = Annotated[IntakeWrite, Depends(_writing)]
Reading = Annotated[IntakeWrite, Depends(_reading)]


@router.post("", status_code=202, response_model=Queued, responses=described(409))
async def upload_file(asked: Uploaded, writing: Writing, write: TheWrite) -> Response:
    """Take a ledger, and queue its run; what is ambiguous ends the job with the questions."""
    options = LedgerOptions(**asked.model_dump(exclude={"file"}))
    return await writing.upload(asked.file, options, write)


@router.get("", response_model=PageAnswer[FileAnswer], responses=described(400))
async def list_files(service: TheService, principal: Reader, paged: Paged) -> Response:
    """Return a page of the files that were uploaded, the newest first."""
    return await list_response(service, principal, paged, rows=FILES, as_json=file_as_json)


@router.get("/{file_id}", response_model=FileWithJobs)
async def get_file(file_id: UUID, reading: Reading, service: TheService) -> Response:
    """Return a file with its jobs, and so with the runs that it came to."""
    tenant_id = reading.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await reading.file(tx, file_id)
        jobs = await jobs_of_file(tx, tenant_id, file_id, limit=SHOWN_JOBS)
    content = file_as_json(found) | {"jobs": [job_as_json(job) for job in jobs]}
    return Response(orjson.dumps(content), media_type="application/json")


@router.post("/{file_id}/runs", status_code=202, response_model=Queued, responses=described(409))
async def run_again(file_id: UUID, asked: Options, writing: Writing, write: TheWrite) -> Response:
    """Queue another run of a file, with answers to what was asked, or another mapping."""
    return await writing.run_again(file_id, asked, write)


@router.get(
    "/{file_id}/mapping",
    response_class=FileResponse,
    responses=described(409) | {200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def get_mapping(file_id: UUID, reading: Reading, service: TheService) -> Response:
    """Return the mapping in force in the file's last run: what was found out, and what was given."""
    async with service.pool.transaction(reading.principal.tenant_id) as tx:
        job = await reading.last_run(tx, file_id)
    return FileResponse(await reading.result(job, "mapping.yaml"), media_type="application/yaml")


@router.get(
    "/{file_id}/rejects",
    response_class=FileResponse,
    responses=described(409) | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_rejects(file_id: UUID, reading: Reading, service: TheService) -> Response:
    """Return the rejected rows of the file's last run, to be mended and given back as repairs."""
    async with service.pool.transaction(reading.principal.tenant_id) as tx:
        job = await reading.last_run(tx, file_id)
    return FileResponse(
        await reading.result(job, "rejects.csv"), media_type="text/csv", filename="rejects.csv"
    )


@router.post("/{file_id}/repairs", status_code=202, response_model=Queued, responses=described(409))
async def give_repairs(file_id: UUID, file: Mended, writing: Writing, write: TheWrite) -> Response:
    """Take mended rows, and queue the run that takes the place of the last."""
    return await writing.repair(file_id, file, write)
