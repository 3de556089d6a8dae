"""What one file may cost, and how a file that costs more is refused."""

from dataclasses import dataclass
from typing import Final

from vcci.errors import FileRefusedError

SETTINGS: Final = {
    "file_too_large": "VCCI_MAX_FILE_BYTES",
    "file_unpacks_too_large": "VCCI_MAX_UNPACKED_BYTES",
    "file_too_many_rows": "VCCI_MAX_ROWS",
    "file_too_many_columns": "VCCI_MAX_COLUMNS",
    "file_too_many_cells": "VCCI_MAX_CELLS",
    "file_cell_too_long": "VCCI_MAX_CELL_BYTES",
    "parser_out_of_memory": "VCCI_PARSER_MEMORY_MB",
    "parser_out_of_time": "VCCI_PARSER_CPU_SECONDS",
}
"""The setting that raises each limit, by the code of the refusal."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What a file may cost; `rows` and `cells` hold for workbooks and Parquet, the rest for every file."""

    file_bytes: int = 2_000_000_000
    unpacked_bytes: int = 200_000_000
    rows: int = 2_000_000
    columns: int = 500
    cells: int = 20_000_000
    cell_bytes: int = 32_768
    memory_mb: int = 1_000
    cpu_seconds: int = 60


def refuse_over(found: int, allowed: int, *, code: str, what: str) -> None:
    """Raise `FileRefusedError` with the code if `found` is over `allowed`; `what` says it in words."""
    if found > allowed:
        raise over(f"{what} ({found:,})", allowed, code=code)


def over(what: str, allowed: int, *, code: str) -> FileRefusedError:
    """Return the refusal of a file that costs too much, naming the setting that would allow it."""
    return FileRefusedError(
        f"{what}; at most {allowed:,} are allowed.",
        remedy=f"Split the file, or raise {SETTINGS[code]} if you trust it.",
        code=code,
    )


def damaged(name: str, why: object) -> FileRefusedError:
    """Return the refusal of a file whose content contradicts its format."""
    return FileRefusedError(
        f"{name} is damaged or not what it claims to be: {str(why).strip()[:300]}.",
        remedy="Open it in the program that made it, save it again, or export it as CSV.",
        code="file_damaged",
    )


def unreadable(name: str) -> FileRefusedError:
    """Return the refusal of a file that the operating system does not let us read."""
    return FileRefusedError(
        f"{name} may not be read by this user.", remedy="Change its permissions.", code="file_unreadable"
    )
