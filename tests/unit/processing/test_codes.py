"""Texts as numbers, and sums by number."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.processing import codes
from vcci.processing.codes import Combinations, Pairs, Texts
from vcci.processing.group_sums import FewSums, ManySums, block_of, even_ends

COLUMNS = st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=60)


def of(*texts: str) -> pa.DictionaryArray:
    return pa.array(texts, pa.string()).dictionary_encode()


def test_a_text_has_one_number_in_every_part() -> None:
    texts = Texts()
    assert texts.numbered(of("b", "a", "b")).tolist() == [0, 1, 0]
    assert texts.numbered(of("c", "a", "")).tolist() == [2, 1, 3]
    assert (texts.all(), texts.number_of("c"), texts.number_of("z")) == (["b", "a", "c", ""], 2, codes.NONE)


@given(COLUMNS, COLUMNS)
def test_rows_that_agree_in_all_columns_have_one_number(
    first: list[tuple[int, ...]], then: list[tuple[int, ...]]
) -> None:
    found, numbers = Combinations(3), list[int]()
    for rows in (first, then):
        numbers += found.numbered([np.array(column, np.int32) for column in zip(*rows, strict=True)]).tolist()
    told = list(zip(*(column.tolist() for column in found.columns()), strict=True))
    assert [told[number] for number in numbers] == first + then
    assert len(told) == len(set(first + then))


@pytest.mark.parametrize("most_cells", [0, 50, 2**24])
def test_pairs_are_numbered_alike_however_large_the_table_may_be(
    most_cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MOST_CELLS", most_cells)
    pairs, rng = Pairs(), np.random.default_rng(7)
    parts = [rng.integers(0, high, (2, 200)).astype(np.int32) for high in (3, 7, 30)]
    numbers = [pairs.numbered(*part) for part in parts]
    left, right = pairs.sides()
    for part, of_part in zip(parts, numbers, strict=True):
        assert (left[of_part].tolist(), right[of_part].tolist()) == (part[0].tolist(), part[1].tolist())
    assert len(pairs) == len({tuple(pair) for part in parts for pair in part.T.tolist()})


BLOCKS = st.lists(
    st.lists(st.tuples(st.integers(0, 30), st.integers(-(2**40), 2**40)), max_size=50), max_size=6
)


@given(BLOCKS)
def test_sums_by_number_are_exact_in_memory_and_in_files(blocks: list[list[tuple[int, int]]]) -> None:
    expected, rows = Counter[int](), np.zeros(31, np.int64)
    for number, amount in (pair for block in blocks for pair in block):
        expected[number] += amount
        rows[number] += 1
    few, many = (
        FewSums(2),
        ManySums(lines=2, ends=even_ends(rows, width=1), folder=Path(tempfile.gettempdir())),
    )
    for block in blocks:
        numbers, amounts = (np.array([pair[place] for pair in block], np.int64) for place in (0, 1))
        few.add(block_of(numbers, [amounts]))
        many.add(block_of(numbers, [amounts]))
    whole = np.concatenate(list(many.sums()), axis=1)
    for found in (few.sums(), whole):
        assert found[0].tolist() == sorted(expected)
        assert dict(zip(*found.tolist(), strict=True)) == dict(expected)


def test_ranges_have_about_as_many_rows_each() -> None:
    rows = np.array([2_500_000, 10, 10, 1_000_000, 1_500_000])
    ends = even_ends(rows, width=100)
    assert ends.tolist() == [100, 100, 200, 400, 500, 500]


@given(st.integers(0, 2**61), st.integers(1, 100))
def test_numbers_of_any_size_are_put_in_order(highest: int, count: int) -> None:
    numbers = np.linspace(highest, 0, count).astype(np.int64)
    assert block_of(numbers, [])[0].tolist() == sorted(set(numbers.tolist()))
