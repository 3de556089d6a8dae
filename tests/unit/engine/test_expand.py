"""An activity and its method become parts with exact amounts, or the first thing that is wrong is told."""

import pytest

from vcci.domain.activity import ActivityData
from vcci.domain.selection import Unresolved
from vcci.engine.expand import PartOfActivity, expand
from vcci.parameters import load

UNITS = load.units(["EUR", "GBP", "USD"])


def expanded(category: int, method: str, **inputs: str) -> tuple[PartOfActivity, ...] | Unresolved:
    given = ActivityData(activity="own:factor", category=category, method=method, inputs=inputs)
    return expand(given, UNITS)


def amounts(category: int, method: str, **inputs: str) -> dict[str, str]:
    parts = expanded(category, method, **inputs)
    assert isinstance(parts, tuple), parts
    return {part.name: f"{part.quantity} {part.unit}" for part in parts}


def finding(category: int, method: str, **inputs: str) -> Unresolved:
    found = expanded(category, method, **inputs)
    assert isinstance(found, Unresolved), found
    return found


def test_an_amount_tells_how_it_came_about() -> None:
    (part,) = expanded(6, "distance-based", distance="50 km", persons="10")  # type: ignore[misc]
    assert part.formula == "travel: distance x persons = 50 km x 10 = 500 pkm"


@pytest.mark.parametrize("text", ["50 km", "50000 m", "  50   KM ", "50.0 kilometres"])
def test_a_distance_may_be_written_in_any_unit_of_length(text: str) -> None:
    assert amounts(6, "distance-based", distance=text) == {"travel": "50 pkm"}
    assert amounts(6, "distance-based", distance="10 mi") == {"travel": "16.09344 pkm"}


def test_a_quantity_keeps_the_unit_that_it_is_given_in() -> None:
    assert amounts(1, "average-data", quantity="3 lb") == {"product": "3 lb"}
    assert amounts(4, "fuel-based", fuel="2 GJ", allocation_share="0.5") == {"fuel": "1 GJ"}
    assert amounts(6, "spend-based", spend="99.90 EUR") == {"travel": "99.9 EUR"}


@pytest.mark.parametrize("text", ["40 %", "40%", "0.4", " 40  % ", "0.40"])
def test_a_share_may_be_a_ratio_or_in_percent(text: str) -> None:
    found = amounts(4, "fuel-based", fuel="100 L", allocation_share=text)
    assert found == {"fuel": "40 L"}


@pytest.mark.parametrize("left_out", ["persons", "trips"])
def test_an_optional_input_may_be_left_out(left_out: str) -> None:
    inputs = {"distance": "50 km", "persons": "4", "trips": "4"}
    del inputs[left_out]
    assert amounts(6, "distance-based", **inputs) == {"travel": "200 pkm"}


def test_only_parts_whose_first_input_is_given_are_there() -> None:
    assert list(amounts(1, "hybrid", scope_1="1 tCO2e", material="3 kg")) == ["scope 1", "material"]


def test_the_residual_mix_is_what_no_instrument_covers() -> None:
    found = amounts(8, "market-based-electricity", electricity="10 MWh", certificate_share="30 %")
    assert found == {"certificates": "3000 kWh", "residual mix": "7000 kWh"}
    assert amounts(8, "market-based-electricity", electricity="5 kWh") == {"residual mix": "5 kWh"}


@pytest.mark.parametrize(
    ("text", "kg"), [("2.5 tCO2e", "2500"), ("2500 kgCO2e", "2500"), ("1 gCO2e", "0.001"), ("0 kgCO2e", "0")]
)
def test_reported_emissions_are_brought_to_kilograms_and_need_no_factor(text: str, kg: str) -> None:
    (part,) = expanded(5, "supplier-specific", scope_1=text)  # type: ignore[misc]
    assert (part.quantity, part.unit, part.activity) == (kg, "kgCO2e", "reported")


