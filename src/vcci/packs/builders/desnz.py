"""UK Government conversion factors: the flat files of 2024 and 2025, the condensed workbook of 2023."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
from python_calamine import CalamineWorkbook

from vcci.domain.factor import PackManifest
from vcci.packs.builders.figures import of_sheet, rounded
from vcci.packs.builders.physical import GASES, UNITS, frame, levels, slug

COLUMN_OF: Final = {
    "kg CO2e": "value_kg_co2e",
    "kg CO2e of CO2 per unit": "co2_kg",
    "kg CO2e of CH4 per unit": "ch4_kg_co2e",
    "kg CO2e of N2O per unit": "n2o_kg_co2e",
}
"""The publisher's columns of gases and ours; rows of energy (kWh per km, for SECR) are no factors."""

LEVELS: Final = ("level_1", "level_2", "level_3", "level_4", "column_text")
OUTSIDE: Final = "Outside of Scopes"
CONDENSED: Final = "factors/uk_desnz_ghg_conversion_factors_2023_condensed_original.xlsx"
PLACES: Final = 5
"""Decimals of the flat files that followed; the cells of the workbook hold unrounded results."""

Cells = Sequence[Any]


def flat_2025(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the flat file of June 2025."""
    return _flat(sources, 2025), _manifest(2025, "2025 v1", FLAT_NOTES)


def flat_2024(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the flat file of October 2024."""
    return _flat(sources, 2024), _manifest(2024, "2024 v1.1", FLAT_NOTES)


FLAT_NOTES: Final = (
    "Well-to-tank, transmission and distribution, and flights with and without radiative forcing are "
    "activities of their own. Flights include 8 % for detours. Rows without a figure are blank as published. "
    "The 514 rows of kWh per distance (SECR) are left out. CO2 outside of scopes is biogenic and in no sum."
)


def _flat(sources: Path, year: int) -> pl.DataFrame:
    published = pl.read_parquet(sources / f"factors/uk_desnz_ghg_conversion_factors_{year}_flat.parquet")
    rows: dict[str, dict[str, Any]] = {}
    for cell in published.iter_rows(named=True):
        column = COLUMN_OF.get(cell["ghg_unit"])
        if column is None:
            continue
        row = rows.setdefault(cell["id"].rpartition("_")[0], _described(cell))
        column = "biogenic_co2_kg" if cell["scope"] == OUTSIDE else column
        row[column] = None if cell["value"] is None else of_sheet(cell["value"])
    return frame(rows.values(), prefix=f"desnz{year}")


def _described(cell: dict[str, Any]) -> dict[str, Any]:
    path, title = levels(*(cell[name] for name in LEVELS))
    return {
        "id": cell["id"],
        "path": path,
        "title": title,
        "published_unit": cell["uom"],
        "region": "GB",
        "year": cell["factor_year"],
        "scope": cell["scope"],
    }


def condensed_2023(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return every factor of the condensed workbook of 2023."""
    workbook = CalamineWorkbook.from_path(sources / CONDENSED)
    by_sheet = {
        name: list(table_rows(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)))
        for name in workbook.sheet_names
    }
    without = ", ".join(name for name, rows in by_sheet.items() if not rows)
    rows = [row for rows in by_sheet.values() for row in rows]
    notes = (
        "The condensed set: no well-to-tank factors, nothing outside of scopes. The workbook has no ids; "
        "ours are made of its headings. Its cells hold unrounded results, taken over to five decimals as in "
        f"the flat files of later years. Sheets without emission factors: {without}."
    )
    return frame(rows, prefix="desnz2023"), _manifest(2023, "2023 v1.1 condensed", notes)


def table_rows(name: str, cells: Sequence[Cells]) -> Iterator[dict[str, Any]]:
    """Yield the factors of a sheet: tables one beneath the other, each with a heading row that has 'Unit'."""
    headings = [number for number, row in enumerate(cells) if "Unit" in row]
    for start, end in zip(headings, (*headings[1:], len(cells)), strict=False):
        columns = _columns(cells[start], groups=cells[start - 1])
        at_unit = cells[start].index("Unit")
        labels = [""] * at_unit
        for row in cells[start + 1 : end]:
            if row[at_unit] in UNITS:
                labels = _labels(labels, row)
                yield from _of_row((name, *labels), row[at_unit], _figures(row, columns))


def _columns(heading: Cells, *, groups: Cells) -> dict[int, tuple[str, str]]:
    """Return what each column of figures holds: the group above it, which spans several, and the gas."""
    found, group = {}, ""
    for number in range(heading.index("Unit") + 1, len(heading)):
        group = str(groups[number]).strip() or group
        if heading[number] in COLUMN_OF:
            found[number] = (group, COLUMN_OF[heading[number]])
    return found


def _labels(above: list[str], row: Cells) -> list[str]:
    """Return the labels of a row: a blank one is that of the row above, but not beneath a new one."""
    own = [str(cell).strip() for cell in row[: len(above)]]
    first = next((number for number, text in enumerate(own) if text), len(own))
    return above[:first] + own[first:]


def _figures(row: Cells, columns: dict[int, tuple[str, str]]) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {group: {} for group, _ in columns.values()}
    for number, (group, column) in columns.items():
        if isinstance(row[number], float):
            groups[group][column] = rounded(row[number], places=PLACES)
    return groups


def _of_row(names: Sequence[str], unit: str, groups: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    for group, figures in groups.items():
        path, title = levels(*names, group)
        yield {
            "id": slug(*names, group, unit),
            "path": path,
            "title": title,
            "published_unit": unit,
            "region": "GB",
            "year": 2023,
            "scope": SCOPES.get(names[0], "Scope 3"),
            **figures,
        }


SCOPES: Final = {
    "Fuels": "Scope 1",
    "Bioenergy": "Scope 1",
    "Refrigerant & other": "Scope 1",
    "Passenger vehicles": "Scope 1",
    "UK electricity": "Scope 2",
    "UK electricity for EVs": "Scope 2",
}
"""The scope that stands at the head of each sheet of the workbook, where it is not 3."""


def _manifest(year: int, version: str, notes: str) -> PackManifest:
    return PackManifest(
        name=f"desnz-{year}",
        version=version,
        kind="physical_factors",
        title="UK Government GHG Conversion Factors for Company Reporting",
        publisher="UK Department for Energy Security and Net Zero",
        year=year,
        licence="Open Government Licence v3.0",
        redistribution="yes, with attribution",
        attribution="Contains public sector information licensed under the Open Government Licence v3.0",
        source="https://www.gov.uk/government/collections/government-conversion-factors-for-company-reporting",
        digest="",
        gwp_set="AR5",
        boundary="by activity: combustion or use; well-to-tank and losses apart",
        region="GB",
        notes=notes,
        gases=GASES,
    )
