"""Files of report views, each made by a limited process of its own, so that the service goes on answering."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from vcci.errors import InputError
from vcci.reports.export_files import MOST_SHEET_ROWS
from vcci.reports.export_tables import export_tables
from vcci.reports.pdf import pdf_document
from vcci.reports.standards.view import StandardReport

CHILD: Final = (sys.executable, "-I", "-B", "-m", "vcci.reports.export_child")
ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
}
"""All that the child sees of the environment; one thread and one heap keep its address space small."""

WALL_SECONDS: Final = 180
"""Twice the CPU time that the child allows itself."""

MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "parquet": "application/vnd.apache.parquet",
}
"""The formats of a report view, by their endings: a ZIP is of CSV files."""

MOST_WAITING: Final = 8
"""Files that may be asked for at a time in a process: one is made, the others wait and hold their order."""


def export_file(report: StandardReport, form: str, *, paper: str = "a4") -> bytes:
    """Return the report as a file; `InputError` where the process that makes it ends without one."""
    return _made(json.dumps(_order(report, form, paper), ensure_ascii=False).encode())


class Exporting:
    """Makes files beside the event loop, one at a time."""

    def __init__(self) -> None:
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._asked = 0

    @property
    def has_room(self) -> bool:
        """Say whether another file may be asked for."""
        return self._asked < MOST_WAITING

    async def file(self, report: StandardReport, form: str, *, paper: str) -> bytes:
        """Return the report as a file."""
        self._asked += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._hand, lambda: export_file(report, form, paper=paper))
        finally:
            self._asked -= 1


EXPORTING: Final = Exporting()
"""Of this process."""


def _order(report: StandardReport, form: str, paper: str) -> Mapping[str, Any]:
    made_at = report.reported.made_at
    order = {"form": form, "made_at": made_at and made_at.isoformat()}
    if form == "pdf":
        return order | {"document": pdf_document(report, paper=paper)}
    tables = export_tables(report)
    if form == "xlsx" and any(len(table.rows) >= MOST_SHEET_ROWS for table in tables):
        raise InputError(
            f"The report has more rows than a sheet, which has {MOST_SHEET_ROWS:,}.",
            remedy="Ask for CSV or Parquet, or for fewer runs.",
            code="report_too_long_for_a_sheet",
        )
    return order | {"tables": [{"name": t.name, "columns": t.columns, "rows": t.rows} for t in tables]}


def _made(order: bytes) -> bytes:
    try:
        done = subprocess.run(
            CHILD, input=order, env=ENVIRONMENT, capture_output=True, timeout=WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _not_made("it took too long") from error
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise _not_made(complaint[:500] or f"its process ended with {done.returncode}")
    return done.stdout


def _not_made(why: str) -> InputError:
    return InputError(
        f"The file of the report was not made: {why}.",
        remedy="Choose fewer runs, or ask for CSV or Parquet.",
        code="report_not_made",
    )
