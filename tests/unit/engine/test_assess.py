"""A line's five scores: time and geography are facts, the others are assessed for its pack or missing."""

import math
from dataclasses import replace
from typing import Any

import pytest

from vcci.domain.quality import DataQuality, Gsd, GsdSquared, gsd_squared, score_of_geography, score_of_time
from vcci.domain.selection import FactorKey, Multiplier
from vcci.engine.assess import Assessor
from vcci.parameters import quality

ASSESSOR = Assessor(quality.pedigree(), quality.assessments())


def multiplier(pack: str, **facts: Any) -> Multiplier:
    names = ("factor_currency", "factor_id", "factor_name", "factor_value", "factor_unit", "method")
    texts: dict[str, Any] = dict.fromkeys(names, "")
    return Multiplier(mg_co2e_per_unit=1.0, pack=pack, notices=(), steps=(), **texts, **facts)


def test_factor_of_a_shipped_pack_has_five_scores_and_a_sigma() -> None:
    key = FactorKey(1, "naics2017:541511", "GB", "GBP", 2023)
    found = ASSESSOR.assess(key, multiplier("epa-supply-chain-1.3.0", factor_year=2022, factor_region="US"))
    assert found.quality == DataQuality(technology=4, time=1, geography=5, completeness=1, reliability=2)
    by_hand = math.sqrt(sum(math.log(u) ** 2 for u in (1.5, 1.0, 1.1, 1.0, 1.05, 1.05))) / 2
    assert found.ln_sigma == pytest.approx(by_hand)


def test_transport_has_a_wider_basic_uncertainty_than_energy_of_the_same_publisher() -> None:
    key = FactorKey(4, "desnz2025:x", "GB", "tkm", 2025)
    facts = {"factor_year": 2025, "factor_region": "GB"}
    rail, gas = (
        ASSESSOR.assess(key, replace(multiplier("desnz-2025", **facts), factor_unit=f"kg CO2e/{unit}"))
        for unit in ("tkm", "kWh")
    )
    assert rail.ln_sigma is not None
    assert gas.ln_sigma is not None
    assert rail.ln_sigma > 4 * gas.ln_sigma


def test_own_factor_is_not_assessed_and_has_no_sigma() -> None:
    found = ASSESSOR.assess(FactorKey(1, "own:steel", "GB", "kg"), multiplier("Supplier's declaration"))
    assert (found.quality, found.ln_sigma) == (DataQuality(), None)


@pytest.mark.parametrize(
    ("years", "score"), [((2022, 2024), 1), ((2022, 2025), 2), ((2016, 2022), 3), ((2012, 2022), 4)]
)
def test_older_factors_score_worse(years: tuple[int, int], score: int) -> None:
    assert score_of_time(*years) == score == score_of_time(*reversed(years))
    assert score_of_time(None, 2022) is None
    assert score_of_time(2000, 2022) == 5


def test_same_country_is_best_its_part_next_and_another_worst() -> None:
    found = [score_of_geography("AU", region) for region in ("AU", "AU-NSW", "GB", "")]
    assert found == [1, 2, 5, None]


def test_squared_and_plain_deviations_are_different_types() -> None:
    squared = GsdSquared(1.44)
    assert squared.root == Gsd(1.2)
    assert squared.root.squared == squared
    assert squared.ln_sigma == pytest.approx(math.log(1.2))


def test_no_score_at_all_leaves_the_basic_uncertainty() -> None:
    assert gsd_squared(DataQuality(), basic=1.05, table=quality.pedigree()).value == pytest.approx(1.05)


def test_two_tables_differ_in_the_cells_that_the_source_leaves_empty() -> None:
    theirs = quality.pedigree("brightway").factors
    ours = quality.pedigree().factors
    differing = {
        (name, place) for name in ours for place in range(5) if ours[name][place] != theirs[name][place]
    }
    assert differing == {("geography", 3), ("technology", 1)}
