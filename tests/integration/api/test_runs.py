"""Runs over HTTP: what each came to, and how any row of theirs came about."""

from pathlib import Path

from tests.support.api import Api
from tests.support.database import ROWS, calculated, execute

from vcci.database.run_store import run_store

RUNS = "/api/v1/runs"


async def test_run_shows_its_sums_and_what_it_was_calculated_with(api: Api, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    async with run_store(api.service.pool.url, tenant="local") as store:
        saved = await store.save(run)
    async with api.client(await api.key()) as client:
        (listed,) = (await client.get(RUNS)).json()["data"]
        whole = (await client.get(f"{RUNS}/{saved.run_id}")).json()
    assert listed.items() <= whole.items()
    assert whole["total_mg_co2e"] == run.inventory.total_mg_co2e
    assert sum(one["emissions_mg_co2e"] for one in whole["categories"]) == whole["total_mg_co2e"]
    assert whole["rows"] == sum(whole[name] for name in ("lines", "excluded", "not_covered", "rejected"))
    assert (whole["inventory"]["run_digest"], whole["is_current"]) == ("run-1", True)


async def test_every_row_tells_how_it_came_about(api: Api, tmp_path: Path) -> None:
    async with run_store(api.service.pool.url, tenant="local") as store:
        saved = await store.save(calculated(tmp_path / "run"))
    async with api.client(await api.key()) as client:
        rows = range(1, len(ROWS) + 1)
        told = [(await client.get(f"{RUNS}/{saved.run_id}/rows/{row}")).json() for row in rows]
        beyond = await client.get(f"{RUNS}/{saved.run_id}/rows/{len(ROWS) + 1}")
    assert [one["reason"] for one in told] == ["", "", "", "tax", "factor_not_found", "date_missing"]
    assert told[0]["emissions_mg_co2e"] == 100 * 125_000
    assert told[0]["steps"][-1].endswith("= 12500000 mg CO2e")
    assert beyond.status_code == 404


async def test_run_that_another_took_the_place_of_says_so(api: Api, tmp_path: Path) -> None:
    async with run_store(api.service.pool.url, tenant="local") as store:
        first = await store.save(calculated(tmp_path / "one", digest="run-1"))
        second = await store.save(calculated(tmp_path / "two", digest="run-2"))
    await execute(api.service.pool.url, "UPDATE vcci.runs SET successor_of = 'run-1' WHERE digest = 'run-2'")
    async with api.client(await api.key()) as client:
        listed = (await client.get(RUNS)).json()["data"]
    assert [(one["id"], one["is_current"]) for one in listed] == [
        (str(second.run_id), True),
        (str(first.run_id), False),
    ]
    assert listed[0]["successor_of"] == str(first.run_id)


async def test_run_of_another_tenant_reads_like_none(api: Api, tmp_path: Path) -> None:
    async with run_store(api.service.pool.url, tenant="theirs") as store:
        theirs = await store.save(calculated(tmp_path / "run"))
    async with api.client(await api.key()) as client:
        unknown = "018f0000-0000-7000-8000-000000000000"
        for path in ("", "/rows/1"):
            foreign = await client.get(f"{RUNS}/{theirs.run_id}{path}")
            assert foreign.content == (await client.get(f"{RUNS}/{unknown}{path}")).content
            assert foreign.status_code == 404
        assert (await client.get(RUNS)).json()["data"] == []
