"""Questions put to packs of physical factors: gases add up, radiative forcing is on CO2, units are known."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import polars as pl

from vcci.packs.questions import Answer, Opened, Question, each_once

GASES: Final = ("co2_kg", "ch4_kg_co2e", "n2o_kg_co2e")
ROUNDING: Final = Decimal("0.00001")
"""One unit of the last of the five decimals that publishers print; four figures are rounded apart."""

WITH_RF: Final = "With RF"
WITHOUT_RF: Final = "Without RF"


def counted(pack: Opened) -> Answer:
    """Count the rows that are factors, hold biogenic CO2 alone, or are blank as published."""
    factors = pack.rows["value_kg_co2e"].is_not_null()
    biogenic = pack.rows["biogenic_co2_kg"].is_not_null()
    said = (
        f"{factors.sum():,} factors, {(~factors & biogenic).sum():,} of biogenic CO2 alone, "
        f"{(~factors & ~biogenic).sum():,} blank as published"
    )
    return "rows with a figure are factors", bool(factors.any()), said


def not_negative(pack: Opened) -> Answer:
    """Ask whether gases and totals are at or above zero; credits for recycling may be below."""
    values = [Decimal(figure) for figure in pack.rows["value_kg_co2e"].drop_nulls()]
    gases = [Decimal(figure) for gas in GASES for figure in pack.rows[gas].drop_nulls()]
    below = sum(value < 0 for value in values)
    said = f"{min(values)} to {max(values)} kg CO2e, {below:,} factors below zero" if values else "no factors"
    return "no factor and no gas is negative", not below and all(gas >= 0 for gas in gases), said


def gases_add_up(pack: Opened) -> Answer | None:
    """Ask whether CO2, CH4 and N2O come to the CO2e of every row that has all of them."""
    rows = pack.rows.drop_nulls(["value_kg_co2e", *GASES]).select("value_kg_co2e", *GASES)
    if rows.is_empty():
        return None
    gaps = [abs(total - sum(parts)) for total, *parts in (map(Decimal, row) for row in rows.iter_rows())]
    differing = sum(gap > 0 for gap in gaps)
    said = f"{differing:,} of {len(gaps):,} rows differ"
    said += f", by {max(gaps).normalize():f} at most; the last digit is {ROUNDING:f}" if differing else ""
    return "CO2 + CH4 + N2O = CO2e", max(gaps) <= ROUNDING, said


def forcing_is_on_co2(pack: Opened) -> Answer | None:
    """Ask whether a flight with radiative forcing differs from the same without in its CO2 only."""
    pairs = list(_pairs(pack.rows))
    if not pairs:
        return None
    elsewhere = sum(any(one[gas] != other[gas] for gas in GASES[1:]) for one, other in pairs)
    apart = [
        abs(_rise(one, other, "value_kg_co2e") - _rise(one, other, "co2_kg"))
        for one, other in pairs
        if one["co2_kg"]
    ]
    differing = sum(gap > 0 for gap in apart)
    said = (
        f"{len(pairs):,} pairs, {len(pairs) - len(apart):,} of them without gases; {elsewhere:,} differ in "
        f"CH4 or N2O; the last digit of CO2 does not hold in {differing:,}"
    )
    holds = not elsewhere and all(gap <= 2 * ROUNDING for gap in apart)
    return "radiative forcing is on CO2 only", holds, said


def _pairs(rows: pl.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    flights = rows.filter(
        pl.col("title").is_in([WITH_RF, WITHOUT_RF]) & pl.col("value_kg_co2e").is_not_null()
    )
    by_path: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in flights.iter_rows(named=True):
        by_path.setdefault((row["path"], row["unit"]), {})[row["title"]] = row
    for pair in by_path.values():
        if len(pair) == 2:
            yield pair[WITH_RF], pair[WITHOUT_RF]


def _rise(one: dict[str, Any], other: dict[str, Any], column: str) -> Decimal:
    return Decimal(one[column]) - Decimal(other[column])


def units_written(pack: Opened) -> Answer:
    """Ask whether every factor has a unit, and list those that the product cannot convert.

    Factors in such a unit answer for nothing.
    """
    said = f"{pack.rows['unit'].n_unique():,} units"
    if pack.units is not None:
        find, money = pack.units.find, pack.manifest.currency
        unknown = Counter(unit for unit in pack.rows["unit"] if find(unit) is None and unit != money)
        listed = ", ".join(f"{unit} ({count})" for unit, count in sorted(unknown.items()))
        said += f"; not known: {listed or 'none'}"
    return "every unit is written", "" not in pack.rows["unit"], said


QUESTIONS: Final[tuple[Question, ...]] = (
    each_once("id", "id"),
    counted,
    not_negative,
    gases_add_up,
    forcing_is_on_co2,
    units_written,
)
"""What is asked of every pack of physical factors."""
