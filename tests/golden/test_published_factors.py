"""The engine gives the published answers in physical units, with the packs that ship."""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from vcci.domain.activity import ActivityData
from vcci.domain.line import EmissionLine
from vcci.engine.calculate import Calculator
from vcci.packs import PackLibrary
from vcci.parameters import load
from vcci.services.factors import FactorBroker, Parameters

LIBRARY = PackLibrary()
TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("physical_published.yaml").read_text(encoding="utf-8")
)
HALF_A_MILLIGRAM = Decimal("0.5e-6")


def case_id(case: dict[str, Any]) -> str:
    return str(case["id"])


def half_of_ninth_digit(published: Decimal) -> Decimal:
    return Decimal(5).scaleb(published.adjusted() - 9)


@cache
def calculator(pack: str, gwp_set: str) -> Calculator:
    broker = FactorBroker(LIBRARY, Parameters((pack, "ecb-rates"), gwp_set=gwp_set))
    return broker.calculator(load.units(broker.currencies()), {})


@pytest.mark.parametrize("case", TABLE["cases"], ids=case_id)
def test_engine_gives_the_published_answer(case: dict[str, Any]) -> None:
    line = calculator(case["pack"], case.get("gwp_set", "")).calculate(
        ActivityData(case["activity"], case["amount"], case["unit"], category=case["category"])
    )
    assert isinstance(line, EmissionLine), line
    expected = Decimal(case["expected_kg_co2e"])
    gap = abs(Decimal(line.emissions_mg_co2e) / 1_000_000 - expected)
    assert gap <= half_of_ninth_digit(expected) + HALF_A_MILLIGRAM
    assert (line.pack, line.notices) == (case["pack"], ())


@pytest.mark.parametrize("case", TABLE["by_gas"], ids=case_id)
def test_gases_of_a_commodity_come_to_its_printed_factor(case: dict[str, Any]) -> None:
    gwp = {f.activity: f.value_kg_co2e for f in LIBRARY.factors("ipcc-gwp") if f.gwp_set == "AR4"}
    rows = LIBRARY.frame("epa-supply-chain-1.2.0-by-gas").select("code", "species", "with_margins").rows()
    summed = sum(
        Decimal(kg) * gwp.get(f"gwp:{species}", Decimal(1))
        for code, species, kg in rows
        if code == case["commodity"]
    )
    assert abs(summed - Decimal(case["summed"])) <= Decimal("0.0000005")
    assert abs(summed - Decimal(case["printed"])) <= Decimal("0.01")


def test_table_says_what_the_published_file_says(shared: Path) -> None:
    with (shared / "data/labelled/worked_examples.csv").open(encoding="utf-8", newline="") as file:
        published = {row["example_id"]: row for row in csv.DictReader(file)}
    physical = {name for name, row in published.items() if not row["method"].startswith("spend")}
    assert {case["id"] for case in (*TABLE["cases"], *TABLE["by_gas"])} == physical
    for case in TABLE["cases"]:
        row = published[case["id"]]
        assert case["factor"] == row["factor_value"]
        assert Decimal(case["expected_kg_co2e"]) == Decimal(row["expected_kgco2e"])
