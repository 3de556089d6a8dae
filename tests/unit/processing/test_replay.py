"""A run is made again from its rows, byte for byte; what differs is named."""

from pathlib import Path

import polars as pl
import pytest
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.engine.tables import ResolvedTables, resolved_tables
from vcci.errors import InputError
from vcci.processing.replay import FROM_ROWS, compared, recalculated

BY_HAND = calculator(factor("541511", "0.125"))


def resolve(keys: pl.DataFrame, dates: pl.DataFrame) -> ResolvedTables:
    return resolved_tables(keys, dates, BY_HAND)


def a_run(folder: Path) -> Path:
    """Make a run; what its rows say of outcomes is thrown away first, so it may be anything."""
    rows = [ledger_row(1), ledger_row(2, exclusion="tax"), ledger_row(3, unit="GBP", supplier="=1+1")]
    ledger = write_ledger(rows, folder / "rows.parquet")
    pl.read_parquet(ledger).with_columns(reason=pl.lit("?"), outcome=pl.lit("?")).write_parquet(ledger)
    recalculated(ledger, resolve=resolve, out=folder / "run")
    return folder / "run"


def test_run_made_from_its_own_rows_is_the_same_bytes(tmp_path: Path) -> None:
    run, again = a_run(tmp_path), tmp_path / "again"
    recalculated(run / "activities.parquet", resolve=resolve, out=again)
    found = compared(run, again, among=FROM_ROWS)
    assert all(part.is_same for part in found)
    assert {part.name.split("/")[0] for part in found} == set(FROM_ROWS)


def test_changed_outcome_of_a_row_is_named(tmp_path: Path) -> None:
    run, again = a_run(tmp_path), tmp_path / "again"
    rows = pl.read_parquet(run / "activities.parquet")
    rows.with_columns(reason=pl.lit(""), outcome=pl.lit("line")).write_parquet(run / "activities.parquet")
    recalculated(run / "activities.parquet", resolve=resolve, out=again)
    differing = [part.name for part in compared(run, again, among=FROM_ROWS) if not part.is_same]
    assert differing == ["activities.parquet"]


def test_file_that_one_folder_lacks_differs(tmp_path: Path) -> None:
    for name in ("stored", "again"):
        (tmp_path / name).mkdir()
    (tmp_path / "stored" / "a.csv").write_text("a")
    (found,) = compared(tmp_path / "stored", tmp_path / "again")
    assert (found.name, found.again, found.is_same) == ("a.csv", "", False)


def test_run_without_its_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        recalculated(tmp_path / "activities.parquet", resolve=resolve, out=tmp_path / "again")
    assert refused.value.code == "run_damaged"
