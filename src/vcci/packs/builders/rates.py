"""ECB euro reference rates."""

from pathlib import Path

import polars as pl

from vcci.domain.factor import PackManifest


def ecb(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return all daily rates from 1999 on, in long form: units of currency per euro."""
    published = pl.read_csv(
        sources / "fx_and_deflators/ecb_euro_reference_rates_daily_1999_onward.csv", infer_schema=False
    )
    frame = (
        published.unpivot(index="Date", variable_name="currency", value_name="per_euro")
        .drop_nulls()
        .filter(pl.col("per_euro") != "")
        .select("currency", date="Date", per_euro="per_euro")
        .sort("currency", "date")
        .with_columns(pl.col("date").str.to_date(), pl.col("per_euro").cast(pl.Decimal(18, 6)))
    )
    return frame, PackManifest(
        name="ecb-rates",
        version=str(frame["date"].max()),
        kind="rates",
        title="Euro foreign exchange reference rates",
        publisher="European Central Bank",
        year=2026,
        licence="free reuse with source",
        redistribution="yes",
        attribution="Source: ECB",
        source="https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/",
        digest="",
        currency="EUR",
        notes="Business days only; suspended currencies end with their last day.",
    )
