"""Spark comes to the same integers as this process: on a cluster, and on rows that are hostile."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from benchmarks.ledger_generator import OWN_FACTORS, write_ledger
from tests.support.database import now, value
from tests.support.ledgers import ledger_row
from tests.support.ledgers import write_ledger as write_rows
from tests.support.spark import Cluster, local_session, running_cluster

from vcci import settings
from vcci.database.run_store import run_store
from vcci.domain.mapping import Mapping
from vcci.engine import columnar
from vcci.engine.tables import resolved_tables
from vcci.errors import AccountingError, InputError
from vcci.intake import save_mapping
from vcci.parameters import load
from vcci.processing import classify, local, spark, spark_rollups, spark_rows
from vcci.processing.aggregates import AGGREGATE_FILES
from vcci.processing.spark_row_hash import row_hash
from vcci.processing.spark_session import of_run
from vcci.processing.spark_storage import MARK, Storage, as_uri
from vcci.runtime.factors import broker_over
from vcci.runtime.spark_run import Kept, SparkFinished, SparkRequest, run_on_spark
from vcci.services.factors import Parameters
from vcci.services.ports import CalculatedRun
from vcci.services.runs import RunRequest

MILLION = 1_000_000
ROWS = 20_000
HEADER = "row,quantity,unit,date,activity,category\n"
SEED = 407
OWN = Mapping(own_factors=OWN_FACTORS)
SHIPPED = Parameters(())

HOSTILE: list[dict[str, Any]] = [
    {},
    {"quantity": ""},
    {"quantity": "-250.75"},
    {"quantity": "0"},
    {"quantity": "-0"},
    {"quantity": "9007199254740993"},
    {"quantity": "999999999999999999"},
    {"quantity": "0.000000000000000001"},
    {"quantity": "12\n"},
    {"quantity": "12\u2028"},
    {"quantity": " 12"},
    {"quantity": "1e3"},
    {"quantity": "NaN"},
    {"quantity": "١٢"},
    {"unit": ""},
    {"unit": "XXX"},
    {"unit": "usd"},
    {"unit": "kg", "activity": "own:steel"},
    {"unit": "kg", "activity": "own:steel", "date": "1965-03-01"},
    {"unit": "kg", "activity": "own:steel", "date": "1582-10-10"},
    {"unit": "kg", "activity": "own:steel", "quantity": "-1"},
    {"unit": "kg", "activity": "own:steel", "date": ""},
    {"date": ""},
    {"date": "1969-12-31"},
    {"date": "0001-01-01"},
    {"date": "2022-02-30"},
    {"date": "2022"},
    {"unit": "EUR", "date": "2022-03-05"},
    {"category": 0},
    {"category": 17},
    {"category": -1},
    {"region": "ZZ"},
    {"activity": ""},
    {"activity": "naics2017:000000"},
    {"supplier": "Ünïcödé \U0001f331 'quoted' \"twice\", and a comma"},
    {"exclusion": "tax"},
    {"problem": "date_not_a_date", "problem_column": "Date", "problem_value": "31.02.2022"},
    {"notices": "date_from_period"},
]
"""What is unusual of each row; the rest is 100 USD of software."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with local_session(tmp_path_factory.mktemp("spark")) as running:
        yield running


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("ledger") / "ledger.parquet", ROWS)


@pytest.fixture(scope="module")
def here(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> CalculatedRun:
    return locally(ledger, tmp_path_factory.mktemp("here"))


def generated(path: Path, rows: int) -> Path:
    write_ledger(path, rows=rows, codes=sorted(broker_over(SHIPPED).titles()), seed=SEED)
    return path


def resolve(keys: pl.DataFrame, dates: pl.DataFrame) -> Any:
    broker = broker_over(SHIPPED)
    return resolved_tables(keys, dates, broker.calculator(load.units(broker.currencies()), OWN_FACTORS))


def locally(ledger: Path, out: Path) -> CalculatedRun:
    return local.run(ledger, resolve=resolve, out=out)


def on_spark(
    *paths: Path | str, out: Path, kept: Kept = Kept.NOTHING, year: int | None = None
) -> SparkFinished:
    return run_on_spark(
        settings.load(),
        RunRequest("", dry_run=False, parameter_digests={}),
        asked=SparkRequest(tuple(map(str, paths)), str(out), kept=kept),
        mapping=OWN,
        parameters=Parameters((), year),
    )


def folder_of(done: SparkFinished) -> Path:
    return Path(done.folder.removeprefix("file://"))


def aggregates_of(folder: Path) -> dict[str, pl.DataFrame]:
    return {name.removesuffix(".parquet"): pl.read_parquet(folder / name) for name in AGGREGATE_FILES}


def rows_of(folder: Path) -> pl.DataFrame:
    """Row, reason, key, milligrams, day and spend of every row, in row order."""
    lined = pl.read_parquet(folder / "lines/*.parquet").with_columns(reason=pl.lit(""))
    unlined = pl.read_parquet(folder / "unlined/*.parquet")
    both = pl.concat([lined, unlined], how="diagonal").sort("row")
    return both.select("row", "reason", "key", "co2e_mg", "amount", "day", "spend_hundredths", "notices")


def hash_of(folder: Path) -> str:
    return row_hash(nw.from_native(pl.scan_parquet(folder / "lines/*.parquet")), amount="co2e_mg", key="key")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path / "cluster", workers=2) as running:
        yield running


