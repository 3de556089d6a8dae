"""A report by a standard: sections of rows, each with what the inventory says, or why it says nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from vcci.domain.display import exact_tonnes
from vcci.services.reported import Reported

COLUMNS: Final = (
    *("section", "asked", "figure_mg", "figure_t", "unit", "told"),
    *("not_available", "what_to_do", "source"),
)
"""Columns of a report as a table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is asked for: a figure in milligrams, or words; or why there is neither."""

    label: str
    mg: int | None = None
    text: str = ""
    why: str = ""
    remedy: str = ""

    @property
    def is_missing(self) -> bool:
        """Say whether it is asked for and not there."""
        return bool(self.why)


def missing(label: str, why: str, remedy: str) -> Row:
    """Return a row of what is not available."""
    return Row(label, why=why, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Section:
    """What one requirement asks for; with `total_mg` the figures of its rows add up to it.

    `unit` is that of the figures in tonnes: `t CO2e`, or `t CO2` for biogenic CO2.
    """

    key: str
    title: str
    asks: str
    source: str
    rows: Sequence[Row]
    total_mg: int | None = None
    unit: str = "t CO2e"

    @property
    def has_figures(self) -> bool:
        """Say whether any row has a figure."""
        return any(row.mg is not None for row in self.rows)

    @property
    def missing(self) -> int:
        """The number of rows that are not available."""
        return sum(row.is_missing for row in self.rows)


@dataclass(frozen=True, slots=True)
class StandardReport:
    """An inventory as a standard asks for it; it says nothing that was not calculated."""

    slug: str
    name: str
    edition: str
    reported: Reported
    sections: Sequence[Section]

    @property
    def missing(self) -> int:
        """The number of things that are asked for and not available."""
        return sum(section.missing for section in self.sections)

    @property
    def total_mg_co2e(self) -> int:
        """The total of Scope 3, as far as it was calculated."""
        return self.reported.inventory.total_mg_co2e

    def table(self) -> Iterator[tuple[Any, ...]]:
        """Yield every row, with COLUMNS."""
        for section in self.sections:
            for row in section.rows:
                figure = (None,) * 3 if row.mg is None else (row.mg, exact_tonnes(row.mg), section.unit)
                yield section.title, row.label, *figure, row.text, row.why, row.remedy, section.source

    def as_json(self) -> dict[str, Any]:
        """Return the report in plain values; milligrams are integers, tonnes exact texts."""
        return {
            "standard": self.slug,
            "name": self.name,
            "edition": self.edition,
            "runs": [run.as_json() for run in self.reported.runs],
            "total_mg_co2e": self.total_mg_co2e,
            "total_tco2e": exact_tonnes(self.total_mg_co2e),
            "not_available": self.missing,
            "sections": [_section_as_json(section) for section in self.sections],
        }


def _section_as_json(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "asks": section.asks,
        "source": section.source,
        "unit": section.unit,
        "total_mg": section.total_mg,
        "rows": [
            {
                "asked": row.label,
                "figure_mg": row.mg,
                "figure_t": None if row.mg is None else exact_tonnes(row.mg),
                "told": row.text,
                "not_available": {"why": row.why, "what_to_do": row.remedy} if row.is_missing else None,
            }
            for row in section.rows
        ],
    }


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a standard asks for, by key: our words, and the number of its paragraph."""

    slug: str
    name: str
    edition: str
    asks: Mapping[str, Mapping[str, str]]

    def section(
        self, key: str, title: str, *, rows: Sequence[Row], total_mg: int | None = None, unit: str = "t CO2e"
    ) -> Section:
        """Return the section of a requirement."""
        told = self.asks[key]
        return Section(key, title, told["asks"], told["source"], rows, total_mg, unit)

    def report(self, reported: Reported, *sections: Section) -> StandardReport:
        """Return the report of these sections."""
        return StandardReport(self.slug, self.name, self.edition, reported, sections)


@cache
def requirements(slug: str) -> Requirements:
    """Return what a standard asks for; numbers of paragraphs are data: amended editions count otherwise."""
    text = resources.files("vcci.reports.standards").joinpath("requirements.yaml").read_text("utf-8")
    return Requirements(slug, **yaml.safe_load(text)[slug])
