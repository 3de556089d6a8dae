"""A ledger's run in a process of its own: `python -m vcci.runtime.ledger_job`.

It takes its order as a line of JSON from standard input: the job that is held, and its task. It writes a line
of JSON for each step; the last one is the outcome: what the run came to, or the error that a person can act
on. It goes on after the last chunk that is done, whoever did it.
"""

import json
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vcci import settings as all_settings
from vcci.database.job_chunks import JobCancelledError
from vcci.database.job_leases import HeldJob
from vcci.database.job_rows import CHUNK_ROWS
from vcci.database.job_save import ATTACHED
from vcci.database.run_succession import hold_place
from vcci.domain.mapping import Mapping, answered
from vcci.errors import VcciError
from vcci.events import BatchAdvanced, Event, StageStarted
from vcci.intake import load_mapping
from vcci.processing.stored_run import INVENTORY, open_run
from vcci.runtime.audit import bridge_between
from vcci.runtime.job_decisions import decisions_of_job
from vcci.runtime.job_failures import Failure
from vcci.runtime.job_files import JobFiles
from vcci.runtime.job_lifeline import Lifeline
from vcci.runtime.job_rooms import PUBLISHED, JobLedger, JobRooms, job_ledger
from vcci.runtime.ledgers import (
    LedgerInput,
    data_folder,
    database_url,
    local_rooms,
    parameter_digests,
    run_through,
)
from vcci.runtime.recalculation import parameters_of, save_bridge, saved_bridge
from vcci.runtime.successor_rooms import SuccessorRooms
from vcci.services.ledger_options import LedgerOptions, LedgerTask, OlderRun
from vcci.services.runs import RunRequest
from vcci.settings import Settings

SECONDS_BETWEEN: Final = 0.25
"""Of the steps within a stage, no more are told than that."""

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Order:
    """The job that is held, its task, how many rejected rows it allows (None: any), the rows of a chunk."""

    held: HeldJob
    task: LedgerTask
    most_rejected: int | None
    chunk_rows: int

    @classmethod
    def of(cls, line: bytes) -> "Order":
        """Return the order of a line."""
        told = json.loads(line)
        tenant_id, job_id, worker_id = (UUID(told[name]) for name in ("tenant_id", "job_id", "worker_id"))
        task = told["task"]
        limits = task.get("most_rejected"), task.get("chunk_rows", CHUNK_ROWS)
        held = HeldJob(tenant_id, job_id, worker_id, told["fence"])
        return cls(held, LedgerTask.model_validate(task), *limits)


def main() -> None:
    """Do one job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker is told to stop, and ends this process
    lifeline = Lifeline()
    order = Order.of(lifeline.order())
    say(outcome_of(all_settings.load(), order, tell=say, lifeline=lifeline))


def say(what: dict[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(what), flush=True)


def outcome_of(settings: Settings, order: Order, *, tell: Say, lifeline: Lifeline) -> dict[str, Any]:
    """Run a ledger and return what became of it."""
    try:
        with job_ledger(database_url(settings), order.held) as ledger:
            return {"outcome": _run(settings, order, ledger=ledger, hook=telling(tell, lifeline))}
    except OSError as error:
        return {"outcome": {"error": _files_refused(error).told()}}
    except VcciError as error:
        told = {"code": error.code, "what": error.what, "tried": list(error.tried), "remedy": error.remedy}
        return {"outcome": {"error": told}}


def _run(
    settings: Settings, order: Order, *, ledger: JobLedger, hook: Callable[[Event], None]
) -> dict[str, Any]:
    root, options, task = data_folder(settings), order.task.options, order.task
    files = JobFiles(root / task.out, order.held.fence)
    if not ((ATTACHED, 0) in ledger.done and files.out.exists()):
        given = LedgerInput([root / task.file], mapping_of(options), [root / name for name in task.repairs])
        rooms = JobRooms(
            local_rooms(settings, given, parameters=parameters_of(options), hook=hook),
            ledger,
            files,
            most_rejected=order.most_rejected,
            chunk_rows=order.chunk_rows,
        )
        rooms.resume()
        request = RunRequest(options.title, dry_run=False, parameter_digests=parameter_digests())
        through = _in_place_of(task.older, rooms, ledger) if task.older else rooms
        decisions = partial(decisions_of_job, ledger)
        run_through(through, rooms.inner, request, folder=files.attempt, decisions=decisions)
        if task.older:
            _build_bridge(root / task.older.out, files.attempt, older=task.older)
        files.publish()
    files.clear()
    ledger.refresh()
    facts = ("run_digest", "counts", "total_mg_co2e")
    published, attached = ledger.done[PUBLISHED, 0].told, ledger.done[ATTACHED, 0].told
    told = {name: published[name] for name in facts} | {"run_id": attached["run_id"]}
    return told | (_succession(task.older, files.out) if task.older else {})


def _in_place_of(older: OlderRun, rooms: JobRooms, ledger: JobLedger) -> SuccessorRooms:
    """Return the rooms for a run that takes the place of another, and shares it with none."""

    def hold(digest: str) -> None:
        holding = hold_place(ledger.connection, ledger.held.tenant_id, older.run_digest, digest=digest)
        ledger.run(holding)

    return SuccessorRooms(rooms, older.run_digest, hold)


def _build_bridge(before: Path, folder: Path, *, older: OlderRun) -> None:
    """Write what leads from the older run to the new one; where its results are gone, there is none."""
    if (before / INVENTORY).exists():
        newer = open_run(folder).digest
        save_bridge(bridge_between(before, folder), folder, older=older.run_digest, newer=newer)


def _succession(older: OlderRun, folder: Path) -> dict[str, Any]:
    """Return whose place the run took, and the effects that lead from there, in milligrams, by category."""
    found = saved_bridge(folder)
    return {"recalculates": older.run_id, "bridge": None if found is None else found["effects"]}


def _files_refused(error: OSError) -> Failure:
    what = f"The files of the job cannot be read or written: {error.strerror or type(error).__name__}."
    return Failure("job_files_refused", what, "Make room in the data folder, or check its permissions.")


def mapping_of(options: LedgerOptions) -> Mapping:
    """Return the mapping that the options give, with their answers."""
    given = Mapping()
    if options.mapping:
        with tempfile.TemporaryDirectory(prefix="vcci-") as folder:
            path = Path(folder) / "mapping.yaml"
            path.write_text(options.mapping, encoding="utf-8")
            given = load_mapping(path)
    return answered(given, options.conventions(), currency=options.currency, region=options.region)


def telling(tell: Say, lifeline: Lifeline) -> Callable[[Event], None]:
    """Return a hook that tells the beginning of each stage, and some of the steps within it.

    A job that was called off ends there.
    """
    told_s = 0.0

    def hook(event: Event) -> None:
        nonlocal told_s
        if lifeline.is_called_off:
            raise JobCancelledError
        now_s = time.monotonic()
        if isinstance(event, StageStarted):
            tell({"stage": event.stage, "rows_done": 0, "rows": event.rows_total})
        elif isinstance(event, BatchAdvanced) and now_s - told_s >= SECONDS_BETWEEN:
            told_s = now_s
            tell({"stage": event.stage, "rows_done": event.rows_done, "rows": event.rows_total})

    return hook


if __name__ == "__main__":
    main()
