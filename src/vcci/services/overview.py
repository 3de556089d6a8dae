"""The overview of an inventory in plain values, for all categories; every table adds up to its total.

`overview_document` is worked out once and kept; `narrowed` shows one category of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from vcci.domain.category import STATED_APART, Category
from vcci.domain.display import exact_kilograms, percent
from vcci.domain.quality import INDICATORS, weighted_score
from vcci.engine.methods import is_primary
from vcci.engine.uncertainty import Share, spread
from vcci.services.overview_facts import FactorShare, Hotspot, OverviewFacts, RunFacts, YearSum
from vcci.services.overview_rows import rows_document

WHOLE: Final = 0
"""Stands for all categories; what is stated apart, which has this number in the books, is in none of them."""

HUNDREDTHS: Final = 100
DRAWN: Final = "drawn"
WORKED_OUT: Final = "worked out"
"""How an interval came about: by draws when a run was calculated, or from the shares of its factors now."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """Sums of what is shown, what its factors add to them, and drawn intervals by category or WHOLE."""

    sums: Sequence[YearSum]
    shares: Sequence[FactorShare]
    drawn: Mapping[int, Any] | None

    def of(self, category: int) -> tuple[list[YearSum], list[FactorShare]]:
        """Return the sums and shares of a category, or of the WHOLE."""
        sums = [one for one in self.sums if category in (WHOLE, one.category)]
        return sums, [one for one in self.shares if category in (WHOLE, one.category)]

    def figures(self, category: int) -> dict[str, Any]:
        """Return what is told of a category, or of the WHOLE."""
        sums, shares = self.of(category)
        told = _sum(sums)
        mg_co2e = told["emissions_mg_co2e"]
        is_kept = all(one.method for one in shares)
        of_partners = [one for one in shares if is_primary(one.category, one.method)]
        primary = sum(one.share.emissions_mg_co2e for one in of_partners)
        return {
            **told,
            **self._interval(category, mg_co2e),
            "primary_mg_co2e": primary if is_kept else None,
            "primary_percent": percent(primary, mg_co2e) if is_kept else "",
            "quality": [indicator_score(shares, place, mg_co2e) for place in range(len(INDICATORS))],
        }

    def _interval(self, category: int, mg_co2e: int) -> dict[str, Any]:
        """Return the 95 % interval, None where nothing has a known uncertainty, and how much has none."""
        if self.drawn is not None:
            found, how = self.drawn.get(category), DRAWN
        else:
            known, how = spread(one.share for one in self.of(category)[1]), WORKED_OUT
            found = asdict(known) if known.low_mg_co2e != known.high_mg_co2e else None
        if found is None:
            return {"interval": None, "without_mg_co2e": mg_co2e}
        bounds = {name: found[name] for name in ("low_mg_co2e", "high_mg_co2e")}
        return {"interval": {**bounds, "how": how}, "without_mg_co2e": found["without_mg_co2e"]}


def overview_document(facts: OverviewFacts, bridge: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overview of all categories; `bridge` as services/overview_bridge.py tells it."""
    year = facts.selection.year
    sums = [one for one in facts.sums if one.run_id in facts.selection.shown]
    of_year = [one for one in sums if year in (None, one.year)]
    counted = [one for one in of_year if one.category != STATED_APART]
    shown = _Shown(counted, [*facts.shares, *_rest(counted, facts.shares)], _drawn(facts, of_year))
    return {
        "runs": [_run(run) for run in facts.shown_runs],
        "year": year,
        "whole": shown.figures(WHOLE),
        "categories": [_category(facts, shown, one) for one in Category],
        "apart": _sum(one for one in of_year if one.category == STATED_APART),
        "years": [_of_year(one) for one in _by_year(sums)],
        "hotspots": _hotspots(facts, counted),
        "bridge": bridge,
        **rows_document(facts),
    }


def _run(run: RunFacts) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "title": run.title,
        "year": run.year,
        "rows": run.rows,
        "emissions_mg_co2e": run.total_mg_co2e,
    }


def _sum(sums: Iterable[YearSum]) -> dict[str, Any]:
    every = list(sums)
    return _told(sum(one.lines for one in every), sum(one.mg_co2e for one in every))


def _told(lines: int, mg_co2e: int) -> dict[str, Any]:
    return {"lines": lines, "emissions_mg_co2e": mg_co2e, "emissions_kg_co2e": exact_kilograms(mg_co2e)}


def _rest(counted: Sequence[YearSum], shares: Sequence[FactorShare]) -> list[FactorShare]:
    """Return, by category, what no factor is known of: lines of runs that were stored without such sums."""
    lines, mg = Counter[int](), Counter[int]()
    for one in counted:
        lines[one.category] += one.lines
        mg[one.category] += one.mg_co2e
    for share in shares:
        lines[share.category] -= share.lines
        mg[share.category] -= share.share.emissions_mg_co2e
    unknown = (None,) * len(INDICATORS)
    return [
        FactorShare(category, "", unknown, lines[category], abs(mg[category]), Share("", mg[category], None))
        for category in sorted(lines)
        if lines[category] or mg[category]
    ]


def _drawn(facts: OverviewFacts, sums: Sequence[YearSum]) -> dict[int, Any] | None:
    """Return the intervals that were drawn, where one run is shown whole, and its inventory has them."""
    runs = facts.shown_runs
    if len(runs) != 1 or not runs[0].categories or sum(one.lines for one in sums) != runs[0].lines:
        return None
    return {WHOLE: runs[0].interval} | {told["category"]: told["interval"] for told in runs[0].categories}


