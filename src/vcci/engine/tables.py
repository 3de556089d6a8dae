"""The resolved tables: every distinct question answered once, as frames that any engine can join.

The multiplier table is the portable artefact of a run: Polars joins it here, Spark on a cluster, SQL in a
database.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from vcci.domain.quality import INDICATORS
from vcci.domain.selection import FactorKey, Multiplier, Unresolved
from vcci.engine.calculate import Calculator, year_of
from vcci.engine.columnar import GASES, KEY_COLUMNS, RATE_COLUMNS

MULTIPLIER_SCHEMA = {
    "key": pl.Int32,
    "category": pl.Int8,
    "activity": pl.String,
    "region": pl.String,
    "unit": pl.String,
    "year": pl.String,
    "asked_method": pl.String,
    "is_money": pl.Boolean,
    "mg_co2e_per_unit": pl.Float64,
    "factor_currency": pl.String,
    "factor_id": pl.String,
    "factor_name": pl.String,
    "factor_value": pl.String,
    "factor_unit": pl.String,
    "pack": pl.String,
    "method": pl.String,
    "notices": pl.String,
    "steps": pl.String,
    **dict.fromkeys(GASES, pl.Float64),
    "gwp_set": pl.String,
    "factor_year": pl.Int32,
    "factor_region": pl.String,
    **{f"dq_{name}": pl.Int8 for name in INDICATORS},
    "ln_sigma": pl.Float64,
    "key_reason": pl.String,
    "tried": pl.String,
}
"""Columns of the multiplier table; `notices` are joined by ';', `steps` by newlines."""

RATE_SCHEMA = {
    "unit": pl.String,
    "factor_currency": pl.String,
    "date": pl.String,
    "rate": pl.Float64,
    "day": pl.Date,
    "month": pl.Date,
    "published": pl.String,
    "rate_notices": pl.String,
    "rate_reason": pl.String,
}
"""Columns of the rate table; `published` is the day of the rate that was used, `month` its first day."""


@dataclass(frozen=True, slots=True)
class ResolvedTables:
    """Multipliers and rates of a run, in a fixed order."""

    multipliers: pl.DataFrame
    rates: pl.DataFrame

    @property
    def is_by_gas(self) -> bool:
        """Say whether any factor of the run is published by gas."""
        return any(self.multipliers[name].null_count() < self.multipliers.height for name in GASES)


def resolved_tables(keys: pl.DataFrame, dates: pl.DataFrame, calculator: Calculator) -> ResolvedTables:
    """Resolve distinct keys (KEY_COLUMNS) and distinct dates (unit, date), in sorted order."""
    multipliers = _multiplier_table(keys.select(KEY_COLUMNS).sort(KEY_COLUMNS).rows(), calculator)
    targets = multipliers.filter(pl.col("key_reason") == "").select("unit", "factor_currency").unique()
    questions = dates.join(targets, on="unit").select(RATE_COLUMNS).sort(RATE_COLUMNS)
    return ResolvedTables(multipliers, _rate_table(questions.rows(), calculator))


def _multiplier_table(
    keys: Iterable[tuple[int, str, str, str, str, str]], calculator: Calculator
) -> pl.DataFrame:
    units = calculator.resolver.units
    rows = []
    for number, (category, activity, region, unit_text, year, asked_method) in enumerate(keys):
        is_money = units.is_money(unit_text)
        question = FactorKey(
            category,
            activity,
            region,
            unit_text,
            year_of(year),
            calculator.price_basis,
            calculator.gwp_set,
            asked_method,
        )
        answer = calculator.multiplier(question)
        if year and question.year is None and isinstance(answer, Multiplier):
            answer = Unresolved("date_not_a_date", (year,))
        asked = (category, activity, region, unit_text, year, asked_method)
        rows.append((number, *asked, is_money, *_answer(answer)))
    return pl.DataFrame(rows, schema=MULTIPLIER_SCHEMA, orient="row")


def _answer(answer: Multiplier | Unresolved) -> tuple[object, ...]:
    if isinstance(answer, Unresolved):
        none = (None, *[""] * 9, *[None] * len(GASES), "", None, "", *[None] * len(INDICATORS), None)
        return (*none, answer.reason, ", ".join(answer.tried))
    gases = answer.gases_mg_co2e
    return (
        answer.mg_co2e_per_unit,
        answer.factor_currency,
        answer.factor_id,
        answer.factor_name,
        answer.factor_value,
        answer.factor_unit,
        answer.pack,
        answer.method,
        ";".join(answer.notices),
        "\n".join(answer.steps),
        gases.get("CO2"),
        gases.get("CH4"),
        gases.get("N2O"),
        answer.biogenic_mg_co2,
        answer.gwp_set,
        answer.factor_year,
        answer.factor_region,
        *(getattr(answer.quality, name) for name in INDICATORS),
        answer.ln_sigma,
        "",
        "",
    )


def _rate_table(questions: Iterable[tuple[str, str, str]], calculator: Calculator) -> pl.DataFrame:
    find = calculator.exchange.rate
    rows: list[tuple[object, ...]] = []
    for unit, factor_currency, day in questions:
        answer = find(unit, day, to=factor_currency)
        if isinstance(answer, Unresolved):
            rows.append((unit, factor_currency, day, None, "", "", answer.reason))
        else:
            notices = ";".join(answer.notices)
            rows.append((unit, factor_currency, day, answer.value, answer.published, notices, ""))
    columns = {name: kind for name, kind in RATE_SCHEMA.items() if name not in ("day", "month")}
    date = pl.col("date").str.to_date("%Y-%m-%d", strict=False)
    return (
        pl.DataFrame(rows, schema=columns, orient="row")
        .with_columns(day=date, month=date.dt.month_start())
        .select(*RATE_SCHEMA)
    )