def test_a_part_has_the_factor_of_its_name_else_that_of_the_activity() -> None:
    given = ActivityData(
        activity="own:any",
        category=1,
        method="hybrid",
        inputs={"material": "1 kg", "waste": "2 kg"},
        factors={"waste": "own:landfill"},
    )
    parts = expand(given, UNITS)
    assert isinstance(parts, tuple)
    assert [part.activity for part in parts] == ["own:any", "own:landfill"]


def test_life_cycle_less_combustion_names_both_factors() -> None:
    given = ActivityData(
        category=3,
        method="life-cycle-less-combustion",
        inputs={"fuel": "1 L"},
        factors={"life cycle": "own:all", "combustion": "own:burnt"},
    )
    (part,) = expand(given, UNITS)  # type: ignore[misc]
    assert part.activity == "own:all less own:burnt"


def test_all_of_the_gas_is_released_where_the_share_is_unknown_and_the_line_says_so() -> None:
    (part,) = expanded(11, "gases-in-products", gas_per_unit="2 kg", units_sold="10")  # type: ignore[misc]
    assert (part.quantity, part.notices) == ("20", ("release_unknown",))


@pytest.mark.parametrize("share", ["1", "100 %", "0"])
def test_a_share_that_is_given_has_no_notice(share: str) -> None:
    inputs = {"gas_per_unit": "2 kg", "units_sold": "10", "release_share": share}
    (part,) = expanded(11, "gases-in-products", **inputs)  # type: ignore[misc]
    assert part.notices == ()


@pytest.mark.parametrize(
    ("of", "reason", "tried"),
    [
        ({"distance": "50 kg"}, "input_unit_does_not_fit", ("distance", "50 kg", "km")),
        ({"distance": "50 EUR"}, "input_unit_does_not_fit", ("distance", "50 EUR", "km")),
        ({"distance": "50 parsec"}, "unit_unknown", ("parsec",)),
        ({"distance": "50"}, "unit_missing", ("distance", "50")),
        ({"distance": "50%"}, "unit_missing", ("distance", "50%")),
        ({"distance": "-50 km"}, "input_negative", ("distance", "-50 km")),
        ({"distance": "fifty km"}, "input_not_a_number", ("distance", "fifty km")),
        ({"distance": "1e3 km"}, "input_not_a_number", ("distance", "1e3 km")),
        ({"distance": ""}, "input_not_a_number", ("distance", "")),
        ({"distance": "5 km", "persons": "2 km"}, "input_unit_does_not_fit", ("persons", "2 km", "a number")),
        ({"distance": "5 km", "persons": "2 %"}, "input_unit_does_not_fit", ("persons", "2 %", "a number")),
        ({"distance": "5 km", "persons": "-2"}, "input_negative", ("persons", "-2")),
        ({"persons": "2"}, "input_missing", ("distance",)),
        ({}, "input_missing", ("distance",)),
        ({"length": "5 km"}, "input_unknown", ("length", "distance", "persons", "trips")),
    ],
)
def test_what_is_wrong_with_an_input_is_told(of: dict[str, str], reason: str, tried: tuple[str, ...]) -> None:
    assert finding(6, "distance-based", **of) == Unresolved(reason, tried)


def test_an_input_that_a_part_needs_is_missed() -> None:
    assert finding(4, "distance-based", mass="3 t") == Unresolved("input_missing", ("distance",))
    assert finding(5, "average-data", landfill_share="1").tried == ("waste",)


def test_a_method_of_another_category_is_missed() -> None:
    assert finding(1, "flight", distance="5 km") == Unresolved("method_missing", ("1", "flight"))


def test_money_and_physical_units_do_not_stand_for_each_other() -> None:
    assert finding(1, "average-data", quantity="5 EUR").reason == "input_unit_does_not_fit"
    assert finding(1, "spend-based", spend="5 kg").reason == "input_unit_does_not_fit"


def test_an_amount_is_rounded_once_to_the_nearest_float() -> None:
    thirds = {"reported": "1 tCO2e", "own_activity": "2 t", "total_activity": "3 t"}
    assert amounts(4, "allocated", **thirds) == {"allocated": f"{2000 / 3!r} kgCO2e"}
    tenths = {"mass": "0.1 t", "distance": "3 km"}
    assert amounts(4, "distance-based", **tenths) == {
        "transport": "0.3 tkm"
    }  # 0.1 * 3 is 0.30000000000000004


