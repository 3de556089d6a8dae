"""Plain decimals of a column are told by looking at its bytes, with the result of reading text by text."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.engine.numbers import PLAIN_DECIMAL, plain_decimal
from vcci.processing.fused import plain_numbers

texts = st.one_of(
    st.none(),
    st.from_regex(PLAIN_DECIMAL, fullmatch=True).map(str.strip),
    st.text("0123456789.-+eE infa\u0663", max_size=24),
)


@given(st.lists(texts, max_size=12), st.integers(0, 4), st.sampled_from([pa.string(), pa.large_string()]))
def test_number_of_each_text_is_that_of_the_text_alone(
    column: list[str | None], cut: int, kind: pa.DataType
) -> None:
    rows = pa.array(column, kind)[cut:]
    alone = [math.nan if text is None else plain_decimal(text) for text in rows.to_pylist()]
    assert [str(one) for one in plain_numbers(rows)] == [
        str(math.nan if one is None else one) for one in alone
    ]


@pytest.mark.parametrize(
    "text", ["5.", ".5", "-.5", "-5.", "1e5", "+5", " 5", "inf", "1" * 19, "0." + "1" * 19]
)
def test_number_to_a_computer_that_is_no_plain_decimal_is_none(text: str) -> None:
    assert math.isnan(plain_numbers(pa.array([text]))[0])
