"""An activity as a caller writes it: strict in its names, lenient in how a number is written."""

from typing import Any

import pytest
from pydantic import ValidationError

from vcci.domain.factor import OwnFactor
from vcci.services.activity_request import ActivityRequest, FactorOfCaller, schema

STEEL = {"value": "1.85", "unit": "kg", "source": "mill"}


def asked(**fields: Any) -> ActivityRequest:
    return ActivityRequest.model_validate({"category": 1, **fields})


@pytest.mark.parametrize("quantity", ["7", 7, "7.50", 7.5, "-3", "0.000000000000000001"])
def test_a_number_may_be_written_as_one_or_as_text(quantity: object) -> None:
    assert asked(quantity=quantity).quantity == str(quantity)
    assert asked(method="hybrid", inputs={"persons": quantity}).inputs == {"persons": str(quantity)}


@pytest.mark.parametrize(
    "fields",
    [
        {"category": 0},
        {"category": 16},
        {"category": "one"},
        {"quantity": "7 kg"},
        {"quantity": "1e3"},
        {"quantity": "NaN"},
        {"quantity": True},
        {"quantity": "1" * 19},
        {"date": "1 March 2022"},
        {"date": "2022-03-01\n"},
        {"region": "uk"},
        {"price_year": 1},
        {"colour": "red"},
        {"inputs": {"mass": None}},
        {"inputs": {"mass": ""}},
        {"inputs": ["mass"]},
        {"inputs": {"m" * 41: "1"}},
        {"factor": {"value": "1", "unit": "kg"}},
        {"factor": {"value": "1", "source": "mill"}},
        {"factor": STEEL | {"value": "a lot"}},
        {"factor": STEEL | {"colour": "red"}},
        {"factor": ""},
        {"id": "x" * 1001},
    ],
)
def test_what_the_schema_does_not_know_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(**fields)


def test_the_factor_of_a_pack_is_named_as_it_is() -> None:
    request = asked(method="hybrid", factor="desnz2025:x", factors={"waste": "own"})
    activity, own = request.in_words_of_the_engine()
    assert (activity.activity, activity.factors, own) == ("desnz2025:x", {"waste": "own"}, {})


def test_same_own_factor_is_known_by_one_name() -> None:
    request = asked(method="hybrid", factor=STEEL, factors={"waste": STEEL})
    activity, own = request.in_words_of_the_engine()
    assert activity.activity == activity.factors["waste"] == "own:caller-1"
    assert own == {"caller-1": OwnFactor("1.85", "kg", "mill")}


@pytest.mark.parametrize("source", ["Invoice #12", "a less b", "x (3)"])
def test_sources_may_hold_any_text_and_never_replace_one_another(source: str) -> None:
    factors = {part: STEEL | {"source": source, "value": f"{n}"} for n, part in enumerate("abc", 1)}
    activity, own = asked(method="hybrid", factors=factors).in_words_of_the_engine()
    assert [own[name.removeprefix("own:")].value for name in activity.factors.values()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "hybrid", "quantity": "1"},
        {"inputs": {"waste": "1 kg"}},
        {"factors": {"waste": "own"}},
        {"factor": STEEL | {"gases": {"CO2": "1"}}},
        {"factor": STEEL | {"value": "-1"}},
    ],
)
def test_what_would_not_be_used_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(**fields)


def test_two_own_factors_of_one_source_stay_apart() -> None:
    tin = STEEL | {"value": "9"}
    request = asked(method="hybrid", factor=STEEL, factors={"waste": tin})
    activity, own = request.in_words_of_the_engine()
    names = [activity.activity, activity.factors["waste"]]
    assert [own[name.removeprefix("own:")].value for name in names] == ["1.85", "9"]


def test_an_own_factor_by_gases_keeps_each_figure_as_written() -> None:
    gases = {"CH4": 0.011, "CO2": "2.60"}
    own = FactorOfCaller(unit="kg", source="mill", gases=gases, gwp_set="AR5").as_own_factor()
    assert (own.value, own.gases, own.gwp_set) == ("", {"CH4": "0.011", "CO2": "2.60"}, "AR5")


def test_an_empty_request_has_the_engines_own_empty_words() -> None:
    activity, own = asked().in_words_of_the_engine()
    assert (activity.activity, activity.quantity, activity.unit, activity.method) == ("", "", "", "")
    assert (activity.price_year, dict(activity.inputs), own) == (None, {}, {})


EVERY_FIELD = {
    "ActivityRequest": {
        "id": "a1",
        "category": 1,
        "method": "average-data",
        "quantity": "1",
        "unit": "kg",
        "inputs": {"quantity": "1 kg"},
        "factor": "desnz2025:x",
        "factors": {"product": STEEL},
        "date": "2024-05-01",
        "price_year": 2024,
        "region": "GB",
    },
    "FactorOfCaller": {
        "value": "1",
        "unit": "kg",
        "source": "mill",
        "price_year": 2024,
        "gases": {"CO2": "1"},
        "gases_kg_co2e": {"CO2": "1"},
        "gwp_set": "AR5",
        "biogenic_kg_co2": "1",
    },
}


NEEDED_WITH: dict[str, dict[str, Any]] = {
    "ActivityRequest": {name: {"method": "average-data"} for name in ("inputs", "factors")},
    "FactorOfCaller": {
        name: {"value": "1"} for name in ("unit", "source", "price_year", "gwp_set", "biogenic_kg_co2")
    },
}
"""What some fields need beside them."""


@pytest.mark.parametrize("model", [ActivityRequest, FactorOfCaller])
def test_every_field_of_the_schema_is_accepted(model: type[ActivityRequest | FactorOfCaller]) -> None:
    fields = EVERY_FIELD[model.__name__]
    assert set(schema()["$defs"][model.__name__]["properties"]) == set(fields)
    for name, value in fields.items():
        whole = {n: fields[n] for n in schema()["$defs"][model.__name__]["required"]} | {name: value}
        whole |= NEEDED_WITH[model.__name__].get(name, {})
        assert getattr(model.model_validate(whole), name)


def test_every_reference_of_the_schema_is_defined() -> None:
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.extend([node["$ref"]] if "$ref" in node else [])
            walk(list(node.values()))
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(schema())
    assert set(found) == {f"#/$defs/{name}" for name in schema()["$defs"]}


def test_the_schema_knows_no_other_fields() -> None:
    assert all(definition["additionalProperties"] is False for definition in schema()["$defs"].values())
