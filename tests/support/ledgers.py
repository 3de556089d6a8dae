"""Small ledger frames, written as they would come from intake."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.factor import EmissionFactor, OwnFactor, PriceBasis
from vcci.engine.calculate import Calculator
from vcci.engine.choose import FactorChoice
from vcci.engine.deflate import PriceIndices
from vcci.engine.exchange import Exchange
from vcci.engine.resolve import Resolver
from vcci.parameters import load

DAYS = {
    "USD": {
        "2022-03-01": Decimal("1.1162"),
        "2022-03-04": Decimal("1.0929"),
        "2015-06-01": Decimal("1.0944"),
    },
    "GBP": {
        "2022-03-01": Decimal("0.8335"),
        "2022-03-04": Decimal("0.8253"),
        "2015-06-01": Decimal("0.7188"),
    },
    "EUR": {"2022-03-01": Decimal(1), "2022-03-04": Decimal(1), "2015-06-01": Decimal(1)},
}
"""Rates per euro, made up for tests."""


def factor(code: str, value: str, **other: Any) -> EmissionFactor:
    given = {
        "pack": "test-pack",
        "price_year": 2022,
        "price_basis": PriceBasis.PURCHASER,
        "price_index": "5415",
        **other,
    }
    return EmissionFactor(
        id=f"test/{code}/{given['price_basis']}",
        activity=f"naics2017:{code}",
        name=f"Commodity {code}",
        value_kg_co2e=Decimal(value),
        unit="USD",
        region="US",
        gwp_set="AR5",
        **given,
    )


def calculator(
    *factors: EmissionFactor, own: dict[str, OwnFactor] | None = None, industries: Any = None
) -> Calculator:
    by_activity: dict[str, list[EmissionFactor]] = {}
    for one in factors:
        by_activity.setdefault(one.activity, []).append(one)
    indices = PriceIndices(
        industries or {"5415": {2015: Decimal(95), 2022: Decimal("104.5"), 2023: Decimal(110)}},
        {
            2015: Decimal("237.017"),
            2022: Decimal("292.655"),
            2023: Decimal("304.702"),
            2024: Decimal("313.689"),
        },
    )
    units = load.units(DAYS)
    choice = FactorChoice(lambda activity: by_activity.get(activity, ()), own or {})
    resolver = Resolver(choice, units, indices)
    return Calculator(resolver, Exchange(units, lambda currency: DAYS.get(currency, {})))


def ledger_row(row: int, **given: Any) -> dict[str, Any]:
    """One row of a classified ledger frame: 100 USD of commodity 541511 unless said otherwise."""
    usual: dict[str, Any] = {
        "row": row,
        "source": "ledger.csv",
        "line": row + 1,
        "supplier_id": "",
        "supplier": f"Supplier {row % 3}",
        "account": "Software",
        "account_code": "",
        "description": "",
        "capital": False,
        "date": "2022-03-01",
        "quantity": "100",
        "unit": "USD",
        "region": "US",
        "asked_method": "",
        "problem": "",
        "problem_column": "",
        "problem_value": "",
        "notices": "",
        "activity": "naics2017:541511",
        "category": 1,
        "exclusion": "",
    }
    return usual | given


def ledger_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    kinds = {"row": pl.Int64, "line": pl.Int64, "capital": pl.Boolean, "category": pl.Int8}
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.String) for name in ledger_row(1)})


def write_ledger(rows: list[dict[str, Any]], path: Path) -> Path:
    ledger_frame(rows).write_parquet(path)
    return path
