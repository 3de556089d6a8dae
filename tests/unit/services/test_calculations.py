"""Single activities from request to answer: all lines or a finding, in order, exact."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.support.ledgers import calculator, factor

from vcci import runtime
from vcci.domain.factor import OwnFactor
from vcci.domain.finding import REASONS
from vcci.engine.calculate import Calculator
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import Answer, calculate

KG = {"value": "2", "unit": "kg", "source": "made up"}
TRIP = {"category": 6, "method": "distance-based", "inputs": {"distance": "50 km", "persons": "10"}}
BY_TRAIN = {"value": "0.12", "unit": "pkm", "source": "railway"}
HYBRID = {
    "category": 1,
    "method": "hybrid",
    "inputs": {"scope_1": "1 tCO2e", "material": "3 kg", "waste": "5 kg"},
    "factors": {"material": KG, "waste": KG | {"value": "0.5"}},
}


def calculator_for(own: Any) -> Calculator:
    return calculator(factor("541511", "0.084"), own=dict(own))


def answers(*requests: Any) -> list[Answer]:
    return calculate(requests, calculator_for=calculator_for)


def answer(**request: Any) -> Answer:
    (found,) = answers(request)
    return found


def weighed(gwp_set: str, **own_factor: Any) -> Answer:
    factor_of_caller = {"unit": "kg", "source": "made up"} | own_factor
    request = {"category": 1, "quantity": "2", "unit": "kg", "factor": factor_of_caller}
    packs = ("epa-supply-chain-1.3.0", "ipcc-gwp", "ecb-rates")
    (found,) = calculate([request], calculator_for=runtime.calculator_for(packs, gwp_set=gwp_set))
    return found


def test_a_method_makes_a_line_for_each_part_and_their_exact_sum() -> None:
    found = answer(**HYBRID)
    assert {line.part: line.emissions_mg_co2e for line in found.lines} == {
        "scope 1": 1_000_000_000,
        "material": 6_000_000,
        "waste": 2_500_000,
    }
    assert found.as_json()["total_kg_co2e"] == "1008.500000"


def test_a_line_tells_amount_factor_and_derivation() -> None:
    (line,) = answer(**TRIP, factor=BY_TRAIN).as_json()["lines"]
    assert (line["category"], line["method"], line["part"]) == (6, "distance-based", "travel")
    assert (line["amount"], line["emissions_mg_co2e"]) == (500.0, 60_000_000)
    assert line["factor"] == {"id": "own:caller-1", "unit": "kg CO2e/pkm", "pack": "railway"}
    assert line["derivation"][0] == "travel: distance x persons = 50 km x 10 = 500 pkm"
    assert [notice["code"] for notice in line["notices"]] == ["own_factor"]


def test_an_activity_has_all_of_its_lines_or_none() -> None:
    without_waste = HYBRID | {"factors": {"material": KG}}
    found = answer(**without_waste)
    assert (found.lines, found.reason, found.tried[0]) == ((), "commodity_unknown", "waste")


def test_a_quantity_needs_no_method() -> None:
    (line,) = answer(category=1, quantity="3", unit="kg", factor=KG).lines
    assert (line.method, line.part, line.emissions_mg_co2e) == ("average-data", "", 6_000_000)


def test_answers_are_in_the_order_of_requests_and_a_bad_one_touches_no_other() -> None:
    good = {"id": "good", "category": 1, "quantity": "1", "unit": "kg", "factor": KG}
    found = answers(good, 7, {"id": "bad", "category": 99}, None, good | {"id": 3})
    assert [(a.id, a.reason) for a in found] == [
        ("good", ""),
        ("", "request_malformed"),
        ("bad", "request_malformed"),
        ("", "request_malformed"),
        ("3", ""),
    ]
    assert found[0].lines == found[4].lines


def test_own_factors_of_one_request_are_unknown_to_the_next() -> None:
    first = {"category": 1, "quantity": "1", "unit": "kg", "factor": KG}
    found = answers(first, first | {"factor": "own:made up"}, first | {"factor": KG | {"value": "3"}})
    assert [a.reason or a.total_mg_co2e for a in found] == [2_000_000, "factor_not_found", 3_000_000]


def test_a_request_may_be_a_model_already() -> None:
    request = ActivityRequest(category=1, quantity="1", unit="kg", factor="naics2017:541511")
    (found,) = answers(request)
    assert found.reason == "unit_does_not_fit"


def test_a_malformed_request_is_told_field_by_field() -> None:
    found = answer(category=1, quantity="7 kg", colour="red")
    assert [fault.split(":")[0] for fault in found.tried] == ["quantity", "colour"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"quantity": "1", "unit": "kg"}, "commodity_unknown"),
        ({"quantity": "1", "unit": "kg", "factor": "naics2017:1"}, "factor_not_found"),
        ({"unit": "kg", "factor": KG}, "quantity_missing"),
        ({"quantity": "1", "factor": KG}, "unit_missing"),
        ({"quantity": "1", "unit": "stone", "factor": KG}, "unit_unknown"),
        ({"quantity": "1", "unit": "L", "factor": KG}, "unit_does_not_fit"),
        ({"quantity": "-1", "unit": "kg", "factor": KG}, "quantity_negative"),
        ({"quantity": "9" * 18, "unit": "t", "factor": KG}, "quantity_too_large"),
        ({"quantity": "1", "unit": "kg", "factor": KG, "date": "2022-02-30"}, "date_not_a_date"),
        ({"quantity": "1", "unit": "kg", "factor": KG, "region": "ZZ"}, "region_unknown"),
        ({"inputs": {"waste": "1 kg"}, "factor": KG, "method": "flight"}, "method_missing"),
        ({"quantity": "1", "unit": "kg", "factor": KG, "method": "hybrid"}, "request_malformed"),
        ({"method": "hybrid", "inputs": {"waste": "1 kg", "distance": "1 km"}, "factor": KG}, "input_unused"),
        ({"method": "hybrid", "inputs": {"mass": "1 t"}, "factor": KG}, "input_missing"),
        ({"quantity": "1", "unit": "EUR", "factor": KG | {"unit": "USD"}}, "date_missing"),
        ({"quantity": "1", "unit": "kg", "factor": {"unit": "kg", "source": "s"}}, "request_malformed"),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_remedy(fields: dict[str, Any], reason: str) -> None:
    finding = answer(category=1, **fields).as_json()["finding"]
    assert (finding["code"], finding["remedy"]) == (reason, REASONS[reason].remedy)


def test_what_is_stated_apart_has_lines_but_no_part_in_the_total() -> None:
    inputs = {"reported": "40 tCO2e", "years": "25", "project_share": "4 %"}
    found = answer(category=15, method="lifetime-projection", inputs=inputs)
    (line,) = found.lines
    assert (line.is_apart, line.emissions_mg_co2e, found.total_mg_co2e) == (True, 40_000_000_000, 0)
    assert found.as_json()["lines"][0]["is_apart"] is True


@pytest.mark.parametrize("reported", ["2.5 tCO2e", "2500 kgCO2e", "2500000 gCO2e"])
def test_reported_emissions_count_as_they_are(reported: str) -> None:
    found = answer(category=5, method="supplier-specific", inputs={"scope_1": reported})
    (line,) = found.lines
    assert (found.total_mg_co2e, line.factor_id, line.pack) == (2_500_000_000, "reported", "as reported")


@pytest.mark.parametrize(("gwp_set", "kg"), [("AR4", "56"), ("AR5", "62"), ("AR6", "61.8")])
def test_own_gases_are_weighed_by_the_packs_that_ship(gwp_set: str, kg: str) -> None:
    found = weighed(gwp_set, gases={"CO2": 3, "CH4": 1})  # two kilograms, of which each holds both
    assert found.total_mg_co2e == int(Decimal(kg) * 10**6)
    (line,) = found.lines
    assert line.gases_mg_co2e["CO2"] == 6_000_000
    assert sum(line.gases_mg_co2e.values()) == line.emissions_mg_co2e


def test_own_gases_without_any_gwp_set_are_not_guessed() -> None:
    assert weighed("", gases={"CH4": 1}).reason == "gwp_not_available"
    assert weighed("AR5", gases={"XYZ": 1}).tried == ("XYZ in AR5",)


def test_one_gas_of_a_published_factor_is_a_part_of_the_whole() -> None:
    butane = "desnz2025:1_100_1000_8_1"
    burnt = {"category": 11, "method": "fuels-sold", "inputs": {"quantity": "1 m3"}}
    asked = [burnt | {"factor": f"{butane}{gas}"} for gas in ("", "#CO2", "#CH4", "#N2O", "#SF6")]
    packs = runtime.calculator_for(("desnz-2025", "ecb-rates"))
    whole, *gases, none = calculate(asked, calculator_for=packs)
    assert [a.total_mg_co2e for a in gases] == [1_742_960_000, 1_440_000, 920_000]
    assert list(whole.lines[0].gases_mg_co2e.values()) == [a.total_mg_co2e for a in gases]
    assert none.reason == "gas_not_published"


def test_biogenic_co2_is_stated_beside_the_total() -> None:
    found = weighed("", value=1, biogenic_kg_co2="0.25").as_json()
    assert (found["total_kg_co2e"], found["lines"][0]["biogenic_kg_co2"]) == ("2.000000", "0.500000")


def test_an_answer_can_be_written_as_json() -> None:
    found = answers(HYBRID, {"category": 99}, TRIP | {"factor": BY_TRAIN})
    plain = [a.as_json() for a in found]
    assert json.loads(json.dumps(plain)) == plain


def test_own_factors_do_not_outlive_their_call() -> None:
    first = calculator_for({"steel": OwnFactor("1", "kg", "steel")})
    request = {"category": 1, "quantity": "1", "unit": "kg", "factor": "own:steel"}
    (known,) = calculate([request], calculator_for=lambda own: first)
    assert known.total_mg_co2e == 1_000_000
    assert answer(**request).reason == "factor_not_found"