def test_money_may_be_given_back() -> None:
    assert amounts(1, "spend-based", spend="-5 EUR") == {"product": "-5 EUR"}


@pytest.mark.parametrize("text", ["1.01", "101 %", "100.000000000000000001 %", "40"])
def test_a_share_over_the_whole_is_refused(text: str) -> None:
    found = finding(4, "fuel-based", fuel="1 L", allocation_share=text)
    assert found == Unresolved("share_over_one", ("allocation_share", text))


def test_shares_that_add_up_to_more_than_the_whole_are_refused() -> None:
    shares = {"landfill_share": "60 %", "recycling_share": "40 %"}
    whole = amounts(12, "waste-type-specific", sold="10 t", **shares)
    assert whole == {"landfill": "6 t", "recycling": "4 t"}
    found = finding(12, "waste-type-specific", sold="10 t", **(shares | {"composting_share": "0.001"}))
    assert found.reason == "share_over_one"
    assert {"landfill_share", "recycling_share", "composting_share"} <= set(found.tried)


OF_INVESTEE = {"reported": "9 tCO2e", "outstanding": "1 EUR", "value": "3 EUR"}


def test_money_over_money_of_one_currency_is_a_ratio() -> None:
    assert amounts(15, "financed-emissions", **OF_INVESTEE) == {"reported": "3000 kgCO2e"}


def test_money_over_money_of_another_currency_is_no_ratio() -> None:
    found = finding(15, "financed-emissions", **(OF_INVESTEE | {"value": "3 USD"}))
    assert found == Unresolved("input_unit_does_not_fit", ("1 EUR", "3 USD"))
    equity = {"invested": "1 EUR", "total_equity": "1 EUR", "total_debt": "1 GBP"}
    assert finding(15, "project-finance", reported="1 tCO2e", **equity).reason == "input_unit_does_not_fit"


def test_a_ratio_of_physical_units_needs_one_dimension_only() -> None:
    shared = {"reported": "1 tCO2e", "own_activity": "500 kg"}
    assert amounts(4, "allocated", **shared, total_activity="2 t") == {"allocated": "250 kgCO2e"}
    assert finding(4, "allocated", **shared, total_activity="2 tkm").reason == "input_unit_does_not_fit"


@pytest.mark.parametrize(
    ("category", "method", "inputs"),
    [
        (15, "financed-emissions", OF_INVESTEE | {"value": "0 EUR"}),
        (4, "allocated", {"reported": "1 tCO2e", "own_activity": "1 t", "total_activity": "0.0 t"}),
        (8, "building-by-area", {"building_heat": "1 kWh", "own_area": "1 m2", "building_area": "0 m2"}),
        (14, "franchise-sample", {"scope_1": "1 tCO2e", "sampled": "0", "group_size": "9"}),
        (6, "vehicle-distance", {"distance": "1 km", "persons_per_vehicle": "0"}),
    ],
)
def test_nothing_is_divided_by_zero(category: int, method: str, inputs: dict[str, str]) -> None:
    assert finding(category, method, **inputs).reason == "divisor_zero"


def test_equity_and_debt_that_cancel_out_divide_nothing() -> None:
    money = {"invested": "1 EUR", "total_equity": "-5 EUR", "total_debt": "5 EUR"}
    assert finding(15, "project-finance", reported="1 tCO2e", **money).reason == "divisor_zero"


def test_a_part_as_an_activity_keeps_what_is_not_of_the_part() -> None:
    whole = ActivityData(category=4, method="hub-throughput", inputs={"mass": "1 kg"}, date="2024-05-01")
    (part,) = expand(whole, UNITS)  # type: ignore[misc]
    alone = part.as_activity(whole)
    assert (alone.quantity, alone.unit, alone.date, alone.inputs) == ("0.001", "t", "2024-05-01", {})
