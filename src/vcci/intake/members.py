"""Which files of a folder or archive are data: told by their names alone. Pure."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from vcci.errors import FileRefusedError, InputError

DATA_NAMES: Final = (
    *(".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    *(".parquet", ".json", ".jsonl", ".ndjson", ".zip", ".gz"),
)
"""How the names of files with data end; a file of any other name is no data, and is listed as left out."""
ARCHIVE_NAMES: Final = (".zip", ".gz")
REMARKS: Final = re.compile(
    r"(read[ _-]?me|licen[cs]e|notice|changelog|lies[ _-]?mich|lisez[ _-]?moi|~\$).*", re.IGNORECASE
)
"""Names of remarks to a reader, and of a spreadsheet program's own lock files."""
MAX_FILES: Final = 1_000
SHOWN: Final = 10


def is_data(name: str) -> bool:
    """Say whether a file is read: by its ending, unless it or a folder of it is hidden or a remark."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in DATA_NAMES and not hidden and not REMARKS.fullmatch(path.name)


def harmless(name: str) -> str:
    """Return a member's name as it is shown: no way out of its folder, no characters that cannot be seen."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in "/".join(parts))


def left_out(names: Iterable[str]) -> str:
    """Return the names of files that are no data, as one text."""
    shown = sorted(names)
    more = len(shown) - SHOWN
    return ", ".join([*shown[:SHOWN], *([f"and {more} more"] if more > 0 else [])])


def nothing_to_read(name: str, others: Iterable[str]) -> InputError:
    """Return the refusal of a folder or archive without any data."""
    return InputError(
        f"{name} holds no file that can be read.",
        tried=[left_out(others)] if others else [],
        remedy=f"Data are told by their names: {' '.join(DATA_NAMES)}.",
        code="nothing_to_read",
    )


def nested(name: str) -> FileRefusedError:
    """Return the refusal of an archive that lies in an archive."""
    return FileRefusedError(
        f"{name} is an archive in an archive.",
        remedy="Unpack it, and give the folder.",
        code="archive_nested",
    )
