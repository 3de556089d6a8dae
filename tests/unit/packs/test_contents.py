"""Figures come out of a pack exactly as they were published."""

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.factor import PackManifest
from vcci.packs.contents import (
    RatesByCurrency,
    factors,
    gwp_factors,
    partial_years,
    physical_factors,
    price_indices,
)

from .conftest import ROWS

MANIFEST = PackManifest("p", "1", "factors", "t", "We", 2024, "own", "no", "We", "books", "", currency="USD")

figures = st.decimals(min_value=0, max_value=10**6, places=12).map(lambda value: format(value, "f"))
rates = st.decimals(min_value="0.000001", max_value=10**7, places=6)


@given(figure=figures)
def test_factor_is_the_published_text_to_the_last_digit(figure: str) -> None:
    frame = pl.DataFrame(
        {"code": ["54"], "title": ["Services"], "with_margins": [figure], "without_margins": [None]}
    )
    (factor,) = factors(frame, MANIFEST)
    assert str(factor.value_kg_co2e) == str(Decimal(figure))


def physical(**columns: object) -> pl.DataFrame:
    return pl.DataFrame({**ROWS["physical_factors"], **columns})


def test_physical_factor_is_named_by_its_levels_and_has_no_price() -> None:
    (factor,) = physical_factors(physical(), MANIFEST)
    assert (factor.id, factor.activity, factor.name) == ("p/rail", "ours:rail", "Travel > Land > Rail")
    assert (str(factor.value_kg_co2e), factor.unit, factor.region) == ("0.03546", "pkm", "GB")
    assert (factor.price_year, factor.price_basis, factor.year) == (None, None, 2025)


def test_blank_cells_and_biogenic_co2_alone_are_no_factors() -> None:
    blank = physical(value_kg_co2e=pl.Series([None], dtype=pl.String), biogenic_co2_kg=["0.14"])
    assert physical_factors(blank, MANIFEST) == ()


def test_latest_gwp_over_100_years_comes_first_and_other_horizons_are_no_factors() -> None:
    sets = {"species": ["CH4"] * 3, "set": ["AR4", "AR6 GWP-20", "AR6"], "value": ["25", "81.2", "27.9"]}
    found = gwp_factors(pl.DataFrame(sets), MANIFEST)
    assert [(f.activity, f.gwp_set, str(f.value_kg_co2e)) for f in found] == [
        ("gwp:CH4", "AR6", "27.9"),
        ("gwp:CH4", "AR4", "25"),
    ]


@given(rate=rates, day=st.dates(date(1999, 1, 4), date(2100, 1, 1)))
def test_rate_is_the_published_decimal_by_its_iso_date(rate: Decimal, day: date) -> None:
    frame = pl.DataFrame(
        {"currency": ["CHF"], "date": [day], "per_euro": [rate]},
        schema_overrides={"per_euro": pl.Decimal(18, 6)},
    )
    assert RatesByCurrency(frame)["CHF"] == {day.isoformat(): rate}


def test_currencies_are_known_before_any_is_read() -> None:
    frame = pl.DataFrame({"currency": ["USD", "CHF"], "date": ["2024-03-01"] * 2, "per_euro": ["1.1", "0.9"]})
    assert list(RatesByCurrency(frame)) == ["CHF", "USD", "EUR"]


def test_euro_is_one_on_every_day_that_any_currency_has() -> None:
    frame = pl.DataFrame(
        {"currency": ["USD", "CHF"], "date": ["2024-03-01", "2024-03-04"], "per_euro": ["1.1", "0.9"]}
    )
    assert RatesByCurrency(frame)["EUR"] == {"2024-03-01": 1, "2024-03-04": 1}


def test_price_index_is_read_by_series_and_year_and_unfinished_years_are_told() -> None:
    frame = pl.DataFrame(
        {"series": ["5415"] * 2, "year": [2025, 2026], "index": ["104.5", "105.1"], "months": [12, 8]}
    )
    assert price_indices(frame) == {"5415": {2025: Decimal("104.5"), 2026: Decimal("105.1")}}
    assert partial_years(frame) == {2026}
