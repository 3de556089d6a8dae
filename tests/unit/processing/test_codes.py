"""Texts as numbers, and sums by number."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.processing import codes, group_sums
from vcci.processing.codes import Combinations, Values, combined
from vcci.processing.group_sums import FewSums, ManySums, block_of, even_ends, nearly_reduced

ROWS = st.lists(st.tuples(*[st.integers(0, 40)] * 3, st.booleans()), min_size=1, max_size=60)


def of(*texts: str) -> pa.DictionaryArray:
    return pa.array(texts, pa.string()).dictionary_encode()


def test_a_text_has_one_number_in_every_part() -> None:
    texts = Values()
    assert texts.numbered(of("b", "a", "b")).tolist() == [0, 1, 0]
    assert texts.numbered(of("c", "a", "")).tolist() == [2, 1, 3]
    assert texts.all().to_pylist() == ["b", "a", "c", ""]


@given(ROWS, st.sampled_from([1, 10, 2**20]), st.sampled_from([1, 100, 2**24]))
def test_rows_that_agree_in_all_columns_have_one_number(
    rows: list[tuple[int, int, int, bool]], most_cells: int, most_table_cells: int
) -> None:
    *columns, asks = (np.array(column) for column in zip(*rows, strict=True))
    codes_of = [column.astype(np.int32) for column in columns]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "MOST_CELLS", most_cells)
        patch.setattr(codes, "MOST_TABLE_CELLS", most_table_cells)
        numbers, told = combined(codes_of, [41, 41, 41], asks)
    combinations = list(zip(*(column.tolist() for column in told), strict=True))
    asked = [tuple(row[:3]) for row in rows if row[3]]
    assert [combinations[number] for number in numbers[asks]] == asked
    assert len(combinations) == len(set(asked))
    assert set(numbers[~asks].tolist()) <= {len(combinations)}


def test_a_combination_has_one_number_in_every_piece() -> None:
    known = Combinations(2)
    pieces = [(np.array([3, 5, 3], np.int32), np.array([1, 1, 2], np.int32))] * 2
    assert [known.numbers_of(piece).tolist() for piece in pieces] == [[0, 1, 2]] * 2
    assert known.columns().tolist() == [[3, 5, 3], [1, 1, 2]]


BLOCKS = st.lists(
    st.lists(st.tuples(st.integers(0, 30), st.integers(-(2**40), 2**40)), max_size=50), max_size=6
)


def _add(blocks: list[list[tuple[int, int]]], *sums: FewSums | ManySums) -> None:
    for block in blocks:
        numbers, amounts = (np.array([pair[place] for pair in block], np.int64) for place in (0, 1))
        for one in sums:
            one.add(nearly_reduced(numbers, [amounts]))


@given(BLOCKS, st.sampled_from([0, 500, 2**29]))
def test_sums_by_number_are_exact_in_memory_and_in_files(
    blocks: list[list[tuple[int, int]]], held_bytes: int
) -> None:
    expected, rows = Counter[int](), np.zeros(31, np.int64)
    for number, amount in (pair for block in blocks for pair in block):
        expected[number] += amount
        rows[number] += 1
    few, many = (
        FewSums(2),
        ManySums(lines=2, ends=even_ends(rows, width=1), folder=Path(tempfile.gettempdir())),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_sums, "HELD_BYTES", held_bytes)
        _add(blocks, few, many)
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
