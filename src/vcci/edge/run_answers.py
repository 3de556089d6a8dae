"""How a run is told: what it came to, what it was made of, and what leads to it from the run before."""

from pathlib import Path
from typing import Any, Final

import orjson

from vcci.database.job_store import Job
from vcci.database.run_read import RunRow, WholeRun
from vcci.domain.display import exact_kilograms
from vcci.runtime.ledgers import data_folder
from vcci.runtime.recalculation import BRIDGE_FACTS, saved_bridge
from vcci.runtime.service import Service
from vcci.services.ledger_options import LedgerTask

RUN_FACTS: Final = (
    *("digest", "title", "year", "rows", "lines", "excluded", "not_covered", "rejected"),
    *("total_mg_co2e", "created_at", "is_current"),
)
DOCUMENTS: Final = ("parameters", "packs", "inventory")


def run_as_json(run: RunRow) -> dict[str, Any]:
    """Return a run in plain values, as `RunAnswer` of the API says."""
    bounds = (run.low_mg_co2e, run.high_mg_co2e)
    return {
        "id": str(run.id),
        **{name: getattr(run, name) for name in RUN_FACTS},
        "successor_of": run.successor_of and str(run.successor_of),
        "total_kg_co2e": exact_kilograms(run.total_mg_co2e),
        "interval_95_kg_co2e": [exact_kilograms(mg) for mg in bounds if mg is not None] or None,
    }


def whole_run_as_json(found: WholeRun) -> dict[str, Any]:
    """Return a run with its sums by category and its documents, as `WholeRunAnswer` of the API says."""
    categories = [
        {
            "category": one.category,
            "lines": one.lines,
            "emissions_kg_co2e": exact_kilograms(one.emissions_mg_co2e),
            "emissions_mg_co2e": one.emissions_mg_co2e,
        }
        for one in found.categories
    ]
    documents = {name: document(getattr(found, name)) for name in DOCUMENTS}
    return {**run_as_json(found.row), "categories": categories, **documents}


def document(stored: Any) -> Any:
    """Return a JSON document of the database in plain values."""
    return orjson.loads(stored) if isinstance(stored, str) else stored


def ledger_task(job: Job | None) -> LedgerTask | None:
    """Return the task of a job that came to a run; None where there is no such job."""
    return None if job is None or "file" not in job.task else LedgerTask.model_validate(job.task)


def results_folder(service: Service, job: Job | None) -> Path | None:
    """Return where the results of a run's job lie; None where no job came to it."""
    task = ledger_task(job)
    return None if task is None else data_folder(service.settings) / task.out


def bridge_of(service: Service, job: Job | None) -> dict[str, Any] | None:
    """Return the bridge among the results of a job; None where it came to no successor, or they are gone.

    It reads a file: not to be called where others wait.
    """
    task = ledger_task(job)
    if task is None or task.older is None:
        return None
    told = saved_bridge(data_folder(service.settings) / task.out)
    if told is None:
        return None
    return {"takes_place_of": task.older.run_id, **{name: told[name] for name in BRIDGE_FACTS}}
