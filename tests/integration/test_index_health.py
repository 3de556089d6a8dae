"""What is said of indexes: only what is so."""

from datetime import date

import pytest
from tests.support.database import execute, value
from tests.support.lines import stored_run

from vcci.database.optimizations import IndexHealth, IndexManager
from vcci.database.optimizations.index_health import IndexFacts, redundant


async def health(url: str, sql: str = "") -> IndexHealth:
    if sql:
        await execute(url, sql)
    return await IndexManager(url).health()


def btree(name: str, *keys: str, is_unique: bool = False, predicate: str = "", **other: object) -> IndexFacts:
    facts = {"included": (), "is_primary": False, "is_valid": True, "method": "btree"} | other
    return IndexFacts(
        schema="s", name=name, table="t", is_unique=is_unique, keys=keys, predicate=predicate,
        size_bytes=1, scans=1, **facts,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "pairs"),
    [
        (btree("x", "a"), btree("y", "a"), [("y", "x")]),
        (btree("x", "a"), btree("y", "a", "b"), [("x", "y")]),
        (btree("x", "a", "b"), btree("y", "b", "a"), []),
        (btree("x", "a", is_unique=True), btree("y", "a", "b"), []),
        (btree("x", "a"), btree("y", "a", is_unique=True), [("x", "y")]),
        (btree("x", "a", predicate="p"), btree("y", "a"), []),
        (btree("x", "a"), btree("y", "a", predicate="p"), []),
        (btree("x", "a"), btree("y", "a DESC"), []),
        (btree("x", "a"), btree("y", "a", "b", is_valid=False), []),
        (btree("x", "a", included=("c",)), btree("y", "a", "b"), []),
    ],
)
def test_an_index_is_redundant_only_if_another_does_all_its_work(
    one: IndexFacts, other: IndexFacts, pairs: list[tuple[str, str]]
) -> None:
    assert [(gone.name, stays.name) for gone, stays in redundant([one, other])] == pairs


async def test_declared_indexes_have_no_faults(url: str) -> None:
    found = await health(url)
    assert (found.missing, found.invalid, found.duplicate, found.covered) == ([], [], [], [])


async def test_duplicate_and_covered_indexes_are_told_with_those_that_do_their_work(url: str) -> None:
    await execute(url, "CREATE INDEX again ON vcci.suppliers (tenant_id, name, id)")
    found = await health(url, "CREATE INDEX less ON vcci.jobs (tenant_id)")
    assert [(gone.name, stays.name) for gone, stays in found.duplicate] == [("suppliers_by_name", "again")]
    assert [(gone.name, stays.name) for gone, stays in found.covered] == [("less", "jobs_pkey")]


async def test_what_enforces_a_rule_is_never_called_unused(url: str) -> None:
    found = await health(url, "CREATE INDEX idle ON vcci.jobs (kind)")
    unused = {one.name for one in found.unused}
    assert "idle" in unused
    assert unused.isdisjoint({"jobs_pkey", "idx_suppliers_duns", "runs_tenant_id_digest_key"})


async def test_scans_and_size_of_a_partitioned_index_are_those_of_its_partitions(url: str) -> None:
    for number in range(2):
        await stored_run(url, [(date(2024, 1, 1), 1)] * 50, digest=str(number))
    await execute(url, "SET enable_seqscan = off; SELECT FROM vcci.emissions WHERE row_number = 3")
    await execute(url, "SELECT pg_stat_force_next_flush()")
    by_row = next(one for one in (await health(url)).indexes if one.name == "emissions_by_row")
    of_index = "FROM pg_inherits WHERE inhparent = 'vcci.emissions_by_row'::regclass"
    child = f"SELECT min(pg_relation_size(inhrelid)) {of_index}"
    assert by_row.scans == 2
    assert by_row.size_bytes == 2 * await value(url, child)


async def test_index_that_is_not_valid_is_told(url: str) -> None:
    sql = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vcci.suppliers_by_name'::regclass"
    assert [one.name for one in (await health(url, sql)).invalid] == ["suppliers_by_name"]


async def test_young_statistics_are_a_caveat(url: str) -> None:
    found = await health(url, "SELECT pg_stat_reset()")
    assert found.caveats == ["scans have been counted for 0 days only"]
