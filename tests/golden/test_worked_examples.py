"""The engine gives the published answers, with the packs that ship; the tables beside it are for reading."""

import csv
import json
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from vcci.domain.activity import ActivityData
from vcci.domain.factor import OwnFactor, PriceBasis
from vcci.domain.line import EmissionLine
from vcci.engine.calculate import Calculator
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.services.factors import FactorBroker, Parameters

HERE = Path(__file__).parent
LIBRARY = PackLibrary()
HALF_A_MILLIGRAM = Decimal("0.5e-6")


def table(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))["cases"]
    return cases


PUBLISHED = table("spend_published.yaml")
OF_OUR_OWN = table("spend_rates_and_prices.yaml")
OWN_FACTORS = table("own_factors_published.yaml")


def case_id(case: dict[str, Any]) -> str:
    return str(case["id"])


@cache
def calculator(pack: str, basis: str = "purchaser", **own: OwnFactor) -> Calculator:
    packs = (pack, *(name for name in default_names() if not name.startswith("epa-")))
    broker = FactorBroker(LIBRARY, Parameters(packs, price_basis=PriceBasis(basis)))
    return broker.calculator(load.units(broker.currencies()), own)


def calculated(case: dict[str, Any]) -> EmissionLine:
    line = calculator(case["pack"], case["price_basis"]).calculate(
        ActivityData(
            activity=f"naics2017:{case['commodity']}",
            quantity=case["amount"],
            unit=case["currency"],
            date=case.get("date", ""),
            price_year=case.get("price_year"),
            category=case["category"],
        )
    )
    assert isinstance(line, EmissionLine), line
    return line


def half_of_ninth_digit(published: Decimal) -> Decimal:
    return Decimal(5).scaleb(published.adjusted() - 9)


@pytest.mark.parametrize("case", [*PUBLISHED, *OF_OUR_OWN], ids=case_id)
def test_engine_gives_the_worked_answer(case: dict[str, Any]) -> None:
    line, expected = calculated(case), Decimal(case["expected_kg_co2e"])
    gap = abs(Decimal(line.emissions_mg_co2e) / 1_000_000 - expected)
    assert gap <= half_of_ninth_digit(expected) + HALF_A_MILLIGRAM
    assert line.factor_id == f"{case['pack']}/{case['commodity']}/{case['price_basis']}"
    assert line.steps[0].startswith(f"{case['factor']} kg CO2e per USD of ")
    assert sorted(line.notices) == sorted(case["notices"])


@pytest.mark.parametrize("case", [*PUBLISHED, *OF_OUR_OWN], ids=case_id)
def test_working_in_the_table_comes_to_its_answer(case: dict[str, Any]) -> None:
    worked, expected = worked_out(case["working"]), Decimal(case["expected_kg_co2e"])
    assert abs(worked - Fraction(expected)) <= Fraction(half_of_ninth_digit(expected))


def worked_out(working: str) -> Fraction:
    first, *rest = working.split()
    result = Fraction(first)
    for sign, figure in zip(rest[::2], rest[1::2], strict=True):
        result = result / Fraction(figure) if sign == "/" else result * Fraction(figure)
    return result


@pytest.mark.parametrize("case", OWN_FACTORS, ids=case_id)
def test_engine_gives_the_published_answer_with_the_callers_own_factors(case: dict[str, Any]) -> None:
    own = {
        f"factor{number}": OwnFactor(line["factor"], line["unit"], "Technical Guidance, example 4.4")
        for number, line in enumerate(case["lines"])
    }
    one_by_one = [
        calculator("epa-supply-chain-1.3.0", **own).calculate(
            ActivityData(f"own:{name}", line["amount"], line["unit"], category=case["category"])
        )
        for name, line in zip(own, case["lines"], strict=True)
    ]
    total = sum(line.emissions_mg_co2e for line in one_by_one if isinstance(line, EmissionLine))
    gap = abs(Decimal(total) / 1_000_000 - Decimal(case["expected_kg_co2e"]))
    assert gap <= Decimal(case["tolerance_kg_co2e"])


def test_table_says_what_the_published_file_says(shared: Path) -> None:
    with (shared / "data/labelled/worked_examples.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"].startswith("spend")]
    assert [as_published(row) for row in rows] == [as_tabled(case) for case in PUBLISHED]


def as_published(row: dict[str, str]) -> dict[str, Any]:
    inputs = json.loads(row["inputs_json"], parse_float=Decimal, parse_int=Decimal)
    commodity, margins = row["factor_key"].split(maxsplit=1)
    return {
        "id": row["example_id"],
        "category": int(row["scope3_category"]),
        "commodity": commodity,
        "amount": inputs["amount"],
        "currency": inputs["currency"],
        "date": inputs.get("date", ""),
        "price_year": inputs.get("price_year"),
        "prices of": row["factor_unit"].removeprefix("kg CO2e per USD"),
        "price_basis": {"with margins": "purchaser", "without margins": "basic"}[margins],
        "factor": Decimal(row["factor_value"]),
        "expected": Decimal(row["expected_kgco2e"]),
    }


def as_tabled(case: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: case[name] for name in ("id", "category", "commodity", "currency", "price_basis")},
        "amount": Decimal(case["amount"]),
        "date": case.get("date", ""),
        "price_year": case.get("price_year"),
        "prices of": str(LIBRARY.manifest(case["pack"]).price_year),
        "factor": Decimal(case["factor"]),
        "expected": Decimal(case["expected_kg_co2e"]),
    }


def test_own_factor_table_says_what_the_published_example_says(shared: Path) -> None:
    published = json.loads((shared / "oracles/ghg_protocol_examples.json").read_text(encoding="utf-8"))
    (row,) = (row for row in published["rows"] if row["id"] == "tg-4.4")
    (case,) = OWN_FACTORS
    assert [
        (line["what"], float(line["amount"]), line["unit"], float(line["factor"])) for line in case["lines"]
    ] == [(i["activity"], i["quantity"], i["unit"], i["factor"]) for i in row["inputs"]]
    assert (case["category"], float(case["expected_kg_co2e"])) == (row["category"], row["expected"])
    assert float(case["tolerance_kg_co2e"]) == row["tolerance"]["abs"]
