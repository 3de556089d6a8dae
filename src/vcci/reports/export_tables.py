"""An inventory as tables of plain values: what workbooks, CSV, Parquet and the PDF are all made of.

Emissions stand in whole milligrams; files write the tonnes beside them, with all nine decimals.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vcci import __version__
from vcci.domain.category import Category
from vcci.domain.display import NO_NAME, spend_in_order
from vcci.domain.finding import REASONS
from vcci.domain.inventory import Inventory
from vcci.domain.review import Decision
from vcci.reports.standards.view import COLUMNS, StandardReport

MG: Final = "emissions_mg_co2e"
"""A column of whole milligrams; after it stands one of tonnes."""

BOUNDS: Final = ("low_mg_co2e", "high_mg_co2e")
TOTALS: Final = ("lines", MG, *BOUNDS)
"""Columns that tables of totals end with; the bounds of the 95 % interval are None where it is not known."""


CATEGORY: Final = ("category", "title", "status", "reason", *TOTALS)
OUTCOME: Final = ("outcome", "reason", "meaning", "unit", "rows", "spend_hundredths")


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table: its name is that of a sheet and of a file; cells are texts, integers or None."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


OF_INVENTORY: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "suppliers": ("suppliers", ("supplier", *TOTALS)),
    "factors": ("factors", ("activity", "name", "factor", "pack", *TOTALS)),
    "methods": ("methods", ("method", "is_primary", *TOTALS)),
    "methods by category": (
        "by_source",
        ("category", "method", "is_primary", "pack", "gwp_set", "lines", MG, "biogenic_mg_co2"),
    ),
    "years": ("years", ("year", *TOTALS)),
    "regions": ("regions", ("region", *TOTALS)),
    "gases": ("gases", ("gas", MG)),
    "stated apart": ("apart", ("what", "lines", "emissions_mg")),
    "perhaps counted twice": (
        "counted_twice",
        ("about", "meaning", "remedy", "one_mg_co2e", "other_mg_co2e"),
    ),
    "not covered": ("uncovered", ("account", "reason", "unit", "rows", "spend_hundredths")),
    "notices": ("notices", ("code", "meaning", "lines")),
    "decisions": (
        "decisions",
        ("number", "account", "description", "verdict", "commodity", "reason", "by", "at"),
    ),
    "packs": ("packs", ("name", "version", "publisher", "licence", "attribution", "standing", "digest")),
}
"""Tables that are fields of an inventory, with their columns."""


def export_tables(report: StandardReport) -> tuple[ExportTable, ...]:
    """Return the tables of a report: its summary and view, the figures, the manifest and the sources."""
    shown = report.reported.inventory
    figures = [
        ExportTable(
            name, columns, [tuple(_cell(row, one) for one in columns) for row in getattr(shown, field)]
        )
        for name, (field, columns) in OF_INVENTORY.items()
    ]
    return (
        ExportTable("summary", ("what", "told", MG), list(_summary(report))),
        ExportTable("report", _without_tonnes(COLUMNS), [(*row[:3], *row[4:]) for row in report.table()]),
        ExportTable("categories", CATEGORY, list(_categories(shown))),
        *figures,
        ExportTable("rows by outcome", OUTCOME, list(_outcomes(shown))),
        ExportTable("manifest", ("what", "told"), list(_manifest(report))),
        ExportTable("sources", ("file",), [(name,) for name in shown.sources]),
    )


def _without_tonnes(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in columns if name != "figure_t")


def _summary(report: StandardReport) -> Iterator[tuple[Any, ...]]:
    shown, counts = report.reported.inventory, report.reported.inventory.counts
    yield "Standard", f"{report.name}, {report.edition}", None
    yield "Inventory", shown.title, None
    yield "Reporting year", str(shown.year or "none stated, or several"), None
    yield "Total, Scope 3", "", shown.total_mg_co2e
    if shown.interval is not None:
        yield "95 % interval, from", "", shown.interval.low_mg_co2e
        yield "95 % interval, to", "", shown.interval.high_mg_co2e
    yield "Rows", f"{counts.rows}", None
    for name in ("lines", "excluded", "not_covered", "rejected"):
        yield f"Rows: {name.replace('_', ' ')}", f"{getattr(counts, name)}", None
    yield "Asked for and not available", f"{report.missing}", None


def _categories(shown: Inventory) -> Iterator[tuple[Any, ...]]:
    """Yield all fifteen categories; one without lines has no figures."""
    totals = {row.category: row for row in shown.categories}
    statuses = {row.category: row for row in shown.boundary}
    for category in Category:
        found, status = totals.get(category), statuses.get(category)
        told = (status.status, status.reason) if status else ("calculated" if found else "no data", "")
        figures = (None if found is None else _cell(found, name) for name in TOTALS)
        yield int(category), category.title, *told, *figures


def _outcomes(shown: Inventory) -> Iterator[tuple[Any, ...]]:
    for row in spend_in_order(shown):
        meaning = REASONS[row.reason].meaning if row.reason in REASONS else "Calculated."
        yield row.outcome.value, row.reason, meaning, row.unit, row.rows, row.spend_hundredths


def _cell(row: Any, name: str) -> Any:
    """Return what a table shows of a row; the supplier of rows without one has a word for a name."""
    if name in BOUNDS:
        return None if row.interval is None else getattr(row.interval, name)
    value = getattr(row, name)
    return NO_NAME if name == "supplier" and not value else value


def _manifest(report: StandardReport) -> Iterator[tuple[str, str]]:
    """Yield what names the runs of a report, and what they were calculated with."""
    shown = report.reported.inventory
    yield "digest", shown.run_digest
    for run in report.reported.runs:
        moment = f", {run.made_at:%Y-%m-%d %H:%M} UTC" if run.made_at else ""
        yield f"run {run.title}", f"{run.digest}{moment}"
    if shown.successor_of:
        yield "successor of", shown.successor_of
    yield from ((f"parameter: {name}", value) for name, value in sorted(shown.parameters.items()))
    yield from ((f"reading: {name}", value) for name, value in sorted(shown.reading.items()))
    yield from ((f"decision {one.number}", _decided(one)) for one in shown.decisions)
    yield "written by", f"VCCI {__version__}"


def _decided(one: Decision) -> str:
    code = one.commodity or one.reason
    return f"{one.text}: {one.verdict}{f' {code}' if code else ''}, {one.sentence}"
