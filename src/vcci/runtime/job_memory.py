"""What a stage found out, kept in a file for whoever goes on after it: Python's own form, read with care.

Paths within the folder of an attempt are written as such, so that they are right in the folder of the next.
Only classes of the product and plain ones of the standard library come back; the file is compared with the
digest that the database has before it is opened at all.
"""

import io
import pickle
from enum import Enum
from pathlib import Path
from typing import Any, Final

ALLOWED: Final = frozenset({"vcci", "functools", "datetime", "decimal", "collections", "pathlib", "enum"})
ALLOWED_BUILTINS: Final = frozenset({"set", "frozenset", "dict", "list", "tuple"})


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file, protocol=5)
        self._folder = folder

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Path) and value.is_relative_to(self._folder):
            return str(value.relative_to(self._folder))
        return None

    def reducer_override(self, value: Any) -> Any:
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def persistent_load(self, name: Any) -> Any:
        return self._folder / str(name)

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ALLOWED or (module == "builtins" and name in ALLOWED_BUILTINS):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is nothing that a stage finds out")


def remembered(value: Any, *, folder: Path) -> bytes | None:
    """Return a value as bytes; None where it cannot be written, and the stage has to be done again."""
    file = io.BytesIO()
    try:
        _Writer(file, folder).dump(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return file.getvalue()


def recalled(written: bytes, *, folder: Path) -> Any:
    """Return the value again, its paths in this folder."""
    return _Reader(io.BytesIO(written), folder).load()
