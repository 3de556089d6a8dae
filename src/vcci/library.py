"""VCCI as a library: `import vcci`, then `vcci.calculate(...)`.

Activities go in as dictionaries (the form of `vcci schema`) or as a Polars frame with the same names as
columns; lines come out as a frame with their derivation. The same engine answers as for files and services.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import polars as pl

from vcci import runtime
from vcci.domain import boundary
from vcci.domain.display import exact_kilograms, tonnes
from vcci.domain.factor import EmissionFactor, PriceBasis
from vcci.domain.product_footprint import ProductFootprint, co2_of_carbon
from vcci.domain.quality import primary_data_share_percent, weighted_score
from vcci.domain.sampling import sampling_interval, systematic_sample
from vcci.domain.selection import Unresolved
from vcci.engine.boundary import place_told
from vcci.engine.boundary import recalculation as recalculation_of
from vcci.engine.expand import PartOfActivity, expand
from vcci.packs import PackLibrary
from vcci.packs.search import search
from vcci.parameters import load
from vcci.services import calculations
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import Answer

__all__ = [
    "ActivityRequest",
    "Answer",
    "Calculation",
    "ProductFootprint",
    "amounts",
    "calculate",
    "co2_of_carbon",
    "factors",
    "place",
    "primary_data_share_percent",
    "recalculation",
    "sampling_interval",
    "systematic_sample",
    "weighted_score",
]

LINE_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "category": pl.Int8,
    "method": pl.String,
    "part": pl.String,
    "amount": pl.Float64,
    "emissions_kg_co2e": pl.Decimal(38, 6),
    "emissions_mg_co2e": pl.Int64,
    "co2_mg": pl.Int64,
    "ch4_mg_co2e": pl.Int64,
    "n2o_mg_co2e": pl.Int64,
    "biogenic_co2_mg": pl.Int64,
    "is_apart": pl.Boolean,
    "factor_id": pl.String,
    "factor_unit": pl.String,
    "pack": pl.String,
    "notices": pl.List(pl.String),
    "derivation": pl.List(pl.String),
}
"""Columns of `Calculation.lines`."""

FINDING_SCHEMA = {
    "id": pl.String,
    "code": pl.String,
    "meaning": pl.String,
    "remedy": pl.String,
    "tried": pl.String,
}
"""Columns of `Calculation.findings`."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """The answers to activities, in their order; shown as a table in a notebook."""

    answers: tuple[Answer, ...]

    @property
    def total_mg_co2e(self) -> int:
        """The sum of all lines in milligrams, without those that are stated apart."""
        return sum(answer.total_mg_co2e for answer in self.answers)

    @property
    def total_kg_co2e(self) -> Decimal:
        """The same in kilograms, exactly."""
        return Decimal(exact_kilograms(self.total_mg_co2e))

    @property
    def lines(self) -> pl.DataFrame:
        """One row for each line: LINE_SCHEMA."""
        rows = [_line_row(answer.id, line) for answer in self.answers for line in answer.lines]
        return pl.DataFrame(rows, schema=LINE_SCHEMA, orient="row")

    @property
    def findings(self) -> pl.DataFrame:
        """One row for each activity without lines: FINDING_SCHEMA."""
        found = [a.as_json()["finding"] | {"id": a.id} for a in self.answers if a.reason]
        rows = [{**row, "tried": ", ".join(row["tried"])} for row in found]
        return pl.DataFrame(rows, schema=FINDING_SCHEMA)

    def _repr_html_(self) -> str:
        cells = [
            (a.id, line.category, line.method, line.part, tonnes(line.emissions_mg_co2e), line.factor_id)
            for a in self.answers
            for line in a.lines
        ]
        head = ("id", "category", "method", "part", "t CO2e", "factor")
        rows = "".join(f"<tr>{''.join(_cell(text, 'td') for text in row)}</tr>" for row in cells)
        total = html.escape(tonnes(self.total_mg_co2e))
        without = self.findings.height
        return (
            f"<table><thead><tr>{''.join(_cell(name, 'th') for name in head)}</tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{total} t CO2e; {without} activities without lines</p>"
        )


def calculate(
    activities: Mapping[str, Any] | Iterable[Mapping[str, Any]] | pl.DataFrame,
    *,
    packs: Sequence[str] = (),
    gwp_set: str = "",
    price_basis: str = "purchaser",
) -> Calculation:
    """Return the lines of activities, or for each why it has none.

    `packs` are names or folders in order of preference; all that ship without a mark if left out.
    """
    calculator_for = runtime.calculator_for(packs, gwp_set=gwp_set, price_basis=PriceBasis(price_basis))
    asked = _requests(activities)
    return Calculation(tuple(calculations.calculate(asked, calculator_for=calculator_for)))


def amounts(activity: Mapping[str, Any]) -> tuple[PartOfActivity, ...]:
    """Return the parts of an activity with a method, each with its amount and unit, without any factor.

    Raises `ValueError` with the finding's code where an input is wrong.
    """
    request, _ = ActivityRequest.model_validate(activity).in_words_of_the_engine()
    parts = expand(request, load.units(()))
    if isinstance(parts, Unresolved):
        raise ValueError(f"{parts.reason}: {', '.join(parts.tried)}")
    return parts


SITUATIONS: dict[str, type] = {
    "lease": boundary.Lease,
    "freight": boundary.Freight,
    "purchase": boundary.Purchase,
    "stage": boundary.Stage,
    "travel": boundary.Travel,
    "holding": boundary.Holding,
    "franchise": boundary.Franchise,
    "biogenic_co2": boundary.BiogenicCo2,
}
"""Situations of the boundary by the name that `place` takes."""


def place(situation: str, **told: Any) -> boundary.Placement:
    """Return where an emission belongs (its `label` is `3.4` or `scope 1`), why, and the source.

    `place("freight", leg=..., operator="others", is_paid_by_company=True, source="fuel")`; docs/boundary.md
    lists the situations and their words. Facts may be left out: what then leaves the place open comes back as
    `Unplaced`, with the question to ask. Raises `ValueError` for a word that is not known.
    """
    kind = SITUATIONS[situation]
    known: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    chosen = {name: text if known[name] is bool else known[name](text) for name, text in told.items()}
    return place_told(kind, chosen)


def recalculation(change: str) -> str:
    """Return what a change does to the base year: `no recalculation`, or `recalculation if significant`."""
    return recalculation_of(boundary.Change(change)).value


def factors(words: str, *, packs: Sequence[str] = (), limit: int = 20) -> pl.DataFrame:
    """Return the factors whose title has the words, best first, in kg CO2e per unit."""
    library = PackLibrary()
    names = packs or library.unmarked_names()
    listed = [f for name in names if library.is_of_factors(name) for f in library.factors(name)]
    return pl.DataFrame([_factor_row(factor) for factor in search(listed, words)[:limit]])


def _requests(activities: Any) -> list[Any]:
    if isinstance(activities, pl.DataFrame):
        return [{k: v for k, v in row.items() if v is not None} for row in activities.iter_rows(named=True)]
    return [activities] if isinstance(activities, Mapping) else list(activities)


def _line_row(name: str, line: Any) -> tuple[Any, ...]:
    gases = line.gases_mg_co2e
    return (
        *(name, line.category, line.method, line.part, line.amount),
        *(Decimal(exact_kilograms(line.emissions_mg_co2e)), line.emissions_mg_co2e),
        *(gases.get("CO2"), gases.get("CH4"), gases.get("N2O"), line.biogenic_mg_co2, line.is_apart),
        *(line.factor_id, line.factor_unit, line.pack, list(line.notices), list(line.steps)),
    )


def _factor_row(factor: EmissionFactor) -> dict[str, Any]:
    return {
        "activity": factor.activity,
        "name": factor.name,
        "kg_co2e": factor.value_kg_co2e,
        "unit": factor.unit,
        "region": factor.region,
        "year": factor.price_year or factor.year,
        "gwp_set": factor.gwp_set,
        "pack": factor.pack,
    }


def _cell(text: object, tag: str) -> str:
    return f"<{tag}>{html.escape(str(text))}</{tag}>"
