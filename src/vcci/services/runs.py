"""A run: from the user's files to an inventory, named by the digest of everything that went in."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import polars as pl

from vcci import __version__
from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.domain.review import Decided
from vcci.engine.matching import Vocabulary
from vcci.engine.tables import resolved_tables
from vcci.events import Hook, StageFinished, StageStarted
from vcci.services.classification import Classifier, LedgerText
from vcci.services.factors import FactorBroker
from vcci.services.ports import Classify, LedgerRead, RunRooms
from vcci.services.reporting import RunFacts, inventory_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for; `parameter_digests` are those of the parameter files in force.

    A dry run keeps nothing; one that is not `stored` leaves its files, and the database as it was.
    """

    title: str
    dry_run: bool
    parameter_digests: Mapping[str, str]
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """The action: reads, classifies, calculates, publishes and stores, in that order.

    `decided` is asked, once all is read, what people decided of texts.
    """

    rooms: RunRooms
    broker: FactorBroker
    units: UnitTable
    category_by_prefix: Mapping[str, int]
    vocabulary: Vocabulary
    hook: Hook
    decided: Callable[[], Decided] = Decided

    def execute(self, request: RunRequest, folder: Path) -> Inventory:
        """Run into `folder`, an empty one that the caller keeps or throws away."""
        year = self.broker.parameters.year
        read = self._stage("read", lambda: self.rooms.read(folder / "ledger.parquet"))
        decided = Decided() if read.is_classified else self.decided()
        calculator = self.broker.calculator(self.units, read.mapping.own_factors)
        used = self._stage(
            "classify",
            lambda: self.rooms.classify(
                folder / "ledger.parquet",
                folder / "activities.parquet",
                decide=None if read.is_classified else self._classify(read.mapping, decided),
                year=year,
            ),
        )
        read = replace(read, decisions=decided.numbered(used))
        calculated = self._stage(
            "calculate",
            lambda: self.rooms.calculate(
                folder / "activities.parquet",
                folder,
                resolve=lambda keys, dates: resolved_tables(keys, dates, calculator),
            ),
        )
        facts = RunFacts(
            digest=run_digest(request, read=read, broker=self.broker),
            title=request.title or read.mapping.source,
            year=year,
            parameters=self.broker.described(),
            packs=self.broker.packs_in_use(),
        )
        inventory = inventory_of(calculated, facts=facts, read=read, units=self.units)
        self._stage("publish", lambda: self.rooms.publish(inventory, read, folder))
        if request.stored and not request.dry_run:
            self._stage("store", lambda: self.rooms.store(inventory, read, folder))
        return inventory

    def _classify(self, mapping: LedgerMapping, decided: Decided) -> Classify:
        classifier = Classifier(
            rules=mapping.accounts,
            titles=self.broker.titles(),
            category_by_prefix=self.category_by_prefix,
            vocabulary=self.vocabulary,
            decided=decided,
        )

        def decide(texts: pl.DataFrame) -> pl.DataFrame:
            asked = [LedgerText(*row) for row in texts.rows()]
            answers = [classifier.classify(text) for text in asked]
            return texts.with_columns(
                pl.Series("activity", [a.activity for a in answers], pl.String),
                pl.Series("category", [a.category for a in answers], pl.Int8),
                pl.Series("exclusion", [a.exclusion for a in answers], pl.String),
                pl.Series("class_notices", [";".join(a.notices) for a in answers], pl.String),
                pl.Series("score", [a.score for a in answers], pl.Float64),
                pl.Series("decision", [a.decision for a in answers], pl.Int64),
            )

        return decide

    def _stage(self, name: str, work: Callable[[], T]) -> T:
        self.hook(StageStarted(name))
        started = perf_counter()
        result = work()
        self.hook(StageFinished(name, perf_counter() - started))
        return result


def run_digest(request: RunRequest, *, read: LedgerRead, broker: FactorBroker) -> str:
    """Return the digest that names a run: data, mapping, packs, parameters and the engine's version.

    The digest of the data has the repairs in it; a successor is also named by the run that it follows, and a
    run that held to decisions by these.
    """
    named: dict[str, Any] = {
        "data": read.digest,
        "mapping": asdict(read.mapping),
        "packs": {name: manifest.digest for name, manifest in broker.manifests().items()},
        "parameters": broker.described(),
        "parameter files": dict(request.parameter_digests),
        "engine": __version__,
        "title": request.title,
    }
    if read.successor_of:
        named["successor of"] = read.successor_of
    if read.decisions:
        named["decisions"] = [asdict(one) for one in read.decisions]
    text = json.dumps(named, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
