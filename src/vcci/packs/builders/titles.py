"""NAICS 2017 titles."""

from pathlib import Path

import polars as pl

from vcci.domain.factor import PackManifest


def naics_2017(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the codes of two to six digits with their titles and parents."""
    published = pl.read_csv(sources / "crosswalks/naics_2017_titles.csv", infer_schema=False)
    frame = published.select(
        code="naics_2017_code",
        title=pl.col("title").str.strip_chars(),
        parent=pl.col("parent_code").fill_null(""),
    ).sort("code")
    return frame, PackManifest(
        name="naics-2017-titles",
        version="2017",
        kind="titles",
        title="North American Industry Classification System 2017, titles",
        publisher="US Census Bureau",
        year=2017,
        licence="public domain",
        redistribution="yes",
        attribution="US Census Bureau, NAICS 2017",
        source="https://www.census.gov/naics/",
        digest="",
        region="US",
    )
