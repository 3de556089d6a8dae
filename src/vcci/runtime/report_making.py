"""A report on its way into a file: read batch by batch in one snapshot, and proved against its total."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import polars as pl

from vcci.database.connections import Connection
from vcci.database.job_report_sums import SharesInOrder, share_batches, sum_batches
from vcci.database.line_export import line_pages
from vcci.database.report_read import factor_shares, report_groups, undated_sum
from vcci.database.run_sets import run_set
from vcci.domain.category import STATED_APART
from vcci.domain.display import MG_PER_KG
from vcci.errors import AccountingError, InputError
from vcci.runtime.report_files import TABLES, JsonReport, TableFile, table_schema
from vcci.services.emission_reports import EmissionReport, Group, ReportAsked
from vcci.services.report_requests import ReportContent, ReportFormat, ReportJobRequest

LINE_COLUMNS: Final = (
    *("run_id", "row", "line_id", "category", "transaction_date", "supplier_id", "supplier", "activity"),
    *("region", "method", "factor_id", "factor_name", "pack", "amount", "unit", "emissions_mg_co2e"),
    *("emissions_kg_co2e", "apart_mg_co2e"),
)
"""Columns of a file of lines; what is stated apart has one of its own: the others add up to the total."""

AS_READ: Final = (*LINE_COLUMNS[:-3], "co2e_mg")
GROUPS_AT_ONCE: Final = 1_000
"""Groups whose intervals are worked out at once: each may have as many shares as there are factors."""

NONE: Final = Group({}, 0, 0, 0, 0)

Step = Callable[[str, int, int | None], None]
"""Is told the stage, the rows that are written, and how many there are where that is known; may raise."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows of the file, and what they come to; what is apart is in no total."""

    rows: int
    total_mg_co2e: int


