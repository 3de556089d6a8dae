"""The front stage: any file -> a raw table of texts, safely. Nothing here reads a file's content itself."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError, InputError
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.intake import parser_process
from vcci.intake.folder import FolderFiles, folder_files
from vcci.intake.job import TABLE
from vcci.intake.limits import IntakeLimits, refuse_over, unreadable

LEFT_OUT: Final = "left_out"
"""What `found` of the first table of a folder or archive calls the names of its files that are no data."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """One file's table: every data row below the header that has any text, texts as in the file.

    `path` is Parquet: `line` (Int64, from 1: line of the text file where the record starts, sheet row, or
    Parquet row), `cells` (Int32: cells found; a row is ragged where that is not the header's number), `rest`
    (String: the cells beyond the header, as CSV), and `c0` ... `c{n-1}` (String, never null), one for
    each header cell. `header` is stripped. `name` is that of the file, behind that of its folder or archive;
    `sha256` is of its bytes, as unpacked from an archive.
    `found` holds what was found out: encoding, delimiter, line_end, header_row, sheet, decimal ...
    """

    name: str
    path: Path
    header: tuple[str, ...]
    rows: int
    sha256: str
    kind: str
    found: dict[str, str]


def read_tables(
    paths: Sequence[Path],
    *,
    conventions: Conventions,
    limits: IntakeLimits,
    folder: Path,
    hook: Hook = ignore,
) -> list[RawTable]:
    """Read files, folders and archives, each file in a limited child of its own, into raw tables in `folder`.

    Raises `FileRefusedError` where a file cannot be read safely or whole, `QuestionError` where only a person
    can say how, `InputError` where the conventions do not fit; what was read so far stays in `folder`.
    """
    reading = _Reading(conventions, limits, folder, hook)
    for path in paths:
        found = folder_files(path, limits) if path.is_dir() else FolderFiles({path.name: path}, "")
        first = len(reading.tables)
        for name, file in found.files.items():
            reading.read(file, name)
        reading.note_left_out(first, found.left_out)
    return reading.tables


@dataclass(slots=True)
class _Reading:
    conventions: Conventions
    limits: IntakeLimits
    folder: Path
    hook: Hook
    tables: list[RawTable] = field(default_factory=list)

    def read(self, path: Path, name: str, *, is_member: bool = False) -> None:
        """Read one file, or the members of one archive, and add its tables."""
        before = _stamp(path, self.limits)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".parse-") as private:
            answer = parser_process.parse(
                path,
                name=name,
                conventions=self.conventions,
                limits=self.limits,
                folder=Path(private),
                progress=self._progress(),
                is_member=is_member,
            )
            if _stamp(path, self.limits) != before:
                raise _changed(name)
            if "members" in answer:
                self._read_members(answer, Path(private))
            else:
                out = self.folder / f"raw-{len(self.tables):04}.parquet"
                (Path(private) / TABLE).replace(out)
                self.tables.append(_table(name, out, answer))

    def note_left_out(self, first: int, names: str) -> None:
        """Say with the first of the tables of a folder or archive which of its files were left out."""
        if names:
            table = self.tables[first]
            both = ", ".join(filter(None, (table.found.get(LEFT_OUT), names)))
            self.tables[first] = replace(table, found=table.found | {LEFT_OUT: both})

    def _read_members(self, answer: dict[str, Any], private: Path) -> None:
        first = len(self.tables)
        for name, file in answer["members"].items():
            self.read(private / file, name, is_member=True)
        self.note_left_out(first, answer["left_out"])

    def _progress(self) -> Callable[[int], None]:
        done = sum(table.rows for table in self.tables)
        return lambda rows: self.hook(BatchAdvanced("read", done + rows))


def _changed(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name} was changed while it was read.",
        remedy="Run again when nothing writes to it.",
        code="file_changed",
    )


def _stamp(path: Path, limits: IntakeLimits) -> tuple[int, int]:
    """Return the size and time of a regular file that may be read; raises for anything else."""
    if not path.is_file():
        kind = "is not a file" if path.exists() else "does not exist"
        raise InputError(f"{path} {kind}.", remedy="Check the path.", code="file_missing")
    if not os.access(path, os.R_OK):
        raise unreadable(path.name)
    stat = path.stat()
    refuse_over(stat.st_size, limits.file_bytes, code="file_too_large", what=f"{path.name}: too many bytes")
    return stat.st_size, stat.st_mtime_ns


def _table(name: str, path: Path, answer: dict[str, Any]) -> RawTable:
    return RawTable(
        name=name,
        path=path,
        header=tuple(answer["header"]),
        rows=answer["rows"],
        sha256=answer["sha256"],
        kind=answer["kind"],
        found=answer["found"],
    )
