"""From a raw table to its part of the ledger frame: each target's texts, what they read as, what is wrong.

Distinct texts of amounts and dates are read once each in plain Python and joined back; the rest is columnar.
"""

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from vcci.domain.activity import LEDGER_COLUMNS
from vcci.domain.mapping import TARGETS, DecimalMark, Mapping
from vcci.engine.numbers import PLAIN_DECIMAL
from vcci.intake.currencies import ISO_4217
from vcci.intake.dates import NO_DATES, period_end, read_date
from vcci.intake.header_words import CAPITAL_WORDS
from vcci.intake.numbers import read_amount
from vcci.intake.survey import FileReading, column_texts
from vcci.intake.totals import looks_like_total

DAY_OF_YEAR: Final = "06-30"
"""The date of a row that has none, within the reporting year: its middle, nearest to all other days."""

_INTEGER: Final = r"^-?[0-9]{1,18}$"
_NOTHING: Final = pl.lit("")


def ledger_frame(reading: FileReading, *, mapping: Mapping, year: int | None, first_row: int) -> pl.LazyFrame:
    """Return the ledger frame of one file, in file order, numbered from `first_row`."""
    frame = _texts(reading, first_row)
    for target, answers in _answers(reading):
        frame = frame.join(answers.lazy(), on=target, how="left", maintain_order="left")
    frame = frame.with_columns(
        unit=_unit(reading.unit, mapping.currency),
        dateless=pl.col("date").str.strip_chars().is_in(["", *NO_DATES]),
        periodless=_blank("period"),
        ragged=pl.col("cells") != len(reading.table.header),
    )
    period = pl.when("dateless").then("period_read")
    of_year = pl.when(_undated() & ~_total_like(reading)).then(
        pl.lit(None if year is None else f"{year:04}-{DAY_OF_YEAR}", pl.String)
    )
    return frame.with_columns(
        supplier=pl.when(_one_of("supplier", mapping.redacted_suppliers))
        .then(_NOTHING)
        .otherwise("supplier"),
        capital=_one_of("capital", mapping.capital_values or CAPITAL_WORDS),
        date=pl.coalesce("date_read", period, of_year, _NOTHING),
        quantity=pl.when(pl.col("ragged") | _is_subtotal(reading))
        .then(_NOTHING)
        .otherwise(pl.col("quantity_read").fill_null("")),
        region=pl.when(_blank("region")).then(pl.lit(mapping.region)).otherwise("region"),
        asked_method=_NOTHING,
        notices=pl.coalesce(
            pl.when(period.is_not_null()).then(pl.lit("date_from_period")),
            pl.when(of_year.is_not_null()).then(pl.lit("date_from_year")),
            _NOTHING,
        ),
        **_problem(reading, undated=_undated() & of_year.is_null()),
    ).select(*LEDGER_COLUMNS)


def _texts(reading: FileReading, first_row: int) -> pl.LazyFrame:
    """Return row, source, line, cells and the text of each target as it stands in the file."""
    table = reading.table
    columns = {target: column.index for target, column in reading.columns.items()}
    scan = pl.scan_parquet(table.path, row_index_name="row", row_index_offset=first_row)
    return scan.select(
        pl.col("row").cast(pl.Int64),
        pl.lit(table.name).alias("source"),
        "line",
        "cells",
        *((pl.col(f"c{columns[t]}") if t in columns else _NOTHING).alias(t) for t in TARGETS),
    )


def _answers(reading: FileReading) -> list[tuple[str, pl.DataFrame]]:
    """Return, for amount, date and period, the distinct texts of the file with what they read as."""
    return [
        ("quantity", _amounts(_distinct(reading, "quantity"), reading.mark or DecimalMark.POINT)),
        ("date", _dated(reading, "date", lambda text: read_date(text, reading.dates.orders))),
        ("period", _dated(reading, "period", period_end)),
    ]


def _distinct(reading: FileReading, target: str) -> pl.Series:
    column = reading.columns.get(target)
    if column is None:
        return pl.Series("text", [], pl.String)
    return column_texts(reading.table, column.index).collect()["text"]


def _dated(reading: FileReading, target: str, read: Callable[[str], str]) -> pl.DataFrame:
    texts = _distinct(reading, target)
    dates = [read(text) or None for text in texts]
    return pl.DataFrame({target: texts, f"{target}_read": pl.Series(dates, dtype=pl.String)})


