"""What is stored comes back as what it was, or is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.clients.typed_json import TAG, decoded, encoded
from vcci.errors import InputError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.uuids()
)
KEYS = st.text() | st.sampled_from(["$decimal", "$object", "$date"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


def typed(value: object) -> object:
    """Return a value with the types of all its parts, which == alone does not tell apart (1, 1.0, True)."""
    if isinstance(value, list):
        return [typed(one) for one in value]
    if isinstance(value, dict):
        return {key: typed(one) for key, one in value.items()}
    return type(value), str(value)


@given(VALUES)
def test_any_value_comes_back_as_what_it_was(value: object) -> None:
    assert typed(decoded(encoded(value))) == typed(value)
    assert typed(decoded(encoded(value).encode())) == typed(value)


@pytest.mark.parametrize("text", ["123", "1e5", "true", "null", "[1]", '{"$decimal":"1"}', ""])
def test_text_stays_a_text(text: str) -> None:
    assert decoded(encoded(text)) == text


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.50"),
        date(2024, 2, 29),
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        UUID(int=7),
        b"\0\xff",
        2**80,
        {"$decimal": "1"},
    ],
)
def test_value_that_json_does_not_have_keeps_type_and_digits(value: object) -> None:
    assert typed(decoded(encoded(value))) == typed(value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), (1, 2), {1: "a"}, {"a", "b"}, object(), [{"x": {True: 1}}]]
)
def test_value_that_would_come_back_as_another_is_refused(value: object) -> None:
    with pytest.raises(InputError) as raised:
        encoded(value)
    assert raised.value.code == "value_not_storable"


@pytest.mark.parametrize(
    "text", ["123", "", "null", TAG, TAG + "{", TAG + '{"$decimal":"x"}', TAG + '{"$bytes":"%"}', b"\xff"]
)
def test_text_of_something_else_is_refused_not_guessed_at(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (any text will do)
        decoded(text)
