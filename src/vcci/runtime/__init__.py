"""The composition root: puts settings, rooms and services together, and closes them in reverse order.

The names are loaded when first asked for: processes that do one thing of it have no use for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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

_HOMES: Final = {
    "LocalRooms": "ledgers",
    "Recalculated": "recalculation",
    "bridge_between": "audit",
    "calculator_for": "factors",
    "database_url": "ledgers",
    "derivation": "audit",
    "parameter_digests": "ledgers",
    "recalculate": "recalculation",
    "recalculation_of": "audit",
    "run_ledger": "ledgers",
    "verify_run": "audit",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
