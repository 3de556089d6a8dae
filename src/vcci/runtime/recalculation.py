"""Recalculation: a stored run under other options, from its classified rows; and what of it they touch."""

import asyncio
import codecs
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from vcci.domain.bridge import Bridge
from vcci.domain.inventory import Inventory
from vcci.errors import InputError
from vcci.events import Hook, ignore
from vcci.intake import load_mapping
from vcci.intake.repairs import restored
from vcci.packs import default_names
from vcci.parameters import load
from vcci.processing import recalculation as rows
from vcci.processing import texts
from vcci.processing.stored_run import StoredRun, open_run
from vcci.reports import inventory as inventory_report
from vcci.runtime.audit import bridge_between
from vcci.runtime.factors import broker_over
from vcci.runtime.folders import fresh_folder
from vcci.runtime.ledgers import database_url, parameter_digests
from vcci.runtime.run_from_rows import BRIDGE, Options, inventory_from_rows
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ledger_options import LedgerOptions
from vcci.services.ports import LedgerRead
from vcci.services.recalculation import Changes, Touched, bridge_as_json
from vcci.services.runs import RunRequest, run_digest
from vcci.settings import Settings

MAPPING: Final = "mapping.yaml"
REPAIRS: Final = "repairs.csv"
BRIDGE_FACTS: Final = ("older_mg_co2e", "newer_mg_co2e", "effects")


@dataclass(frozen=True, slots=True)
class Recalculated:
    """What came of a recalculation; without touched rows there is no inventory and no bridge.

    `where` is where it lies in PostgreSQL, empty where it was not stored.
    """

    touched: Touched
    inventory: Inventory | None = None
    bridge: Bridge | None = None
    where: str = ""


def options_for(stored: StoredRun, parameters: Parameters, *, asks_others: bool = False) -> Options:
    """Return the options for a stored run; raises `InputError` for a GWP set that no pack at hand knows.

    With `asks_others` packs that ship come into use for what only they have, as in a run that names none.
    """
    broker = broker_over(parameters)
    if asks_others:
        broker = replace(broker, on_demand=broker_over(replace(parameters, packs=())).on_demand)
    _refuse_unknown_gwp(parameters.gwp_set, broker)
    units = load.units(broker.currencies())
    return Options(broker, units, load_mapping(stored.folder / MAPPING))


def load_readers() -> None:
    """Load what reads the results of a run, so that nothing is loaded when a request first needs it."""
    rows.load_readers()
    codecs.lookup("utf-8-sig")  # of mappings


def parameters_of(options: LedgerOptions) -> Parameters:
    """Return the parameters that the options of an uploaded ledger ask for."""
    return Parameters(options.pack_names(), options.year or None, options.price_basis, options.gwp)


def _refuse_unknown_gwp(gwp_set: str, broker: FactorBroker) -> None:
    names = [*(manifest.name for manifest in broker.factor_manifests()), *broker.on_demand]
    if not gwp_set:
        return
    known: set[str] = set()
    for name in names:
        known |= {factor.gwp_set for factor in broker.library.factors(name)}
        if gwp_set in known:
            return
    raise InputError(
        f"No pack at hand knows the GWP set {gwp_set}.",
        tried=sorted(filter(None, known)),
        remedy="Name one of these, or a pack that has it.",
        code="gwp_set_unknown",
    )


def touched_by(folder: Path, parameters: Parameters) -> Touched:
    """Return what these parameters would touch of the run in a folder of results; nothing is written.

    Raises `InputError` and `PackError` where that cannot be told.
    """
    stored = open_run(folder)
    return _touched(stored, options_for(stored, parameters))


def _touched(stored: StoredRun, options: Options) -> Touched:
    return rows.touched(stored, resolve=options.resolve(), year=options.year)