def test_two_workers_and_this_process_agree_on_a_million_rows(cluster: Cluster, tmp_path: Path) -> None:
    ledger = generated(tmp_path / "ledger.parquet", MILLION)
    save_mapping(OWN, tmp_path / "mapping.yaml")
    command = [sys.executable, "-m", "vcci", "run", str(ledger), "--engine", "spark", "--master"]
    command += [cluster.master, "--map", str(tmp_path / "mapping.yaml"), "--out", str(tmp_path / "out")]
    subprocess.run([*command, "--quiet"], env=os.environ | cluster.environment, check=True)
    (folder,) = (tmp_path / "out").glob("run=*")
    run = locally(ledger, tmp_path / "here")
    mark = json.loads((folder / MARK).read_bytes())
    assert (mark["rows"], mark["total_mg_co2e"]) == (MILLION, run.total_mg_co2e)
    assert mark["lines_hash"] == hash_of(tmp_path / "here") == hash_of(folder)
    assert all(frame.equals(run.aggregates[name].collect()) for name, frame in aggregates_of(folder).items())


def test_hostile_rows_come_to_the_same_lines_and_reasons(session: Any, tmp_path: Path) -> None:
    rows = [ledger_row(number, **given) for number, given in enumerate(HOSTILE, start=1)]
    ledger = write_rows(rows, tmp_path / "ledger.parquet")
    run = locally(ledger, tmp_path / "here")
    done = on_spark(ledger, out=tmp_path / "out")
    assert rows_of(folder_of(done)).rows() == rows_of(tmp_path / "here").rows()
    found = aggregates_of(folder_of(done))
    assert all(found[name].equals(frame.collect()) for name, frame in run.aggregates.items())


