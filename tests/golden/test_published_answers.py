"""Every published answer comes out of the public API; published_answers.yaml says what each checks.

The rows are read from the file of published examples: its inputs go in, never its expressions.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmarks.published_answers import PAGE, page

import vcci

HERE = Path(__file__).parent
FILE = "oracles/ghg_protocol_examples.json"
TABLE = yaml.safe_load((HERE / "published_answers.yaml").read_text("utf-8"))
ROWS = {row["id"]: row for row in TABLE["rows"]}
LABELS = yaml.safe_load((HERE / "boundary_labels.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, Any]:
    """Rows of the file by id; numbers stay as they are printed."""
    text = (shared / FILE).read_text(encoding="utf-8")
    return {row["id"]: row for row in json.loads(text, parse_float=str, parse_int=str)["rows"]}


def named(row_id: str) -> str:
    return row_id


@pytest.mark.parametrize("row_id", [i for i in ROWS if not i.startswith("ileap-wtw")], ids=named)
def test_engine_gives_the_published_answer(row_id: str, published: dict[str, Any]) -> None:
    row = published[row_id]
    expected = Fraction(row.get("assert_value") or row["expected"])
    found = value(row_id, published)
    assert abs(found - expected) <= Fraction(row["tolerance"]["abs"])


@pytest.mark.parametrize("row_id", LABELS, ids=named)
def test_classifier_gives_the_published_label(row_id: str, published: dict[str, Any]) -> None:
    ((kind, fields),) = LABELS[row_id].items()
    found = vcci.recalculation(fields) if kind == "change" else vcci.place(kind, **fields).label
    assert found == published[row_id]["expected"]


def value(row_id: str, published: dict[str, Any]) -> Fraction:
    entry, row = ROWS[row_id], published[row_id]
    if "refs" in entry:
        return sum((value(other, published) for other in entry["refs"]), Fraction(0))
    for kind, answer in OTHER_KINDS.items():
        if kind in entry:
            return answer(entry, row)
    return of_lines(entry, row)


def of_lines(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    asked = entry.get("value", {})
    activities = list(requests(entry, row))
    if part := asked.get("amount"):
        parts = [p for activity in activities for p in vcci.amounts(activity) if p.name == part]
        return sum((Fraction(p.quantity) for p in parts), Fraction(0))
    answered = vcci.calculate(activities, price_basis=entry.get("price_basis", "purchaser"))
    assert answered.findings.is_empty(), answered.findings.to_dicts()
    lines = [line for answer in answered.answers for line in answer.lines]
    assert all(line.is_apart == asked.get("apart", False) for line in lines)
    if gas := asked.get("gas"):
        mg = sum(line.gases_mg_co2e[gas] for line in lines)
    else:
        mg = sum(line.emissions_mg_co2e for line in lines if line.part == asked.get("part", line.part))
    return Fraction(mg, 10**9 if asked.get("tonnes") else 10**6)


def requests(entry: dict[str, Any], row: dict[str, Any]) -> Any:
    """Fill the activities of the table with the inputs that the row prints, one activity for each input."""
    parameters = (row.get("parameters") or {}) | entry.get("printed", {})
    inputs = [parameters | derived(given) for given in row["inputs"]] or [parameters]
    if "together" in entry:
        whole = filled(entry["together"], {str(n): given for n, given in enumerate(inputs)})
        yield with_source(whole, row["id"])
        return
    templates = entry.get("activities") or [entry["activity"]] * len(inputs)
    inputs = inputs * len(templates) if len(inputs) == 1 else inputs
    for number, (template, given) in enumerate(zip(templates, inputs, strict=True)):
        yield with_source(filled(template, given), f"{row['id']}, input {number + 1}")


def derived(given: dict[str, Any]) -> dict[str, Any]:
    """Add what is printed in thousandths: grams of a gas as kg, tonnes a million as kg a unit of money."""
    made = dict(given)
    for name in ("ch4_g", "n2o_g"):
        if name in given:
            made[name.replace("_g", "_thousandth")] = thousandth(given[name])
    if "factors_per_mmBtu" in given:
        gases = given["factors_per_mmBtu"]
        made["factors_per_mmBtu"] = gases | {
            name.replace("_g", "_kg"): thousandth(figure)
            for name, figure in gases.items()
            if name.endswith("_g")
        }
    if "factor" in given:
        made["factor_per_thousand"] = thousandth(given["factor"])
    return made


def thousandth(figure: str) -> str:
    return format(Decimal(figure) / 1000, "f")


def filled(template: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: filled(part, given) for name, part in template.items()}
    if isinstance(template, list):
        return [filled(part, given) for part in template]
    if isinstance(template, str):
        return re.sub(r"\{([\w.]+)\}", lambda match: looked_up(match[1], given), template)
    return template


def looked_up(path: str, given: Any) -> str:
    for name in path.split("."):
        given = given[name]
    return str(given)


def with_source(activity: dict[str, Any], source: str) -> dict[str, Any]:
    """Say where own factors come from, as the API asks."""
    own = {
        name: {part: sourced(f, source) for part, f in factor.items()}
        if name == "factors"
        else sourced(factor, source)
        for name, factor in activity.items()
        if name in ("factor", "factors")
    }
    return activity | own


def sourced(factor: Any, source: str) -> Any:
    return factor | {"source": source} if isinstance(factor, dict) else factor


def pack_sum(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    """Return the sum of a pack factor's gases, having seen that the whole is what the row prints."""
    activity = {
        "category": row["category"],
        "quantity": "1",
        "unit": entry["unit"],
        "factor": entry["pack_sum"],
    }
    (line,) = vcci.calculate(activity).answers[0].lines
    assert Fraction(line.emissions_mg_co2e, 10**6) == Fraction(row["expected"])
    return Fraction(sum(line.gases_mg_co2e.values()), 10**6)


