"""A run of files on this machine: its rooms put together."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module, resources
from pathlib import Path
from threading import Thread

from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.domain.review import Decided, Decision
from vcci.errors import InputError
from vcci.events import Hook, ignore
from vcci.intake import IntakeLimits, read_ledger, save_mapping
from vcci.intake.ledger import RAW_FOLDER
from vcci.intake.repairs import save_repairs
from vcci.parameters import load
from vcci.processing import classify, export, local, texts
from vcci.reports import inventory as inventory_report
from vcci.runtime.factors import broker_over
from vcci.runtime.folders import fresh_folder
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve, RunRooms
from vcci.services.runs import Run, RunRequest
from vcci.settings import Settings

STORE = "vcci.database.load"
"""Imported where a run is stored: it takes half a second of a cold process."""


@dataclass(frozen=True, slots=True)
class LocalRooms:
    """The rooms of a run on this machine: files in, files out, and PostgreSQL unless it is a dry run."""

    settings: Settings
    paths: Sequence[Path]
    mapping: LedgerMapping
    broker: FactorBroker
    hook: Hook = ignore
    repairs: Sequence[Path] = ()
    units: UnitTable | None = None
    stored: list[str] = field(default_factory=list)

    def is_money(self, unit: str) -> bool:
        """Say whether a unit is a currency."""
        return self.units is not None and self.units.is_money(unit)

    def read(self, ledger: Path) -> LedgerRead:
        """Read the user's files in limited child processes, and meanwhile load what stores them."""
        Thread(target=import_module, args=(STORE,)).start()
        return read_ledger(
            self.paths,
            mapping=self.mapping,
            out=ledger,
            limits=limits_of(self.settings),
            year=self.broker.parameters.year,
            hook=self.hook,
            repairs=self.repairs,
            units=self.units,
        )

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Add activity, category and exclusion to every row."""
        classify.classify(ledger, activities, decide=decide, year=year)
        return texts.decisions_in(activities.parent)

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Multiply and sum, chunk by chunk."""
        return local.run(activities, resolve=resolve, out=folder, hook=self.hook)

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Write lines, rejects, repairs, tables and the report."""
        export.rows(folder, run=inventory.run_digest, records=read.records)
        texts.sum_up(folder, is_money=self.is_money)
        shutil.rmtree(folder / RAW_FOLDER)
        save_mapping(read.mapping, folder / "mapping.yaml")
        if read.repairs:
            save_repairs(read, folder / "repairs.csv")
        inventory_report.publish(inventory, folder)

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Load the run into PostgreSQL."""
        from vcci.database.load import store_run

        self.stored.append(
            store_run(
                inventory,
                read,
                folder,
                url=database_url(self.settings),
                tenant=self.settings.tenant,
                packs=[(m, self.broker.library.factors(m.name)) for m in self.broker.factor_manifests()],
            )
        )


@dataclass(frozen=True, slots=True)
class LedgerInput:
    """The user's files, how they are read, and files of mended rows, in order."""

    paths: Sequence[Path]
    mapping: LedgerMapping
    repairs: Sequence[Path] = ()


def local_rooms(settings: Settings, given: LedgerInput, *, parameters: Parameters, hook: Hook) -> LocalRooms:
    """Return the rooms for a ledger on this machine; raises `InputError` for a currency without rates."""
    broker = broker_over(parameters)
    units = load.units(broker.currencies())
    _refuse_unknown_currency(given.mapping.currency, units)
    return LocalRooms(settings, given.paths, given.mapping, broker, hook, given.repairs, units)


def run_through(
    rooms: RunRooms,
    local: LocalRooms,
    request: RunRequest,
    *,
    folder: Path,
    decisions: Callable[[], Iterable[Decision]] = tuple,
) -> Inventory:
    """Run through rooms that are these local ones, or lead to them, into an empty folder.

    `decisions` gives those that the run holds to where no rule places a text.
    """
    action = Run(
        rooms,
        local.broker,
        units=local.units or load.units(local.broker.currencies()),
        category_by_prefix=load.spend_categories(),
        vocabulary=load.everyday_words(),
        hook=local.hook,
        decided=lambda: Decided(decisions()),
    )
    return action.execute(request, folder)


def run_ledger(
    settings: Settings,
    request: RunRequest,
    *,
    paths: Sequence[Path],
    mapping: LedgerMapping,
    parameters: Parameters,
    out: Path,
    hook: Hook,
    repairs: Sequence[Path] = (),
) -> tuple[Inventory, str]:
    """Run files into `out` and return the inventory and where it lies in PostgreSQL ('' if dry).

    `repairs` are files of mended rows, in order. A run that is not dry holds to what the tenant's people
    decided of texts.
    """
    given = LedgerInput(paths, mapping, repairs)
    rooms = local_rooms(settings, given, parameters=parameters, hook=hook)
    with fresh_folder(out, keep=not request.dry_run) as folder:
        is_kept = request.stored and not request.dry_run
        decisions = partial(_decisions, settings) if is_kept else tuple
        inventory = run_through(rooms, rooms, request, folder=folder, decisions=decisions)
    return inventory, "".join(rooms.stored)


def _decisions(settings: Settings) -> list[Decision]:
    from vcci.database.decisions import decisions_at

    return decisions_at(database_url(settings), tenant=settings.tenant)


def _refuse_unknown_currency(currency: str, units: UnitTable) -> None:
    if currency and not units.is_money(currency):
        raise InputError(
            f"{currency} is no currency with published rates.",
            remedy="Give --currency (or `currency:` in the mapping) an ISO 4217 code such as EUR.",
            code="currency_unknown",
        )


def database_url(settings: Settings) -> str:
    """Return the URL of the database in use; starts the embedded server if there is no other."""
    from vcci.database import embedded

    if settings.database_url:
        return settings.database_url.get_secret_value()
    return embedded.start(data_folder(settings)).url


def data_folder(settings: Settings) -> Path:
    """Return the folder that keeps what outlives a process on this machine."""
    from vcci.database import embedded

    return settings.data_dir or embedded.default_data_dir()


def limits_of(settings: Settings) -> IntakeLimits:
    """Return what a file may cost."""
    return IntakeLimits(
        file_bytes=settings.max_file_bytes,
        unpacked_bytes=settings.max_unpacked_bytes,
        rows=settings.max_rows,
        columns=settings.max_columns,
        cells=settings.max_cells,
        cell_bytes=settings.max_cell_bytes,
        memory_mb=settings.parser_memory_mb,
        cpu_seconds=settings.parser_cpu_seconds,
    )


def parameter_digests() -> dict[str, str]:
    """Return the digests of the parameter files in force: part of what names a run."""
    folder = resources.files("vcci.parameters")
    return {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith((".yaml", ".json"))
    }
