"""Which factor answers, and how its gases are weighed: the packs' GWP values are those that ship."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from vcci.domain.factor import EmissionFactor, OwnFactor, PriceBasis
from vcci.domain.selection import FactorKey, Unresolved
from vcci.engine.choose import FactorChoice
from vcci.packs import PackLibrary

DIESEL = EmissionFactor(
    id="test/diesel",
    activity="test:diesel",
    name="Diesel",
    value_kg_co2e=Decimal("2.70"),
    unit="L",
    region="GB",
    gwp_set="AR5",
    pack="test",
    gases_kg_co2e={"CO2": Decimal("2.64"), "CH4": Decimal("0.0028"), "N2O": Decimal("0.053")},
    biogenic_kg_co2=Decimal("0.1"),
)
BURNT = replace(
    DIESEL,
    id="test/burnt",
    activity="test:burnt",
    name="Diesel burnt",
    value_kg_co2e=Decimal("2.5"),
    gases_kg_co2e={"CO2": Decimal("2.45"), "CH4": Decimal("0.001"), "N2O": Decimal("0.049")},
    notices=("factor_of_other_region",),
)
WHOLE_ONLY = replace(DIESEL, id="test/whole", activity="test:whole", gases_kg_co2e={})
LEAK = OwnFactor("", "kg", "made up", gases={"CH4": "2", "CO2": "3"}, gwp_set="AR4")


@cache
def weights() -> dict[str, list[EmissionFactor]]:
    found: dict[str, list[EmissionFactor]] = {}
    for factor in PackLibrary().factors("ipcc-gwp"):
        found.setdefault(factor.activity, []).append(factor)
    return found


def choose(
    activity: str, *, gwp_set: str = "", factors: tuple[EmissionFactor, ...] = (), **own: OwnFactor
) -> EmissionFactor | Unresolved:
    packed = [*factors, DIESEL, BURNT, WHOLE_ONLY]

    def lookup(asked: str) -> list[EmissionFactor]:
        return [*(f for f in packed if f.activity == asked), *weights().get(asked, ())]

    return FactorChoice(lookup, own).choose(FactorKey(1, activity, "GB", "L", 2024, gwp_set=gwp_set))


def chosen(activity: str, *, gwp_set: str = "", **own: OwnFactor) -> EmissionFactor:
    found = choose(activity, gwp_set=gwp_set, factors=(), **own)
    assert isinstance(found, EmissionFactor), found
    return found


def test_a_factor_stays_as_published_where_no_gwp_set_is_asked_for() -> None:
    assert chosen("test:diesel") is DIESEL
    assert chosen("test:diesel", gwp_set="AR5") is DIESEL


def test_another_gwp_set_changes_the_value_by_its_gases_only() -> None:
    found = chosen("test:diesel", gwp_set="AR4")
    methane, nitrous = Decimal("0.0028") * 25 / 28, Decimal("0.053") * 298 / 265
    assert found.gases_kg_co2e == {"CO2": Decimal("2.64"), "CH4": methane, "N2O": nitrous}
    assert found.value_kg_co2e - DIESEL.value_kg_co2e == methane + nitrous - Decimal("0.0558")
    assert (found.gwp_set, found.notices) == ("AR4", ("gwp_set_changed",))


def test_a_factor_that_is_in_the_set_already_goes_before_one_weighed_anew() -> None:
    in_ar4 = replace(DIESEL, id="other/diesel", gwp_set="AR4", pack="other")
    found = choose("test:diesel", gwp_set="AR4", factors=(DIESEL, in_ar4))
    assert found is in_ar4


def test_without_gases_no_other_gwp_set_can_be_applied() -> None:
    found = choose("test:whole", gwp_set="AR6")
    assert found == Unresolved("gwp_not_available", ("test is AR5",))


def test_a_gwp_set_that_nobody_published_is_not_guessed() -> None:
    assert choose("test:diesel", gwp_set="AR9") == Unresolved("gwp_not_available", ("test is AR5",))


def test_one_gas_of_a_factor_can_be_asked_for() -> None:
    found = chosen("test:diesel#N2O")
    assert (found.value_kg_co2e, found.id) == (Decimal("0.053"), "test/diesel#N2O")
    assert (found.gases_kg_co2e, found.biogenic_kg_co2) == ({"N2O": Decimal("0.053")}, None)


def test_one_gas_is_weighed_in_the_set_that_is_asked_for() -> None:
    assert chosen("test:diesel#CH4", gwp_set="AR4").value_kg_co2e == Decimal("0.0028") * 25 / 28


@pytest.mark.parametrize("activity", ["test:diesel#SF6", "test:whole#CO2", "test:diesel#co2"])
def test_a_gas_that_is_not_published_is_not_guessed(activity: str) -> None:
    found = choose(activity)
    assert isinstance(found, Unresolved)
    assert found.reason == "gas_not_published"


@pytest.mark.parametrize(
    ("gwp_set", "kg"), [("", "53"), ("AR4", "53"), ("AR5", "59"), ("AR6", "58.8"), ("SAR", "45")]
)
def test_own_gases_are_weighed_by_the_set_asked_for_else_by_their_own(gwp_set: str, kg: str) -> None:
    found = chosen("own:leak", gwp_set=gwp_set, leak=LEAK)
    assert found.value_kg_co2e == Decimal(kg)  # 2 x GWP of methane + 3
    assert (found.gwp_set, found.notices) == (gwp_set or "AR4", ("own_factor",))


def test_own_gases_without_a_set_are_refused() -> None:
    found = choose("own:leak", leak=replace(LEAK, gwp_set=""))
    assert found == Unresolved("gwp_not_available", ("CH4 in no GWP set",))


def test_own_gases_as_co2e_stay_in_their_own_set() -> None:
    own = OwnFactor("", "kg", "made up", gases_kg_co2e={"CO2": "1", "CH4": "0.5"}, gwp_set="AR5")
    assert chosen("own:it", it=own).value_kg_co2e == Decimal("1.5")
    assert chosen("own:it", gwp_set="AR5", it=own).gases_kg_co2e["CH4"] == Decimal("0.5")
    assert choose("own:it", gwp_set="AR6", it=own) == Unresolved("gwp_not_available", ("own:it is AR5",))


def test_a_bare_own_factor_has_no_gwp_set_to_change() -> None:
    found = choose("own:it", gwp_set="AR6", it=OwnFactor("1", "kg", "made up"))
    assert found == Unresolved("gwp_not_available", ("own:it is of no stated set",))


@pytest.mark.parametrize("value", ["", "a lot", "1e3", "NaN"])
def test_an_own_factor_needs_a_number_or_gases(value: str) -> None:
    found = choose("own:it", it=OwnFactor(value, "kg", "made up"))
    assert found == Unresolved("factor_not_a_number", ("own:it", value))


def test_own_biogenic_co2_is_beside_the_value() -> None:
    found = chosen("own:it", it=OwnFactor("1", "kg", "made up", biogenic_kg_co2="0.8"))
    assert (found.value_kg_co2e, found.biogenic_kg_co2) == (Decimal(1), Decimal("0.8"))


def test_the_difference_of_two_factors_is_that_of_each_gas() -> None:
    found = chosen("test:diesel less test:burnt")
    assert (found.value_kg_co2e, found.id) == (Decimal("0.20"), "test/diesel less test/burnt")
    assert found.gases_kg_co2e == {"CO2": Decimal("0.19"), "CH4": Decimal("0.0018"), "N2O": Decimal("0.004")}
    assert (found.biogenic_kg_co2, found.notices) == (None, ("factor_of_other_region",))


def test_the_difference_has_gases_only_where_both_factors_have_them() -> None:
    assert chosen("test:diesel less own:it", it=OwnFactor("1", "L", "made up")).gases_kg_co2e == {}


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        ("test:burnt less test:diesel", "difference_negative"),
        ("test:diesel less own:it", "unit_does_not_fit"),
        ("test:diesel less test:none", "factor_not_found"),
        ("test:none less test:diesel", "factor_not_found"),
    ],
)
def test_a_difference_that_is_none_is_a_finding(activity: str, reason: str) -> None:
    found = choose(activity, it=OwnFactor("1", "kWh", "made up"))
    assert isinstance(found, Unresolved)
    assert found.reason == reason


def test_emissions_as_reported_are_in_any_gwp_set() -> None:
    found = chosen("reported", gwp_set="AR6")
    assert (found.value_kg_co2e, found.unit, found.gases_kg_co2e) == (Decimal(1), "kgCO2e", {})


def test_the_region_of_the_row_is_preferred_to_the_first_in_the_pack() -> None:
    french = replace(DIESEL, id="test/fr", region="FR")
    british = replace(DIESEL, id="test/gb", region="GB")
    other = tuple(replace(f, activity="test:other") for f in (french, british))
    found = choose("test:other", factors=other)
    assert isinstance(found, EmissionFactor)
    assert found.id == "test/gb"


def test_a_factor_of_another_price_basis_does_not_answer() -> None:
    basic = replace(DIESEL, activity="test:priced", price_basis=PriceBasis.BASIC)
    found = choose("test:priced", factors=(basic,))
    assert found == Unresolved("factor_not_found", ("test:priced", "purchaser"))
