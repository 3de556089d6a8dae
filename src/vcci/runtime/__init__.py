"""The composition root: puts settings, rooms and services together, and closes them in reverse order."""

from vcci.runtime.audit import bridge_between, derivation, recalculation_of, verify_run
from vcci.runtime.factors import calculator_for
from vcci.runtime.ledgers import LocalRooms, database_url, parameter_digests, run_ledger

__all__ = [
    "LocalRooms",
    "bridge_between",
    "calculator_for",
    "database_url",
    "derivation",
    "parameter_digests",
    "recalculation_of",
    "run_ledger",
    "verify_run",
]
