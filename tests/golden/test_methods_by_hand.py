"""Every method of the catalogue gives what a reader works out by hand; the table has the working."""

import ast
import operator
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from vcci import runtime
from vcci.engine.methods import METHODS
from vcci.services.calculations import Answer, calculate

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("methods_by_hand.yaml").read_text(encoding="utf-8")
)["cases"]
EACH = [(category, case) for case in CASES for category in case["categories"]]
HALF_A_MILLIGRAM = Fraction(1, 2_000_000)
SIGNS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def titled(value: object) -> str | None:
    return f"{value['method']}: {value['what']}" if isinstance(value, dict) else None


def own_factor(text: str) -> dict[str, str]:
    figure, _, unit = text.partition(" per ")
    return {"value": figure, "unit": unit, "source": f"made up: {text}"}


def answer(category: int, case: dict[str, Any]) -> Answer:
    request = {
        "category": category,
        "method": case["method"],
        "inputs": case["inputs"],
        "factors": {part: own_factor(text) for part, text in case["factors"].items()},
        "date": case.get("date", ""),
    }
    packs = ("epa-supply-chain-1.3.0", "ecb-rates")
    (found,) = calculate([request], calculator_for=runtime.calculator_for(packs))
    return found


def worked_out(working: str) -> Fraction:
    """Return what +, -, x, / and brackets come to, exactly."""
    text = working.replace(" x ", " * ")

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return SIGNS[type(node.op)](value(node.left), value(node.right))
        return Fraction(ast.get_source_segment(text, node) or "")

    return value(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(("category", "case"), EACH, ids=titled)
def test_engine_gives_what_is_worked_out_by_hand(category: int, case: dict[str, Any]) -> None:
    found = answer(category, case)
    expected = {part: Fraction(working.split(" = ")[1]) for part, working in case["parts"].items()}
    assert {line.part: Fraction(line.emissions_mg_co2e, 10**6) for line in found.lines} == expected
    assert Fraction(found.total_mg_co2e, 10**6) == Fraction(case["total"])
    noticed = {code for line in found.lines for code in line.notices} - {"own_factor"}
    assert noticed == set(case.get("notices", ()))


@pytest.mark.parametrize("case", CASES, ids=titled)
def test_working_in_the_table_comes_to_its_figure(case: dict[str, Any]) -> None:
    of_parts = [working.split(" = ") for working in case["parts"].values()]
    for working, figure in of_parts:
        assert abs(worked_out(working) - Fraction(figure)) <= HALF_A_MILLIGRAM
    is_apart = METHODS[case["categories"][0], case["method"]].is_apart
    assert Fraction(case["total"]) == (0 if is_apart else sum(Fraction(figure) for _, figure in of_parts))


def test_every_method_of_every_category_is_worked_out_by_hand() -> None:
    assert {(category, case["method"]) for category, case in EACH} == set(METHODS)


def test_every_part_of_every_method_is_worked_out_by_hand() -> None:
    worked = {(category, case["method"], part) for category, case in EACH for part in case["parts"]}
    offered = {(c, m, part.name) for (c, m), row in METHODS.items() for part in row.parts}
    assert worked == offered
