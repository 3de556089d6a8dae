"""What no engine can do without: read the columns, multiply each row once, write lines and sums.

Nothing is validated, resolved or summed: a row's multiplier is looked up by the code of its activity, as it
lies in the file. As many sums are written as a run has, taken from lines and not added up. Columns are read
and written by the fastest way that was found for the product itself.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from vcci.engine.columnar import GASES, LINE_COLUMNS, NARROW_COLUMNS
from vcci.processing.line_files import write_lines
from vcci.processing.local import CHUNK_ROWS

READ = ("row", "category", "quantity")
READ_AS_CODES = (
    "supplier",
    "activity",
    "region",
    "unit",
    "date",
    "asked_method",
    "notices",
    "problem",
    "exclusion",
)
DAYS = np.arange(10_000).astype("datetime64[D]")


def limit(ledger: Path, out: Path, *, narrow: bool, sums: int) -> int:
    """Return a sum of what was multiplied, in milligrams; `sums` by supplier and key are written, too."""
    out.mkdir()
    total = 0
    with pq.ParquetFile(ledger, read_dictionary=list(READ_AS_CODES), pre_buffer=False) as file:
        batches = file.iter_batches(batch_size=CHUNK_ROWS, columns=[*READ, *READ_AS_CODES])
        share = sums / file.metadata.num_rows
        for number, rows in enumerate(batches):
            columns = _multiplied(rows)
            table = pa.table({name: columns[name] for name in (NARROW_COLUMNS if narrow else LINE_COLUMNS)})
            write_lines(table, out / f"{number}.parquet")
            write_lines(_sums(columns).slice(0, int(share * rows.num_rows)), out / f"{number}-sums.parquet")
            total += int(columns["co2e_mg"].sum())
    return total


def _multiplied(rows: pa.RecordBatch) -> dict[str, Any]:
    """Return the columns of lines; what is costly to write has as many different values as in a run."""
    key = rows.column("activity").indices.to_numpy()
    text = pl.Series(rows.column("quantity"))
    quantity = text.cast(pl.Float64, strict=False).fill_null(0.0).clip(-1e9, 1e9).to_numpy()
    multiplier = np.linspace(1e3, 1e6, len(rows.column("activity").dictionary))
    amount = quantity * 1.0837
    day = DAYS[rows.column("date").indices.to_numpy()]
    return {
        "row": rows.column("row"),
        "key": key,
        "category": rows.column("category"),
        "supplier": rows.column("supplier"),
        "day": day,
        "month": day.astype("datetime64[M]").astype("datetime64[D]"),
        "amount": amount,
        "co2e_mg": np.floor(amount * multiplier[key] + 0.5).astype(np.int64),
        **dict.fromkeys(GASES.values(), pa.nulls(rows.num_rows, pa.int64())),
        "spend_hundredths": np.floor(quantity * 100 + 0.5).astype(np.int64),
        "notices": rows.column("notices"),
        "rate_notices": pa.nulls(rows.num_rows, pa.string()),
    }


def _sums(columns: dict[str, Any]) -> pa.Table:
    """Return rows like those of sums by supplier and key."""
    spend = columns["spend_hundredths"]
    return pa.table(
        {
            "supplier": columns["supplier"],
            "category": columns["category"],
            "key": columns["key"],
            "lines": np.ones_like(spend),
            "co2e_mg": columns["co2e_mg"],
            "spend_hundredths": spend,
            "turnover_hundredths": np.abs(spend),
        }
    )
