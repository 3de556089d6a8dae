"""Verification: what a pack must hold whatever its figures are, and the sums that its publisher prints."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from vcci.domain.quantity import UnitTable
from vcci.errors import PackError
from vcci.packs import physical_checks, reference_checks
from vcci.packs.library import PackLibrary
from vcci.packs.questions import Answer, Opened, Question, each_once, last_digit

BASE_YEARS: Final = {"bea-price-index": 2017}
"""The year in which every series of a price index pack stands at 100, where the publisher says so."""

SATURDAY: Final = 6
"""The ISO weekday from which on there is no business."""

VOUCHED: Final = "the data are those of the manifest"


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to a pack; `said` holds the figures behind the answer."""

    pack: str
    what: str
    passed: bool
    said: str


def verify(library: PackLibrary, name: str, *, units: UnitTable | None = None) -> list[Check]:
    """Return every check of a pack; one that cannot be read, or held against another, fails."""
    try:
        pack = Opened(library.manifest(name), library.frame(name), library, units)
        answers = [ask(pack) for ask in (_vouched, *CHECKS[pack.manifest.kind])]
    except PackError as error:
        return [Check(name, VOUCHED, False, error.sentence)]
    return [Check(pack.manifest.name, *answer) for answer in answers if answer]


def _vouched(pack: Opened) -> Answer:
    return VOUCHED, True, f"SHA-256 {pack.manifest.digest[:16]}, {pack.rows.height:,} rows"


def _margins(pack: Opened) -> Answer | None:
    """Three figures rounded apart may miss their sum by one unit of the last digit, and not by more."""
    if "margins" not in pack.rows.columns:
        return None
    figures = pack.rows.select("with_margins", "without_margins", "margins").drop_nulls()
    rows = [tuple(map(Decimal, row)) for row in figures.iter_rows()]
    gaps = [abs(whole - without - margins) for whole, without, margins in rows]
    differing, largest = sum(gap > 0 for gap in gaps), max(gaps, default=Decimal(0))
    smallest = min((last_digit(figure) for row in rows for figure in row), default=Decimal(1))
    said = f"{differing:,} of {len(rows):,} rows differ, by {largest} at most; the last digit is {smallest}"
    return "with margins = without margins + margins", largest <= smallest, said


def _factors_not_negative(pack: Opened) -> Answer:
    figures = (*pack.rows["with_margins"], *pack.rows["without_margins"])
    values = [Decimal(figure) for figure in figures if figure is not None] or [Decimal(0)]
    said = f"{min(values)} to {max(values)} kg CO2e per {pack.manifest.currency}"
    return "no factor is negative", min(values) >= 0, said


def _business_days(pack: Opened) -> Answer:
    closed = pack.rows.filter(pl.col("date").dt.weekday() >= SATURDAY).height
    first, last = pack.rows.select(pl.min("date"), last=pl.max("date")).row(0)
    said = f"{first} to {last}, {closed:,} rates on Saturdays or Sundays"
    return "rates are of business days", not closed, said


def _days_rise(pack: Opened) -> Answer:
    steps = pack.rows.select(
        pl.col("date").diff().dt.total_days().over("currency").alias("days")
    ).drop_nulls()
    back = steps.filter(pl.col("days") <= 0).height
    said = f"{pack.rows['currency'].n_unique()} currencies, {back:,} days out of order or doubled"
    return "days rise within a currency", not back, said


def _positive(pack: Opened) -> Answer:
    column = "per_euro" if pack.manifest.kind == "rates" else "index"
    values = [Decimal(figure) for figure in pack.rows[column]]
    said = f"{min(values)} to {max(values)}" if values else "no rows"
    return f"{column} is positive", all(value > 0 for value in values), said


def _base_year(pack: Opened) -> Answer | None:
    base = BASE_YEARS.get(pack.manifest.name)
    if base is None:
        return None
    values = pack.rows.filter(pl.col("year") == base)["index"]
    at_100 = sum(Decimal(value) == 100 for value in values)
    series = pack.rows["series"].n_unique()
    return f"{base} = 100", at_100 == series, f"{at_100:,} of {series:,} series"


def _years_once(pack: Opened) -> Answer:
    doubled = pack.rows.height - pack.rows.select("series", "year").unique().height
    partial = sorted(pack.rows.filter(pl.col("months") < 12)["year"].unique())
    said = f"{doubled:,} doubled; of part of the year: {', '.join(map(str, partial)) or 'none'}"
    return "every year stands once in a series", not doubled, said


def _parents(pack: Opened) -> Answer:
    orphans = pack.rows.filter(
        (pl.col("parent") != "") & ~pl.col("parent").is_in(pack.rows["code"].implode())
    )
    tops = pack.rows.filter(pl.col("parent") == "").height
    said = f"{orphans.height:,} without; {tops:,} sectors at the top"
    return "every parent exists", orphans.is_empty(), said


CHECKS: Final[dict[str, tuple[Question, ...]]] = {
    "factors": (each_once("code", "code"), _factors_not_negative, _margins),
    "rates": (_business_days, _days_rise, _positive),
    "price_index": (_years_once, _positive, _base_year),
    "titles": (each_once("code", "code"), _parents),
    "physical_factors": physical_checks.QUESTIONS,
    **reference_checks.QUESTIONS,
}
"""The questions put to each kind of pack."""
