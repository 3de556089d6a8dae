"""Reports over HTTP: whatever they are grouped by, the groups add up to the lines, to the milligram."""

import csv
import io
from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.support.api import Api
from tests.support.database import execute
from tests.support.lines import frame_of, store_frames, stored_run

from vcci.database.tenants import Role

URL = "/api/v1/reporting/emissions"
SUPPLIERS = "/api/v1/suppliers"
GROUPINGS = [[], ["category"], ["supplier"], ["month"], ["quarter"], ["year"], ["region"]]
GROUPINGS += [["category", "month"], ["supplier", "year"], ["region", "category"]]


async def suppliers_of(api: Api, *names: str) -> list[str]:
    async with api.client(await api.key()) as client:
        return [(await client.post(SUPPLIERS, json={"supplier_name": name})).json()["id"] for name in names]


async def random_run(api: Api, seed: int, suppliers: list[str]) -> pl.DataFrame:
    """Store a run of 400 random lines, some without date or supplier, some apart."""
    random = Random(seed)
    days = [random.choice([None, date(2023, 11, 1) + timedelta(random.randrange(200))]) for _ in range(400)]
    frame = frame_of([(day, random.choice([0, 1, 4, 6])) for day in days]).with_columns(
        pl.Series("co2e_mg", [random.randrange(-(10**6), 10**12) for _ in days]),
        pl.Series("supplier_id", [random.choice([None, *suppliers]) for _ in days], dtype=pl.String),
    )
    tenant_id = api.service.home_tenant_id
    async with api.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
        await store_frames(tx, tenant_id, [frame], run=(f"run-{seed}", None, 400))
    return frame


