"""The lines of a part as they are written: Parquet, with texts as codes of the part's own dictionaries."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from vcci.engine.columnar import GASES, LINE_COLUMNS
from vcci.processing.codes import Numbers
from vcci.processing.fused import Answers, FusedLines

GROUP_ROWS: Final = 65_536
"""Rows that have to be read to see one of them."""

CODED: Final = ["key", "category", "supplier", "day", "month", "notices", "rate_notices"]
"""Columns of lines whose values come again and again."""

DELTA: Final = "DELTA_BINARY_PACKED"
"""Whole numbers are written as differences: in half the time, and smaller."""

RISING: Final = dict.fromkeys(("row", "co2e_mg", "spend_hundredths", *GASES.values()), DELTA)

WRITTEN: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_statistics": False,
    "store_schema": False,
}
"""How files of a run are written: texts as texts, whatever they were here."""


def line_table(lines: FusedLines, answers: Answers, rows: pa.RecordBatch) -> pa.Table:
    """Return lines with LINE_COLUMNS, of the rows of a part that has its texts as codes."""
    at = lines.places
    gases = dict.fromkeys(GASES.values(), pa.nulls(len(at), pa.int64()))
    gases |= {name: pa.array(amounts, mask=unknown) for name, (amounts, unknown) in lines.gases.items()}
    columns = {
        "row": rows.column("row").to_numpy()[at],
        "key": answers.key[lines.keys],
        "category": answers.category[lines.keys],
        "supplier": _coded(rows.column("supplier"), at),
        "day": _dates(answers.days, lines.rate_places),
        "month": _dates(answers.months, lines.rate_places),
        "amount": lines.amounts,
        "co2e_mg": lines.co2e_mg,
        **gases,
        "spend_hundredths": lines.spend_hundredths,
        "notices": _null_if_empty(_coded(rows.column("notices"), at)),
        "rate_notices": _null_if_empty(_coded(answers.rate_notices, lines.rate_places)),
    }
    return pa.table({name: columns[name] for name in LINE_COLUMNS})


def write_lines(table: pa.Table, path: Path) -> None:
    """Write lines as a part."""
    coded = [name for name in CODED if name in table.column_names]
    rising = {name: way for name, way in RISING.items() if name in table.column_names}
    options = {"use_dictionary": coded, "column_encoding": rising, "row_group_size": GROUP_ROWS}
    pq.write_table(table, path, **options, **WRITTEN)


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write any other frame of a run."""
    frame.write_parquet(
        path, compression="zstd", compression_level=1, statistics=False, row_group_size=GROUP_ROWS
    )


def _dates(days: Any, places: Numbers) -> pa.Array:
    """Return dates by place, null where there is none, as Arrow keeps them: as 32-bit days."""
    is_none = np.isnat(days)[places]
    found = days.astype(np.int64).astype(np.int32)[places]
    return pa.array(found, mask=is_none if is_none.any() else None).view(pa.date32())


def _coded(column: pa.DictionaryArray, places: Any) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(column.indices.to_numpy()[places], column.dictionary)


def _null_if_empty(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return the column with nulls for empty texts."""
    texts = column.dictionary.to_pylist()
    if "" not in texts:
        return column
    codes: Numbers = column.indices.to_numpy()
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes == texts.index("")), column.dictionary)
