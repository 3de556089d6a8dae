"""A run that is made of the rows of a stored one: what it is calculated with, and its inventory."""

from dataclasses import dataclass, replace
from typing import Final

from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.engine.tables import resolved_tables
from vcci.processing.stored_run import StoredRun
from vcci.services.factors import FactorBroker
from vcci.services.ports import CalculatedRun, LedgerRead, Resolve
from vcci.services.reporting import RunFacts, inventory_of

BRIDGE: Final = "bridge.json"
"""What leads to a run from the one whose place it took, among its results."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a recalculation, with all that resolves keys under them."""

    broker: FactorBroker
    units: UnitTable
    mapping: LedgerMapping

    @property
    def year(self) -> int | None:
        """Return the reporting year."""
        return self.broker.parameters.year

    def resolve(self) -> Resolve:
        """Return what resolves the keys and dates of the run."""
        calculator = self.broker.calculator(self.units, self.mapping.own_factors)
        return lambda keys, dates: resolved_tables(keys, dates, calculator)


def inventory_from_rows(stored: StoredRun, run: CalculatedRun, options: Options, *, digest: str) -> Inventory:
    """Return the inventory of a run that was made of the rows of a stored one: how these were read is its."""
    facts = RunFacts(
        digest=digest,
        title=stored.told("title"),
        year=options.year,
        parameters=options.broker.described(),
        packs=options.broker.packs_in_use(),
    )
    read = LedgerRead(run.counts.rows, "", (), options.mapping, decisions=stored.decisions)
    figures = inventory_of(run, facts=facts, read=read, units=options.units)
    told = {name: stored.told(name) for name in ("sources", "reading", "successor_of")}
    return replace(figures, **told)
