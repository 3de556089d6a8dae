"""US EPA Emission Factors Hub: three editions, each the twelve tables of one workbook."""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.packs.builders.figures import plain
from vcci.packs.builders.physical import GASES, frame, levels, slug

PUBLISHED: Final = "factors/us_epa_ghg_emission_factors_hub_2023_2024_2025_tidy.csv"

GWP_SETS: Final = {2023: "AR4", 2024: "AR5", 2025: "AR5"}
"""The set of GWP-100 that each edition prints in its table 11, and works with."""

KG: Final = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "metric ton": Decimal(1000),
}
METRICS: Final = {"co2": "co2_kg", "ch4": "ch4_kg_co2e", "n2o": "n2o_kg_co2e", "co2e": "", "gwp100": ""}
"""The metrics that are factors, with their columns of gases; heat contents and grid losses are none."""

SCOPES: Final = {**dict.fromkeys("12345", "Scope 1"), "6": "Scope 2", "7": "Scope 2", "8": "Scope 3",
                 "9": "Scope 3", "10": "Scope 3"}  # fmt: skip
BIOGENIC: Final = ("Biomass Fuels", "Biodiesel (100%)", "Ethanol (100%)")
"""Starts of headings and names whose CO2 is biogenic: it is kept apart, CH4 and N2O count."""

DETAIL_IN_ID: Final[dict[str, Callable[[str], str]]] = {
    "6": lambda detail: detail.rpartition(" | ")[2],
    "11": lambda _: "",
    "12": lambda _: "",
}
"""What of the detail is part of an id: of eGRID which output is meant, of gases and blends nothing."""


def edition_2025(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the edition of January 2025."""
    return _frame(sources, 2025), _manifest(2025, "15 January 2025", "")


def edition_2024(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the edition of February 2024, which EPA corrected in June 2024."""
    note = " Superseded: EPA corrected tables 8 and 10 in June 2024."
    return _frame(sources, 2024), _manifest(2024, "13 February 2024", note)


def edition_2023(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the edition of September 2023."""
    return _frame(sources, 2023), _manifest(2023, "12 September 2023", "")


def _frame(sources: Path, year: int) -> pl.DataFrame:
    published = pl.read_csv(sources / PUBLISHED, infer_schema=False)
    cells = published.filter(
        (pl.col("hub_year") == str(year)) & pl.col("metric").is_in(list(METRICS))
    ).with_columns(pl.col("detail").fill_null(""))
    return frame(_rows(cells, _gwps(cells), year=year), prefix=f"epahub{year}")


def _gwps(cells: pl.DataFrame) -> dict[str, Decimal]:
    """Return the GWPs of methane and nitrous oxide that the edition prints in its own table 11."""
    printed = cells.filter(pl.col("table") == "11").select("item", "detail", "value").iter_rows()
    by_formula = {detail or item: value for item, detail, value in printed}
    return {metric: Decimal(by_formula[metric.upper()]) for metric in ("ch4", "n2o")}


def _rows(cells: pl.DataFrame, gwps: dict[str, Decimal], *, year: int) -> Iterator[dict[str, Any]]:
    """Yield one row for each item and unit, its gases joined; a name that stands twice is numbered."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    first: dict[str, dict[str, Any]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for cell in cells.iter_rows(named=True):
        mass, unit = _units(cell["unit"])
        detail = DETAIL_IN_ID.get(cell["table"], str)(cell["detail"])
        name = slug(cell["table"], cell["item"], detail, unit)
        seen[name, cell["metric"]] += 1
        number = seen[name, cell["metric"]]
        name = name if number == 1 else f"{name}_{number}"
        first.setdefault(name, cell | {"unit": unit, "number": number})
        found.setdefault(name, {})[cell["metric"]] = {"value": cell["value"], "mass": mass}
    for name, gases in found.items():
        yield {"id": name, "year": year, **_described(first[name]), **_figures(first[name], gases, gwps)}


def _units(text: str) -> tuple[str, str]:
    """Part `g CH4 / vehicle-mile` into mass and unit."""
    numerator, _, unit = text.replace(" per ", "/").partition("/")
    mass = next(mass for mass in ("metric ton", "kg", "lb", "g") if numerator.startswith(mass))
    return mass, unit.strip()


def _described(cell: dict[str, Any]) -> dict[str, Any]:
    table = f"Table {cell['table']}: {cell['table_title']}"
    details = cell["detail"].split(" | ") if cell["table"] == "6" else [cell["detail"]]
    path, title = levels(table, cell["item"], *details)
    if cell["table"] == "1":
        path, title = levels(table, cell["detail"], cell["item"])
    return {
        "path": path,
        "title": title if cell["number"] == 1 else f"{title} ({cell['number']}nd of this name)",
        "published_unit": cell["unit"],
        "region": "US",
        "scope": SCOPES.get(cell["table"], ""),
    }


def _figures(
    cell: dict[str, Any], gases: dict[str, dict[str, str]], gwps: dict[str, Decimal]
) -> dict[str, str | None]:
    """Return the exact figures: kg CO2e by the GWPs of the edition, biogenic CO2 apart."""
    kg = {
        metric: Decimal(said["value"]) * KG[said["mass"]] * gwps.get(metric, Decimal(1))
        for metric, said in gases.items()
    }
    biogenic = kg.pop("co2", None) if _is_biogenic(cell) else None
    figures = {METRICS[metric]: plain(value) for metric, value in kg.items() if METRICS[metric]}
    value = plain(sum(kg.values(), Decimal(0))) if kg else None
    return {
        **figures,
        "value_kg_co2e": value,
        "biogenic_co2_kg": None if biogenic is None else plain(biogenic),
    }


def _is_biogenic(cell: dict[str, Any]) -> bool:
    return any(str(cell[heading]).startswith(BIOGENIC) for heading in ("detail", "item"))


def _manifest(year: int, version: str, note: str) -> PackManifest:
    return PackManifest(
        name=f"epa-hub-{year}",
        version=version,
        kind="physical_factors",
        title="GHG Emission Factors Hub, with eGRID subregions",
        publisher="US EPA, Center for Corporate Climate Leadership",
        year=year,
        licence="public domain (17 USC 105)",
        redistribution="yes",
        attribution=f"US EPA, GHG Emission Factors Hub, {version}",
        source="https://www.epa.gov/climateleadership/ghg-emission-factors-hub",
        digest="",
        gwp_set=GWP_SETS[year],
        boundary="combustion, generation or treatment; no upstream",
        region="US",
        notes="Published by gas: the CO2e is worked out exactly, with the GWPs of the edition's own table "
        "11. Table 2 is CO2 alone, tables 3 to 5 are CH4 and N2O alone. CO2 of what EPA heads as biomass "
        "fuels is biogenic and kept apart. Heat contents and grid losses are left out. Names that stand "
        "twice are numbered." + note,
        gases=GASES,
    )
