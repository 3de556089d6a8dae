"""The front stage: any file -> a raw table of texts, safely. Nothing here reads a file's content itself."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError, InputError
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.intake import parser_process
from vcci.intake.job import TABLE
from vcci.intake.limits import IntakeLimits, refuse_over, unreadable


@dataclass(frozen=True, slots=True)
class RawTable:
    """One file's table: every data row below the header that has any text, texts as in the file.

    `path` is Parquet: `line` (Int64, from 1: line of the text file where the record starts, sheet row, or
    Parquet row), `cells` (Int32: cells found; a row is ragged where that is not the header's number), and
    `c0` ... `c{n-1}` (String, never null), one for each header cell. `header` is stripped. `sha256` is of the
    user's file. `found` holds what was found out: encoding, delimiter, line_end, header_row, sheet, decimal.
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
    """Read files, each in a limited child process of its own, into raw tables in `folder`.

    Raises `FileRefusedError` where a file cannot be read safely or whole, `QuestionError` where only a person
    can say how, `InputError` where the conventions do not fit; what was read so far stays in `folder`.
    """
    tables: list[RawTable] = []
    done = 0
    for number, path in enumerate(paths):
        out = folder / f"raw-{number:04}.parquet"
        tables.append(_read(path, out, conventions=conventions, limits=limits, progress=_after(done, hook)))
        done += tables[-1].rows
    return tables


def _after(done: int, hook: Hook) -> Callable[[int], None]:
    return lambda rows: hook(BatchAdvanced("read", done + rows))


def _read(
    path: Path,
    out: Path,
    *,
    conventions: Conventions,
    limits: IntakeLimits,
    progress: Callable[[int], None],
) -> RawTable:
    before = _stamp(path, limits)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".parse-") as private:
        answer = parser_process.parse(
            path,
            name=path.name,
            conventions=conventions,
            limits=limits,
            folder=Path(private),
            progress=progress,
        )
        if _stamp(path, limits) != before:
            raise FileRefusedError(
                f"{path.name} was changed while it was read.",
                remedy="Run again when nothing writes to it.",
                code="file_changed",
            )
        (Path(private) / TABLE).replace(out)
    return _table(path.name, out, answer)


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
