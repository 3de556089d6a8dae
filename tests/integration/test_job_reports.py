"""Files of reports as their process makes them: batch by batch, of one moment, and by who holds the job."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import pytest_asyncio
from tests.integration.api.test_reporting import random_run
from tests.support.api import Api
from tests.support.database import execute, now
from tests.support.jobs import claimed, held_by, ledger_service, writing
from tests.support.lines import stored_run

from vcci.database import report_read
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.job_chunks import JobCancelledError, JobLostError
from vcci.database.job_store import add_job, call_off_job
from vcci.database.line_export import snapshot
from vcci.database.run_sets import run_set
from vcci.errors import AccountingError, InputError
from vcci.runtime import report_files
from vcci.runtime.report_job import ReportOrder, made
from vcci.runtime.report_making import ReportMaking, Step, Written
from vcci.runtime.service import Service
from vcci.services.emission_reports import EmissionReport
from vcci.services.report_requests import ReportJobRequest, ReportTask

DAY = date(2024, 5, 6)
LINES = {"content": "lines", "format": "csv"}


def quietly(stage: str, rows_done: int, rows: int | None) -> None:
    """Tell nobody."""


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path) -> AsyncIterator[Service]:
    """A service whose jobs nobody does by itself."""
    async with ledger_service(url, data_dir) as service:
        yield service


async def written(
    service: Service, path: Path, asked: dict[str, Any], *, batch_rows: int = 50, step: Step = quietly
) -> Written:
    """Write a report into a file, as a job's process does."""
    request, tenant_id = ReportJobRequest.model_validate(asked), service.home_tenant_id
    async with connected(service.pool.url) as connection, snapshot(connection, tenant_id) as tx:
        return await ReportMaking(tx, tenant_id, request, step, batch_rows).write(path)


async def at_once(service: Service, asked: dict[str, Any]) -> EmissionReport:
    """Return the report that the synchronous route makes."""
    request, tenant_id = ReportJobRequest.model_validate(asked), service.home_tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        runs = await run_set(tx, tenant_id, request.runs)
        assert runs is not None
        told = request.asked(runs)
        shares = await report_read.factor_shares(tx, tenant_id, told) if request.with_interval else []
        undated = await report_read.undated_sum(tx, tenant_id, told) if told.period else None
        return EmissionReport(told, await report_read.report_groups(tx, tenant_id, told), undated, shares)


async def random_runs(service: Service) -> None:
    """Store two runs of 400 random lines of three suppliers, with uncertain factors."""
    made, tenant_id = [str(new_id()) for _ in range(3)], service.home_tenant_id
    async with writing(service) as tx:
        for number, supplier_id in enumerate(made):
            await tx.execute(
                "INSERT INTO vcci.suppliers (tenant_id, id, source_key, name) VALUES ($1, $2, $3, $3)",
                *(tenant_id, supplier_id, f"=S{number}"),
            )
    for seed in (5, 6):
        await random_run(Api(service, None), seed, made)
    await execute(service.pool.url, "UPDATE vcci.run_multipliers SET ln_sigma = 0.3")


GROUPINGS = [[], ["supplier"], ["month", "supplier"], ["region", "category"], ["quarter", "year"]]


async def test_report_in_batches_is_the_report_that_is_made_at_once(service: Service, tmp_path: Path) -> None:
    await random_runs(service)
    period = {"start_date": "2023-12-15", "end_date": "2024-04-02"}
    for more in ({}, period | {"with_interval": True}):
        for group_by in GROUPINGS:
            asked = {"group_by": group_by, **more}
            report, path = await at_once(service, asked), tmp_path / "report"
            expected = json.loads(json.dumps(report.as_json(), default=str))
            await written(service, path, asked, batch_rows=7)
            assert json.loads(path.read_bytes()) == expected, asked
            await written(service, path, asked | {"format": "parquet"}, batch_rows=7)
            assert pl.read_parquet(path).rows() == report.table()[1], asked


async def test_spreadsheets_hold_what_the_report_says(service: Service, tmp_path: Path) -> None:
    await random_runs(service)
    asked = {"group_by": ["supplier", "month"]}
    columns, rows = (await at_once(service, asked)).table()
    for form in ("csv", "xlsx"):
        await written(service, tmp_path / f"report.{form}", asked | {"format": form}, batch_rows=7)
    header, *cells = openpyxl.load_workbook(tmp_path / "report.xlsx").active.values  # type: ignore[union-attr]
    text = (tmp_path / "report.csv").read_text()
    mg = columns.index("emissions_mg_co2e")
    assert header == columns
    assert [int(str(row[mg])) for row in cells] == [row[mg] for row in rows]
    assert [int(row["emissions_mg_co2e"]) for row in csv.DictReader(io.StringIO(text))] == [
        row[mg] for row in rows
    ]
    assert {row["supplier"] for row in csv.DictReader(io.StringIO(text))} == {"", "'=S0", "'=S1", "'=S2"}