def footprint(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    terms = {name: Decimal(text) for name, text in entry["printed"].items() if name != "place"}
    return Fraction(getattr(vcci.ProductFootprint(**terms), entry["footprint"]))


def carbon(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    return Fraction(vcci.co2_of_carbon(Decimal(row["inputs"][0]["quantity"])))


def interval(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    population, sample = (int(given["quantity"]) for given in row["inputs"])
    return Fraction(vcci.sampling_interval(population, sample))


def weighted_score(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    return Fraction(vcci.weighted_score((given["outstanding"], given["score"]) for given in row["inputs"]))


def primary_share(entry: dict[str, Any], row: dict[str, Any]) -> Fraction:
    primary, whole = (Fraction(given["quantity"]) for given in row["inputs"])
    return Fraction(vcci.primary_data_share_percent([(primary, True), (whole - primary, False)]))


OTHER_KINDS = {
    "pack_sum": pack_sum,
    "footprint": footprint,
    "carbon": carbon,
    "interval": interval,
    "weighted_score": weighted_score,
    "primary_share": primary_share,
}


@cache
def oracle_ids(path: Path) -> frozenset[str]:
    rows = json.loads((path / FILE).read_text(encoding="utf-8"))["rows"]
    return frozenset(row["id"] for row in rows if row["oracle"])


def test_every_contradiction_of_a_publication_is_listed(published: dict[str, Any]) -> None:
    assert {row_id for row_id, row in published.items() if row["flag"]} == set(TABLE["errata"])


def test_page_of_the_documentation_is_made_from_the_table(shared: Path) -> None:
    rows = json.loads((shared / FILE).read_text("utf-8"), parse_float=str, parse_int=str)["rows"]
    assert PAGE.read_text(encoding="utf-8") == page(rows, TABLE)


def test_every_row_with_an_oracle_has_its_test(shared: Path) -> None:
    tested = {row_id for row_id in ROWS if not row_id.startswith("ileap-wtw")} | set(LABELS)
    assert oracle_ids(shared) <= tested
    assert len(oracle_ids(shared)) == 124
