"""Tables of `vcci db` on a terminal: names give way to its width, figures never do."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vcci.domain.display import visible

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
"""How cells are drawn that are one of these words."""


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout; a column's first letter says its kind: > figures, ~ sentences, else names."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_figure = column.startswith(">")
        table.add_column(column.lstrip(">~"), justify="right" if is_figure else "left", no_wrap=is_figure)
    for row in rows:
        table.add_row(*(_cell(*pair) for pair in zip(columns, row, strict=True)))
    Console(highlight=False).print(table)


def print_lines(title: str, lines: Sequence[str]) -> None:
    """Print a title and lines on stdout, each whole, to be copied; nothing without lines."""
    if not lines:
        return
    console = Console(highlight=False)
    console.print(Text(title, "bold"))
    for line in lines:
        console.print(Text(f"  {visible(line)}"), soft_wrap=True)


def megabytes(size_bytes: int) -> str:
    """Return a size in MB."""
    return f"{size_bytes / 1e6:,.1f}"


def _cell(column: str, text: str) -> Text:
    wraps = column.startswith("~")
    overflow = "fold" if wraps else "ellipsis"
    return Text(visible(text), STYLES.get(text, ""), overflow=overflow, no_wrap=not wraps)  # type: ignore[arg-type]
