"""Price indices: BEA by industry, US consumer prices."""

from decimal import Decimal
from pathlib import Path

import polars as pl

from vcci.domain.factor import PackManifest

ALL_ITEMS = "CUUR0000SA0"
ANNUAL_AVERAGE = "M13"
MONTHS = tuple(f"M{month:02}" for month in range(1, 13))


def bea(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the gross-output price index of 402 BEA detail industries, 2017 = 100."""
    published = pl.read_csv(
        sources / "fx_and_deflators/us_bea_detail_price_index_2007_2023_base2017_100.csv", infer_schema=False
    )
    frame = (
        published.unpivot(index="bea_detail_code", variable_name="year", value_name="index")
        .select(series="bea_detail_code", year=pl.col("year").cast(pl.Int16), index="index")
        .drop_nulls()
        .with_columns(months=pl.lit(12, pl.Int8))
        .sort("series", "year")
    )
    return frame, PackManifest(
        name="bea-price-index",
        version="2017 schema, 2007 to 2023",
        kind="price_index",
        title="Chain-type price indices for gross output by detail industry",
        publisher="US Bureau of Economic Analysis",
        year=2025,
        licence="public domain; packaged by the EPA's useeior (MIT)",
        redistribution="yes",
        attribution="US Bureau of Economic Analysis, by way of US EPA useeior",
        source="https://github.com/USEPA/useeior",
        digest="",
        currency="USD",
        region="US",
        notes="Industry output prices, not purchaser prices.",
    )


def cpi(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the CPI-U for all items by year: the annual average, else the mean of the months so far."""
    published = pl.read_csv(
        sources / "fx_and_deflators/us_bls_cpi_u_selected_series_2010_onward.csv", infer_schema=False
    ).filter(pl.col("series") == ALL_ITEMS)
    by_year: dict[str, dict[str, str]] = {}
    for year, period, value in published.select("year", "period", "value").iter_rows():
        by_year.setdefault(year, {})[period] = value
    frame = pl.DataFrame(
        [("CPI-U all items", int(year), *_of_year(by_year[year])) for year in sorted(by_year)],
        {"series": pl.String, "year": pl.Int16, "index": pl.String, "months": pl.Int8},
        orient="row",
    )
    return frame, PackManifest(
        name="us-cpi",
        version=f"2010 to {frame['year'].to_list()[-1]}",
        kind="price_index",
        title="Consumer Price Index for All Urban Consumers, all items, not seasonally adjusted",
        publisher="US Bureau of Labor Statistics",
        year=2026,
        licence="public domain",
        redistribution="yes",
        attribution="US Bureau of Labor Statistics, CPI-U",
        source="https://www.bls.gov/cpi/",
        digest="",
        currency="USD",
        region="US",
        notes="1982-84 = 100. A year without annual average is the mean of the months published so far.",
    )


def _of_year(values: dict[str, str]) -> tuple[str, int]:
    """Return the index of a year as text, and how many months it stands on."""
    if ANNUAL_AVERAGE in values:
        return values[ANNUAL_AVERAGE], len(MONTHS)
    months = [Decimal(values[month]) for month in MONTHS if month in values]
    return str((sum(months, Decimal(0)) / len(months)).quantize(Decimal("0.001"))), len(months)
