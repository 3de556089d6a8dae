"""categories.csv and suppliers.csv: whole tables for a spreadsheet, names inert, figures exact."""

from collections.abc import Iterable

import polars as pl

from vcci.domain.display import exact_tonnes, inert
from vcci.domain.inventory import CategoryTotal, Inventory, SupplierTotal

FIGURES = ("lines", "emissions_mg_co2e", "emissions_tco2e", "low_tco2e", "high_tco2e")
"""Columns that both tables end with: whole milligrams, the same as tonnes with nine decimals, and the 95 %
interval in tonnes, empty where it is not known."""


def categories_csv(inventory: Inventory) -> bytes:
    """Return all categories as CSV in UTF-8."""
    rows = ((row.category, inert(row.title), *_figures(row)) for row in inventory.categories)
    return _csv(("category", "title", *FIGURES), rows)


def suppliers_csv(inventory: Inventory) -> bytes:
    """Return all suppliers as CSV in UTF-8, the largest first."""
    rows = ((inert(row.supplier), *_figures(row)) for row in inventory.suppliers)
    return _csv(("supplier", *FIGURES), rows)


def _figures(row: CategoryTotal | SupplierTotal) -> tuple[object, ...]:
    figures = (row.lines, row.emissions_mg_co2e, exact_tonnes(row.emissions_mg_co2e))
    if row.interval is None:
        return (*figures, None, None)
    return (*figures, exact_tonnes(row.interval.low_mg_co2e), exact_tonnes(row.interval.high_mg_co2e))


def _csv(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> bytes:
    # Not `csv.writer`: it leaves a lone \r bare, and a spreadsheet takes what follows for a row of its own.
    return pl.DataFrame(list(rows), schema=header, orient="row").write_csv().encode()
