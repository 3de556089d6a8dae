"""Intake: any file of a ledger -> one ledger frame, safely and with nothing guessed silently.

The names are loaded when first asked for: the child process that parses a file lives in this package too, and
has no use for the rest of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from vcci.intake.ledger import read_ledger
    from vcci.intake.limits import IntakeLimits
    from vcci.intake.mapping_file import load_mapping, save_mapping

__all__ = ["IntakeLimits", "load_mapping", "read_ledger", "save_mapping"]

_HOMES: Final = {
    "IntakeLimits": "limits",
    "load_mapping": "mapping_file",
    "read_ledger": "ledger",
    "save_mapping": "mapping_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
