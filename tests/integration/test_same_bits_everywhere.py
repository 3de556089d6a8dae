"""The same bits from any order, chunk size, file format and engine; DuckDB is the independent judge."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import narwhals as nw
import polars as pl
import pytest
from benchmarks.ledger_generator import OWN_FACTORS, write_ledger

from vcci.engine import columnar
from vcci.engine.calculate import Calculator
from vcci.engine.tables import resolved_tables
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.processing import local
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import CalculatedRun

ROWS = 20_000
SEED = 15064

JUDGE = """
    SELECT row,
        CASE WHEN problem <> '' THEN problem
            WHEN quantity = '' THEN 'quantity_missing'
            WHEN number IS NULL THEN 'quantity_not_a_number'
            WHEN exclusion <> '' THEN exclusion
            WHEN key_reason <> '' THEN key_reason
            WHEN rate_reason <> '' THEN rate_reason
            WHEN number < 0 AND NOT is_money THEN 'quantity_negative'
            WHEN abs(number * rate * mg_co2e_per_unit) >= 1e18 THEN 'quantity_too_large'
            ELSE '' END AS reason,
        CASE WHEN reason = '' THEN key END AS key,
        CASE WHEN reason = ''
            THEN CAST(floor(number * rate * mg_co2e_per_unit + 0.5) AS BIGINT) END AS co2e_mg
    FROM (
        SELECT * REPLACE (CAST(row AS BIGINT) AS row, CAST(category AS TINYINT) AS category),
            CASE WHEN regexp_full_match(quantity, '-?[0-9]{{1,18}}([.][0-9]{{1,18}})?')
            THEN CAST(quantity AS DOUBLE) END AS number
        FROM {ledger}
    ) AS activity
    LEFT JOIN read_parquet($multipliers) AS multiplier
        ON (activity.category, activity.activity, activity.region, activity.unit, left(activity.date, 4),
            activity.asked_method)
        = (multiplier.category, multiplier.activity, multiplier.region, multiplier.unit, multiplier.year,
            multiplier.asked_method)
    LEFT JOIN read_parquet($rates) AS rate
        ON (activity.unit, activity.date, multiplier.factor_currency)
        = (rate.unit, rate.date, rate.factor_currency)
    ORDER BY row
