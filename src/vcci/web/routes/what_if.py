"""What a run would come to with other packs, prices, GWPs or another year: both sides, and the bridge."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Form, Query, Request, Response
from pydantic import ValidationError

from vcci.database.run_succession import StandingRun
from vcci.database.tenants import Role
from vcci.domain.factor import PriceBasis
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.edge.recalculations import RecalculationRequest, RecalculationWrite
from vcci.edge.what_if import MOST_ROWS, Tried, choices, recalculation, try_out, whole_order
from vcci.packs.contents import OVER_100_YEARS
from vcci.runtime.service import Service
from vcci.services.activity_request import WRITABLE
from vcci.services.recalculation import touched_as_json
from vcci.services.what_if import side_by_side_as_json
from vcci.web import charts
from vcci.web.views import Editing, Reading, Table, View, pages, see_other, shown

router = pages()

HERE: Final = "/factors"
"""What-if is a question about factors, and has no entry of its own in the menu."""

SAME: Final = "same"
EACH: Final = "each"
COLUMNS: Final = (
    "category",
    "title",
    "older_mg_co2e",
    "newer_mg_co2e",
    "difference_mg_co2e",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What was filled in: packs by commas, `gwp` a set, SAME or EACH, empty leaves it as it was."""

    run: UUID | None = None
    packs: str = ""
    gwp: str = SAME
    price_basis: str = ""
    year: str = ""

    def request(self, packs: str) -> RecalculationRequest:
        """Return it as the request of a recalculation; raises `ProblemError` for what is none."""
        told: dict[str, Any] = {"packs": packs or None}
        told["gwp"] = None if self.gwp == SAME else "" if self.gwp == EACH else self.gwp
        told |= {"price_basis": self.price_basis or None, "year": int(self.year) if self.year else None}
        try:
            return RecalculationRequest(**told)
        except ValidationError as error:
            raise ProblemError("request_invalid", error.errors()[0]["msg"]) from None

    def query(self, **also: str) -> str:
        """Return the address of the page that shows it."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return f"/what-if?{urlencode({k: str(v) for k, v in (named | also).items() if v})}"


Gwp = Annotated[str, Query(pattern=f"^({SAME}|{EACH}|[A-Z0-9]{{2,10}})$")]
Packs = Annotated[str, Query(max_length=1_000, pattern=WRITABLE)]
Basis = Annotated[str, Query(pattern="^(purchaser|basic)?$")]
Year = Annotated[str, Query(pattern="^((19|20|21)[0-9]{2})?$")]


async def _asked(
    *,
    run: UUID | None = None,
    packs: Packs = "",
    gwp: Gwp = SAME,
    price_basis: Basis = "",
    year: Year = "",
) -> Given:
    return Given(run, packs.replace(" ", ""), gwp, price_basis, year)


async def _formed(
    *,
    run: Annotated[UUID, Form()],
    packs: Annotated[str, Form(max_length=1_000, pattern=WRITABLE)] = "",
    gwp: Annotated[str, Form(pattern=f"^({SAME}|{EACH}|[A-Z0-9]{{2,10}})$")] = SAME,
    price_basis: Annotated[str, Form(pattern="^(purchaser|basic)?$")] = "",
    year: Annotated[str, Form(pattern="^((19|20|21)[0-9]{2})?$")] = "",
) -> Given:
    return Given(run, packs.replace(" ", ""), gwp, price_basis, year)


@shown(router, "/what-if")
async def what_if(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    given: Annotated[Given, Depends(_asked)],
    job: UUID | None = None,
) -> View:
    """Show a run beside what it would come to; nothing of it is stored."""
    runs = await choices(service, viewer.principal)
    if job is not None:
        done = await recalculation(service, viewer.principal, job)
        document: dict[str, Any] = {"job": {"id": str(job), "state": done.job.state}}
        told: dict[str, Any] = {"sides": done.sides, "job": done.job}
        return _view(told, document, runs=runs, given=given, service=service)
    if given.run is None:
        return _view({}, {}, runs=runs, given=given, service=service)
    run = _run_of(runs, given)
    packs = await asyncio.to_thread(whole_order, service, run, given.packs)
    tried = await try_out(service, viewer.principal, run, asked=given.request(packs))
    document = {"run_id": str(run.id), "title": run.title, "packs": packs, **_tried(tried)}
    told = {"sides": tried.sides, "tried": tried, "run": run, "packs": packs}
    return _view(told, document, runs=runs, given=given, service=service)


@router.post("/what-if/recalculation")
async def recalculate(
    service: TheService, viewer: Editing, given: Annotated[Given, Depends(_formed)]
) -> Response:
    """Make a run of it, which takes the place of the run that was tried."""
    run = _run_of(await choices(service, viewer.principal), given)
    packs = await asyncio.to_thread(whole_order, service, run, given.packs)
    asked, principal = given.request(packs), viewer.principal
    writing = RecalculationWrite(service, principal)
    async with service.pool.transaction(principal.tenant_id, role=Role.LOADER) as tx:
        queued = await writing.queue_runs(tx, {run.id}, asked)
    if run.id in queued.refused:
        raise ProblemError("conflict", queued.refused[run.id][1])
    return see_other(given.query(job=str(queued.jobs[run.id])))


def _run_of(runs: list[StandingRun], given: Given) -> StandingRun:
    found = next((run for run in runs if run.id == given.run), None)
    if found is None:
        raise ProblemError("not_found", "There is no such run that stands and came of an uploaded file.")
    return found


def _tried(tried: Tried) -> dict[str, Any]:
    state = "untouched" if tried.touched else "not_examined"
    return {
        "state": "too_large" if tried.is_too_large else "computed" if tried.sides else state,
        "touched": touched_as_json(tried.touched) if tried.touched else None,
        "why": tried.why[1],
    }


def _view(
    told: dict[str, Any],
    document: dict[str, Any],
    *,
    runs: list[StandingRun],
    given: Given,
    service: Service,
) -> View:
    sides = told.get("sides")
    found = side_by_side_as_json(sides) if sides else None
    rows = [tuple(one[name] for name in COLUMNS) for one in found["categories"]] if found else []
    steps = (
        [charts.Step(one["effect"], one["emissions_mg_co2e"]) for one in found["effects"]] if found else []
    )
    library = service.library
    shown_: dict[str, Any] = {
        "sides": None,
        "tried": None,
        "job": None,
        "run": None,
        "packs": "",
        "runs": runs,
        "given": given,
        "found": found,
        "steps": [step for step in steps if step.mg],
        "charts": charts,
        "most_rows": MOST_ROWS,
        "gwp_sets": OVER_100_YEARS,
        "bases": [basis.value for basis in PriceBasis],
        "known_packs": [library.manifest(name) for name in library.names()],
    }
    listed = [{"id": str(run.id), "title": run.title} for run in runs]
    document = {"runs": listed, **document, "comparison": found}
    return View("what-if", HERE, document, Table(COLUMNS, rows), shown_ | told)