def expected(frame: pl.DataFrame, group_by: list[str], asked: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    """Add the lines up one by one."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for line in frame.to_dicts():
        day, category = line["transaction_date"], line["scope3_category"]
        first, last = (
            asked.get(name) and date.fromisoformat(asked[name]) for name in ("start_date", "end_date")
        )
        is_outside = (first or last) and (not day or (first and day < first) or (last and day > last))
        if is_outside or category == 0 or category not in asked.get("scope3_categories", [category]):
            continue
        of = {
            "category": category,
            "supplier": line["supplier_id"] and str(line["supplier_id"]),
            "month": day and f"{day:%Y-%m}",
            "quarter": day and f"{day.year}-Q{(day.month + 2) // 3}",
            "year": day and f"{day.year}",
            "region": "",
        }
        sums[tuple(of[name] for name in group_by)] += line["co2e_mg"]
    return sums


def told(report: dict[str, Any], group_by: list[str]) -> Counter[tuple[Any, ...]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for group in report["groups"]:
        if group["lines"]:
            flat = group | {"supplier": (group.get("supplier") or {}).get("id")}
            sums[tuple(flat[name] for name in group_by)] += group["emissions_mg_co2e"]
    return sums


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"start_date": "2024-01-01", "end_date": "2024-03-31"},
        {"start_date": "2023-12-15", "end_date": "2024-04-02"},
        {"start_date": "2024-02-03", "end_date": "2024-02-20"},
        {"start_date": "2024-01-17"},
        {"end_date": "2024-02-29", "scope3_categories": [4, 6]},
    ],
)
async def test_groups_are_the_sums_of_their_lines(api: Api, asked: dict[str, Any]) -> None:
    suppliers = await suppliers_of(api, "Alpha", "Beta", "Gamma")
    lines = pl.concat([await random_run(api, seed, suppliers) for seed in (1, 2)])
    async with api.client(await api.key()) as client:
        for group_by in GROUPINGS:
            report = (await client.post(URL, json=asked | {"group_by": group_by})).json()
            wanted = expected(lines, group_by, asked)
            assert report["total"]["emissions_mg_co2e"] == sum(wanted.values())
            assert not group_by or told(report, group_by) == wanted, group_by


async def test_lines_without_a_date_are_told_where_a_period_leaves_them_out(api: Api) -> None:
    await stored_run(api.service.pool.url, [(None, 1), (date(2024, 5, 6), 1), (None, 0)])
    async with api.client(await api.key()) as client:
        whole = (await client.get(URL)).json()
        year = (await client.get(URL, params={"start_date": "2024-01-01", "end_date": "2024-12-31"})).json()
    assert (whole["total"]["lines"], whole["total"]["apart_lines"], whole["undated_left_out"]) == (2, 1, None)
    assert (year["total"]["lines"], year["undated_left_out"]["lines"]) == (1, 1)


async def test_merged_supplier_counts_where_it_was_merged_into(api: Api) -> None:
    first, second = await suppliers_of(api, "First", "Second")
    lines = await random_run(api, 3, [first, second])
    async with api.client(await api.key()) as client:
        before = (await client.get(URL, params={"group_by": "supplier"})).json()
        await client.post(f"{SUPPLIERS}/{first}/merge", json={"into": second})
        after = (await client.get(URL, params={"group_by": "supplier"})).json()
    assert {one["supplier"] and one["supplier"]["name"] for one in before["groups"]} == {
        None,
        "First",
        "Second",
    }
    assert {one["supplier"] and one["supplier"]["name"] for one in after["groups"]} == {None, "Second"}
    assert before["total"] == after["total"]
    assert before["total"]["lines"] == lines.filter(pl.col("scope3_category") != 0).height


async def test_files_hold_what_the_json_says(api: Api) -> None:
    await random_run(api, 4, await suppliers_of(api, '=HYPERLINK("evil")', "Beta"))
    asked = {"group_by": ["supplier", "month"]}
    async with api.client(await api.key()) as client:
        report = (await client.get(URL, params=asked)).json()
        files = {
            one: await client.get(URL, params=asked | {"format": one}) for one in ("csv", "parquet", "xlsx")
        }
    sums = [one["emissions_mg_co2e"] for one in report["groups"]]
    from_csv = list(csv.DictReader(io.StringIO(files["csv"].text)))
    parquet = pl.read_parquet(files["parquet"].content)
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"].content)).active
    header, *cells = sheet.values  # type: ignore[union-attr]
    assert [int(row["emissions_mg_co2e"]) for row in from_csv] == sums
    assert parquet["emissions_mg_co2e"].to_list() == sums
    assert [row[header.index("emissions_mg_co2e")] for row in cells] == sums
    assert {row["supplier"] for row in from_csv} == {"", "Beta", '\'=HYPERLINK("evil")'}
    assert '=HYPERLINK("evil")' in parquet["supplier"].to_list()
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}  # type: ignore[union-attr]


async def test_interval_comes_with_the_sums_that_ask_for_it(api: Api) -> None:
    await stored_run(api.service.pool.url, [(date(2024, 5, 6), 1)] * 3)
    await execute(api.service.pool.url, "UPDATE vcci.run_multipliers SET ln_sigma = 0.3")
    asked = {"group_by": "category", "with_interval": "true"}
    async with api.client(await api.key()) as client:
        report = (await client.get(URL, params=asked)).json()
    low, high = map(float, report["total"]["interval_95_kg_co2e"])
    assert low < float(report["total"]["emissions_kg_co2e"]) < high
    assert report["groups"][0]["interval_95_kg_co2e"] == report["total"]["interval_95_kg_co2e"]


async def test_run_that_another_took_the_place_of_counts_only_where_it_is_named(api: Api) -> None:
    day = date(2024, 5, 6)
    first = await stored_run(api.service.pool.url, [(day, 1)], digest="one")
    second = await stored_run(api.service.pool.url, [(day, 1)] * 5, digest="two", successor_of="one")
    async with api.client(await api.key()) as client:
        current = (await client.get(URL)).json()
        named = (await client.get(URL, params={"runs": str(first)})).json()
        unknown = await client.get(URL, params={"runs": "018f0000-0000-7000-8000-000000000000"})
    assert (current["runs"], current["total"]["lines"]) == ([str(second)], 5)
    assert (named["total"]["lines"], unknown.status_code) == (1, 404)


@pytest.mark.parametrize(
    "asked",
    [
        {"start_date": "2024-02-01", "end_date": "2024-01-01"},
        {"group_by": ["month", "month"]},
        {"start_date": "1707436800"},
        {"format": "pdf"},
    ],
)
async def test_report_that_cannot_be_is_refused(api: Api, asked: dict[str, Any]) -> None:
    async with api.client(await api.key()) as client:
        for answer in (await client.post(URL, json=asked), await client.get(URL, params=asked)):
            assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_report_of_another_tenant_has_nothing_of_this_one(api: Api) -> None:
    run = await stored_run(api.service.pool.url, [(date(2024, 5, 6), 1)])
    async with api.client(await api.key("theirs")) as client:
        assert (await client.get(URL)).json()["total"]["lines"] == 0
        assert (await client.get(URL, params={"runs": str(run)})).status_code == 404
