"""A ledger's run in a process of its own: `python -m vcci.runtime.ledger_job`.

It takes its task as JSON from standard input, and writes a line of JSON for each step on the way; the last
one is the outcome: what the run came to, or the error that a person can act on.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from vcci import settings as all_settings
from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping, answered
from vcci.errors import DatabaseError, VcciError
from vcci.events import BatchAdvanced, Event, StageStarted
from vcci.intake import load_mapping
from vcci.runtime.ledgers import data_folder, parameter_digests, run_ledger
from vcci.services.factors import Parameters
from vcci.services.ledger_options import LedgerOptions, LedgerTask
from vcci.services.runs import RunRequest
from vcci.settings import Settings

SECONDS_BETWEEN: Final = 0.25
"""Of the steps within a stage, no more are told than that."""

Say = Callable[[dict[str, Any]], None]


def main() -> None:
    """Do one task."""
    task = LedgerTask.model_validate_json(sys.stdin.read())
    say(outcome_of(all_settings.load(), task, tell=say))


def say(what: dict[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(what), flush=True)


def outcome_of(settings: Settings, task: LedgerTask, *, tell: Say) -> dict[str, Any]:
    """Run a ledger and return what became of it; an error that may pass is marked."""
    root, options = data_folder(settings), task.options
    try:
        inventory, _ = run_ledger(
            settings,
            RunRequest(options.title, dry_run=False, parameter_digests=parameter_digests()),
            paths=[root / task.file],
            mapping=answered(
                _mapping(options), options.conventions(), currency=options.currency, region=options.region
            ),
            parameters=Parameters(
                options.pack_names(), options.year or None, options.price_basis, options.gwp
            ),
            out=root / task.out,
            hook=_telling(tell),
            repairs=[root / name for name in task.repairs],
        )
    except VcciError as error:
        told = {"code": error.code, "what": error.what, "tried": list(error.tried), "remedy": error.remedy}
        return {"outcome": {"error": told}, "may_pass": isinstance(error, DatabaseError)}
    return {"outcome": _came_to(inventory)}


def _mapping(options: LedgerOptions) -> Mapping:
    if not options.mapping:
        return Mapping()
    with tempfile.TemporaryDirectory(prefix="vcci-") as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(options.mapping, encoding="utf-8")
        return load_mapping(path)


def _came_to(inventory: Inventory) -> dict[str, Any]:
    return {
        "run_digest": inventory.run_digest,
        "counts": asdict(inventory.counts),
        "total_mg_co2e": inventory.total_mg_co2e,
    }


def _telling(tell: Say) -> Callable[[Event], None]:
    """Return a hook that tells the beginning of each stage, and some of the steps within it."""
    told_s = 0.0

    def hook(event: Event) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if isinstance(event, StageStarted):
            tell({"stage": event.stage, "rows_done": 0, "rows": event.rows_total})
        elif isinstance(event, BatchAdvanced) and now_s - told_s >= SECONDS_BETWEEN:
            told_s = now_s
            tell({"stage": event.stage, "rows_done": event.rows_done, "rows": event.rows_total})

    return hook


if __name__ == "__main__":
    main()
