"""The composition root: puts settings, rooms and services together, and closes them in reverse order."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path

from vcci.domain.base_year import BaseYear, ChangeSince, CumulativeEffect, cumulative_effect
from vcci.domain.bridge import EFFECTS, Bridge
from vcci.domain.derivation import Derivation
from vcci.domain.factor import PriceBasis
from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.engine.assess import Assessor
from vcci.engine.tables import resolved_tables
from vcci.errors import InputError, PackError
from vcci.events import Hook, ignore
from vcci.intake import IntakeLimits, load_mapping, read_ledger, save_mapping
from vcci.intake.ledger import RAW_FOLDER
from vcci.intake.repairs import save_repairs
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load, quality
from vcci.processing import classify, export, local
from vcci.processing.find_line import RunFiles
from vcci.processing.replay import FROM_ROWS, Compared, compared, recalculated
from vcci.processing.stored_run import StoredRun, open_run
from vcci.reports import inventory as inventory_report
from vcci.services import comparison
from vcci.services.calculations import CalculatorFor
from vcci.services.derivations import derivation_of
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve
from vcci.services.reporting import RunFacts, inventory_of
from vcci.services.runs import Run, RunRequest
from vcci.settings import Settings

RESULT_MARK = "inventory.json"
"""The file by which a folder is known to hold results of a run, and may be replaced."""


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

    def read(self, ledger: Path) -> LedgerRead:
        """Read the user's files in limited child processes."""
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

    def classify(self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None) -> None:
        """Add activity, category and exclusion to every row."""
        classify.classify(ledger, activities, decide=decide, year=year)

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Multiply and sum, chunk by chunk."""
        return local.run(activities, resolve=resolve, out=folder, hook=self.hook)

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Write lines, rejects, repairs, tables and the report."""
        export.rows(folder, run=inventory.run_digest, records=read.records)
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

    `repairs` are files of mended rows, in order.
    """
    broker = _broker(parameters)
    units = load.units(broker.currencies())
    rooms = LocalRooms(settings, paths, mapping, broker, hook, repairs, units)
    _refuse_unknown_currency(mapping.currency, units)
    action = Run(
        rooms,
        broker,
        units=units,
        category_by_prefix=load.spend_categories(),
        vocabulary=load.everyday_words(),
        hook=hook,
    )
    with fresh_folder(out, keep=not request.dry_run) as folder:
        inventory = action.execute(request, folder)
    return inventory, "".join(rooms.stored)


def calculator_for(
    packs: Sequence[str], *, gwp_set: str = "", price_basis: PriceBasis = PriceBasis.PURCHASER
) -> CalculatorFor:
    """Return what makes calculators over packs: those named, else all that ship without a mark."""
    return _calculator_for(Parameters(tuple(packs), gwp_set=gwp_set, price_basis=price_basis))


def _broker(parameters: Parameters) -> FactorBroker:
    """Return the broker over the packs named; where none is, over the defaults, and others when asked for."""
    library = PackLibrary()
    if parameters.packs:
        return FactorBroker(library, parameters, assessor())
    on_demand = tuple(name for name in library.unmarked_names() if library.is_of_factors(name))
    return FactorBroker(library, replace(parameters, packs=default_names()), assessor(), on_demand)


@cache
def _calculator_for(asked: Parameters) -> CalculatorFor:
    broker = _broker(asked)
    units = load.units(broker.currencies())
    return lambda own: broker.calculator(units, own)


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
    return derivation_of(files.find(row), run_digest=run.digest, packs=run.packs)


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


def verify_run(
    settings: Settings,
    folder: Path,
    *,
    files: Sequence[Path],
    repairs: Sequence[Path],
    packs: Sequence[str] = (),
) -> list[Compared]:
    """Make a stored run again, from its files if they are given, and compare what comes out.

    Without files it is made from its classified rows. `packs` are folders of packs of the user's own. Raises
    `PackError` where a pack is not the one it was.
    """
    stored = open_run(folder)
    parameters = _with_folders(Parameters.from_described(stored.parameters), packs)
    broker = FactorBroker(PackLibrary(), parameters, assessor())
    _refuse_other_packs(stored, broker)
    with tempfile.TemporaryDirectory(prefix="vcci-verify-") as scratch:
        again = Path(scratch) / "run"
        if not files:
            return _verified_from_rows(stored, broker, again)
        mapping = load_mapping(folder / "mapping.yaml")
        title = "" if stored.told("title") == mapping.source else stored.told("title")
        made, _ = run_ledger(
            settings,
            RunRequest(title, dry_run=False, parameter_digests=parameter_digests(), stored=False),
            paths=files,
            mapping=mapping,
            parameters=parameters,
            out=again,
            hook=ignore,
            repairs=repairs,
        )
        digests = Compared("run digest of inventory.json", stored.digest, made.run_digest)
        return [*compared(folder, again), digests]


def _with_folders(parameters: Parameters, folders: Sequence[str]) -> Parameters:
    """Return the parameters with folders in the place of the names that the packs in them have."""
    library = PackLibrary()
    by_name = {library.manifest(folder).name: folder for folder in folders}
    return replace(parameters, packs=tuple(by_name.get(name, name) for name in parameters.packs))


def _verified_from_rows(stored: StoredRun, broker: FactorBroker, again: Path) -> list[Compared]:
    units = load.units(broker.currencies())
    calculator = broker.calculator(units, load_mapping(stored.folder / "mapping.yaml").own_factors)
    run = recalculated(
        stored.folder / "activities.parquet",
        resolve=lambda keys, dates: resolved_tables(keys, dates, calculator),
        out=again,
    )
    facts = RunFacts(
        digest=stored.digest,
        title=stored.told("title"),
        year=broker.parameters.year,
        parameters=broker.described(),
        packs=broker.packs_in_use(),
    )
    figures = inventory_of(run, facts=facts, read=LedgerRead(0, "", (), LedgerMapping()), units=units)
    inventory = replace(
        figures,
        sources=stored.told("sources"),
        reading=stored.told("reading"),
        successor_of=stored.told("successor_of"),
    )
    inventory_report.publish(inventory, again)
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


def assessor() -> Assessor:
    """Return what assesses the data quality of lines."""
    return Assessor(quality.pedigree(), quality.assessments())


def _refuse_unknown_currency(currency: str, units: UnitTable) -> None:
    if currency and not units.is_money(currency):
        raise InputError(
            f"{currency} is no currency with published rates.",
            remedy="Give --currency (or `currency:` in the mapping) an ISO 4217 code such as EUR.",
            code="currency_unknown",
        )


@contextmanager
def fresh_folder(out: Path, *, keep: bool) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` if all went well, and vanishes if not."""
    out = out.absolute()
    _refuse_foreign(out)
    if not keep:
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            yield Path(scratch)
        return
    made = [parent for parent in out.parents if not parent.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield folder
        _replace(out, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):  # it holds the results now
                parent.rmdir()


def _refuse_foreign(out: Path) -> None:
    is_ours = (out / RESULT_MARK).exists()
    if out.exists() and not is_ours and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists and holds something else than results of a run.",
            remedy="Name another folder with --out, or remove it.",
            code="out_is_taken",
        )


def _replace(out: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one, which stays until the new one is there."""
    folder.chmod(0o755)
    older = folder.with_name(f"{folder.name}-older")
    if out.exists():
        out.rename(older)
    folder.rename(out)
    shutil.rmtree(older, ignore_errors=True)


def database_url(settings: Settings) -> str:
    """Return the URL of the database in use; starts the embedded server if there is no other."""
    from vcci.database import embedded

    if settings.database_url:
        return settings.database_url.get_secret_value()
    return embedded.start(settings.data_dir or embedded.default_data_dir()).url


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
