"""A run of classified rows on Apache Spark: put together, written once, loaded into PostgreSQL.

What a run leaves lies in OUT/run=DIGEST; a second run of the same rows, factors and parameters finds it.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.engine.tables import ResolvedTables, resolved_tables
from vcci.events import Hook, StageFinished, StageStarted, ignore
from vcci.parameters import load
from vcci.processing import spark, spark_rollups, spark_rows
from vcci.processing.spark_session import spark_errors, spark_session
from vcci.processing.spark_storage import MARK, Storage, as_uri, local_path
from vcci.reports import inventory as inventory_report
from vcci.runtime.factors import broker_over
from vcci.runtime.ledgers import database_url
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import CalculatedRun, LedgerRead
from vcci.services.reporting import RunFacts, inventory_of
from vcci.services.runs import RunRequest, run_digest
from vcci.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")

ACTIVITIES: Final = "activities.parquet"
ROW_FOLDERS: Final = (ACTIVITIES, "lines", "unlined")
"""What of a run has a row for each row that went in."""


class Kept(StrEnum):
    """What of a run is loaded into PostgreSQL."""

    ROLLUPS = "rollups"
    LINES = "lines"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SparkRequest:
    """What is run: paths of classified rows, where results go, on which master, and what PostgreSQL keeps."""

    paths: Sequence[str]
    out: str
    master: str = ""
    kept: Kept = Kept.ROLLUPS


@dataclass(frozen=True, slots=True)
class SparkFinished:
    """A run on Spark: where it lies, what its mark says, whether it was there before, where it is stored."""

    inventory: Inventory
    folder: str
    mark: dict[str, Any]
    was_there: bool
    stored: str


def run_on_spark(
    settings: Settings,
    request: RunRequest,
    *,
    asked: SparkRequest,
    mapping: LedgerMapping,
    parameters: Parameters,
    hook: Hook = ignore,
) -> SparkFinished:
    """Run rows on a cluster and return what came of it.

    Raises `InputError` for rows that are not canonical, `ConfigurationError` where Spark does not start,
    `RemoteError` where it fails, `AccountingError` where a row is lost.
    """
    broker = broker_over(parameters)
    with _session(asked) as session, spark_errors():
        action = _SparkRun(session, request, asked, mapping=mapping, broker=broker, hook=hook)
        read, folder, was_there = action.execute()
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            inventory = action.inventory_in(folder, read, Path(scratch))
            stored = _stage(
                hook, "store", lambda: action.store(settings, inventory, read=read, folder=folder)
            )
        mark = action.storage.read_json(f"{folder}/{MARK}")
    return SparkFinished(inventory, folder, mark, was_there, stored)


def _session(asked: SparkRequest) -> AbstractContextManager["SparkSession"]:
    return spark_session(asked.master)


@dataclass(frozen=True)
class _SparkRun:
    """The steps of one run."""

    session: "SparkSession"
    request: RunRequest
    asked: SparkRequest
    mapping: LedgerMapping
    broker: FactorBroker
    hook: Hook

    @property
    def storage(self) -> Storage:
        return Storage(self.session)

    def execute(self) -> tuple[LedgerRead, str, bool]:
        """Return what was read, the folder of the complete results, and whether it was there before."""
        out = as_uri(self.asked.out)
        with self.storage.scratch(out) as folder:
            rows, read = _stage(self.hook, "read", lambda: self._read(folder))
            tables = _stage(self.hook, "resolve", lambda: self._resolved(rows))
            target = f"{out}/run={self._digest(read)}"
            if self.storage.is_complete(target):
                return read, target, True
            spark.write_tables(tables, folder, self.storage)
            run, hashes = _stage(
                self.hook,
                "calculate",
                lambda: spark.calculate(rows, folder, rows_total=read.rows, tables=tables),
            )
            _stage(self.hook, "publish", lambda: self._publish(run, read, folder))
            mark = {
                "run_digest": self._digest(read),
                **asdict(run.counts),
                "total_mg_co2e": run.total_mg_co2e,
                "lines_hash": hashes.lines,
                "unlined_hash": hashes.unlined,
            }
            self.storage.finish(folder, target, mark)
        return read, target, False

    def inventory_in(self, folder: str, read: LedgerRead, scratch: Path) -> Inventory:
        """Return the inventory of complete results, from their aggregates."""
        for name in spark.SMALL_FILES:
            self.storage.download(f"{folder}/{name}", scratch / name)
        return self._inventory(spark.read_back(scratch, read.rows), read)

    def store(self, settings: Settings, inventory: Inventory, *, read: LedgerRead, folder: str) -> str:
        """Load what is to be kept into PostgreSQL; returns where it is."""
        if self.asked.kept is Kept.NOTHING:
            return ""
        from vcci.database import load, rollup_save
        from vcci.database.run_save import RunFiles

        url, tenant = database_url(settings), settings.tenant
        packs = [(m, self.broker.library.factors(m.name)) for m in self.broker.factor_manifests()]
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            if self.asked.kept is Kept.LINES:
                near = self._near(folder, Path(scratch))
                return load.store_run(inventory, read, near, url=url, tenant=tenant, packs=packs)
            for name in rollup_save.FILES:
                self.storage.download(f"{folder}/{name}", Path(scratch) / name)
            rows = spark_rows.calculable(self.session.read.parquet(f"{folder}/{ACTIVITIES}"))
            sums = rollup_save.RunSums(
                spark_rollups.supplier_names(rows), spark_rollups.rollups(rows, folder)
            )
            digest = load.import_digest(read, year=inventory.year)
            run = RunFiles(inventory, digest, read.files, Path(scratch), packs)
            return rollup_save.store_rollups(run, sums, url=url, tenant=tenant)

    def _near(self, folder: str, scratch: Path) -> Path:
        """Return a folder of this machine with the results, linked or copied, and nothing else."""
        here = local_path(folder)
        for name in (*ROW_FOLDERS, *spark.SMALL_FILES):
            if here is None:
                self.storage.download(f"{folder}/{name}", scratch / name)
            elif name in ROW_FOLDERS:
                (scratch / name).mkdir()
                for part in sorted((here / name).glob("*.parquet")):
                    (scratch / name / part.name).symlink_to(part)
            else:
                (scratch / name).symlink_to(here / name)
        return scratch

    def _read(self, folder: str) -> tuple["DataFrame", LedgerRead]:
        paths = [as_uri(path) for path in self.asked.paths]
        target = f"{folder}/{ACTIVITIES}"
        rows = spark_rows.read(self.session, paths)
        spark_rows.stage(rows, target, year=self.broker.parameters.year)
        staged = self.session.read.parquet(target)
        found = spark_rows.counted(staged)
        files = tuple({"name": path} for path in paths)
        read = LedgerRead(found.rows, found.digest, files, self.mapping, is_classified=True)
        return spark_rows.calculable(staged), read

    def _resolved(self, rows: "DataFrame") -> ResolvedTables:
        units = load.units(self.broker.currencies())
        calculator = self.broker.calculator(units, self.mapping.own_factors)
        return resolved_tables(*spark.questions(rows), calculator)

    def _publish(self, run: CalculatedRun, read: LedgerRead, folder: str) -> None:
        aggregates = {name: frame.collect() for name, frame in run.aggregates.items()}
        spark.write_small(aggregates, folder, self.storage)
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            inventory_report.publish(self._inventory(run, read), Path(scratch))
            for file in sorted(Path(scratch).iterdir()):
                self.storage.upload(file, f"{folder}/{file.name}")

    def _inventory(self, run: CalculatedRun, read: LedgerRead) -> Inventory:
        facts = RunFacts(
            digest=self._digest(read),
            title=self.request.title or self.mapping.source,
            year=self.broker.parameters.year,
            parameters=self.broker.described(),
            packs=self.broker.packs_in_use(),
        )
        return inventory_of(run, facts=facts, read=read, units=load.units(self.broker.currencies()))

    def _digest(self, read: LedgerRead) -> str:
        return run_digest(self.request, read=read, broker=self.broker)


def _stage(hook: Hook, name: str, work: Callable[[], T]) -> T:
    hook(StageStarted(name))
    started = perf_counter()
    result = work()
    hook(StageFinished(name, perf_counter() - started))
    return result
