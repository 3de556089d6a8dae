"""The composition root: puts settings, rooms and services together, and closes them in reverse order."""

from vcci.runtime.audit import bridge_between, derivation, recalculation_of, verify_run
from vcci.runtime.factors import calculator_for
from vcci.runtime.ledgers import LocalRooms, database_url, parameter_digests, run_ledger
from vcci.runtime.recalculation import Recalculated, recalculate

__all__ = [
    "LocalRooms",
    "Recalculated",
    "bridge_between",
    "calculator_for",
    "database_url",
    "derivation",
    "parameter_digests",
    "recalculate",
    "recalculation_of",
    "run_ledger",
    "verify_run",
]
