"""Imports: files are uploaded, what is open is asked step by step, and what came of them is listed."""

from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response
from starlette.datastructures import UploadFile

from vcci.database.intake_store import IntakeFile, files_before, last_jobs
from vcci.database.job_store import Job
from vcci.database.mapping_store import KeptMapping, keep_mapping, of_file
from vcci.database.run_succession import hold_file
from vcci.database.tenants import Role
from vcci.edge.intake_writes import IMPORTS, IntakeWrite, file_as_json, older_run
from vcci.edge.job_answers import job_as_json
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.errors import PackError
from vcci.intake.mapping_file import MAX_BYTES, mapping_in
from vcci.runtime.service import Service
from vcci.services.ledger_options import MADE_WITH
from vcci.web.filled_forms import filled_in
from vcci.web.import_answers import choices, made_with, text_of
from vcci.web.import_state import ImportState, import_state
from vcci.web.viewer import Viewer
from vcci.web.views import Editing, Table, View, pages, see_other, shown, shown_again

router = pages()

FILES_A_PAGE: Final = 50
MOST_FILES: Final = 1_000
LONGEST_TITLE: Final = 200


@shown(router, IMPORTS)
async def imports(
    request: Request, service: TheService, viewer: Editing, *, before: Annotated[UUID | None, Query()] = None
) -> View:
    """List the files that were uploaded, with what came of them, and take others."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await files_before(tx, tenant_id, before, limit=FILES_A_PAGE + 1)
        jobs = await last_jobs(tx, tenant_id, [file.id for file in found])
    files = found[:FILES_A_PAGE]
    rows = [(file, jobs.get(str(file.id))) for file in files]
    following = f"{IMPORTS}?before={files[-1].id}" if len(found) > FILES_A_PAGE else ""
    return View(
        "imports",
        IMPORTS,
        {"files": [_file_told(*row) for row in rows], "next": following or None},
        Table(LISTED, [_listed(*row) for row in rows]),
        {"rows": rows, "following": following, "is_first": before is None},
    )


LISTED: Final = (
    "file_id",
    "name",
    "size_bytes",
    "created_at",
    "job_id",
    "state",
    "rows",
    "rejected",
    "run_id",
)


def _file_told(file: IntakeFile, job: Job | None) -> dict[str, Any]:
    return {**file_as_json(file), "job": job and job_as_json(job)}


def _listed(file: IntakeFile, job: Job | None) -> list[Any]:
    counts = job.outcome.get("counts", {}) if job else {}
    of_job = (
        (job.id, job.state, counts.get("rows"), counts.get("rejected"), job.outcome.get("run_id"))
        if job
        else ()
    )
    return [file.id, file.name, file.size_bytes, file.created_at, *(of_job or [None] * 5)]


@router.post(IMPORTS)
async def take_files(request: Request, service: TheService, viewer: Editing) -> Response:
    """Store the files of a ledger, and lead to what is open."""
    form = await request.form(max_files=MOST_FILES)
    given = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    if not given:
        raise ProblemError("request_invalid", "No file was chosen.")
    mapping = await _mapping_of(form.get("mapping"))
    known = await IntakeWrite(service, viewer.principal).keep(given)  # type: ignore[arg-type]
    if mapping:
        async with service.pool.transaction(viewer.principal.tenant_id, role=Role.LOADER) as tx:
            await keep_mapping(tx, viewer.principal, of_file(known.id), kept=KeptMapping(mapping))
    return see_other(f"{IMPORTS}/{known.id}")


async def _mapping_of(file: Any) -> str:
    """Return the text of the mapping file that came with an upload, empty without one."""
    if not isinstance(file, UploadFile) or not file.filename:
        return ""
    try:
        text = (await file.read(MAX_BYTES + 1)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemError("request_invalid", "The mapping file is not UTF-8.") from None
    mapping_in(text, "The mapping file")
    return text


@shown(router, f"{IMPORTS}/{{file_id}}")
async def one_import(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> View:
    """Show where an import stands, and start its run once nothing is open."""
    state = await import_state(service, viewer.principal, file_id)
    steps = state.steps()
    return View(
        "import",
        IMPORTS,
        {
            "file": file_as_json(state.file),
            "is_read": state.look is not None,
            "is_ready": state.is_ready,
            "is_remembered": state.is_remembered,
            "error": state.error,
            "open": list(state.seen.get("open", ())),
            "tables": list(state.seen.get("tables", ())),
            "steps": [{"step": step.name, "state": step.state, "path": step.path} for step in steps],
            "mapping": state.seen.get("mapping", ""),
            "made_with": {name: getattr(state.options, name) for name in MADE_WITH},
            "jobs": [job_as_json(job) for job in state.jobs],
        },
        Table(("step", "state", "path"), [(step.name, step.state, step.path) for step in steps]),
        {"state": state, "steps": steps, "made": choices(service.library)},
    )


@router.post(f"{IMPORTS}/{{file_id}}/start")
async def start(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Queue the run of a file of which nothing is open, and remember how it is read for others of its source.

    A file that was run before is run in the place of that run; one that is being run is run once.
    """
    state = await import_state(service, viewer.principal, file_id)
    if not state.is_ready:
        raise ProblemError("conflict", "Something of this file is still open.")
    form = await request.form()
    try:
        made = made_with(form, service.library)
    except (PackError, ProblemError) as error:
        if (filled := await filled_in(request, error)) is None:
            raise
        view = await one_import(request=request, file_id=file_id, service=service, viewer=viewer)
        return shown_again(request, view, filled)
    title = text_of(form, "title")[:LONGEST_TITLE] or str(state.kept.options.get("title", ""))
    kept = state.with_options(state.seen["mapping"], title=title, **made)
    options = replace(state, kept=kept).options
    writing, tenant_id = IntakeWrite(service, viewer.principal), viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
        if not await hold_file(tx, tenant_id, file_id):
            return see_other(f"{IMPORTS}/{file_id}")
        for source in filter(None, (of_file(file_id), state.seen.get("source"))):
            await keep_mapping(tx, viewer.principal, source, kept=kept)
        before = next(
            (job for job in state.jobs if job.state == "completed" and "run_id" in job.outcome), None
        )
        older = older_run(before) if before else None
        reply = await writing.queue(tx, state.file, options, older=older)
    return see_other(f"/jobs/{reply.content['job_id']}")


async def said_of(service: Service, viewer: Viewer, state: ImportState, *, kept: KeptMapping) -> ImportState:
    """Keep what was said of a file, and return where its import stands then."""
    async with service.pool.transaction(viewer.principal.tenant_id, role=Role.LOADER) as tx:
        await keep_mapping(tx, viewer.principal, of_file(state.file.id), kept=kept)
    return await import_state(service, viewer.principal, state.file.id)
