"""The rules of the boundary give the published labels, and cite the page that each label was read on.

Situations stand in boundary_labels.yaml; no text of a published row goes in. Rows that only tell of the same
tables with less confidence are held by the loop too, should the file of published examples have any.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from vcci.domain.boundary import Change, Consequence, Placement
from vcci.engine.boundary import RULES, place, recalculation

CASES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "boundary_labels.yaml").read_text(encoding="utf-8")
)
KINDS = {kind.__name__.lower(): kind for kind in RULES}


@pytest.fixture(scope="module")
def labels(shared: Path) -> dict[str, dict[str, Any]]:
    """Published rows with a label, by id."""
    text = (shared / "oracles/ghg_protocol_examples.json").read_text(encoding="utf-8")
    return {row["id"]: row for row in json.loads(text)["rows"] if row["id"].startswith("lab-")}


def answered(row_id: str) -> Placement | Consequence:
    ((kind, told),) = CASES[row_id].items()
    return recalculation(Change(told)) if kind == "change" else place(situation(kind, told))


def situation(kind: str, told: dict[str, Any]) -> Any:
    made = KINDS[kind.replace("_", "")]
    facts: dict[str, Any] = {fact.name: fact.type for fact in fields(made)}
    return made(**{name: facts[name](value) for name, value in told.items()})


def label(answer: Placement | Consequence) -> str:
    return answer.value if isinstance(answer, Consequence) else answer.label


@pytest.mark.parametrize("row_id", CASES)
def test_rules_give_the_published_label(row_id: str, labels: dict[str, dict[str, Any]]) -> None:
    assert label(answered(row_id)) == labels[row_id]["expected"]


@pytest.mark.parametrize("row_id", CASES)
def test_rules_cite_the_page_that_the_label_was_read_on(
    row_id: str, labels: dict[str, dict[str, Any]]
) -> None:
    where = labels[row_id]["source"]["where"]
    assert where.lower() in answered(row_id).source.lower()


def test_every_published_label_has_its_situation(labels: dict[str, dict[str, Any]]) -> None:
    assert set(labels) == set(CASES)
