"""A stored run under other factors: which rows are touched, and what comes of its rows alone."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.engine.tables import ResolvedTables, resolved_tables
from vcci.errors import InputError
from vcci.processing.recalculation import rejected_before, touched
from vcci.processing.replay import recalculated
from vcci.processing.stored_run import StoredRun, open_run
from vcci.services.comparison import compare
from vcci.services.ports import Resolve

SOFTWARE, OTHER = "naics2017:541511", "naics2017:337214"


def resolving(software: str = "0.125", furniture: str = "0.3") -> Resolve:
    by_hand = calculator(factor("541511", software), factor("337214", furniture))
    return lambda keys, dates: resolved_tables(keys, dates, by_hand)


def a_run(folder: Path, rows: list[dict[str, object]], resolve: Resolve) -> StoredRun:
    folder.mkdir(parents=True)
    ledger = write_ledger([ledger_row(n, **row) for n, row in enumerate(rows, 1)], folder / "rows.parquet")
    pl.read_parquet(ledger).with_columns(reason=pl.lit(""), outcome=pl.lit("")).write_parquet(ledger)
    run = recalculated(ledger, resolve=resolve, out=folder / "run")
    told = {"run_digest": "older", "total_mg_co2e": run.total_mg_co2e, "year": None}
    (folder / "run" / "inventory.json").write_text(json.dumps(told))
    return open_run(folder / "run")


ROWS: list[dict[str, object]] = [
    {"activity": SOFTWARE},
    {"activity": OTHER},
    {"activity": OTHER, "quantity": "1e5"},
    {"activity": OTHER, "exclusion": "tax"},
    {"activity": OTHER, "problem": "date_not_a_date"},
    {"activity": "naics2017:000000"},
]


def test_same_factors_touch_nothing(tmp_path: Path) -> None:
    stored = a_run(tmp_path / "a", ROWS, resolving())
    found = touched(stored, resolve=resolving(), year=None)
    assert (found.keys, found.rates, found.is_nothing, found.emissions_mg_co2e) == (0, 0, True, 0)


def test_rows_of_a_touched_key_count_if_another_answer_can_reach_them(tmp_path: Path) -> None:
    stored = a_run(tmp_path / "a", ROWS, resolving())
    found = touched(stored, resolve=resolving(furniture="0.4"), year=None)
    lines = stored.table("by_supplier_key")
    assert (found.keys, found.lines, found.unlined) == (1, 1, 0)
    assert 0 < found.emissions_mg_co2e < lines["emissions_mg_co2e"].sum() == found.total_mg_co2e


def test_row_that_is_covered_now_is_touched(tmp_path: Path) -> None:
    stored = a_run(tmp_path / "a", ROWS, resolving())
    more = calculator(*(factor(code, "0.3") for code in ("541511", "337214", "000000")))

    def resolve(keys: pl.DataFrame, dates: pl.DataFrame) -> ResolvedTables:
        return resolved_tables(keys, dates, more)

    found = touched(stored, resolve=resolve, year=None)
    assert (found.lines, found.unlined) == (1, 1)


rows = st.lists(
    st.fixed_dictionaries(
        {
            "activity": st.sampled_from([SOFTWARE, OTHER, "naics2017:000000"]),
            "quantity": st.integers(-50, 10_000).map(str),
            "exclusion": st.sampled_from(["", "", "", "tax"]),
            "supplier": st.sampled_from(["A", "B"]),
        }
    ),
    min_size=1,
    max_size=12,
)
factors = st.sampled_from(["0.125", "0.2", "0.3"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, before=st.tuples(factors, factors), after=st.tuples(factors, factors))
def test_effects_add_up_and_nothing_touched_is_nothing_changed(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, object]],
    before: tuple[str, str],
    after: tuple[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    older = a_run(folder / "older", rows, resolving(*before))
    newer = a_run(folder / "newer", rows, resolving(*after))
    names = ("by_supplier_key", "multipliers", "unlined")
    bridge = compare(*(tuple(run.table(name) for name in names) for run in (older, newer)))
    difference = int(newer.told("total_mg_co2e")) - int(older.told("total_mg_co2e"))
    assert sum(effect.emissions_mg_co2e for effect in bridge.effects) == difference
    found = touched(older, resolve=resolving(*after), year=None)
    assert (difference == 0) or not found.is_nothing
    assert found.is_nothing or before != after


def test_run_whose_rows_are_broken_is_refused(tmp_path: Path) -> None:
    stored = a_run(tmp_path / "a", ROWS, resolving())
    (stored.folder / "activities.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError) as refused:
        touched(stored, resolve=resolving(), year=None)
    assert refused.value.code == "run_damaged"


def test_row_that_was_rejected_before_is_found_with_its_record(tmp_path: Path) -> None:
    stored = a_run(tmp_path / "a", ROWS, resolving())
    source, line = pl.read_parquet(stored.folder / "activities.parquet").select("source", "line").row(0)
    reject = f'{source},{line},Unit,unit_unknown,lb,m,h,"\'=1,lb",older,abc\n'
    header = (stored.folder / "rejects.csv").read_text().splitlines()[0]
    (stored.folder / "rejects.csv").write_text(f"{header}\n{reject}")
    records = rejected_before(stored, lambda text: text.str.strip_prefix("'"))
    asked = pl.DataFrame({"row": [1, 2], "target": ["unit", ""]})
    assert records(asked).select("row", "column", "value", "record", "sha256").rows() == [
        (1, "Unit", "lb", "=1,lb", "abc"),
        (2, "", "", "", ""),
    ]
