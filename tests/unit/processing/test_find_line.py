"""A row is found by counts alone: in every part and group, whatever lies between."""

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.engine.tables import resolved_tables
from vcci.errors import InputError
from vcci.processing import export, local
from vcci.processing.find_line import RunFiles

KINDS: dict[str, dict[str, Any]] = {
    "line": {},
    "tax": {"exclusion": "tax"},
    "factor_not_found": {"activity": "naics2017:999999"},
    "date_missing": {"problem": "date_missing", "date": ""},
}


def made(folder: Path, kinds: list[str], *, part: int = 250_000, group: int = 65_536) -> RunFiles:
    """Calculate rows of these kinds in parts, and write their lines in groups, of that many rows."""
    folder.mkdir(exist_ok=True)
    rows = [ledger_row(n, quantity=str(n), **KINDS[kind]) for n, kind in enumerate(kinds, 1)]
    activities, by_hand = write_ledger(rows, folder / "activities.parquet"), calculator(factor("541511", "2"))
    local.run(
        activities,
        resolve=lambda keys, dates: resolved_tables(keys, dates, by_hand),
        out=folder,
        chunk_rows=part,
    )
    (folder / "ledger.parquet").touch()
    export.rows(
        folder,
        run="",
        records=lambda rows: rows.with_columns(
            sha256=pl.lit(""), column=pl.lit(""), value=pl.lit(""), record=pl.lit("")
        ),
    )
    for path in (folder / "lines").glob("*.parquet"):
        pl.read_parquet(path).write_parquet(path, row_group_size=group)
    return RunFiles(folder)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=40), st.integers(1, 12), st.integers(1, 5))
def test_every_row_is_found_in_whatever_part_and_group(kinds: list[str], part: int, group: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = made(Path(folder), kinds, part=part, group=group)
        found = [files.find(row) for row in range(1, len(kinds) + 1)]
    assert [one.activity["row"] for one in found] == list(range(1, len(kinds) + 1))
    assert [one.reason or "line" for one in found] == kinds
    amounts = [one.line["amount"] for one in found if one.line]
    assert amounts == [float(n) for n, kind in enumerate(kinds, 1) if kind == "line"]


def test_row_is_found_by_its_file_and_line(tmp_path: Path) -> None:
    assert made(tmp_path / "run", ["line", "tax", "line"]).row_of("ledger.csv", 4) == 3


@pytest.mark.parametrize("row", [0, -1, 4])
def test_row_outside_the_run_is_an_error(tmp_path: Path, row: int) -> None:
    with pytest.raises(InputError) as refused:
        made(tmp_path / "run", ["line", "tax", "line"]).find(row)
    assert refused.value.code == "row_unknown"


@pytest.mark.parametrize("away", ["activities.parquet", "lines/part-00000.parquet", "multipliers.parquet"])
def test_run_with_a_file_missing_is_an_error(tmp_path: Path, away: str) -> None:
    files = made(tmp_path / "run", ["line", "tax", "line"])
    (files.folder / away).unlink()
    with pytest.raises(InputError) as refused:
        files.find(3)
    assert refused.value.code == "run_damaged"


def test_line_taken_away_from_its_part_is_noticed(tmp_path: Path) -> None:
    files = made(tmp_path / "run", ["line", "line", "line"])
    part = files.folder / "lines" / "part-00000.parquet"
    pl.read_parquet(part).filter(pl.col("row") != 1).write_parquet(part)
    with pytest.raises(InputError) as refused:
        files.find(2)
    assert refused.value.code == "run_damaged"
