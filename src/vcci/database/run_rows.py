"""The files of a run, as frames with the columns of the tables, in batches of bounded size."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import polars as pl

from vcci.database.ids import new_id_texts
from vcci.domain.activity import PART_COLUMNS
from vcci.domain.quality import INDICATORS
from vcci.engine.columnar import GASES
from vcci.engine.numbers import PLAIN_DECIMAL

BATCH_ROWS = 50_000
"""Rows turned into text at a time: about 20 MB."""

LONGEST_KEY = 500
"""Longer supplier keys are cut and told apart by a digest: an index entry holds 2,704 bytes."""

ACTIVITY_TEXTS = (
    "source",
    "account",
    "account_code",
    "description",
    "unit",
    "region",
    "problem",
    "problem_column",
    "problem_value",
    "notices",
    "asked_method",
    "part",
    "formula",
)

SCORES = tuple(f"dq_{name}" for name in INDICATORS)

MULTIPLIER_COLUMNS = (
    "key",
    "scope3_category",
    "activity",
    "region",
    "unit",
    "year",
    "mg_co2e_per_unit",
    "factor_currency",
    "factor_id",
    "factor_name",
    "factor_value",
    "factor_unit",
    "pack",
    "method",
    "notices",
    "steps",
    "asked_method",
    "gwp_set",
    "factor_region",
    "factor_year",
    *GASES,
    *SCORES,
    "ln_sigma",
)

FIGURES = ("key", "scope3_category", "year", "mg_co2e_per_unit", "factor_year", "ln_sigma", *GASES, *SCORES)
MULTIPLIER_TEXTS = tuple(name for name in MULTIPLIER_COLUMNS if name not in FIGURES)

KEY_SUMS = (
    "category",
    "key",
    "year",
    "lines",
    "emissions_mg_co2e",
    "spend_hundredths",
    "turnover_hundredths",
)

SUPPLIER = pl.when(pl.col("supplier_id") != "").then(pl.col("supplier_id")).otherwise(pl.col("supplier"))
"""The ledger's own key of the supplier, or its name where it has none."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The Parquet files that a calculation leaves."""

    folder: Path

    @property
    def activities(self) -> Path:
        """Every row of the user's files."""
        return self.folder / "activities.parquet"

    def suppliers(self) -> dict[str, str]:
        """Return the name of each supplier by its key, keys sorted; the row without a supplier has none."""
        found = (
            pl.scan_parquet(self.activities)
            .select(key=SUPPLIER, name=pl.col("supplier"))
            .filter(pl.col("key") != "")
            .group_by("key")
            .agg(pl.col("name").min())
            .sort("key")
            .collect(engine="streaming")
        )
        return dict(found.iter_rows())

    def multipliers(self) -> pl.DataFrame:
        """Return the multipliers that lines can point to, those that were resolved: MULTIPLIER_COLUMNS."""
        table = pl.read_parquet(self.folder / "multipliers.parquet")
        year, category = pl.col("year").cast(pl.Int32, strict=False), pl.col("category")
        return (
            table.filter(pl.col("mg_co2e_per_unit").is_not_null())
            .with_columns(year=year, scope3_category=category)
            .select(MULTIPLIER_COLUMNS)
            .with_columns(storable(*MULTIPLIER_TEXTS))
        )

    def key_sums(self) -> pl.DataFrame:
        """Return the sums of lines by category, key and year, which is null without a date: KEY_SUMS."""
        by = ("category", "key", "year")
        by_month = pl.scan_parquet(self.folder / "by_category_key_month.parquet")
        summed = by_month.with_columns(year=pl.col("month").dt.year()).group_by(by).agg(
            pl.col(*KEY_SUMS[len(by) :]).sum()
        )  # fmt: skip
        return summed.sort("key", "year").select(KEY_SUMS).collect()

    def activity_rows(self, supplier_ids: dict[str, UUID]) -> Iterator[pl.DataFrame]:
        """Yield `vcci.activities`."""
        for batch in pl.scan_parquet(self.activities).collect_batches(
            chunk_size=BATCH_ROWS, engine="streaming"
        ):
            plain = pl.col("quantity").str.contains(PLAIN_DECIMAL)
            parts = [pl.lit("").alias(name) for name in PART_COLUMNS if name not in batch.columns]
            keyed = batch.with_columns(*parts, key=SUPPLIER)
            yield with_suppliers(keyed, supplier_ids).with_columns(
                *storable(*ACTIVITY_TEXTS),
                new_id_texts(batch.height),
                row_number=pl.col("row"),
                quantity=pl.when(plain).then(pl.col("quantity")),
                transaction_date=pl.col("date").str.to_date("%Y-%m-%d", strict=False),
            )

    def line_rows(self, supplier_ids: dict[str, UUID]) -> Iterator[pl.DataFrame]:
        """Yield `vcci.emissions`; lines know their row, and the row its supplier's key."""
        rows = pl.scan_parquet(self.activities).select("row", key=SUPPLIER)
        for batch in self._parts("lines"):
            among = pl.col("row").is_between(batch["row"].min(), batch["row"].max())
            keyed = batch.rename({"key": "multiplier_key"}).join(
                rows.filter(among).collect(engine="streaming"), on="row", how="left", maintain_order="left"
            )
            notices = [pl.col("notices"), pl.col("rate_notices")]
            yield with_suppliers(keyed, supplier_ids).with_columns(
                new_id_texts(batch.height),
                row_number=pl.col("row"),
                scope3_category=pl.col("category"),
                transaction_date=pl.col("day"),
                notices=pl.concat_str(notices, separator=";", ignore_nulls=True),
            )

    def unlined_rows(self) -> Iterator[pl.DataFrame]:
        """Yield `vcci.unlined`."""
        for batch in self._parts("unlined"):
            yield batch.select(pl.col("reason"), row_number=pl.col("row"))

    def _parts(self, name: str) -> Iterator[pl.DataFrame]:
        for part in sorted((self.folder / name).glob("*.parquet")):
            frame = pl.scan_parquet(part)
            yield from (
                batch
                for batch in frame.collect_batches(chunk_size=BATCH_ROWS, engine="streaming")
                if batch.height
            )


def storable(*names: str) -> list[pl.Expr]:
    """Return the texts as PostgreSQL can hold them: NUL, which it cannot, becomes U+FFFD."""
    return [pl.col(name).fill_null("").str.replace_all("\0", "\ufffd", literal=True) for name in names]


def index_key(text: str) -> str:
    """Return a text that fits a unique index, and stays distinct."""
    text = text.replace("\0", "\ufffd")
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:LONGEST_KEY]} {hashlib.sha256(text.encode()).hexdigest()}"


def with_suppliers(frame: pl.DataFrame, supplier_ids: dict[str, UUID]) -> pl.DataFrame:
    """Return rows with `supplier_id` as text, from the `key` of each; null where it has none."""
    known = pl.DataFrame(
        {"key": list(supplier_ids), "supplier_id": [one.hex for one in supplier_ids.values()]},
        schema={"key": pl.String, "supplier_id": pl.String},
    )
    return frame.drop("supplier_id", strict=False).join(known, on="key", how="left", maintain_order="left")
