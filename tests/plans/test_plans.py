"""Every index is used by its query, and what the query reads grows no faster than is declared.

Pages of 8 KiB are counted and not seconds: they are the same on every machine.
"""

from collections.abc import Sequence
from math import log10
from pathlib import Path

import pytest
from tests.plans.contracts import CONTRACTS, Loaded, Measured, measured

from vcci.database.optimizations import ALL_INDEXES
from vcci.database.schema import metadata

BUFFERS = {str(index.name): index.info["buffers"] for index in ALL_INDEXES}
A_TENFOLD = 4
"""Buffers that a tenfold table may add: a level more in each index that is read."""

SLACK = 1.5
"""Pages are not filled alike at every size."""

BY_ANOTHER = {"idx_emissions_reporting"}
"""Without it `emissions_by_date` finds the same lines, at a page of the table for each of them."""


def unused(found: Sequence[Measured]) -> str:
    """Return what is wrong if the index is not read in the largest database; empty if it is."""
    return "" if found[-1].indexes else "its query does not read it"


def grown(found: Sequence[Measured], buffers: str) -> str:
    """Return what is wrong if buffers grow faster than declared; empty if they do not."""
    small, large = found[0], found[-1]
    levels = A_TENFOLD * log10(large.lines / small.lines)
    if buffers == "log":
        allowed = small.buffers + levels
        return "" if large.buffers <= allowed else f"{small.buffers} buffers became {large.buffers}"
    before = max(per_row(one, buffers) for one in found[:-1])
    after = per_row(large, buffers) - levels / max(1, large.rows)
    return "" if after <= SLACK * before else f"{before:.2f} buffers a row became {after:.2f}"


def per_row(one: Measured, buffers: str) -> float:
    """Return the buffers for each row of the page, or of the group that it is summed from."""
    return one.buffers / max(1, one.rows if buffers == "page" else one.group_rows)


def test_every_index_says_what_it_serves_and_has_a_contract() -> None:
    declared = [index for table in metadata.tables.values() for index in table.indexes]
    assert {str(index.name) for index in declared} == set(CONTRACTS)
    assert [index.name for index in declared if len(index.info.get("serves", "")) < 20] == []
    assert {index.info.get("buffers") for index in declared} == {"log", "page", "group"}


def test_every_index_is_documented_in_its_own_words() -> None:
    text = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
    ends = [f"| {index.info['serves']} | {index.info['buffers']} |" for index in ALL_INDEXES]
    assert [end for end in ends if end not in text] == []


@pytest.mark.parametrize("name", sorted(CONTRACTS))
async def test_index_is_read_and_buffers_grow_as_declared(sizes: list[Loaded], name: str) -> None:
    found = [await measured(of, name) for of in sizes]
    assert (unused(found), grown(found, BUFFERS[name])) == ("", "")
    assert found[-1].group_rows > 0


@pytest.mark.parametrize("name", sorted(CONTRACTS))
async def test_query_reads_more_without_its_index(sizes: list[Loaded], name: str) -> None:
    found, without = await measured(sizes[-1], name), await measured(sizes[-1], name, without=name)
    assert without.buffers > 1.5 * found.buffers
    assert unused([without])


@pytest.mark.parametrize("name", sorted(CONTRACTS.keys() - BY_ANOTHER))
async def test_buffers_grow_faster_than_declared_without_the_index(sizes: list[Loaded], name: str) -> None:
    assert grown([await measured(of, name, without=name) for of in sizes], BUFFERS[name])


async def test_report_of_days_reads_the_index_alone(sizes: list[Loaded]) -> None:
    found = await measured(sizes[-1], "idx_emissions_reporting")
    assert found.buffers < found.group_rows / 50
