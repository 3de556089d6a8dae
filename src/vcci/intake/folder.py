"""A folder of files of one ledger: which of them are data, in the order of their names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vcci.errors import FileRefusedError
from vcci.intake.limits import IntakeLimits, refuse_over, unreadable
from vcci.intake.members import MAX_FILES, is_data, left_out, nothing_to_read

RESULTS: Final = "inventory.json"
"""A folder with this file in it holds results of a run, which are no ledger."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files with data by their full name, and the names of the others."""

    files: Mapping[str, Path]
    left_out: str


def folder_files(folder: Path, limits: IntakeLimits) -> FolderFiles:
    """Return the files of a folder and the folders in it; no links, nothing hidden."""
    top = folder.resolve().name
    data: dict[str, Path] = {}
    others: list[str] = []
    for path, inner, names in os.walk(folder, onerror=_refuse_unreadable):
        here = Path(path).relative_to(folder)
        inner[:] = [name for name in inner if not name.startswith(".")]
        if RESULTS in names:
            inner.clear()
            others.append(f"{top}/{here.as_posix()} (results of a run)")
            continue
        for relative in sorted((here / name).as_posix() for name in names):
            if is_data(relative):
                data[f"{top}/{relative}"] = folder / relative
            else:
                others.append(f"{top}/{relative}")
        _refuse_too_many(len(data), folder.name)
    if not data:
        raise nothing_to_read(str(folder), others)
    size = sum(file.stat().st_size for file in data.values() if file.is_file())
    refuse_over(size, limits.file_bytes, code="file_too_large", what=f"{top}: too many bytes")
    return FolderFiles(dict(sorted(data.items())), left_out(others))


def _refuse_unreadable(error: OSError) -> None:
    raise unreadable(str(error.filename)) from None


def _refuse_too_many(files: int, name: str) -> None:
    if files > MAX_FILES:
        raise FileRefusedError(
            f"{name} holds over {MAX_FILES:,} files with data.",
            remedy="Give the folder of one ledger, or join its files.",
            code="file_too_many_entries",
        )
