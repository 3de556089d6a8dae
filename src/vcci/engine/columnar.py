"""The one definition for many rows: validate, distinct, join, multiply, sum.

Written against Narwhals, so that Polars runs it here and Spark on a cluster, with equal bits: the only float
operations are quantity x rate, x multiplier, + 0.5 and floor; everything summed is an integer. Frames:

rows         a ledger frame with classification (domain/activity.py)
multipliers  KEY_COLUMNS + key, mg_co2e_per_unit, factor_currency, is_money, key_reason, and GASES if known
rates        RATE_COLUMNS + rate, day, month, rate_notices, rate_reason
"""

from typing import Any, Final

import narwhals as nw

from vcci.domain.finding import REASONS, Outcome
from vcci.domain.line import MAX_LINE_MG_CO2E, amount_in_factor_unit
from vcci.engine.numbers import PLAIN_DECIMAL

KEY_COLUMNS: Final = ("category", "activity", "region", "unit", "year", "asked_method")
"""Rows that agree in these share one multiplier. `year` is the text of the date's first four characters."""

RATE_COLUMNS: Final = ("unit", "factor_currency", "date")
"""Rows that agree in these share one exchange rate."""

GASES: Final[dict[str, str]] = {
    "mg_co2_per_unit": "co2_mg",
    "mg_ch4_as_co2e_per_unit": "ch4_mg_co2e",
    "mg_n2o_as_co2e_per_unit": "n2o_mg_co2e",
    "mg_biogenic_co2_per_unit": "biogenic_co2_mg",
}
"""Multipliers of gases, and the columns of lines that they make; null where a factor is not published by gas.

Methane and nitrous oxide are counted as CO2e. Each is quantised by itself; biogenic CO2 is in no total.
"""

LINE_COLUMNS: Final = (
    "row",
    "key",
    "category",
    "supplier",
    "day",
    "month",
    "amount",
    "co2e_mg",
    *GASES.values(),
    "spend_hundredths",
    "notices",
    "rate_notices",
)
"""A line: its row, its multiplier's key, and what the books keep of it. Days and months are dates.

Notices are null where there are none: a column of nulls is written several times faster than one of empty
texts, and most lines have no notice of their own.
"""

NARROW_COLUMNS: Final = ("row", "key", "supplier", "day", "co2e_mg")
"""What of a line is enough where its row is kept: all else follows from the row and the multiplier's key."""

UNLINED_COLUMNS: Final = (
    "row",
    "source",
    "line",
    "account",
    "unit",
    "reason",
    "problem_column",
    "problem_value",
    "spend_hundredths",
)
"""A row without a line, and why."""

LARGEST_COUNTED_SPEND: Final = 1e15
"""Spend at or above this in one row is left out of sums of spend, which no row alone may make overflow."""

TOO_LARGE: Final = "quantity_too_large"
"""Reason against a row whose line would not fit; what it claims to have spent is believed no more."""

Frame = Any
"""A lazy Narwhals frame over any engine."""


def with_year(rows: Frame) -> Frame:
    """Add the year of the date, as text: part of the key, since prices and factors are of a year."""
    return rows.with_columns(year=nw.col("date").str.slice(0, 4))


def distinct_keys(rows: Frame) -> Frame:
    """Return the distinct questions that the resolver has to answer."""
    wanted = rows.filter((nw.col("exclusion") == "") & (nw.col("problem") == ""))
    return with_year(wanted).select(*KEY_COLUMNS).unique()


def distinct_dates(rows: Frame) -> Frame:
    """Return the distinct (unit, date) pairs that need an exchange rate."""
    wanted = rows.filter((nw.col("exclusion") == "") & (nw.col("problem") == ""))
    return wanted.select("unit", "date").unique()


def outcomes(rows: Frame, *, multipliers: Frame, rates: Frame) -> Frame:
    """Join and multiply: every row with the product of its line, and whether it has one."""
    joined = (
        with_year(rows)
        .join(multipliers, on=list(KEY_COLUMNS), how="left")
        .join(rates, on=list(RATE_COLUMNS), how="left")
    )
    return multiplied(joined)


def multiplied(joined: Frame) -> Frame:
    """Multiply rows that have their multiplier and rate beside them, nulls where there is none."""
    plain = nw.col("quantity").str.contains(PLAIN_DECIMAL)
    amount = amount_in_factor_unit(quantity=nw.col("number"), rate=nw.col("rate"))
    exact = nw.col("amount") * nw.col("mg_co2e_per_unit")
    return (
        joined.with_columns(number=nw.when(plain).then(nw.col("quantity")).cast(nw.Float64))
        .with_columns(amount=amount)
        .with_columns(exact=exact)
        .with_columns(is_line=_is_line().fill_null(value=False))
    )


