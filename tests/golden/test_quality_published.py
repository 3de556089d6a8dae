"""The pedigree formula, with the default table, gives the answers of the file of published examples.

These rows are derived there from published factors, and are no oracles; scores of portfolios and shares of
primary data, which are, stand in published_answers.yaml with all others.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from vcci.domain.quality import DataQuality, gsd_squared
from vcci.parameters import quality

INDICATOR_OF = {
    "technological": "technology",
    "temporal": "time",
    "geographical": "geography",
    "completeness": "completeness",
    "reliability": "reliability",
}
"""What the file calls the indicators, and their names here."""

PEDIGREE = ("ped-best", "ped-typ", "ped-spend", "ped-transport")


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, Any]:
    read = json.loads((shared / "oracles/ghg_protocol_examples.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in read["rows"]}


@pytest.mark.parametrize("row_id", PEDIGREE)
def test_scores_give_the_published_deviation(row_id: str, published: dict[str, Any]) -> None:
    row = published[row_id]
    (given,) = row["inputs"]
    scores = DataQuality(**{ours: given[theirs] for theirs, ours in INDICATOR_OF.items()})
    found = gsd_squared(scores, basic=given["basic_uncertainty"], table=quality.pedigree())
    assert found.value == pytest.approx(row["expected"], abs=row["tolerance"]["abs"])


def test_all_published_rows_of_the_pedigree_are_tested(published: dict[str, Any]) -> None:
    assert {row_id for row_id in published if row_id.startswith("ped-")} == set(PEDIGREE)