@pytest.mark.parametrize(("seed", "partitions"), [(1, 1), (2, 7), (3, 40)])
def test_no_order_or_partitioning_changes_a_byte_of_the_totals(
    session: Any, ledger: Path, here: CalculatedRun, tmp_path: Path, *, seed: int, partitions: int
) -> None:
    shuffled = pl.read_parquet(ledger).sample(fraction=1, shuffle=True, seed=seed)
    (tmp_path / "shuffled").mkdir()
    for number, part in enumerate(shuffled.iter_slices(-(-ROWS // partitions))):
        part.write_parquet(tmp_path / "shuffled" / f"part-{number}.parquet")
    done = on_spark(tmp_path / "shuffled", out=tmp_path / "out")
    assert done.mark["total_mg_co2e"] == here.total_mg_co2e
    found = aggregates_of(folder_of(done))
    assert all(found[name].equals(frame.collect()) for name, frame in here.aggregates.items())


def test_text_and_parquet_are_the_same_run(session: Any, ledger: Path, tmp_path: Path) -> None:
    pl.read_parquet(ledger).write_csv(tmp_path / "ledger.csv")
    from_parquet = on_spark(ledger, out=tmp_path / "out")
    from_text = on_spark(tmp_path / "ledger.csv", out=tmp_path / "out")
    assert (from_parquet.was_there, from_text.was_there) == (False, True)
    assert from_text.folder == from_parquet.folder


def test_a_ledger_in_two_files_is_one_run(session: Any, ledger: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(ledger)
    rows.head(ROWS // 2).write_csv(tmp_path / "one.csv")
    rows.tail(ROWS // 2).write_parquet(tmp_path / "two.parquet")
    done = on_spark(tmp_path / "one.csv", tmp_path / "two.parquet", out=tmp_path / "out")
    assert done.folder == on_spark(ledger, out=tmp_path / "out").folder


def test_nulls_and_missing_columns_are_empty_texts(session: Any, tmp_path: Path) -> None:
    columns = ["row", "quantity", "unit", "date", "activity", "category", "supplier"]
    rows = [ledger_row(1), ledger_row(2, quantity=None), ledger_row(3, supplier=None, date=None)]
    frame = pl.DataFrame(rows, infer_schema_length=None).select(columns)
    frame.write_parquet(tmp_path / "nulls.parquet")
    empty = ["account", "region", "source"]
    filled = [ledger_row(n, line=n, **dict.fromkeys(empty, "")) for n in (1, 2, 3)]
    filled[1]["quantity"] = filled[2]["supplier"] = filled[2]["date"] = ""
    run = locally(write_rows(filled, tmp_path / "filled.parquet"), tmp_path / "here")
    done = on_spark(tmp_path / "nulls.parquet", out=tmp_path / "out")
    assert rows_of(folder_of(done)).rows() == rows_of(tmp_path / "here").rows()
    assert run.counts.rejected == done.mark["rejected"] > 0


def test_no_rows_are_a_run_too(session: Any, tmp_path: Path) -> None:
    done = on_spark(write_rows([], tmp_path / "ledger.parquet"), out=tmp_path / "out")
    assert (done.mark["rows"], done.mark["lines"], done.mark["total_mg_co2e"]) == (0, 0, 0)


def test_rows_of_other_years_are_excluded_as_classification_does(
    session: Any, ledger: Path, tmp_path: Path
) -> None:
    classify.classify(ledger, tmp_path / "of-2023.parquet", decide=None, year=2023)
    run = locally(tmp_path / "of-2023.parquet", tmp_path / "here")
    done = on_spark(ledger, out=tmp_path / "out", year=2023)
    assert aggregates_of(folder_of(done))["unlined"].equals(run.aggregates["unlined"].collect())
    assert done.mark["excluded"] == run.counts.excluded > ROWS // 2


def test_both_resolved_tables_are_broadcast(session: Any, ledger: Path, tmp_path: Path) -> None:
    done = on_spark(ledger, out=tmp_path / "out")
    own = of_run(session)
    rows = spark_rows.calculable(own.read.parquet(f"{done.folder}/activities.parquet"))
    outcome = spark.outcomes(rows, done.folder, is_by_gas=False)
    plan = nw.to_native(columnar.lines(outcome))._jdf.queryExecution().executedPlan().toString()
    assert (plan.count("BroadcastHashJoin"), plan.count("SortMergeJoin")) == (2, 0)
    assert "Exchange hashpartitioning" not in plan


def test_a_second_run_finds_the_first_and_writes_nothing(session: Any, ledger: Path, tmp_path: Path) -> None:
    first = on_spark(ledger, out=tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    second = on_spark(ledger, out=tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    assert (second.was_there, second.inventory) == (True, first.inventory)


def test_an_attempt_that_was_not_finished_is_replaced(session: Any, ledger: Path, tmp_path: Path) -> None:
    first = on_spark(ledger, out=tmp_path / "out")
    (folder_of(first) / MARK).unlink()
    next(folder_of(first).glob("lines/*.parquet")).unlink()
    second = on_spark(ledger, out=tmp_path / "out")
    assert (second.was_there, second.mark) == (False, first.mark)
    assert hash_of(folder_of(second)) == first.mark["lines_hash"]


def test_a_run_that_fails_leaves_nothing(session: Any, tmp_path: Path) -> None:
    rows = [ledger_row(number, quantity="900000000000000000", unit="USD") for number in (1, 1)]
    with pytest.raises(InputError):
        on_spark(write_rows(rows, tmp_path / "ledger.parquet"), out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.endswith(".crc")] == []


def test_sums_that_no_integer_holds_are_refused(session: Any, tmp_path: Path) -> None:
    steel = {"unit": "kg", "activity": "own:steel", "quantity": "530000000000000"}
    rows = [ledger_row(number, **steel) for number in range(1, 6)]
    with pytest.raises(AccountingError) as refused:
        on_spark(write_rows(rows, tmp_path / "ledger.parquet"), out=tmp_path / "out")
    assert refused.value.code == "total_too_large"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("few.csv", "row,quantity\n1,5\n", "spark_columns_missing"),
        ("away.csv", None, "spark_path_missing"),
        ("long.csv", f"{HEADER}1,5,USD,2022-03-01,a,1,x\n", "spark_csv_malformed"),
        ("cut.csv", f'{HEADER}1,5,"U\nSD",2022-03-01,a,1\n', "spark_csv_malformed"),
        ("same.csv", f"{HEADER}1,,,,,\n1,,,,,\n", "spark_rows_not_numbered"),
        ("none.csv", f"{HEADER}x,,,,,\n", "spark_rows_not_numbered"),
    ],
)  # fmt: skip
def test_rows_that_are_not_canonical_are_refused(
    session: Any, tmp_path: Path, *, name: str, text: str | None, code: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as refused:
        on_spark(tmp_path / name, out=tmp_path / "out")
    assert refused.value.code == code


def test_amounts_that_are_floats_are_refused(session: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame([ledger_row(1)]).with_columns(quantity=pl.lit(100.5))
    frame.write_parquet(tmp_path / "floats.parquet")
    with pytest.raises(InputError) as refused:
        on_spark(tmp_path / "floats.parquet", out=tmp_path / "out")
    assert refused.value.code == "spark_column_type"


def test_lines_are_loaded_into_postgresql(
    session: Any, tmp_path: Path, *, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    rows = [ledger_row(number, quantity=f"{number - 1 or ''}") for number in range(1, 9)]
    ledger = write_rows(rows, tmp_path / "ledger.parquet")
    done = on_spark(ledger, out=tmp_path / "out", kept=Kept.LINES)
    again = on_spark(ledger, out=tmp_path / "out", kept=Kept.LINES)
    (stored,) = now(runs_in(url))
    assert (stored.rows, stored.lines, stored.total_mg_co2e) == (8, 7, done.mark["total_mg_co2e"])
    assert "was there already" in again.stored


def test_rollups_are_loaded_into_postgresql_without_lines(
    session: Any, tmp_path: Path, *, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    ledger = write_rows([ledger_row(number) for number in range(1, 9)], tmp_path / "ledger.parquet")
    done = on_spark(ledger, out=tmp_path / "out", kept=Kept.ROLLUPS)
    (stored,) = now(runs_in(url))
    assert (stored.rows, stored.lines, stored.total_mg_co2e) == (8, 8, done.mark["total_mg_co2e"])
    for table in ("emission_rollups", "key_rollups"):
        assert now(value(url, f"SELECT sum(co2e_mg) FROM vcci.{table}")) == stored.total_mg_co2e
    assert now(value(url, "SELECT count(*) FROM vcci.emissions")) == 0


def test_the_sums_for_the_database_are_those_of_the_lines(session: Any, ledger: Path, tmp_path: Path) -> None:
    done = on_spark(ledger, out=tmp_path / "out")
    rows = spark_rows.calculable(of_run(session).read.parquet(f"{done.folder}/activities.parquet"))
    sums, names = spark_rollups.rollups(rows, done.folder), spark_rollups.supplier_names(rows)
    lines = pl.read_parquet(folder_of(done) / "lines/*.parquet")
    named = sums.with_columns(supplier=pl.col("supplier").replace_strict(names))
    by = ["supplier", "category", "month"]
    expected = lines.group_by(by).agg(
        lines=pl.len().cast(pl.Int64), emissions_mg_co2e=pl.col("co2e_mg").sum()
    )
    assert named.sort(by).equals(expected.sort(by))
    assert "V000001" in names


async def runs_in(url: str) -> Any:
    async with run_store(url, tenant=settings.load().tenant) as store:
        return await store.runs()


def test_an_amount_that_moves_to_another_row_changes_the_hash() -> None:
    rows = pl.DataFrame({"row": [1, 2, 3], "co2e_mg": [-5, 7, 10**18 - 1], "key": [0, 1, 0]})
    moved = rows.with_columns(co2e_mg=pl.Series([7, -5, 10**18 - 1]))
    hashes = {
        row_hash(nw.from_native(f.lazy()), amount="co2e_mg", key="key") for f in (rows, moved, rows[::-1])
    }
    assert len(hashes) == 2


def test_paths_without_a_file_system_are_of_this_machine(tmp_path: Path) -> None:
    assert as_uri(str(tmp_path / "a b")) == f"file://{tmp_path}/a b"
    assert [as_uri(path) for path in ("s3a://bucket/x/", "dbfs:/x", "hdfs:///x")] == [
        "s3a://bucket/x",
        "dbfs:/x",
        "hdfs:///x",
    ]


def test_a_storage_says_what_is_complete(session: Any, tmp_path: Path) -> None:
    storage, target = Storage(session), as_uri(str(tmp_path / "run=1"))
    with storage.scratch(as_uri(str(tmp_path))) as folder:
        storage.write_json(f"{folder}/one.json", {"rows": 1})
        assert not storage.is_complete(target)
        storage.finish(folder, target, {"rows": 1})
    assert storage.is_complete(target)
    assert storage.read_json(f"{target}/one.json") == storage.read_json(f"{target}/{MARK}")
