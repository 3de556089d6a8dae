"""Small inventories, and the names that try to be more than names."""

from typing import Any

from vcci.domain.finding import NOTICES, Outcome
from vcci.domain.inventory import (
    CategoryTotal,
    FactorTotal,
    Inventory,
    NoticeCount,
    PackInUse,
    RowCounts,
    SpendShare,
    SupplierTotal,
    UncoveredAccount,
    YearTotal,
)

TONNE = 1_000_000_000
"""Milligrams."""

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "[red]Acme[/red]",
    "Acme [/]",
    ":skull: Acme",
    '=HYPERLINK("http://127.0.0.1/")',
    "\u00a0=1+1",
    "-1+1",
    "＝1+1",
    "Acme \u202egnp.exe",
    "Acme\x1b]0;owned\x07\x1b[31m",
    "Acme\r\nTotal",
    "\x00=1+1",
)
"""Supplier names as nobody wants them."""

PACK = PackInUse(
    name="epa-v1.3",
    version="1.3.0",
    publisher="US EPA",
    licence="US public domain",
    attribution="Supply Chain GHG Emission Factors v1.3",
    digest="ab" * 32,
)


def suppliers(*totals: int) -> tuple[SupplierTotal, ...]:
    """Return one supplier for each total in mg, with one line each."""
    return tuple(SupplierTotal(f"Supplier {n}", 1, mg) for n, mg in enumerate(totals, 1))


def named(*names: str) -> tuple[SupplierTotal, ...]:
    """Return a supplier of one line and no emissions for each name."""
    return tuple(SupplierTotal(name, 1, 0) for name in names)


def inventory(**given: Any) -> Inventory:
    """Return an inventory of 6 lines and 8 t CO2e in two categories, 2 rows of each other outcome."""
    usual: dict[str, Any] = {
        "run_digest": "0123456789abcdef" * 4,
        "title": "Payments 2024",
        "year": 2024,
        "sources": ("payments.csv",),
        "reading": {"column for supplier": "Supplier Name", "decimal": "point", "currency": "GBP"},
        "parameters": {"year": "2024", "packs": "epa-v1.3"},
        "counts": RowCounts(rows=12, lines=6, excluded=2, not_covered=2, rejected=2),
        "total_mg_co2e": 8 * TONNE,
        "categories": (
            CategoryTotal(1, "Purchased goods and services", 4, 9 * TONNE + 400_000),
            CategoryTotal(6, "Business travel", 2, -TONNE - 400_000),
        ),
        "suppliers": suppliers(6 * TONNE, 2 * TONNE),
        "factors": (
            FactorTotal("naics2017:541511", "Software", "0.1 kg CO2e/USD", "epa-v1.3", 6, 8 * TONNE),
        ),
        "years": (YearTotal(0, 1, TONNE), YearTotal(2024, 5, 7 * TONNE)),
        "spend": (
            SpendShare(Outcome.LINE, "", "GBP", 6, 900_00, 900_00),
            SpendShare(Outcome.EXCLUDED, "tax", "GBP", 2, 50_00, 50_00),
            SpendShare(Outcome.NOT_COVERED, "commodity_unknown", "GBP", 2, 100_00, 100_00),
            SpendShare(Outcome.REJECTED, "quantity_missing", "GBP", 2, 0, 0),
        ),
        "uncovered": (UncoveredAccount("Sundries", "commodity_unknown", "GBP", 2, 100_00),),
        "notices": (NoticeCount("date_from_year", NOTICES["date_from_year"], 1),),
        "packs": (PACK,),
    }
    return Inventory(**(usual | given))
