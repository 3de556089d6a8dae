"""What `vcci run` prints: plain, aligned, and nothing that steers the terminal."""

import io

from rich.console import Console
from tests.support.inventories import HOSTILE, TONNE, inventory, named

from vcci.cli import show
from vcci.domain.inventory import CategoryTotal, Inventory, SupplierTotal


def printed(shown: Inventory, *, width: int = 80, colour: bool = False) -> str:
    out = io.StringIO()
    system = "truecolor" if colour else None
    show.inventory(
        shown,
        Console(file=out, width=width, highlight=False, force_terminal=colour, color_system=system),  # type: ignore[arg-type]
    )
    return out.getvalue()


def line_with(text: str, output: str) -> str:
    (line,) = [line for line in output.splitlines() if text in line]
    return line.strip()


def test_markup_in_a_name_is_printed_as_it_is() -> None:
    output = printed(inventory(suppliers=named("[red]Acme[/red]", "Acme [/]", ":skull: Acme")))
    assert [name in output for name in ("[red]Acme[/red]", "Acme [/]", ":skull: Acme")] == [True] * 3


def test_names_cannot_steer_the_terminal() -> None:
    output = printed(inventory(suppliers=named(*HOSTILE[-6:]), title="\x1b[2J"))
    assert not [c for c in output if c in "\x1b\x07\r\0\u202e"]
    assert r"Acme \u202egnp.exe" in output
    assert r"\x1b[2J" in output


def test_figures_stay_whole_and_a_long_name_gives_way_at_80_columns() -> None:
    long = SupplierTotal(
        "The Worshipful Company of " + "very " * 20 + "long names", 123_456_789, 12_345_678 * TONNE
    )
    output = printed(inventory(suppliers=(long,), total_mg_co2e=12_345_678 * TONNE))
    line = line_with("Worshipful", output)
    assert line.split()[-3:] == ["123,456,789", "12,345,678.000", "100.0%"]
    assert "…" in line
    assert max(map(len, output.splitlines())) <= 80


def test_figures_end_in_one_column() -> None:
    rows = (CategoryTotal(1, "Goods", 1, TONNE), CategoryTotal(6, "Travel", 10_000, 7_000 * TONNE))
    output = printed(inventory(categories=rows, total_mg_co2e=7_001 * TONNE))
    goods, travel = [line for line in output.splitlines() if "Goods" in line or "Travel" in line]
    assert goods.index(".000") == travel.index(".000")
    assert goods.index("%") == travel.index("%")


def test_years_are_listed_and_lines_without_a_date_named() -> None:
    output = printed(inventory())
    assert line_with("no date", output).split() == ["no", "date", "1", "1.000", "12.5%"]


def test_rows_and_coverage_are_said_in_a_sentence() -> None:
    output = printed(inventory())
    assert "12 in = 6 with lines + 2 excluded + 2 not covered + 2 rejected" in output
    assert "90.0% of purchases in GBP by value" in output


def test_a_table_without_rows_is_left_out() -> None:
    output = printed(inventory(uncovered=(), notices=()))
    assert "Not covered: map these next" not in output
    assert "Notices" not in output


def test_paths_of_results_stay_on_one_line() -> None:
    out = io.StringIO()
    path = "inventory/" + "deep/" * 30 + "inventory.html"
    show.results({"report": path, "PostgreSQL": "run 1"}, Console(file=out, width=80))
    assert out.getvalue().splitlines()[1:] == [f"report      {path}", "PostgreSQL  run 1"]
