"""Runs: which there are, what each was made of and came to, what leads to it, and whether it still holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import FileResponse

from vcci.database.connections import Connection
from vcci.database.job_store import Job, verifications_of
from vcci.database.run_read import RUNS, RunRow, WholeRun, inputs_of, run_by_id
from vcci.database.run_succession import jobs_of_runs
from vcci.database.tenants import Role
from vcci.domain.bridge import EFFECTS, MEANINGS
from vcci.domain.display import exact_kilograms
from vcci.edge.job_answers import job_as_json
from vcci.edge.page_query import PageQuery, page_query
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.edge.run_answers import bridge_of, document, results_folder, run_as_json, whole_run_as_json
from vcci.edge.verification_writes import queue_verification, task_of
from vcci.runtime.service import Service
from vcci.web.charts.bridge import Step
from vcci.web.listed import listed
from vcci.web.pages import HEADERS
from vcci.web.run_view import Made, category_title, result_file, result_files, verdict
from vcci.web.viewer import Viewer
from vcci.web.views import Reading, Table, View, pages, see_other, shown

router = pages()

HERE: Final = "/runs"
COLUMNS: Final = (
    *("id", "title", "year", "rows", "lines", "excluded", "not_covered", "rejected", "total_kg_co2e"),
    *("created_at", "is_current", "successor_of", "digest"),
)
CATEGORY_COLUMNS: Final = ("category", "title", "lines", "emissions_kg_co2e")
EFFECT_COLUMNS: Final = ("category", "effect", "emissions_kg_co2e")
SHOWN_VERIFICATIONS: Final = 5

Paged = Annotated[PageQuery, Depends(page_query(RUNS.orders))]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run with the job that came to it, if one of this service did, and with its verifications."""

    whole: WholeRun
    job: Job | None
    inputs: Sequence[Any]
    verifications: Sequence[Job]


@shown(router, "/runs")
async def runs(request: Request, service: TheService, viewer: Reading, paged: Paged) -> View:
    """List the runs, the newest first."""
    found = await listed(request, service, viewer, asked=paged, rows=RUNS)
    rows = [run_as_json(run) for run in found.rows.rows]
    table = Table(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))
    told = {"runs": found.rows.rows, "links": found.links}
    return View("runs", HERE, {"runs": rows, "links": dict(found.links)}, table, told)


@shown(router, "/runs/{run_id}")
async def run_page(run_id: UUID, request: Request, service: TheService, viewer: Reading) -> View:
    """Show a run: inputs, counts, total, categories, results, and what its verification says."""
    found = await _whole(service, viewer, run_id)
    row, content = found.whole.row, whole_run_as_json(found.whole)
    files = await asyncio.to_thread(result_files, results_folder(service, found.job))
    last = found.verifications[0] if found.verifications else None
    made = Made(content["parameters"], content["packs"], content["inventory"], found.inputs)
    told = {
        "run": row,
        "made": made,
        "categories": [(one, category_title(one.category)) for one in found.whole.categories],
        "job": found.job,
        "files": files,
        "verification": last,
        "verified": last and job_as_json(last)["outcome"],
        "verdict": verdict(last),
        "may_verify": task_of(row, found.job) is not None,
    }
    document_ = content | {
        "inputs": found.inputs,
        "results": [{"name": one.name, "size_bytes": one.size_bytes} for one in files],
        "verification": None if last is None else {"job_id": str(last.id), "says": verdict(last)},
    }
    return View("run", HERE, document_, Table(CATEGORY_COLUMNS, map(_category, content["categories"])), told)


@shown(router, "/runs/{run_id}/bridge")
async def bridge_page(run_id: UUID, request: Request, service: TheService, viewer: Reading) -> View:
    """Show what leads from the run whose place a run took to that one."""
    found = await _whole(service, viewer, run_id)
    bridge = await asyncio.to_thread(bridge_of, service, found.job)
    if bridge is None:
        raise ProblemError("not_found", "No bridge of this run is kept here: it took no run's place.")
    sums = {name: sum(_mg(one) for one in bridge["effects"] if one["effect"] == name) for name in EFFECTS}
    told = {
        "run": found.whole.row,
        "bridge": bridge,
        "steps": [Step(name, mg) for name, mg in sums.items() if mg],
        "effects": [(one, category_title(one["category"])) for one in bridge["effects"]],
        "meanings": MEANINGS,
    }
    rows = ([one["category"], one["effect"], exact_kilograms(_mg(one))] for one in bridge["effects"])
    return View("run-bridge", HERE, {"run_id": str(run_id), **bridge}, Table(EFFECT_COLUMNS, rows), told)


@router.get("/runs/{run_id}/files/{name}")
async def result(run_id: UUID, name: str, service: TheService, viewer: Reading) -> Response:
    """Return a file of a run's results."""
    found = await _whole(service, viewer, run_id)
    path = await asyncio.to_thread(result_file, results_folder(service, found.job), name)
    if path is None:
        raise ProblemError("not_found", "There is no such file among the results that are kept here.")
    return FileResponse(path, filename=name, media_type="application/octet-stream", headers=HEADERS)


@router.post("/runs/{run_id}/verify")
async def verify(run_id: UUID, service: TheService, viewer: Reading) -> Response:
    """Queue the verification of a run, and lead to its job; it changes nothing, so who reads may ask."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
        row, job = await _with_job(tx, tenant_id, run_id)
        job_id = await queue_verification(tx, viewer.principal, run=row, job=job)
    return see_other(f"/jobs/{job_id}")


async def _whole(service: Service, viewer: Viewer, run_id: UUID) -> FoundRun:
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        whole = await run_by_id(tx, tenant_id, run_id)
        if whole is None:
            raise ProblemError("not_found", "There is no such run.")
        job = (await jobs_of_runs(tx, tenant_id, [run_id])).get(run_id)
        inputs = document(await inputs_of(tx, tenant_id, run_id)) or []
        verified = await verifications_of(tx, tenant_id, run_id, limit=SHOWN_VERIFICATIONS)
    return FoundRun(whole, job, inputs, verified)


async def _with_job(tx: Connection, tenant_id: UUID, run_id: UUID) -> tuple[RunRow, Job | None]:
    whole = await run_by_id(tx, tenant_id, run_id)
    if whole is None:
        raise ProblemError("not_found", "There is no such run.")
    return whole.row, (await jobs_of_runs(tx, tenant_id, [run_id])).get(run_id)


def _category(told: dict[str, Any]) -> list[Any]:
    return [told["category"], category_title(told["category"]), told["lines"], told["emissions_kg_co2e"]]


def _mg(effect: dict[str, Any]) -> int:
    return int(effect["emissions_mg_co2e"])