def indicator_score(shares: Sequence[FactorShare], place: int, mg_co2e: int) -> dict[str, Any]:
    """Return the mean of an indicator in hundredths, weighed by emissions, and how much has a score.

    Where no method was kept of any line, no score was, and how much has one is not known.
    """
    scored = [(one, one.scores[place]) for one in shares]
    pairs = [(one.weight_mg, score) for one, score in scored if score is not None]
    assessed = sum(one.share.emissions_mg_co2e for one, score in scored if score is not None)
    has_weight = any(weight for weight, _ in pairs)
    is_kept = not shares or any(one.method for one in shares)
    return {
        "indicator": INDICATORS[place],
        "score_hundredths": round(HUNDREDTHS * weighted_score(pairs)) if has_weight else None,
        "assessed_mg_co2e": assessed if is_kept else None,
        "assessed_percent": percent(assessed, mg_co2e) if is_kept else "",
    }


def _category(facts: OverviewFacts, shown: _Shown, category: Category) -> dict[str, Any]:
    figures = shown.figures(category)
    whole = sum(one.mg_co2e for one in shown.sums)
    status, reason = _status(facts, category, has_lines=bool(figures["lines"]))
    return {
        "category": category.value,
        "title": category.title,
        "status": status,
        "reason": reason,
        "share_percent": percent(figures["emissions_mg_co2e"], whole),
        **figures,
    }


def _status(facts: OverviewFacts, category: int, *, has_lines: bool) -> tuple[str, str]:
    """Return calculated, left out with the reason that a run states, or no data."""
    told = [one for run in facts.shown_runs for one in run.boundary if one["category"] == category]
    reason = next((one["reason"] for one in told if one["reason"]), "")
    if has_lines:
        return "calculated", reason
    return ("left out", reason) if reason else ("no data", "")


def _by_year(sums: Iterable[YearSum]) -> list[tuple[int, int | None, int, int]]:
    """Return category, year, lines and mg, without what is stated apart, in order; without a year last."""
    lines, mg = Counter[tuple[int, int | None]](), Counter[tuple[int, int | None]]()
    for one in sums:
        if one.category != STATED_APART:
            lines[one.category, one.year] += one.lines
            mg[one.category, one.year] += one.mg_co2e
    order = sorted(lines, key=lambda key: (key[1] is None, key[1] or 0, key[0]))
    return [(*key, lines[key], mg[key]) for key in order]


def _of_year(row: tuple[int, int | None, int, int]) -> dict[str, Any]:
    category, year, lines, mg = row
    return {"category": category, "year": year, **_told(lines, mg)}


def _hotspots(facts: OverviewFacts, counted: Sequence[YearSum]) -> list[dict[str, Any]]:
    """Return the largest suppliers of each category, and all others, which make the category whole."""
    found = []
    for category in sorted({one.category for one in counted}):
        mine = [one for one in facts.hotspots if one.category == category]
        whole = _sum(one for one in counted if one.category == category)
        found += [_supplier(one) for one in mine]
        others = sum(1 for one in mine if one.supplier_id)
        rest = _told(
            whole["lines"] - sum(one.lines for one in mine),
            whole["emissions_mg_co2e"] - sum(one.mg_co2e for one in mine),
        )
        if rest["lines"]:
            many = mine[0].suppliers - others if mine else 0
            found.append({"category": category, "kind": "others", **_nobody(many), **rest})
    return found


def _supplier(one: Hotspot) -> dict[str, Any]:
    if one.supplier_id is None:
        return {"category": one.category, "kind": "none", **_nobody(0), **_told(one.lines, one.mg_co2e)}
    return {
        "category": one.category,
        "kind": "supplier",
        "supplier_id": str(one.supplier_id),
        "supplier": one.supplier or "",
        "suppliers": 1,
        **_told(one.lines, one.mg_co2e),
    }


def _nobody(suppliers: int) -> dict[str, Any]:
    return {"supplier_id": None, "supplier": None, "suppliers": suppliers}


def narrowed(document: Mapping[str, Any], category: int | None) -> dict[str, Any]:
    """Return what is shown of an overview: all of it, or one category without what no category has."""
    categories = [one for one in document["categories"] if category in (None, one["category"])]
    total = document["whole"] if category is None else _without_names(categories[0])
    years = _summed_years(one for one in document["years"] if category in (None, one["category"]))
    undated = next((one for one in years if one["year"] is None), None)
    return {
        **{name: document[name] for name in ("runs", "year", "rows", "by_reason", "coverage", "uncovered")},
        "category": category,
        "total": total,
        "categories": categories,
        "apart": document["apart"] if category is None else _told(0, 0),
        "years": years,
        "undated_left_out": undated if document["year"] is not None else None,
        "hotspots": [one for one in document["hotspots"] if category in (None, one["category"])],
        "bridge": _narrowed_bridge(document["bridge"], category),
    }


def _without_names(category: Mapping[str, Any]) -> dict[str, Any]:
    names = ("category", "title", "status", "reason", "share_percent")
    return {name: value for name, value in category.items() if name not in names}


def _summed_years(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lines, mg = Counter[int | None](), Counter[int | None]()
    for one in rows:
        lines[one["year"]] += one["lines"]
        mg[one["year"]] += one["emissions_mg_co2e"]
    return [{"year": year, **_told(lines[year], mg[year])} for year in lines]


def _narrowed_bridge(bridge: Mapping[str, Any], category: int | None) -> dict[str, Any]:
    if "reason" in bridge:
        return dict(bridge)

    def mine(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [one for one in rows if category in (None, one["category"])]

    sides = {
        name: {
            **{key: value for key, value in bridge[name].items() if key != "by_category"},
            "emissions_mg_co2e": sum(one["emissions_mg_co2e"] for one in mine(bridge[name]["by_category"])),
        }
        for name in ("older", "newer")
    }
    return {**sides, "effects": mine(bridge["effects"])}