def _is_line() -> Any:
    return (
        (nw.col("problem") == "")
        & (nw.col("exclusion") == "")
        & (nw.col("key_reason") == "")
        & (nw.col("rate_reason") == "")
        & ((nw.col("number") >= 0) | nw.col("is_money"))
        & (nw.col("exact").abs() < MAX_LINE_MG_CO2E)
    )


def _reason() -> Any:
    """Return the first reason that applies to a row without a line, in the order of this list."""
    ladder = [
        (nw.col("problem") != "", nw.col("problem")),
        (nw.col("quantity") == "", nw.lit("quantity_missing")),
        (nw.col("number").is_null(), nw.lit("quantity_not_a_number")),
        (nw.col("exclusion") != "", nw.col("exclusion")),
        (nw.col("key_reason") != "", nw.col("key_reason")),
        (nw.col("rate_reason") != "", nw.col("rate_reason")),
        ((nw.col("number") < 0) & ~nw.col("is_money"), nw.lit("quantity_negative")),
    ]
    reason: Any = nw.lit(TOO_LARGE)
    for condition, code in reversed(ladder):
        reason = nw.when(condition).then(code).otherwise(reason)
    return reason


def _spend_hundredths() -> Any:
    countable = nw.col("number").abs() < LARGEST_COUNTED_SPEND
    return nw.when(countable).then((nw.col("number") * 100 + 0.5).floor()).otherwise(nw.lit(0)).cast(nw.Int64)


def lines(outcome: Frame, *, is_by_gas: bool = False) -> Frame:
    """Return the rows that have a line, quantised to whole milligrams; gases where multipliers have them."""
    return (
        outcome.filter(nw.col("is_line"))
        .with_columns(
            co2e_mg=(nw.col("exact") + 0.5).floor().cast(nw.Int64),
            spend_hundredths=_spend_hundredths(),
            notices=_null_if_empty("notices"),
            rate_notices=_null_if_empty("rate_notices"),
            **_gases(is_by_gas=is_by_gas),
        )
        .select(*LINE_COLUMNS)
    )


def _gases(*, is_by_gas: bool) -> dict[str, Any]:
    if not is_by_gas:
        return {column: nw.lit(None).cast(nw.Int64) for column in GASES.values()}
    return {
        column: (nw.col("amount") * nw.col(multiplier) + 0.5).floor().cast(nw.Int64)
        for multiplier, column in GASES.items()
    }


def _null_if_empty(name: str) -> Any:
    return nw.when(nw.col(name) != "").then(nw.col(name))


def unlined(outcome: Frame) -> Frame:
    """Return the rows without a line, each with its reason."""
    believed = nw.when(nw.col("reason") == TOO_LARGE).then(nw.lit(0)).otherwise(_spend_hundredths())
    return (
        outcome.filter(~nw.col("is_line"))
        .with_columns(reason=_reason())
        .with_columns(spend_hundredths=believed.cast(nw.Int64))
        .select(*UNLINED_COLUMNS)
    )


def contributions(lines_frame: Frame, *, by: tuple[str, ...], is_by_gas: bool = False) -> Frame:
    """Return what each line adds to sums by the given columns, in integers, by gas too if asked for."""
    gases = GASES.values() if is_by_gas else ()
    spend = nw.col("spend_hundredths")
    return lines_frame.select(
        *by,
        nw.lit(1, nw.Int64).alias("lines"),
        nw.col("co2e_mg").alias("emissions_mg_co2e"),
        *gases,
        spend,
        spend.abs().alias("turnover_hundredths"),
    )


def totals(contributions_frame: Frame, *, by: tuple[str, ...]) -> Frame:
    """Sum contributions, or sums of them, by the given columns."""
    summed = [n for n in contributions_frame.collect_schema().names() if n not in by]
    return contributions_frame.group_by(*by).agg(*(nw.col(name).sum() for name in summed))


def noticed(lines_frame: Frame, *, by: tuple[str, ...]) -> Frame:
    """Count the lines that carry notices of their own row or rate."""
    wanted = lines_frame.filter(~nw.col("notices").is_null() | ~nw.col("rate_notices").is_null())
    return wanted.group_by(*by).agg(nw.len().cast(nw.Int64).alias("lines"))


def counted(unlined_frame: Frame, *, by: tuple[str, ...]) -> Frame:
    """Count rows without lines and their spend."""
    return unlined_frame.group_by(*by).agg(nw.len().cast(nw.Int64).alias("rows"), *_spend_sums())


def _spend_sums() -> tuple[Any, Any]:
    """Return spend, credits taken off, and turnover, credits counted as what they are worth."""
    spend = nw.col("spend_hundredths")
    return spend.sum(), spend.abs().sum().alias("turnover_hundredths")


def outcome_of(reason: str) -> Outcome:
    """Return what became of a row with this reason."""
    return REASONS[reason].outcome if reason else Outcome.LINE