@dataclass(frozen=True, slots=True)
class ReportMaking:
    """One report of a tenant, within a transaction that sees one moment, `batch_rows` rows at a time."""

    tx: Connection
    tenant_id: UUID
    request: ReportJobRequest
    step: Step
    batch_rows: int

    async def write(self, path: Path) -> Written:
        """Write the report into a new file; raises `AccountingError` where its rows are not its total.

        Raises `InputError` where a run is not the tenant's, or a sheet has no room for the rows.
        """
        runs = await run_set(self.tx, self.tenant_id, self.request.runs)
        if runs is None:
            raise InputError(
                "A run of the report is not there.",
                remedy="See which runs there are: GET /api/v1/runs.",
                code="report_run_unknown",
            )
        asked = self.request.asked(runs)
        of_all = ReportAsked(runs, asked.period, asked.categories, ())
        found = await report_groups(self.tx, self.tenant_id, of_all)
        whole = found[0] if found else NONE
        if self.request.content is ReportContent.LINES:
            written = await self._lines(path, asked, lines=whole.lines + whole.apart_lines)
        elif self.request.format is ReportFormat.JSON:
            written = await self._json(path, asked, await self._head(of_all, whole))
        else:
            written = await self._table(path, asked)
        self._prove(written, whole)
        return written

    def _prove(self, written: Written, whole: Group) -> None:
        if written.total_mg_co2e != whole.mg_co2e:
            raise AccountingError(
                f"The rows of the report come to {written.total_mg_co2e:,} mg CO2e, and not to its total"
                f" of {whole.mg_co2e:,}.",
                remedy="Nothing was written. Please report this.",
                code="report_does_not_add_up",
            )

    async def _lines(self, path: Path, asked: ReportAsked, *, lines: int) -> Written:
        rows = total_mg = 0
        self.step("lines", 0, lines)
        with _table_file(path, self.request.format, LINE_COLUMNS) as file:
            pages = line_pages(self.tx, self.tenant_id, asked, page_rows=self.batch_rows)
            async with aclosing(pages) as pages:
                async for page in pages:
                    frame = line_frame(page)
                    file.write(frame)
                    rows += frame.height
                    total_mg += int(frame["emissions_mg_co2e"].sum())
                    self.step("lines", rows, lines)
        return Written(rows, total_mg)

    async def _table(self, path: Path, asked: ReportAsked) -> Written:
        columns, _ = EmissionReport(asked, []).table()
        schema = table_schema(columns)
        rows = total_mg = 0
        with _table_file(path, self.request.format, columns) as file:
            async with aclosing(self._reports(asked)) as reports:
                async for report in reports:
                    cells = report.table()[1]
                    file.write(pl.DataFrame(cells, schema=schema, orient="row"))
                    rows += len(cells)
                    total_mg += sum(group.mg_co2e for group in report.groups)
                    self.step("sums", rows, None)
        return Written(rows, total_mg)

    async def _json(self, path: Path, asked: ReportAsked, head: dict[str, Any]) -> Written:
        rows = total_mg = 0
        with closing(JsonReport(path, head | {"group_by": list(asked.group_by)})) as file:
            async with aclosing(self._reports(asked)) as reports:
                async for report in reports:
                    groups = report.as_json()["groups"]
                    file.write(groups)
                    rows += len(groups)
                    total_mg += sum(group.mg_co2e for group in report.groups)
                    self.step("sums", rows, None)
        return Written(rows, total_mg)

    async def _head(self, of_all: ReportAsked, whole: Group) -> dict[str, Any]:
        tx, tenant_id = self.tx, self.tenant_id
        undated = await undated_sum(tx, tenant_id, of_all) if of_all.period else None
        shares = await factor_shares(tx, tenant_id, of_all) if self.request.with_interval else []
        return EmissionReport(of_all, [whole], undated, shares).as_json()

    async def _reports(self, asked: ReportAsked) -> AsyncGenerator[EmissionReport]:
        """Yield the report in pieces, each with the groups that come next, and their shares if asked."""
        size = min(self.batch_rows, GROUPS_AT_ONCE) if self.request.with_interval else self.batch_rows
        shares = share_batches(self.tx, self.tenant_id, asked, batch_rows=self.batch_rows)
        groups = sum_batches(self.tx, self.tenant_id, asked, batch_rows=size)
        async with aclosing(shares), aclosing(groups):
            beside = SharesInOrder(shares, lambda of: tuple(of[one] for one in asked.group_by))
            async for some in groups:
                mine = await beside.of(some) if self.request.with_interval else []
                yield EmissionReport(asked, some, shares=mine)


def line_frame(page: list[Any]) -> pl.DataFrame:
    """Return lines, as `line_pages` yields them, with LINE_COLUMNS."""
    schema = table_schema(AS_READ) | {"co2e_mg": pl.Int64}
    columns = list(zip(*page, strict=True))[1:]
    frame = pl.DataFrame(dict(zip(AS_READ, columns, strict=True)), schema=schema)
    is_apart = pl.col("category") == STATED_APART
    mg = pl.when(~is_apart).then("co2e_mg").otherwise(0)
    return frame.with_columns(
        emissions_mg_co2e=mg,
        apart_mg_co2e=pl.when(is_apart).then("co2e_mg").otherwise(0),
        emissions_kg_co2e=_kilograms(mg),
    ).select(LINE_COLUMNS)


def _kilograms(mg: pl.Expr) -> pl.Expr:
    """Return milligrams as kilograms with all six decimals, as `display.exact_kilograms` does."""
    sign = pl.when(mg < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole, part = mg.abs() // MG_PER_KG, mg.abs() % MG_PER_KG
    return pl.concat_str(sign, whole.cast(pl.String), pl.lit("."), part.cast(pl.String).str.zfill(6))


@contextmanager
def _table_file(path: Path, form: str, columns: tuple[str, ...]) -> Iterator[TableFile]:
    with closing(TABLES[form](path, table_schema(columns))) as file:
        yield file
