"""The texts of a run that no rule placed, stored with it, so that a queue of any run is read in one query."""

from pathlib import Path
from typing import Final, LiteralString
from uuid import UUID

import polars as pl

from vcci.database.connections import Connection
from vcci.database.run_rows import storable
from vcci.domain.review import text_key

REVIEW: Final = "review.parquet"
"""What a run leaves of its texts (processing/texts.py); no file where no text is to be reviewed."""

TEXTS: Final = ("account", "account_code", "description")
LONGEST_SHOWN: Final = 500
"""Characters of a text that are stored to be shown; its key is of the whole text."""

ADD_TEXTS: Final[LiteralString] = """
    INSERT INTO vcci.run_texts (tenant_id, run_id, text_key, unit, account, account_code, description,
        activity, score, decision, rows, spend_hundredths, co2e_mg)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::float8[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
"""

ORDER: Final = ("text_key", "unit", *TEXTS, "activity", "score", "decision")
SUMS: Final = ("rows", "spend_hundredths", "co2e_mg")


async def add_texts(tx: Connection, tenant_id: UUID, *, run_id: UUID, folder: Path) -> None:
    """Store the texts of a run as its folder has them; role loader, in the transaction of the run."""
    if (folder / REVIEW).exists():
        columns = [column.to_list() for column in stored_texts(pl.read_parquet(folder / REVIEW))]
        await tx.execute(ADD_TEXTS, tenant_id, run_id, *columns)


def stored_texts(found: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each text and currency: ORDER and SUMS. What differs in case alone is one text."""
    keys = [text_key(*row) for row in found.select(TEXTS).iter_rows()]
    shown = [pl.col(name).str.slice(0, LONGEST_SHOWN) for name in TEXTS]
    return (
        found.with_columns(*shown, text_key=pl.Series(keys, dtype=pl.String))
        .with_columns(storable(*TEXTS, "unit", "activity"))
        .sort("co2e_mg", "rows", *TEXTS, descending=[True, True, *[False] * len(TEXTS)])
        .group_by("text_key", "unit", maintain_order=True)
        .agg(pl.col(*TEXTS, "activity", "score", "decision").first(), pl.col(*SUMS).sum())
        .select(*ORDER, *SUMS)
    )
