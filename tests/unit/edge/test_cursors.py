"""A cursor opens in the list that it was given out for, and nowhere else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.edge.cursors import CursorCodec, CursorError
from vcci.services.paging import Order, OrderColumn, Position

CODEC = CursorCodec(b"s" * 32)
ORDER = Order(
    "newest", (OrderColumn("made", "made", "timestamptz", True), OrderColumn("id", "id", "uuid", True))
)
HERE = {"tenant": "a", "filters": {"category": "4"}, "runs": ["r1"]}
PLACE = Position((datetime(2024, 5, 1, 12, tzinfo=UTC), UUID(int=7)))

VALUES: list[tuple[str, Any]] = [
    ("uuid", UUID(int=3)),
    ("text", "ä\n\"'"),
    ("date", date(2024, 2, 29)),
    ("timestamptz", datetime(2024, 2, 29, 1, 2, 3, 456789, tzinfo=UTC)),
    ("numeric", Decimal("0.10")),
    ("bigint", 2**60),
    ("double precision", 0.1),
    ("text", None),
]


@pytest.mark.parametrize(("kind", "value"), VALUES)
@pytest.mark.parametrize("is_backward", [True, False])
def test_every_kind_of_value_comes_back(kind: str, value: Any, is_backward: bool) -> None:
    order = Order("one", (OrderColumn("x", "x", kind),))
    cursor = CODEC.seal(Position((value,), is_backward), order=order, bound_to={})
    assert CODEC.unseal(cursor, order=order, bound_to={}) == Position((value,), is_backward)


@pytest.mark.parametrize(
    "elsewhere",
    [HERE | {"tenant": "b"}, HERE | {"filters": {}}, HERE | {"runs": ["r2"]}, {}],
    ids=["tenant", "filter", "runs", "nothing"],
)
def test_cursor_of_another_list_is_refused(elsewhere: dict[str, Any]) -> None:
    cursor = CODEC.seal(PLACE, order=ORDER, bound_to=HERE)
    with pytest.raises(CursorError):
        CODEC.unseal(cursor, order=ORDER, bound_to=elsewhere)


def test_cursor_of_another_order_or_another_service_is_refused() -> None:
    cursor = CODEC.seal(PLACE, order=ORDER, bound_to=HERE)
    with pytest.raises(CursorError):
        CODEC.unseal(cursor, order=Order("oldest", ORDER.columns), bound_to=HERE)
    with pytest.raises(CursorError):
        CursorCodec(b"t" * 32).unseal(cursor, order=ORDER, bound_to=HERE)


@given(st.data())
def test_cursor_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    cursor = CODEC.seal(PLACE, order=ORDER, bound_to=HERE)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != cursor[place]))
    with pytest.raises(CursorError):
        CODEC.unseal(cursor[:place] + other + cursor[place + 1 :], order=ORDER, bound_to=HERE)


@given(st.text())
def test_any_other_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(CursorError):
        CODEC.unseal(text, order=ORDER, bound_to=HERE)
