"""The text of a typed cell: what a person would see with no locale, no rounding and no exponent."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

MIDNIGHT = dt.time()


def cell_text(value: Any) -> str:
    """Return the text of a value: 3.0 -> "3", a midnight -> its date, None -> ""; other kinds by `str`."""
    return TEXTS.get(type(value), str)(value)


def plain_number(shortest: str) -> str:
    """Return a number's shortest text without exponent and without an empty fraction; NaN and inf stay."""
    plain = format(Decimal(shortest), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _moment(value: dt.datetime) -> str:
    if value.time() == MIDNIGHT and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat()


TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _value: "",
    str: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: lambda value: plain_number(repr(value)),
    Decimal: lambda value: format(value, "f"),
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
}
