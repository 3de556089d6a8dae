"""`vcci run --engine spark`: classified rows to an inventory, on a cluster."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Conventions, Mapping
from vcci.errors import InputError
from vcci.events import Hook

if TYPE_CHECKING:
    from vcci.runtime.spark_run import SparkRequest
    from vcci.services.factors import Parameters
    from vcci.services.runs import RunRequest

USUAL = "rollups"
"""What is stored unless --store says otherwise."""


def refuse_unused(
    conventions: Conventions, *, currency: str, region: str, repair: object, dry_run: bool
) -> None:
    """Raise `InputError` for options that have no meaning for classified rows."""
    given = {
        "--decimal, --date-order, --encoding, --delimiter, --header-row, --sheet": any(
            answer is not None for answer in astuple(conventions)
        ),
        "--currency": currency,
        "--region": region,
        "--repair": repair,
        "--dry-run": dry_run,
    }
    unused = [name for name, value in given.items() if value]
    if unused:
        raise InputError(
            f"On Spark, rows are classified already: {', '.join(unused)} has no meaning.",
            remedy="Leave it out; docs/spark.md says what the rows look like.",
            code="spark_option_unused",
        )


def refuse_without_spark(*, master: str, store: str) -> None:
    """Raise `InputError` for options of Spark where it is not asked for."""
    unused = [name for name, value in (("--master", master), ("--store", store != USUAL)) if value]
    if unused:
        raise InputError(
            f"{' and '.join(unused)} is for Spark.", remedy="Add --engine spark.", code="spark_option_unused"
        )


def asked(files: Sequence[str], *, out: str, master: str, store: str) -> "SparkRequest":
    """Return what is asked of Spark."""
    from vcci.runtime.spark_run import Kept, SparkRequest

    return SparkRequest(tuple(files), out, master, Kept(store))


def run(
    request: "RunRequest", job: "SparkRequest", *, mapping: Mapping, parameters: "Parameters", hook: Hook
) -> tuple[Inventory, dict[str, str]]:
    """Run, and return the inventory and where its parts are."""
    from vcci import settings
    from vcci.runtime.spark_run import run_on_spark

    done = run_on_spark(
        settings.load(), request, asked=job, mapping=mapping, parameters=parameters, hook=hook
    )
    known = " (was there already)" if done.was_there else ""
    results = {
        "results": f"{done.folder}{known}",
        "report": f"{done.folder}/inventory.html",
        "lines": f"{done.folder}/lines, hash {done.mark['lines_hash']}",
        "rows without lines": f"{done.folder}/unlined, hash {done.mark['unlined_hash']}",
        "PostgreSQL": done.stored or "nothing stored",
    }
    return done.inventory, results