def recalculate(
    settings: Settings, older: Path, changes: Changes, *, out: Path, dry_run: bool, hook: Hook
) -> Recalculated:
    """Make the run at `older` again with what changes, into `out`, and store it as its successor.

    The older run stays as it is; where nothing is touched, nothing is made. Raises `InputError` where `out`
    is the older run's folder, or its place was taken by another.
    """
    _refuse_same_folder(older, out)
    stored = open_run(older)
    before = Parameters.from_described(stored.parameters)
    asks_others = changes.packs is None and changes.gwp_set is not None and _ships(before)
    options = options_for(stored, changes.applied(before), asks_others=asks_others)
    touched = _touched(stored, options)
    if touched.is_nothing:
        return Recalculated(touched)
    with fresh_folder(out, keep=not dry_run) as folder:
        inventory = _made(stored, options, folder, hook=hook)
        bridge = bridge_between(older, folder)
        save_bridge(bridge, folder, older=stored.digest, newer=inventory.run_digest)
        where = "" if dry_run else _stored(settings, inventory, options, folder=folder)
    return Recalculated(touched, inventory, bridge, where)


def tried(older: Path, parameters: Parameters) -> Recalculated:
    """Return what the run at `older` would come to under these parameters; nothing of it is kept.

    Raises `InputError` and `PackError` where that cannot be told.
    """
    stored = open_run(older)
    options = options_for(stored, parameters)
    touched = _touched(stored, options)
    if touched.is_nothing:
        return Recalculated(touched)
    with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
        inventory = _made(stored, options, Path(scratch), hook=ignore)
        return Recalculated(touched, inventory, bridge_between(older, Path(scratch)))


def _ships(parameters: Parameters) -> bool:
    """Say whether a run used the packs that are in use where none is named."""
    return parameters.packs[: len(default_names())] == default_names()


def _refuse_same_folder(older: Path, out: Path) -> None:
    if older.resolve() == out.resolve():
        raise InputError(
            f"{out} is the folder of the run that is recalculated, which stays as it is.",
            remedy="Name another folder with --out.",
            code="out_is_taken",
        )


def _made(stored: StoredRun, options: Options, folder: Path, *, hook: Hook) -> Inventory:
    run = rows.calculated(stored, resolve=options.resolve(), out=folder, year=options.year, hook=hook)
    read = LedgerRead(
        run.counts.rows,
        f"rows of {stored.digest}",
        tuple({"name": name} for name in stored.told("sources")),
        options.mapping,
        successor_of=stored.digest,
    )
    request = RunRequest(stored.told("title"), dry_run=False, parameter_digests=parameter_digests())
    digest = run_digest(request, read=read, broker=options.broker)
    rows.publish_rows(folder, run=digest, records=rows.rejected_before(stored, restored))
    for name in (MAPPING, REPAIRS, texts.TEXTS):
        if (stored.folder / name).exists():
            shutil.copyfile(stored.folder / name, folder / name)
    texts.sum_up(folder, is_money=options.units.is_money)
    inventory = inventory_from_rows(stored, run, options, digest=digest)
    inventory = replace(inventory, successor_of=stored.digest)
    inventory_report.publish(inventory, folder)
    return inventory


def save_bridge(bridge: Bridge, folder: Path, *, older: str, newer: str) -> None:
    """Write the bridge between the runs of two digests into the folder of the newer one."""
    told = {"older_run_digest": older, "newer_run_digest": newer, **bridge_as_json(bridge)}
    (folder / BRIDGE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def saved_bridge(folder: Path) -> Mapping[str, Any] | None:
    """Return the bridge in a folder of results, in plain values; None where there is none."""
    try:
        told: Mapping[str, Any] = json.loads((folder / BRIDGE).read_bytes())
    except (OSError, ValueError):
        return None
    return told


def _stored(settings: Settings, inventory: Inventory, options: Options, *, folder: Path) -> str:
    from vcci.database.connections import without_password
    from vcci.database.run_succession import store_successor

    direct = settings.direct_database_url  # a pooler would keep the lock of the place when we are gone
    broker, url = options.broker, direct.get_secret_value() if direct else database_url(settings)
    packs = [(m, broker.library.factors(m.name)) for m in broker.factor_manifests()]
    saved = asyncio.run(store_successor(inventory, folder, url=url, tenant=settings.tenant, packs=packs))
    known = "" if saved.created else " (was there already)"
    return f"schema vcci, run {saved.run_id} at {without_password(url)}{known}"
