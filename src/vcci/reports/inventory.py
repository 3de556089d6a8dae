"""The inventory as files: inventory.html for people, inventory.json for programs, two tables as CSV.

The same inventory gives the same bytes. The page is one file that loads nothing: its policy allows its own
style, by digest, and nothing else.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from vcci import __version__
from vcci.domain.display import (
    NO_NAME,
    coverage_percents,
    interval_text,
    money,
    percent,
    spend_in_order,
    tonnes,
    visible,
)
from vcci.domain.finding import REASONS
from vcci.domain.inventory import FactorTotal, Inventory, SupplierTotal
from vcci.reports.bar_chart import Bar, BarChart, bar_chart
from vcci.reports.csv_tables import categories_csv, suppliers_csv

SCHEMA_VERSION: Final = 1
"""Version of inventory.json; it rises when a field is taken away or changes its meaning."""

TOP_ROWS: Final = 25
"""Rows of the long tables on the page; the files beside it hold all."""

TOP_BARS: Final = 12
"""Suppliers in the chart."""

JSON_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS


@dataclass(frozen=True, slots=True)
class TopRows:
    """The first rows of a table, and what the rest adds up to, so that the page adds up to the total."""

    rows: Sequence[Any]
    more: int
    more_lines: int
    more_mg_co2e: int


def publish(inventory: Inventory, folder: Path) -> None:
    """Write inventory.html, inventory.json, categories.csv and suppliers.csv into the folder."""
    files = {
        "inventory.html": inventory_html(inventory),
        "inventory.json": inventory_json(inventory),
        "categories.csv": categories_csv(inventory),
        "suppliers.csv": suppliers_csv(inventory),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def inventory_json(inventory: Inventory) -> bytes:
    """Return everything in the inventory, and what its reasons mean, as JSON with sorted keys."""
    document = {"schema_version": SCHEMA_VERSION, "reasons": REASONS, **_named(inventory)}
    return orjson.dumps(document, default=_named, option=JSON_OPTIONS)


def inventory_html(inventory: Inventory) -> bytes:
    """Return the page: one file in UTF-8 that loads nothing and runs nothing."""
    style = _style()
    return (
        _page()
        .render(
            inventory=inventory,
            version=__version__,
            no_name=NO_NAME,
            style=style,
            style_digest=_csp_digest(style),
            reasons=REASONS,
            category_chart=_chart((row.title, row.emissions_mg_co2e) for row in inventory.categories),
            supplier_chart=_chart(
                (row.supplier or NO_NAME, row.emissions_mg_co2e) for row in inventory.suppliers[:TOP_BARS]
            ),
            suppliers=_top(inventory.suppliers),
            factors=_top(inventory.factors),
            uncovered=inventory.uncovered[:TOP_ROWS],
            spend=spend_in_order(inventory),
            coverage=coverage_percents(inventory),
            packs={pack.name: pack for pack in inventory.packs},
        )
        .encode()
    )


def _named(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _top(rows: Sequence[SupplierTotal] | Sequence[FactorTotal]) -> TopRows:
    rest = rows[TOP_ROWS:]
    return TopRows(
        rows[:TOP_ROWS], len(rest), sum(r.lines for r in rest), sum(r.emissions_mg_co2e for r in rest)
    )


def _chart(bars: Iterable[tuple[str, int]]) -> BarChart:
    return bar_chart([Bar(visible(label), value) for label, value in bars])


@cache
def _style() -> str:
    return base_style() + _read("inventory.css")


def base_style() -> str:
    """Return the style that every page of the product begins with: colours, letters, links."""
    return _read("base.css")


def _read(name: str) -> str:
    return resources.files("vcci.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _csp_digest(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _page() -> Template:
    templates = Environment(
        loader=PackageLoader("vcci.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    templates.filters.update(
        tonnes=tonnes, money=money, percent=percent, interval=interval_text, count="{:,}".format
    )
    return templates.get_template("inventory.html.jinja")


def _shown(value: Any) -> Any:
    """Write out what cannot be seen in a text; what is markup already stays as it is."""
    return visible(value) if type(value) is str else value
