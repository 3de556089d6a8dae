"""What counts as a plain decimal number, for single calculations and for columns alike."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

PLAIN_DECIMAL: Final = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"
"""Digits, one point, a sign in front. Intake writes all other forms as this one or rejects the row."""

MOST_DECIMALS: Final = 18
"""Digits after the point in PLAIN_DECIMAL."""

SMALLEST: Final = Decimal("5e-19")
"""Below it nothing is left of a number with MOST_DECIMALS."""

_PATTERN: Final = re.compile(PLAIN_DECIMAL)


def plain_decimal(text: str) -> float | None:
    """Return the float64 nearest to a plain decimal text, None for any other text."""
    return float(text) if _PATTERN.fullmatch(text) else None


def exact_number(text: str) -> Fraction | None:
    """Return the exact value of a plain decimal text, None for any other text."""
    return Fraction(text) if _PATTERN.fullmatch(text) else None


def plain_text(value: Fraction) -> str:
    """Return the float64 nearest to `value` as plain decimal text of at most 18 decimals."""
    nearest = Decimal(repr(float(value)))
    is_too_fine = -int(nearest.as_tuple().exponent) > MOST_DECIMALS
    if abs(nearest) < SMALLEST:
        return "0"
    text = format(round(nearest, MOST_DECIMALS) if is_too_fine else nearest, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