"""
"""The arithmetic and the order of reasons, written again in SQL."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A run, and all that it says of single rows."""

    run: CalculatedRun
    folder: Path

    def rows(self) -> pl.DataFrame:
        """Row, reason, key and milligrams of every row, in row order."""
        lines = pl.read_parquet(self.folder / "lines").select("row", "key", "co2e_mg", reason=pl.lit(""))
        unlined = pl.read_parquet(self.folder / "unlined").select("row", "reason")
        return (
            pl.concat([lines, unlined], how="diagonal").sort("row").select("row", "reason", "key", "co2e_mg")
        )

    def files(self) -> dict[str, str]:
        """The digest of every file by its name."""
        files = sorted(self.folder.rglob("*.parquet"))
        return {str(f.relative_to(self.folder)): sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def broker() -> FactorBroker:
    return FactorBroker(PackLibrary(), Parameters(packs=tuple(default_names())))


@pytest.fixture(scope="module")
def calculator(broker: FactorBroker) -> Calculator:
    return broker.calculator(load.units(broker.currencies()), OWN_FACTORS)


@pytest.fixture(scope="module")
def ledger(broker: FactorBroker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.parquet"
    write_ledger(path, rows=ROWS, codes=sorted(broker.titles()), seed=SEED)
    return path


@pytest.fixture(scope="module")
def whole(ledger: Path, calculator: Calculator, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    return prove(ledger, calculator, tmp_path_factory.mktemp("whole"))


def prove(ledger: Path, calculator: Calculator, out: Path, *, chunk_rows: int = ROWS) -> Proof:
    done = local.run(
        ledger,
        resolve=lambda keys, dates: resolved_tables(keys, dates, calculator),
        out=out,
        chunk_rows=chunk_rows,
    )
    return Proof(done, out)


def written_as_csv(ledger: Path) -> Path:
    """The ledger as a text file, every text in quotes: an empty one is not null."""
    path = ledger.with_suffix(".csv")
    pl.read_parquet(ledger).write_csv(path, quote_style="always")
    return path


def same(one: Proof, other: Proof) -> bool:
    """Whether two runs agree in every row and every aggregate."""
    found = other.run.aggregates.items()
    aggregates = (one.run.aggregates[n].collect().equals(frame.collect()) for n, frame in found)
    return one.rows().equals(other.rows()) and all(aggregates)


def test_the_ledger_has_rows_of_every_outcome_and_real_rates(whole: Proof) -> None:
    counts = whole.run.counts
    assert counts.rows == ROWS
    assert min(counts.lines, counts.excluded, counts.not_covered, counts.rejected) > 0
    assert whole.run.tables.rates["rate"].n_unique() > 1_000
    assert whole.rows()["reason"].n_unique() > 10


@pytest.mark.parametrize("chunk_rows", [1_000, 7_777])
def test_any_chunk_size(ledger: Path, calculator: Calculator, whole: Proof, chunk_rows: int) -> None:
    out = whole.folder.with_name(f"chunks-of-{chunk_rows}")
    chunked = prove(ledger, calculator, out, chunk_rows=chunk_rows)
    assert same(chunked, whole)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_rows(ledger: Path, calculator: Calculator, whole: Proof, seed: int) -> None:
    out = whole.folder.with_name(f"shuffled-{seed}")
    out.mkdir()
    pl.read_parquet(ledger).sample(fraction=1, shuffle=True, seed=seed).write_parquet(out / "ledger.parquet")
    assert same(prove(out / "ledger.parquet", calculator, out / "run", chunk_rows=7_777), whole)


def test_text_files_and_parquet(ledger: Path, calculator: Calculator, whole: Proof) -> None:
    schema = pl.read_parquet_schema(ledger)
    read = pl.read_csv(written_as_csv(ledger), schema=schema, empty_string_is_null=False)
    out = whole.folder.with_name("from-csv")
    out.mkdir()
    read.write_parquet(out / "ledger.parquet")
    assert same(prove(out / "ledger.parquet", calculator, out / "run"), whole)


def test_a_replay_writes_the_same_bytes(ledger: Path, calculator: Calculator, tmp_path: Path) -> None:
    first = prove(ledger, calculator, tmp_path / "first", chunk_rows=7_777)
    second = prove(ledger, calculator, tmp_path / "second", chunk_rows=7_777)
    assert first.files() == second.files()
    assert len(first.files()) == 3 + 3 + 2 + 4  # parts of lines and of unlined rows, tables, aggregates


@pytest.mark.parametrize(
    "source",
    ["read_parquet($ledger)", "read_csv($ledger, all_varchar = true, allow_quoted_nulls = false)"],
    ids=["parquet", "csv"],
)
def test_duckdb_agrees_in_every_row_and_in_the_total(ledger: Path, whole: Proof, source: str) -> None:
    path = ledger if "parquet" in source else written_as_csv(ledger)
    tables = {name: str(whole.folder / f"{name}.parquet") for name in ("multipliers", "rates")}
    judged = duckdb.execute(JUDGE.format(ledger=source), {"ledger": str(path), **tables}).fetchall()
    assert judged == whole.rows().rows()
    assert sum(mg for *_, mg in judged if mg is not None) == whole.run.total_mg_co2e


def test_the_one_definition_runs_on_duckdb_too(ledger: Path, whole: Proof) -> None:
    con = duckdb.connect()
    frames = [ledger, whole.folder / "multipliers.parquet", whole.folder / "rates.parquet"]
    rows, multipliers, rates = (nw.from_native(con.read_parquet(str(path))) for path in frames)
    wanted = multipliers.select(
        *columnar.KEY_COLUMNS, "key", "is_money", "mg_co2e_per_unit", "factor_currency", "key_reason"
    )
    outcome = columnar.outcomes(rows, multipliers=wanted, rates=rates.drop("published"))
    lines = nw.to_native(columnar.lines(outcome)).pl().sort("row")
    assert lines.equals(pl.read_parquet(whole.folder / "lines"), null_equal=True)


def test_duckdb_casts_texts_of_any_length_to_the_same_float() -> None:
    texts = [f"{n * 7919 % 10**k}.{n * 104_729 % 10**18:018}" for k in range(1, 18) for n in range(500)]
    question = "SELECT CAST(text AS DOUBLE) FROM (SELECT unnest($texts) AS text)"
    theirs = [number for (number,) in duckdb.execute(question, {"texts": texts}).fetchall()]
    assert theirs == pl.Series(texts).cast(pl.Float64).to_list() == [float(text) for text in texts]
