"""Two calculated runs are compared by their own tables; an inventory is held against its stated boundary."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.domain.category import Category
from vcci.domain.factor import OwnFactor
from vcci.domain.finding import Outcome
from vcci.domain.inventory import SpendShare
from vcci.engine.tables import resolved_tables
from vcci.processing import local
from vcci.services.comparison import (
    Exclusion,
    Profile,
    Standing,
    StatedBoundary,
    Tables,
    Verdict,
    boundary_coverage,
    compare,
)

TONNE = 10**9
STEEL = "own:steel"


def run(folder: Path, rows: list[dict[str, Any]], *, kg_co2e: str = "1.85", usd: str = "0.084") -> Tables:
    numbered = [ledger_row(**({"row": number} | row)) for number, row in enumerate(rows, start=1)]
    own = {"steel": OwnFactor(kg_co2e, "t", "mill"), "figure": OwnFactor("1", "kg", "supplier")}
    by_hand = calculator(factor("541511", usd), factor("331110", "0.5"), own=own)
    folder.mkdir()
    local.run(
        write_ledger(numbered, folder / "rows.parquet"),
        resolve=lambda keys, dates: resolved_tables(keys, dates, by_hand),
        out=folder,
    )
    names = ("by_supplier_key", "multipliers", "unlined")
    return tuple(pl.read_parquet(folder / f"{name}.parquet") for name in names)


def effects(older: Tables, newer: Tables) -> set[str]:
    found = compare(older, newer)
    difference = found.newer_mg_co2e - found.older_mg_co2e
    assert sum(effect.emissions_mg_co2e for effect in found.effects) == difference != 0
    return {effect.effect for effect in found.effects}


def test_prices_of_another_year_are_price_and_not_factor(tmp_path: Path) -> None:
    older = run(tmp_path / "older", [{"date": "2015-06-01", "unit": "GBP"}])
    newer = run(tmp_path / "newer", [{"date": "2022-03-01", "unit": "GBP"}])
    assert effects(older, newer) == {"price"}


def test_another_factor_for_the_same_tonnes_is_factor_down_to_zero(tmp_path: Path) -> None:
    rows = [{"activity": STEEL, "unit": "t", "quantity": "8", "asked_method": ""}]
    older = run(tmp_path / "older", rows)
    assert effects(older, run(tmp_path / "newer", rows, kg_co2e="1.25")) == {"factor"}
    assert effects(older, run(tmp_path / "green", rows, kg_co2e="0")) == {"factor"}


def test_kilograms_instead_of_tonnes_are_the_same_amount(tmp_path: Path) -> None:
    older = run(tmp_path / "older", [{"activity": STEEL, "unit": "t", "quantity": "8"}])
    newer = run(tmp_path / "newer", [{"activity": STEEL, "unit": "kg", "quantity": "12000"}])
    assert effects(older, newer) == {"volume"}


def test_suppliers_own_figure_instead_of_spend_is_method(tmp_path: Path) -> None:
    others = [{"supplier": "Bolt"}]
    older = run(tmp_path / "older", [{"supplier": "Acme", "quantity": "900"}, *others])
    figure = {"supplier": "Acme", "activity": "own:figure", "unit": "kg", "quantity": "3"}
    newer = run(tmp_path / "newer", [figure, *others])
    assert effects(older, newer) == {"method"}
    assert effects(older[:2], newer[:2]) == {"method"}


def test_rows_that_get_a_line_are_data(tmp_path: Path) -> None:
    older = run(tmp_path / "older", [{}, {"activity": "naics2017:999999"}, {"exclusion": "tax"}])
    newer = run(tmp_path / "newer", [{}, {}, {"exclusion": "tax"}])
    assert effects(older, newer) == {"data"}
    assert effects(older[:2], newer[:2]) == {"volume"}


def test_run_beside_itself_has_no_effect(tmp_path: Path) -> None:
    one = run(tmp_path / "one", [{}, {"activity": STEEL, "unit": "t"}, {"quantity": "-30"}])
    assert compare(one, one).effects == ()


ALL = frozenset(Category)
DRAFT = Profile("draft", "A draft", "2026", "draft", "made up", Fraction(95))


def excluded(*categories: int, estimate: int | None = 0) -> dict[int, Exclusion]:
    return {category: Exclusion("We sell services only.", estimate) for category in categories}


def test_every_category_has_a_standing_and_findings_are_what_is_open() -> None:
    stated = StatedBoundary(frozenset({1, 6}), excluded(9, 10) | {11: Exclusion(" ")})
    found = boundary_coverage({1: TONNE, 9: TONNE}, stated, spend=(), profile=DRAFT)
    assert len(found.categories) == 15
    assert [found.categories[Category(c)] for c in (1, 6, 9, 10, 11, 12)] == [
        Standing.INCLUDED,
        Standing.GAP,
        Standing.CONTRADICTED,
        Standing.EXCLUDED,
        Standing.NOT_STATED,
        Standing.NOT_STATED,
    ]
    assert found.findings == tuple(c for c in Category if c not in (1, 10))


def test_minimum_is_met_missed_or_unknown_by_the_estimates_of_what_is_left_out() -> None:
    stated = [
        StatedBoundary(frozenset({1}), excluded(*range(2, 15)) | excluded(15, estimate=estimate))
        for estimate in (5 * TONNE, 6 * TONNE, None)
    ]
    found = [boundary_coverage({1: 95 * TONNE}, s, spend=(), profile=DRAFT) for s in stated]
    assert [one.verdict for one in found] == [Verdict.MET, Verdict.MISSED, Verdict.UNKNOWN]
    assert [one.emissions_percent for one in found] == [95, Fraction(9500, 101), None]


def test_purchases_with_lines_are_told_by_currency_and_taxes_are_in_neither() -> None:
    shares = [(Outcome.LINE, 300), (Outcome.NOT_COVERED, 100), (Outcome.EXCLUDED, 900)]
    spend = [SpendShare(outcome, "", "GBP", 1, money, money) for outcome, money in shares]
    stated = StatedBoundary(ALL, {})
    found = boundary_coverage(dict.fromkeys(ALL, TONNE), stated, spend=spend, profile=DRAFT)
    assert found.covered_spend_percent == {"GBP": Fraction(75)}
    assert found.verdict == Verdict.MET
