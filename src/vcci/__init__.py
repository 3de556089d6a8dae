"""VCCI: Value Chain Carbon Intelligence, Scope 3 greenhouse-gas accounting.

`import vcci` is the library: `vcci.calculate(...)`, `vcci.factors(...)` and what else `vcci.library` offers.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Return a public name of the library, which is loaded when it is first used: the CLI need not wait."""
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):  # a room, which its own import finds
        raise AttributeError(name)
    library = import_module("vcci.library")
    if name not in library.__all__:
        raise AttributeError(f"vcci has no {name}; it has {', '.join(library.__all__)}")
    return getattr(library, name)
