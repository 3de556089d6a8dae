"""A run over a file, chunk by chunk: what it writes, what it counts, what it refuses."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.domain.inventory import RowCounts
from vcci.engine.tables import resolved_tables
from vcci.errors import AccountingError
from vcci.events import BatchAdvanced, Event
from vcci.processing import local
from vcci.processing.aggregates import AGGREGATES
from vcci.services.ports import CalculatedRun

CALCULATOR = calculator(factor("541511", "0.084"))


def run(folder: Path, rows: list[dict[str, Any]], **options: Any) -> CalculatedRun:
    given = [ledger_row(number, **row) for number, row in enumerate(rows, start=1)]
    folder.mkdir()
    ledger = write_ledger(given, folder / "activities.parquet")
    return local.run(
        ledger,
        resolve=lambda keys, dates: resolved_tables(keys, dates, CALCULATOR),
        out=folder,
        **options,
    )


def digests(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.parquet"))
    return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in files}


def test_every_row_is_counted_under_one_outcome(tmp_path: Path) -> None:
    done = run(tmp_path / "run", [{}, {"exclusion": "tax"}, {"activity": ""}, {"quantity": "x"}, {}])
    assert done.counts == RowCounts(rows=5, lines=2, excluded=1, not_covered=1, rejected=1)
    assert done.total_mg_co2e == 2 * 8_400_000


def test_lines_and_unlined_rows_are_written_in_row_order_one_part_a_chunk(tmp_path: Path) -> None:
    run(tmp_path / "run", [{}, {"quantity": ""}, {}, {}, {"exclusion": "tax"}], chunk_rows=2)
    parts = sorted(p.name for p in (tmp_path / "run" / "lines").iterdir())
    assert parts == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert pl.read_parquet(tmp_path / "run" / "lines")["row"].to_list() == [1, 3, 4]
    unlined = pl.read_parquet(tmp_path / "run" / "unlined").select("row", "reason").rows()
    assert unlined == [(2, "quantity_missing"), (5, "tax")]


def test_a_ledger_without_rows_is_a_run_of_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "run", [])
    assert (done.counts.rows, done.total_mg_co2e) == (0, 0)
    assert pl.read_parquet(tmp_path / "run" / "lines").height == 0
    heights = {name: frame.collect().height for name, frame in done.aggregates.items()}
    assert heights == dict.fromkeys(AGGREGATES, 0)


def test_aggregates_do_not_depend_on_how_many_chunks_were_summed(tmp_path: Path) -> None:
    rows = [{"supplier": f"S{n % 7}", "quantity": f"{n}.01", "category": 1 + n % 2} for n in range(40)]
    whole = run(tmp_path / "whole", rows)
    single = run(tmp_path / "single", rows, chunk_rows=1)
    assert all(
        single.aggregates[name].collect().equals(frame.collect()) for name, frame in whole.aggregates.items()
    )


def test_rows_that_are_rejected_for_their_size_do_not_refuse_the_others(tmp_path: Path) -> None:
    outcome = run(tmp_path / "run", [{"quantity": "999999999999999"}] * 600 + [{}], chunk_rows=100)
    counted = outcome.aggregates["unlined"].collect()
    assert counted.select("reason", "rows", "spend_hundredths").rows() == [("quantity_too_large", 600, 0)]


def test_a_replay_writes_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"quantity": f"{n}.5", "unit": "GBP", "supplier": f"S{n % 3}"} for n in range(20)]
    run(tmp_path / "first", rows, chunk_rows=6)
    run(tmp_path / "second", rows, chunk_rows=6)
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    assert len(digests(tmp_path / "first")) == 1 + 2 * 4 + 2 + 4  # rows, parts, tables, aggregates


def test_progress_is_reported_after_each_chunk(tmp_path: Path) -> None:
    seen: list[Event] = []
    run(tmp_path / "run", [{}] * 5, chunk_rows=2, hook=seen.append)
    assert seen == [BatchAdvanced("calculate", done, 5) for done in (2, 4, 5)]


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        ({"quantity": "100000000000"}, "4.6 Gt CO2e"),
        ({"quantity": "900000000000000", "exclusion": "tax"}, "4.6e16 units of money"),
    ],
)
def test_sums_that_would_wrap_are_refused(tmp_path: Path, row: dict[str, Any], limit: str) -> None:
    with pytest.raises(AccountingError, match=limit) as refused:
        run(tmp_path / "run", [row] * 600, chunk_rows=100)
    assert refused.value.code == "total_too_large"
