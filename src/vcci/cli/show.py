"""Tables on a terminal: the inventory as `vcci run` prints it.

Names are drawn as plain texts: no markup is read from them, and characters that could steer the terminal
are written out. Names give way to the width of the terminal, figures never do.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vcci.domain.base_year import CumulativeEffect
from vcci.domain.bridge import MEANINGS, Bridge
from vcci.domain.derivation import Derivation
from vcci.domain.display import (
    NO_NAME,
    coverage_percents,
    exact_kilograms,
    interval_text,
    money,
    percent,
    spend_in_order,
    tonnes,
    visible,
)
from vcci.domain.finding import REASONS
from vcci.domain.inventory import (
    CategoryTotal,
    GasTotal,
    Inventory,
    MethodTotal,
    SupplierTotal,
    YearTotal,
)

TOP: Final = 10
"""Suppliers and uncovered accounts shown; the files hold them all."""

Totalled = CategoryTotal | SupplierTotal | YearTotal | MethodTotal

FIGURES: Final = (">lines", ">tCO2e", ">95 % interval", ">share")
"""Headings that rows of emissions end with; > stands for a column of figures."""


def inventory(shown: Inventory, console: Console | None = None) -> None:
    """Print totals, categories, suppliers, years, coverage, notices and packs, on stdout."""
    console = console or Console(highlight=False)
    tables = (
        _categories,
        _suppliers,
        _years,
        _methods,
        _gases,
        _apart,
        _boundary,
        _twice,
        _coverage,
        _outcomes,
        _uncovered,
        _notices,
        _packs,
    )
    parts = (_reading, _headline, *tables)
    for part in (part(shown) for part in parts):
        if isinstance(part, Text) or part.row_count:
            console.print(part)


def results(where: dict[str, str], console: Console | None = None) -> None:
    """Print where the results lie, each path whole on one line, to be copied."""
    console = console or Console(highlight=False)
    width = max(map(len, where), default=0)
    console.print(Text("Results", "bold"))
    for what, path in where.items():
        line = Text(f"{what:<{width}}  {visible(path)}")
        console.print(line, soft_wrap=True)


def bridge(shown: Bridge, console: Console | None = None) -> None:
    """Print what leads from one total to another, on stdout."""
    console = console or Console(highlight=False)
    rows = [("older total", tonnes(shown.older_mg_co2e), "")]
    rows += [(effect, tonnes(shown.of(effect)), meaning) for effect, meaning in MEANINGS.items()]
    rows.append(("newer total", tonnes(shown.newer_mg_co2e), "the sum of all above"))
    console.print(_table("From one total to the next", ("what", ">tCO2e", "~because"), rows))
    by_category = (
        (str(effect.category), effect.effect, tonnes(effect.emissions_mg_co2e)) for effect in shown.effects
    )
    console.print(_table("By category", (">no", "what", ">tCO2e"), by_category))


def recalculation(shown: CumulativeEffect, console: Console | None = None) -> None:
    """Print whether a base year has to be recalculated, on stdout."""
    console = console or Console(highlight=False)
    verdict = "has to be recalculated" if shown.has_to_be_recalculated else "stays as it is"
    told = f"{float(shown.percent):.1f} % by {', '.join(shown.why)}" if shown.why else "nothing that counts"
    console.print(Text(f"The base year {verdict}: {told}."))


def derivation(shown: Derivation, console: Console | None = None) -> None:
    """Print how a line came about, or why a row has none, on stdout."""
    console = console or Console(highlight=False)
    pack = shown.pack
    of_pack = {} if pack is None else {
        "name": f"{pack.name} {pack.version}",
        "publisher": pack.publisher,
        "licence": pack.licence,
        "attribution": pack.attribution,
        "SHA-256": pack.digest,
    }  # fmt: skip
    quality = {name: str(score) for name, score in shown.quality.items()}
    parts = (
        ("As read", shown.read),
        ("As classified", shown.classified),
        ("Factor", shown.factor),
        ("Pack", of_pack),
        ("Data quality, 1 best to 5", quality),
        ("Notices", dict(shown.notices)),
    )
    for title, facts in parts:
        if facts:
            console.print(_table(title, ("what", "~it says"), facts.items()))
    steps = Text.assemble(("How it is worked out\n" if shown.steps else "", "bold"), *_steps(shown))
    console.print(steps, soft_wrap=True)


def _steps(shown: Derivation) -> list[str]:
    if shown.emissions_mg_co2e is None:
        return [f"No line: {shown.outcome}. {shown.meaning} {shown.remedy} [{shown.reason}]"]
    total = f"{exact_kilograms(shown.emissions_mg_co2e)} kg CO2e"
    if shown.interval_mg_co2e:
        low, high = (exact_kilograms(mg) for mg in shown.interval_mg_co2e)
        total += f", 95 % interval {low} to {high}"
    return [*(f"  {visible(step)}\n" for step in shown.steps), f"  {total}"]


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; a column's first letter says its kind: > figures, ~ sentences, else names."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        figures = column.startswith(">")
        table.add_column(column.lstrip(">~"), justify="right" if figures else "left", no_wrap=figures)
    for row in rows:
        cells = zip(columns, row, strict=True)
        table.add_row(*(_cell(name, cell) for name, cell in cells))
    return table


def _cell(column: str, text: str) -> Text:
    wraps = column.startswith("~")
    return Text(visible(text), overflow="fold" if wraps else "ellipsis", no_wrap=not wraps)


def _headline(shown: Inventory) -> Text:
    title = visible(shown.title or "Scope 3 inventory")
    return Text.assemble(
        "\n", (title, "bold"), f"  {shown.year or 'all years'}\n",
        (f"{tonnes(shown.total_mg_co2e)} tCO2e", "bold"), f"  Scope 3, {_run(shown)}\n",
        _spread(shown),
    )  # fmt: skip


def _spread(shown: Inventory) -> str:
    """Say how far the total may be off, and how much of it that is not known for."""
    if shown.interval is None:
        return "95 % interval: not known, no factor in use was assessed\n"
    without = percent(shown.interval.without_mg_co2e, shown.total_mg_co2e)
    rest = f"; not known for {without} of it" if shown.interval.without_mg_co2e else ""
    return f"95 % interval {interval_text(shown.interval)}{rest}\n"


def _run(shown: Inventory) -> str:
    follows = f", successor of {shown.successor_of[:16]}" if shown.successor_of else ""
    return f"run {shown.run_digest[:16]}{follows}"


def _reading(shown: Inventory) -> Table:
    return _table("How the ledger was read", ("what", "~taken from"), shown.reading.items())


def _coverage(shown: Inventory) -> Text:
    counts = shown.counts
    text = Text.assemble(
        ("Rows", "bold"),
        f"  {counts.rows:,} in = {counts.lines:,} with lines + {counts.excluded:,} excluded"
        f" + {counts.not_covered:,} not covered + {counts.rejected:,} rejected\n",
    )
    for unit, share in coverage_percents(shown).items():
        text.append("Coverage", "bold").append(f"  {share} of purchases in {visible(unit)} by value\n")
    return text


def _categories(shown: Inventory) -> Table:
    rows = ((str(row.category), row.title, *_figures(row, shown)) for row in shown.categories)
    return _table("By category", (">no", "category", *FIGURES), rows)


def _suppliers(shown: Inventory) -> Table:
    rows = ((row.supplier or NO_NAME, *_figures(row, shown)) for row in shown.suppliers[:TOP])
    return _table(_top("Top suppliers", shown.suppliers), ("supplier", *FIGURES), rows)


def _years(shown: Inventory) -> Table:
    rows = ((str(row.year or "no date"), *_figures(row, shown)) for row in shown.years)
    return _table("By year", ("year", *FIGURES), rows)


def _methods(shown: Inventory) -> Table:
    rows = (
        (row.method, "of partners" if row.is_primary else "secondary", *_figures(row, shown))
        for row in shown.methods
    )
    return _table("By method", ("method", "data", *FIGURES), rows)


def _gases(shown: Inventory) -> Table:
    rows = (
        (row.gas or "not published by gas", tonnes(row.emissions_mg_co2e), _share(row, shown))
        for row in shown.gases
    )
    return _table("By gas", ("gas", ">tCO2e", ">share"), rows)


def _apart(shown: Inventory) -> Table:
    rows = ((row.what, f"{row.lines:,}", tonnes(row.emissions_mg)) for row in shown.apart)
    return _table("Stated apart, in no total", ("what", ">lines", ">t"), rows)


def _boundary(shown: Inventory) -> Table:
    open_ones = [row for row in shown.boundary if row.status != "calculated"]
    rows = ((str(row.category), row.title, row.status, row.reason) for row in open_ones)
    return _table("Categories without lines", (">no", "category", "status", "~why"), rows)


def _twice(shown: Inventory) -> Table:
    rows = (
        (row.about, tonnes(row.one_mg_co2e), tonnes(row.other_mg_co2e), f"{row.meaning} {row.remedy}")
        for row in shown.counted_twice[:TOP]
    )
    title = _top("May be counted twice", shown.counted_twice)
    return _table(title, ("partner", ">tCO2e", ">and tCO2e", "~why"), rows)


def _outcomes(shown: Inventory) -> Table:
    rows = (
        (row.outcome.value, _meaning(row.reason), f"{row.rows:,}", money(row.spend_hundredths), row.unit)
        for row in spend_in_order(shown)
    )
    return _table("What became of the rows", ("outcome", "~why", ">rows", ">amount", "unit"), rows)


def _uncovered(shown: Inventory) -> Table:
    rows = (
        (row.account, row.reason, f"{row.rows:,}", money(row.spend_hundredths), row.unit)
        for row in shown.uncovered[:TOP]
    )
    title = _top("Not covered: map these next", shown.uncovered)
    return _table(title, ("account", "why", ">rows", ">amount", "unit"), rows)


def _notices(shown: Inventory) -> Table:
    rows = ((f"{row.lines:,}", row.meaning) for row in shown.notices)
    return _table("Notices", (">lines", "~what they mean"), rows)


def _packs(shown: Inventory) -> Table:
    rows = ((row.name, row.version, row.publisher, row.licence, row.digest[:12]) for row in shown.packs)
    return _table("Factor packs", ("~pack", "~version", "~publisher", "~licence", ">digest"), rows)


def _figures(row: Totalled, shown: Inventory) -> tuple[str, ...]:
    interval = interval_text(row.interval)
    return f"{row.lines:,}", tonnes(row.emissions_mg_co2e), interval, _share(row, shown)


def _share(row: Totalled | GasTotal, shown: Inventory) -> str:
    return percent(row.emissions_mg_co2e, shown.total_mg_co2e)


def _meaning(reason: str) -> str:
    return REASONS[reason].meaning if reason else "Calculated."


def _top(title: str, rows: Sequence[object]) -> str:
    return f"{title} ({min(TOP, len(rows))} of {len(rows):,})"