@pytest.mark.parametrize("asked", [{}, {"start_date": "2024-01-17", "scope3_categories": [4, 6]}])
async def test_lines_add_up_to_the_milligram(service: Service, tmp_path: Path, asked: dict[str, Any]) -> None:
    await random_runs(service)
    expected = (await at_once(service, asked)).as_json()["total"]
    path, steps = tmp_path / "lines.csv", list[int]()
    done = await written(service, path, asked | LINES, batch_rows=7, step=lambda *told: steps.append(told[1]))
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert sum(int(row["emissions_mg_co2e"]) for row in rows) == expected["emissions_mg_co2e"]
    assert done == Written(len(rows), expected["emissions_mg_co2e"])
    assert {after - before for before, after in pairwise(steps)} <= set(range(1, 8))
    for row in rows:
        kg = f"{int(row['emissions_mg_co2e']) / 1e6:.6f}"
        assert row["emissions_kg_co2e"] == kg.replace("-0.000000", "0.000000")


async def test_report_has_any_number_of_groups(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await random_runs(service)
    asked = {"group_by": ["supplier", "month", "category"], "format": "parquet"}
    whole = len((await at_once(service, asked)).groups)
    monkeypatch.setattr(report_read, "MOST_GROUPS", 10)
    assert len((await at_once(service, asked)).groups) == 11
    assert (await written(service, tmp_path / "report", asked)).rows == whole > 11


async def test_report_is_of_one_moment(service: Service, tmp_path: Path) -> None:
    lines = [(DAY, 1)] * 30
    await stored_run(service.pool.url, lines)

    def another_run(_: str, rows_done: int, __: int | None) -> None:
        if rows_done == 10:
            now(stored_run(service.pool.url, lines, digest="meanwhile"))

    asked = LINES | {"format": "parquet"}
    first = await written(service, tmp_path / "first", asked, batch_rows=10, step=another_run)
    later = await written(service, tmp_path / "later", asked)
    assert (first.rows, later.rows) == (30, 60)


async def test_report_whose_rows_are_not_its_total_is_refused(service: Service, tmp_path: Path) -> None:
    await stored_run(service.pool.url, [(DAY, 1)] * 3)
    await execute(service.pool.url, "UPDATE vcci.month_rollups SET co2e_mg = co2e_mg + 1")
    with pytest.raises(AccountingError) as refused:
        await written(service, tmp_path / "lines", LINES)
    assert refused.value.code == "report_does_not_add_up"


async def test_report_of_nothing_has_its_columns(service: Service, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        done = await written(service, tmp_path / form, LINES | {"format": form})
        assert done == Written(0, 0)
    columns = (tmp_path / "csv").read_text().strip().split(",")
    assert columns == pl.read_parquet(tmp_path / "parquet").columns


async def test_report_that_is_too_long_for_a_sheet_is_refused(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await random_runs(service)
    monkeypatch.setattr(report_files, "MOST_SHEET_ROWS", 5)
    with pytest.raises(InputError) as refused:
        await written(service, tmp_path / "x", {"group_by": ["month", "supplier"], "format": "xlsx"})
    assert refused.value.code == "report_too_long_for_a_sheet"


async def order(service: Service) -> ReportOrder:
    """Queue a report of all lines, and claim its job."""
    job_id, tenant_id = new_id(), service.home_tenant_id
    request = ReportJobRequest.model_validate(LINES)
    task = ReportTask(out=f"reports/{tenant_id}/{job_id}", request=request)
    async with writing(service) as tx:
        told = task.model_dump(mode="json")
        await add_job(tx, tenant_id, job=(job_id, new_id(), "report"), task=told)
    found = await claimed(service, new_id())
    assert found is not None
    return ReportOrder(held_by(service, found), task)


def files_in(data_dir: Path) -> list[str]:
    return [path.name for path in (data_dir / "reports").rglob("*") if path.is_file()]


async def test_file_and_end_of_the_job_are_one(service: Service, data_dir: Path) -> None:
    await stored_run(service.pool.url, [(DAY, 1)] * 3)
    asked = await order(service)
    outcome = await made(service.settings, asked, step=quietly)
    assert files_in(data_dir) == [outcome["file"]["sha256"]]
    with pytest.raises(JobLostError):
        await made(service.settings, asked, step=quietly)
    assert files_in(data_dir) == [outcome["file"]["sha256"]]


async def test_who_lost_the_job_puts_no_file_there(service: Service, data_dir: Path) -> None:
    first = await order(service)

    def lose(*_: object) -> None:
        now(execute(service.pool.url, "UPDATE vcci.jobs SET fence = fence + 1"))

    with pytest.raises(JobLostError):
        await made(service.settings, first, step=lose)
    assert files_in(data_dir) == []


async def test_report_that_was_called_off_leaves_nothing(service: Service, data_dir: Path) -> None:
    asked = await order(service)

    def call_off(*_: object) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        await made(service.settings, asked, step=call_off)
    async with writing(service) as tx:
        await call_off_job(tx, asked.held.tenant_id, asked.held.job_id)
    with pytest.raises(JobCancelledError):
        await made(service.settings, asked, step=quietly)
    assert files_in(data_dir) == []
