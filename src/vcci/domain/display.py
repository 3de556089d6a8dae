"""How figures and texts are shown: exact figures from integers, and texts that cannot act.

Names come from the user's suppliers, so on a page, a terminal or a spreadsheet they are shown, never obeyed.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from vcci.domain.finding import Outcome
from vcci.domain.inventory import Interval, Inventory, SpendShare

NO_NAME: Final = "(no name)"
"""Stands for the supplier of rows that name none."""

MG_PER_KG: Final = 1_000_000
"""Milligrams in a kilogram."""

JOINERS: Final = "\u200c\u200d"
"""Format characters that words of Persian and Indic scripts are spelt with; they stay as they are."""

INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that move, hide or reorder what stands beside them."""

FORMULA: Final = (
    r"^'*[\s\x00-\x20\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\t\r＝＋－＠]"
)
"""Texts that a spreadsheet takes for a formula, for any regex engine: a lead character or its full-width
form, also after blanks and unseen characters; quotes in front count, so a guard differs from a name's own."""


def tonnes(mg_co2e: int) -> str:
    """Return milligrams as tonnes with three decimals (kilograms), rounded half away from zero."""
    return _grouped(mg_co2e, unit=MG_PER_KG, decimals=3)


def exact_tonnes(mg_co2e: int) -> str:
    """Return milligrams as tonnes with all nine decimals and no grouping, for machines."""
    return _grouped(mg_co2e, unit=1, decimals=9).replace(",", "")


def exact_kilograms(mg_co2e: int) -> str:
    """Return milligrams as kilograms with all six decimals and no grouping."""
    return _grouped(mg_co2e, unit=1, decimals=6).replace(",", "")


def interval_text(interval: Interval | None) -> str:
    """Return a 95 % interval in tonnes, such as `41,200 to 68,300`; empty where there is none."""
    if interval is None:
        return ""
    return f"{_short(interval.low_mg_co2e)} to {_short(interval.high_mg_co2e)}"


def _short(mg_co2e: int) -> str:
    """Return tonnes with three significant digits, or whole tonnes where these are more."""
    tonnes_co2e = mg_co2e / 1e9
    decimals = max(0, 2 - math.floor(math.log10(abs(tonnes_co2e)))) if tonnes_co2e else 0
    return f"{tonnes_co2e:,.{min(decimals, 9)}f}"


def money(hundredths: int) -> str:
    """Return hundredths of a currency with two decimals, exactly."""
    return _grouped(hundredths, unit=1, decimals=2)


def percent(part: int, whole: int) -> str:
    """Return the share with one decimal, rounded half away from zero; empty where the whole is nothing."""
    if not whole:
        return ""
    sign = -1 if whole < 0 else 1
    return f"{_grouped(sign * part * 1000, unit=abs(whole), decimals=1)}%"


def coverage_percents(inventory: Inventory) -> dict[str, str]:
    """Return the share of purchases by value that have lines, for each currency that has purchases."""
    shares = {}
    for unit in sorted({share.unit for share in inventory.spend}):
        covered = inventory.turnover_hundredths(Outcome.LINE, unit)
        purchases = covered + inventory.turnover_hundredths(Outcome.NOT_COVERED, unit)
        shares[unit] = percent(covered, purchases)
    return {unit: share for unit, share in shares.items() if unit and share}


def spend_in_order(inventory: Inventory) -> list[SpendShare]:
    """Return what became of rows and money: lines first, within an outcome the most money first."""
    return shares_in_order(inventory.spend)


def shares_in_order(spend: Iterable[SpendShare]) -> list[SpendShare]:
    """Return shares of rows and money in the same order."""
    order = {outcome: place for place, outcome in enumerate(Outcome)}
    return sorted(spend, key=lambda s: (order[s.outcome], -s.spend_hundredths, s.reason, s.unit))


def visible(text: str) -> str:
    r"""Return a text with each control, bidirectional or unseen character written out, such as `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written_out(c) if _is_unseen(c) else c for c in text)


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: a ' in front where it would.

    Taking one ' away wherever `FORMULA` matches gives every text back.
    """
    return f"'{text}" if re.search(FORMULA, text) else text


def _grouped(value: int, *, unit: int, decimals: int) -> str:
    """Write `value / unit`, counted in the last of the decimals, with thousands grouped."""
    counted = (2 * abs(value) + unit) // (2 * unit)
    whole, part = divmod(counted, 10**decimals)
    sign = "-" if value < 0 and counted else ""
    return f"{sign}{whole:,}.{part:0{decimals}}"


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in INVISIBLE and character not in JOINERS


def _written_out(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
