"""A stored run is verified: made again from what went in, and compared with its files and with PostgreSQL.

Pages and reports show what PostgreSQL holds, so its lines are compared too, each by its row and numbers.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import polars as pl

from vcci.database.connections import connected
from vcci.database.line_export import snapshot
from vcci.database.run_verify import STORED_LINES, Sums, category_sums, line_columns, stored_total
from vcci.domain.category import STATED_APART
from vcci.events import Hook
from vcci.processing.replay import Compared
from vcci.processing.stored_run import open_run
from vcci.runtime.audit import verify_run
from vcci.runtime.ledgers import data_folder, database_url
from vcci.services.verification import MOST_TOLD, VerificationTask
from vcci.settings import Settings

SCHEMA: Final = {
    "row_number": pl.Int64,
    "scope3_category": pl.Int64,
    "multiplier_key": pl.Int64,
    "amount": pl.Float64,
    "co2e_mg": pl.Int64,
}
IN_FILES: Final = {"row": "row_number", "category": "scope3_category", "key": "multiplier_key"}
"""Columns of the files of lines, and what the table calls them."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The verification of a tenant's run."""

    settings: Settings
    tenant_id: UUID
    task: VerificationTask
    hook: Hook

    def outcome(self) -> dict[str, Any]:
        """Make the run again, and return what agrees, in plain values; raises as `verify_run` does."""
        root, task = data_folder(self.settings), self.task
        folder = root / task.folder
        found = verify_run(
            self.settings,
            folder,
            files=[root / name for name in task.files],
            repairs=[root / name for name in task.repairs],
            also=lambda again: asyncio.run(self._in_database(again)),
            hook=self.hook,
        )
        return told(found, run_id=task.run_id) | counted(folder)

    async def _in_database(self, again: Path) -> Sequence[Compared]:
        run_id, tenant_id, held = UUID(self.task.run_id), self.tenant_id, LinesDigest()
        async with (
            connected(database_url(self.settings)) as connection,
            snapshot(connection, tenant_id) as tx,
        ):
            async with aclosing(line_columns(tx, tenant_id, run_id)) as pages:
                async for rows in pages:
                    held.add(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
            listed = await stored_total(tx, tenant_id, run_id)
            sums = await category_sums(tx, tenant_id, run_id)
        made = LinesDigest()
        for frame in lines_of(again):
            made.add(frame)
        right, run = shown(sums_of(again)), open_run(again)
        digest, total_mg = listed or ("", 0)
        return [
            Compared("PostgreSQL: the lines, one by one", held.digest(), made.digest()),
            *(Compared(f"PostgreSQL: sums by category {by}", shown(one), right) for by, one in sums.items()),
            Compared("PostgreSQL: the total of the run", f"{total_mg} mg CO2e", run.total),
            Compared("PostgreSQL: the digest of the run", digest, run.digest),
        ]


class LinesDigest:
    """A digest of lines that are given some at a time: of each column by itself, and of these together."""

    def __init__(self) -> None:
        self._columns = {name: hashlib.sha256() for name in STORED_LINES}

    def add(self, frame: pl.DataFrame) -> None:
        """Add lines in the order of the ledger."""
        for name, digest in self._columns.items():
            digest.update(frame[name].cast(SCHEMA[name]).to_numpy().tobytes())

    def digest(self) -> str:
        """Return the digest of all lines that were added."""
        return hashlib.sha256(b"".join(one.digest() for one in self._columns.values())).hexdigest()


def lines_of(folder: Path) -> Iterator[pl.DataFrame]:
    """Yield the lines of a folder of results with the columns of the table."""
    for path in sorted((folder / "lines").glob("*.parquet")):
        yield pl.read_parquet(path, columns=[*IN_FILES, "amount", "co2e_mg"]).rename(IN_FILES)


def sums_of(folder: Path) -> Sums:
    """Return category, lines and milligrams of a folder of results, by category."""
    lines = pl.scan_parquet(folder / "lines" / "*.parquet")
    sums = lines.group_by("category").agg(pl.len(), pl.col("co2e_mg").sum()).sort("category").collect()
    return [(int(category), int(rows), int(mg)) for category, rows, mg in sums.iter_rows()]


def shown(sums: Sums) -> str:
    """Return the total of sums by category as a text, with the digest of all of them."""
    digest = hashlib.sha256(repr(sums).encode()).hexdigest()
    total_mg = sum(mg for category, _, mg in sums if category != STATED_APART)
    return f"{total_mg} mg CO2e in {sum(lines for _, lines, _ in sums)} lines ({digest[:16]})"


def told(found: Iterable[Compared], *, run_id: str) -> dict[str, Any]:
    """Return what was compared in plain values, what differs first."""
    parts = sorted(found, key=lambda one: one.is_same)
    plain = [
        {"name": one.name, "stored": one.stored, "again": one.again, "is_same": one.is_same} for one in parts
    ]
    return {
        "verifies": run_id,
        "compared": plain[:MOST_TOLD],
        "parts": len(parts),
        "same": sum(one.is_same for one in parts),
    }


def counted(folder: Path) -> dict[str, Any]:
    """Return the counts and the total that the stored results tell of themselves."""
    stored = open_run(folder)
    return {"counts": stored.told("counts"), "total_mg_co2e": stored.told("total_mg_co2e")}
