"""How an overview is shown: its charts, its rows in their order, and where each leads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from vcci.domain.bridge import EFFECTS, MEANINGS
from vcci.domain.category import Category
from vcci.domain.display import NO_NAME, exact_tonnes, visible
from vcci.domain.quality import INDICATORS
from vcci.web.charts.bars import Bar
from vcci.web.charts.bridge import Step
from vcci.web.views import Table

UNIT_SEPARATOR: Final = "\x1f"
"""Between the parts of a path in a table that charts are drawn of."""

COLUMNS: Final = (
    "category",
    "title",
    "status",
    "reason",
    "lines",
    "emissions_mg_co2e",
    "emissions_tco2e",
    "share_percent",
    "low_tco2e",
    "high_tco2e",
    "without_uncertainty_mg_co2e",
)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the overview, and of pages that go by the same runs."""

    path: str
    asked: Mapping[str, Any]

    def __call__(self, path: str = "", **changes: Any) -> str:
        """Return the address of a page with what is asked for now, but for the changes; None takes away."""
        told = {name: value for name, value in {**self.asked, **changes}.items() if value is not None}
        query = urlencode(told, doseq=True)
        return f"{path or self.path}?{query}" if query else path or self.path

    def on(self, path: str) -> str:
        """Return the address of a page that knows runs and a year alone."""
        return self(path, category=None, against=None)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row of the table of hotspots: where it stands, what it is called, and where it leads."""

    path: str
    label: str
    lines: int
    mg: int
    href: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A category with its hotspots, which add up to it; it leads to an overview of it alone."""

    title: str
    lines: int
    mg: int
    href: str
    leaves: Sequence[Leaf]


def told_of(document: Mapping[str, Any], links: Links) -> dict[str, Any]:
    """Return what the template is told."""
    categories = [one for one in document["categories"] if one["lines"]]
    return {
        "overview": document,
        "is_empty": not document["rows"]["rows"] and not document["total"]["lines"],
        "links": links,
        "indicators": INDICATORS,
        "all_categories": list(Category),
        "bars_rows": [
            Bar(one["title"], one["emissions_mg_co2e"], links.on(f"/categories/{one['category']}"))
            for one in categories
        ],
        "branches": [_branch(document, one, links) for one in categories],
        "quality_rows": [
            (f"{one['category']} {one['title']}", [score["score_hundredths"] for score in one["quality"]])
            for one in categories
        ],
        "effects": MEANINGS,
        **_bridge(document["bridge"]),
    }


def _branch(document: Mapping[str, Any], category: Mapping[str, Any], links: Links) -> Branch:
    """Return a category with its hotspots; suppliers of one name are told apart by a number."""
    number, title = category["category"], category["title"]
    mine = [one for one in document["hotspots"] if one["category"] == number]
    seen = Counter[str]()
    leaves = []
    for one in mine:
        name = _name(one)
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        path = UNIT_SEPARATOR.join((title, label))
        href = links.on(f"/categories/{number}{_below(one)}")
        leaves.append(Leaf(path, label, one["lines"], one["emissions_mg_co2e"], href))
    is_alone = document["category"] is not None
    href = links.on(f"/categories/{number}") if is_alone else links(category=number)
    return Branch(title, category["lines"], category["emissions_mg_co2e"], href, leaves)


def _name(hotspot: Mapping[str, Any]) -> str:
    if hotspot["kind"] == "supplier":
        return visible(hotspot["supplier"]) or NO_NAME
    return "Without a supplier" if hotspot["kind"] == "none" else f"All others ({hotspot['suppliers']:,})"


def _below(hotspot: Mapping[str, Any]) -> str:
    if hotspot["kind"] == "others":
        return ""
    return f"/suppliers/{hotspot['supplier_id'] or 'none'}"


def _bridge(bridge: Mapping[str, Any]) -> dict[str, Any]:
    """Return the totals that a bridge leads from and to, and its effects in their order."""
    if "reason" in bridge:
        return {}
    sums = Counter[str]()
    for one in bridge["effects"]:
        sums[one["effect"]] += one["emissions_mg_co2e"]
    start, end = (
        Step(bridge[name]["label"], bridge[name]["emissions_mg_co2e"]) for name in ("older", "newer")
    )
    steps = [Step(effect, sums[effect]) for effect in EFFECTS if sums[effect]]
    return {"start_step": start, "steps": steps, "end_step": end}


def categories_table(document: Mapping[str, Any]) -> Table:
    """Return the categories as a table; they add up to the total."""
    return Table(COLUMNS, [_cells(one) for one in document["categories"]])


def _cells(one: Mapping[str, Any]) -> list[Any]:
    interval = one["interval"]
    bounds = (
        [exact_tonnes(interval[name]) for name in ("low_mg_co2e", "high_mg_co2e")] if interval else ["", ""]
    )
    return [
        *(one[name] for name in ("category", "title", "status", "reason", "lines", "emissions_mg_co2e")),
        exact_tonnes(one["emissions_mg_co2e"]),
        one["share_percent"],
        *bounds,
        one["without_mg_co2e"],
    ]
