"""What a run would come to under other options: worked out aside and not stored, or by a job."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from vcci.database.job_store import Job, job_by_id
from vcci.database.run_read import WholeRun, run_by_id
from vcci.database.run_succession import StandingRun, standing_runs
from vcci.domain.access import Principal
from vcci.domain.factor import FACTOR_KINDS
from vcci.edge.problems import ProblemError
from vcci.edge.recalculations import NOT_KEPT, NOT_UPLOADED, RecalculationRequest
from vcci.errors import VcciError
from vcci.packs import PackLibrary
from vcci.processing.stored_run import INVENTORY, open_run
from vcci.runtime.job_kinds import RECALCULATION
from vcci.runtime.ledgers import data_folder
from vcci.runtime.recalculation import parameters_of, tried
from vcci.runtime.service import Service
from vcci.services.ledger_options import LedgerTask
from vcci.services.recalculation import Touched
from vcci.services.what_if import SideBySide, effects_of, side_by_side

MOST_ROWS: Final = 100_000
"""Rows that are calculated while somebody waits: some two seconds of one core. More is a job's work."""

KEPT: Final = 32
"""Answers that a process keeps: the same question has the same answer, and a page is also JSON and CSV."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a run would come to; without `sides` nothing is touched, or `why` says why it was not tried."""

    touched: Touched | None = None
    sides: SideBySide | None = None
    why: tuple[str, str] = ("", "")
    is_too_large: bool = False


Key = tuple[UUID, UUID, str]
_ANSWERS: OrderedDict[Key, Tried] = OrderedDict()
_ROOM: Final = ThreadPoolExecutor(1, "what-if")
"""One calculation at a time in a process: who looks at other pages is not to wait for it."""


async def choices(service: Service, principal: Principal) -> list[StandingRun]:
    """Return the runs that can be tried: those that stand, the newest first."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await standing_runs(tx, principal.tenant_id)
    return [run for run in reversed(found) if run.job is not None and "file" in run.job.task]


async def try_out(
    service: Service, principal: Principal, run: StandingRun, *, asked: RecalculationRequest
) -> Tried:
    """Return what a run would come to; raises `PackError` and `InputError` for what is asked wrongly."""
    key = principal.tenant_id, run.id, asked.model_dump_json()
    if key in _ANSWERS:
        _ANSWERS.move_to_end(key)
        return _ANSWERS[key]
    found = await asyncio.get_running_loop().run_in_executor(_ROOM, _tried, service, run, asked)
    if not found.why[0]:  # results may come back, an answer stays as it is
        _ANSWERS[key] = found
        while len(_ANSWERS) > KEPT:
            _ANSWERS.popitem(last=False)
    return found


def _tried(service: Service, run: StandingRun, asked: RecalculationRequest) -> Tried:
    if run.job is None or "file" not in run.job.task:
        return Tried(why=NOT_UPLOADED)
    task = LedgerTask.model_validate(run.job.task)
    folder = data_folder(service.settings) / task.out
    if not (folder / INVENTORY).exists():
        return Tried(why=NOT_KEPT)
    if open_run(folder).told("counts")["rows"] > MOST_ROWS:
        return Tried(is_too_large=True)
    return _calculated(folder, asked, task)


def _calculated(folder: Path, asked: RecalculationRequest, task: LedgerTask) -> Tried:
    made = tried(folder, parameters_of(asked.applied(task.options)))
    if made.inventory is None or made.bridge is None:
        return Tried(made.touched)
    older = {one["category"]: one["emissions_mg_co2e"] for one in open_run(folder).told("categories")}
    newer = {one.category: one.emissions_mg_co2e for one in made.inventory.categories}
    return Tried(made.touched, side_by_side(older, newer, effects_of(made.bridge)))


@dataclass(frozen=True, slots=True)
class Recalculation:
    """The job of a recalculation, and both sides once it is done."""

    job: Job
    sides: SideBySide | None = None


async def recalculation(service: Service, principal: Principal, job_id: UUID) -> Recalculation:
    """Return a job of a recalculation; raises `ProblemError` where there is none."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        job = await job_by_id(tx, principal.tenant_id, job_id)
        if job is None or job.kind != RECALCULATION:
            raise ProblemError("not_found")
        if job.state != "completed" or job.outcome.get("bridge") is None:
            return Recalculation(job)
        ids = UUID(job.outcome["recalculates"]), UUID(job.outcome["run_id"])
        older, newer = [await run_by_id(tx, principal.tenant_id, one) for one in ids]
    if older is None or newer is None:
        return Recalculation(job)
    effects = {(one["category"], one["effect"]): one["emissions_mg_co2e"] for one in job.outcome["bridge"]}
    return Recalculation(job, side_by_side(_categories(older), _categories(newer), effects))


def _categories(run: WholeRun) -> dict[int, int]:
    return {one.category: one.emissions_mg_co2e for one in run.categories}


def whole_order(service: Service, run: StandingRun, packs: str) -> str:
    """Return packs by commas, with the run's own of those kinds that the named ones leave out.

    Who names another pack of factors means these, and not that rates and price indices are to be gone.
    Raises `PackError` for a name that no pack has.
    """
    return completed(service.library, packs, _own_packs(run, service)) if packs.strip(" ,") else ""


def completed(library: PackLibrary, packs: str, others: Sequence[str]) -> str:
    """Return packs by commas, and of others that ship those of the kinds that the named ones leave out.

    Raises `PackError` for a name that no pack has, and `ProblemError` for a folder, which would be of this
    machine.
    """
    if "/" in packs or "\\" in packs:
        raise ProblemError("request_invalid", "Packs that ship are named by their names.", pointer="/packs")
    named = list(dict.fromkeys(name.strip() for name in packs.split(",") if name.strip()))
    kinds = {_kind(library, name) for name in named}
    more = (name for name in others if name not in named and name in library.names())
    return ",".join([*named, *(name for name in more if _kind(library, name) not in kinds)])


def _kind(library: PackLibrary, name: str) -> str:
    kind = library.manifest(name).kind
    return "factors" if kind in FACTOR_KINDS else kind


def _own_packs(run: StandingRun, service: Service) -> list[str]:
    if run.job is None:
        return []
    folder = data_folder(service.settings) / LedgerTask.model_validate(run.job.task).out
    try:
        return [pack.name for pack in open_run(folder).packs]
    except VcciError:
        return []
