"""Stored runs, looked at again: how a row came about, whether inputs make a run, what leads to the next."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vcci.domain.base_year import BaseYear, ChangeSince, CumulativeEffect, cumulative_effect
from vcci.domain.bridge import EFFECTS, Bridge
from vcci.domain.derivation import Derivation
from vcci.errors import InputError, PackError
from vcci.events import Hook, ignore
from vcci.intake import load_mapping
from vcci.packs import PackLibrary
from vcci.parameters import load
from vcci.processing.find_line import RunFiles
from vcci.processing.replay import FROM_ROWS, Compared, compared, recalculated
from vcci.processing.stored_run import StoredRun, open_run
from vcci.reports import inventory as inventory_report
from vcci.runtime.factors import assessor
from vcci.runtime.folders import fresh_folder
from vcci.runtime.ledgers import LedgerInput, local_rooms, parameter_digests, run_through
from vcci.runtime.run_from_rows import BRIDGE, Options, inventory_from_rows
from vcci.runtime.successor_rooms import SuccessorRooms
from vcci.services import comparison
from vcci.services.derivations import derivation_of
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.runs import RunRequest
from vcci.settings import Settings

MOST_DIGITS = 18
"""Of a number of rows or lines, which are 64-bit integers."""


def derivation(folder: Path, asked: str) -> Derivation:
    """Return how a row of a stored run came about; `asked` is its number, or FILE:LINE."""
    run, files = open_run(folder), RunFiles(folder)
    source, _, line = asked.rpartition(":")
    if not (line.isdecimal() and len(line) <= MOST_DIGITS):
        raise InputError(
            f"{asked!r} is no row.",
            remedy="Give the number of a row of lines.csv, or FILE:LINE.",
            code="row_unknown",
        )
    row = files.row_of(source, int(line)) if source else int(line)
    found = files.find(row)
    return derivation_of(found, run_digest=run.digest, packs=run.packs, decisions=run.decisions)


def bridge_between(older: Path, newer: Path) -> Bridge:
    """Return what leads from the total of one stored run to that of another."""
    names = ("by_supplier_key", "multipliers", "unlined")
    sides = [tuple(open_run(folder).table(name) for name in names) for folder in (older, newer)]
    return comparison.compare(sides[0], sides[1])


RECALCULATING = ("factor", "method", "data", "boundary")
"""Effects that may call for a new base year; Scope 3 Standard, chapter 9, tells why."""


def recalculation_of(found: Bridge, folder: Path, *, threshold_percent: str) -> CumulativeEffect:
    """Return whether what has changed but business recalculates the run in `folder` as base year."""
    stored = open_run(folder)
    threshold = Fraction(threshold_percent)
    base = BaseYear(stored.document["year"] or 0, found.older_mg_co2e, threshold, policy="")
    changes = [
        ChangeSince(effect, found.of(effect), may_recalculate=effect in RECALCULATING)
        for effect in EFFECTS
        if found.of(effect)
    ]
    return cumulative_effect(base, changes)


FROM_FIGURES = ("inventory.json", "categories.csv", "suppliers.csv")
"""Files that say what was calculated; inventory.json also says how the files were read, as it is stored."""


def nothing_else(_: Path) -> Sequence[Compared]:
    """Compare nothing beside the files."""
    return ()


def verify_run(
    settings: Settings,
    folder: Path,
    *,
    files: Sequence[Path],
    repairs: Sequence[Path],
    packs: Sequence[str] = (),
    also: Callable[[Path], Sequence[Compared]] = nothing_else,
    hook: Hook = ignore,
) -> list[Compared]:
    """Make a stored run again, from its files if they are given, and compare what comes out.

    Without files it is made from its classified rows. `packs` are folders of packs of the user's own. `also`
    is given the folder of the run that was made again, and compares what else there is with it. Raises
    `PackError` where a pack is not the one it was.
    """
    stored = open_run(folder)
    parameters = _with_folders(Parameters.from_described(stored.parameters), packs)
    broker = FactorBroker(PackLibrary(), parameters, assessor())
    _refuse_other_packs(stored, broker)
    with tempfile.TemporaryDirectory(prefix="vcci-verify-") as scratch:
        again = Path(scratch) / "run"
        if not files:
            return [*_verified_from_rows(stored, broker, again), *also(again)]
        mapping = load_mapping(folder / "mapping.yaml")
        title = "" if stored.told("title") == mapping.source else stored.told("title")
        given = LedgerInput(files, mapping, repairs)
        rooms = local_rooms(settings, given, parameters=parameters, hook=hook)
        older = str(stored.told("successor_of"))
        through = SuccessorRooms(rooms, older) if older else rooms
        request = RunRequest(title, dry_run=False, parameter_digests=parameter_digests(), stored=False)
        with fresh_folder(again, keep=True) as made_in:
            decisions = lambda: stored.decisions  # noqa: E731
            made = run_through(through, rooms, request, folder=made_in, decisions=decisions)
        _keep_bridge(folder, again)
        digests = Compared("run digest of inventory.json", stored.digest, made.run_digest)
        return [*compared(folder, again), digests, *also(again)]


def _keep_bridge(folder: Path, again: Path) -> None:
    """Take the bridge over: it is of two runs, and nothing of it can be made from one."""
    if (folder / BRIDGE).exists():
        shutil.copyfile(folder / BRIDGE, again / BRIDGE)


def _with_folders(parameters: Parameters, folders: Sequence[str]) -> Parameters:
    """Return the parameters with folders in the place of the names that the packs in them have."""
    library = PackLibrary()
    by_name = {library.manifest(folder).name: folder for folder in folders}
    return replace(parameters, packs=tuple(by_name.get(name, name) for name in parameters.packs))


def _verified_from_rows(stored: StoredRun, broker: FactorBroker, again: Path) -> list[Compared]:
    units = load.units(broker.currencies())
    options = Options(broker, units, load_mapping(stored.folder / "mapping.yaml"))
    run = recalculated(stored.folder / "activities.parquet", resolve=options.resolve(), out=again)
    inventory_report.publish(inventory_from_rows(stored, run, options, digest=stored.digest), again)
    totals = Compared("total of inventory.json", stored.total, f"{run.total_mg_co2e} mg CO2e")
    return [*compared(stored.folder, again, among=(*FROM_ROWS, *FROM_FIGURES)), totals]


def _refuse_other_packs(stored: StoredRun, broker: FactorBroker) -> None:
    now = {name: manifest.digest for name, manifest in broker.manifests().items()}
    other = [pack.name for pack in stored.packs if now.get(pack.name) != pack.digest]
    if other:
        raise PackError(
            f"The run used other data than the pack has now: {', '.join(other)}.",
            remedy="Verify it with the release that made it, or with the packs as they were.",
            code="pack_changed",
        )
