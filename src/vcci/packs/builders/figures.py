"""Figures as published: exact decimal texts, whether the publisher's file holds texts or binary numbers."""

from decimal import Decimal
from typing import Final

SHEET_DIGITS: Final = 15
"""Significant digits that a spreadsheet keeps and shows; what a binary number has beyond them is noise."""


def plain(figure: Decimal | float | str) -> str:
    """Return a figure as a plain decimal text: no exponent, no trailing zeros after the point."""
    text = format(Decimal(str(figure)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def of_sheet(cell: float) -> str:
    """Return the figure of a spreadsheet's cell, without the noise of its binary number."""
    return plain(Decimal(f"{cell:.{SHEET_DIGITS}g}"))


def rounded(cell: float, *, places: int) -> str:
    """Return the figure of a spreadsheet's cell as one that shows so many decimals."""
    return plain(Decimal(of_sheet(cell)).quantize(Decimal(1).scaleb(-places)))