def _amounts(texts: pl.Series, mark: DecimalMark) -> pl.DataFrame:
    """Return amounts of texts; those that are plain already, nearly all in most files, need no Python."""
    is_plain = texts.str.contains(PLAIN_DECIMAL if mark is DecimalMark.POINT else _INTEGER)
    others = texts.filter(~is_plain)
    read = [read_amount(text, mark) for text in others]
    answers = {
        "quantity": others,
        "quantity_read": [amount.text if amount else None for amount in read],
        "currencies": [",".join(amount.currencies) if amount else "" for amount in read],
    }
    plain = pl.DataFrame({"quantity": texts.filter(is_plain)}).with_columns(
        quantity_read=pl.col("quantity").str.replace("^(-?)0+([0-9])", "${1}${2}"), currencies=_NOTHING
    )
    return pl.concat([plain, pl.DataFrame(answers, schema=dict.fromkeys(answers, pl.String))])


def _unit(of_header: str, currency: str) -> pl.Expr:
    """Return the unit: the column's, else the header's, else that beside the amount, else the usual one."""
    beside = pl.when(pl.col("currencies").str.len_bytes() == 3).then("currencies")
    return pl.coalesce(
        pl.when(~_blank("unit")).then(pl.col("unit").str.strip_chars()),
        pl.lit(of_header or None, pl.String),
        beside,
        pl.lit(currency),
    )


def _total_like(reading: FileReading) -> pl.Expr:
    others = [pl.col(target) for target in reading.columns if target not in ("quantity", "unit", "date")]
    return looks_like_total(others) if others else pl.lit(False)


def _is_subtotal(reading: FileReading) -> pl.Expr:
    return pl.col("line").is_in(reading.subtotals) if reading.subtotals else pl.lit(value=False)


def _undated() -> pl.Expr:
    """Say whether neither date nor period is told."""
    return pl.col("dateless") & pl.col("periodless")


def _problem(reading: FileReading, *, undated: pl.Expr) -> dict[str, pl.Expr]:
    """Return code, column and value of the first thing that is wrong with a row."""
    cells = pl.format(f"{{}} cells instead of {len(reading.table.header)}", "cells")
    no_date = ~pl.col("dateless") & pl.col("date_read").is_null()
    no_period = pl.col("dateless") & ~pl.col("periodless") & pl.col("period_read").is_null()
    cases = (
        (_is_subtotal(reading), "subtotal", "quantity", pl.col("quantity")),
        (pl.col("ragged"), "row_ragged", "", cells),
        (_blank("quantity"), "quantity_missing", "quantity", pl.col("quantity")),
        (pl.col("quantity_read").is_null(), "quantity_not_a_number", "quantity", pl.col("quantity")),
        (no_date, "date_not_a_date", "date", pl.col("date")),
        (no_period, "date_not_a_date", "period", pl.col("period")),
        (undated, "date_missing", "date", pl.col("date")),
        (pl.col("unit") == "", "unit_missing", "unit", _NOTHING),
        (_contradicts_currency(), "unit_unknown", "quantity", pl.col("quantity")),
    )

    answers = [(holds, pl.lit(code), pl.lit(reading.header(at)), value) for holds, code, at, value in cases]
    return {
        name: pl.coalesce(*(pl.when(answer[0]).then(answer[place]) for answer in answers), _NOTHING)
        for place, name in enumerate(("problem", "problem_column", "problem_value"), start=1)
    }


def _contradicts_currency() -> pl.Expr:
    """Say whether the sign beside an amount is another currency's than the one that the row is in."""
    unit = pl.col("unit").str.to_uppercase()
    is_other = ~pl.col("currencies").str.contains(unit, literal=True)
    return (pl.col("currencies") != "") & unit.is_in(sorted(ISO_4217)) & is_other


def _one_of(target: str, words: Sequence[str]) -> pl.Expr:
    """Say whether a text is one of the words, without regard to case and spacing."""
    folded = pl.col(target).str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()
    return folded.is_in([" ".join(word.split()).lower() for word in words])


def _blank(target: str) -> pl.Expr:
    return pl.col(target).str.strip_chars() == ""
