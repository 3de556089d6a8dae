"""The process that makes one file of a report: `python -m vcci.reports.export_child`.

It reads an order (JSON) from standard input, limits itself, and writes the file to standard output.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from vcci.reports.export_files import csv_archive, parquet_file, workbook
from vcci.reports.pdf import typeset

MEMORY_BYTES: Final = 1_500_000_000
"""Address space beyond what is mapped at the start: a workbook of a million rows needs a third of it."""

CPU_SECONDS: Final = 90


def _moment(order: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(order["made_at"]) if order["made_at"] else None


MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], bytes]]] = {
    "pdf": lambda order: typeset(order["document"]),
    "xlsx": lambda order: workbook(order["tables"], made_at=_moment(order)),
    "zip": lambda order: csv_archive(order["tables"]),
    "parquet": lambda order: parquet_file(order["tables"]),
}
"""How each format is made of an order: `form`, `made_at`, `document` for a PDF, `tables` for the others."""


def main() -> None:
    """Make the file."""
    limit_self()
    order = json.load(sys.stdin)
    sys.stdout.buffer.write(MAKERS[order["form"]](order))


def limit_self() -> None:
    """Limit memory, CPU time and files."""
    memory = _mapped_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is written but to the pipe


def _mapped_bytes() -> int:
    """Return the address space in use; 0 where the system does not tell it so."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
