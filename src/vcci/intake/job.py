"""What a reader in the child process is asked, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vcci.domain.mapping import Conventions
from vcci.intake.limits import IntakeLimits

TABLE: Final = "table.parquet"
"""What the child writes, in its working folder."""
OUT_OF_MEMORY: Final = 71
"""Exit status of the child when Python itself ran out of memory."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read into the Parquet file `out`; `report` takes the rows written so far."""

    name: str
    source: Path
    out: Path
    conventions: Conventions
    limits: IntakeLimits
    report: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read: the header's cells, the rows written, the kind of file, and what was found out."""

    header: tuple[str, ...]
    rows: int
    kind: str
    found: dict[str, str]


@dataclass(frozen=True, slots=True)
class Members:
    """What an archive held: the file of each member by its full name, and the names of what is no data."""

    files: dict[str, str]
    left_out: str
