"""The rooms of a run that takes the place of another: it is named by that one, and is alone in its place."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vcci.domain.inventory import Inventory
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve, RunRooms


def _leave(_: str) -> None:
    """Hold no place."""


@dataclass(frozen=True, slots=True)
class SuccessorRooms:
    """Other rooms, for the successor of the run of the digest `older`.

    `hold` is called with the new run's digest before it is stored, and raises where the place is taken.
    """

    inner: RunRooms
    older: str
    hold: Callable[[str], None] = _leave

    def read(self, ledger: Path) -> LedgerRead:
        """Read as the inner rooms do; the run that is followed is the given one, whatever mends say."""
        return replace(self.inner.read(ledger), successor_of=self.older)

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Classify as the inner rooms do."""
        return self.inner.classify(ledger, activities, decide=decide, year=year)

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Calculate as the inner rooms do."""
        return self.inner.calculate(activities, folder, resolve=resolve)

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Publish as the inner rooms do."""
        self.inner.publish(inventory, read, folder)

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Hold the place, and store as the inner rooms do."""
        self.hold(inventory.run_digest)
        self.inner.store(inventory, read, folder)
