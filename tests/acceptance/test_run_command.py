"""`vcci run`: a ledger goes in, an inventory comes out, and nothing is half done."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.acceptance.conftest import Vcci, program
from tests.support.database import footprint, now, until, value

from vcci.database.server_home import wheel_folder

EXAMPLE = Path(__file__).parents[2] / "examples" / "oxford-city-council"
OXFORD = (EXAMPLE / "spend.csv", "--map", EXAMPLE / "mapping.yaml")

SMALL = """Supplier,Expense type,Invoice date,Amount GBP
Alpha Ltd,Software licences,2022-03-01,1250.50
Beta plc,Office furniture,2022-03-04,-99.99
Gamma,Office furniture,2022-13-04,10.00
Delta,Zzgrmpf,2022-03-04,70.00
"""
RULES = """
accounts:
  - {account: Software licences, commodity: '511210'}
  - {account: Office furniture, commodity: '337214'}
region: GB
"""


def inventory(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "inventory.json").read_text())
    return found


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, str, Path]:
    """A ledger of four rows: two lines, one impossible date, one account that nobody knows."""
    (tmp_path / "small.csv").write_text(SMALL)
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path / "small.csv", "--map", tmp_path / "rules.yaml"


@pytest.fixture(scope="module")
def oxford(server_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the ledger that ships."""
    folder = tmp_path_factory.mktemp("oxford")
    done = program(server_dir, folder)("run", *OXFORD, "--out", "out")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_shipped_ledger_becomes_an_inventory_that_adds_up(oxford: Path, url: str) -> None:
    found = inventory(oxford)
    counts, total = found["counts"], found["total_mg_co2e"]
    parts = [counts[name] for name in ("lines", "excluded", "not_covered", "rejected")]
    assert counts["rows"] == sum(parts) == 42_042
    assert sum(c["emissions_mg_co2e"] for c in found["categories"]) == total
    assert sum(s["emissions_mg_co2e"] for s in found["suppliers"]) == total
    lines = pl.read_parquet(oxford / "lines" / "*.parquet")
    assert lines["co2e_mg"].sum() == pl.read_csv(oxford / "lines.csv")["co2e_mg"].sum() == total
    stored = "SELECT total_mg_co2e FROM vcci.runs WHERE digest = $1"
    assert now(value(url, stored, found["run_digest"])) == total


def test_nine_tenths_of_the_shipped_ledgers_purchases_are_covered(oxford: Path) -> None:
    spend = inventory(oxford)["spend"]
    of = {
        outcome: sum(s["spend_hundredths"] for s in spend if s["outcome"] == outcome)
        for outcome in ("line", "not covered")
    }
    assert of["line"] / (of["line"] + of["not covered"]) >= 0.9


def test_same_run_again_gives_the_same_bytes_and_is_stored_once(
    vcci: Vcci, oxford: Path, tmp_path: Path
) -> None:
    again = vcci("run", *OXFORD, "--out", tmp_path / "again")
    assert "(was there already)" in again.stdout
    assert digests(tmp_path / "again") == digests(oxford)


def test_small_ledger_gives_each_row_its_outcome(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    assert vcci("run", *small, "--out", "out").returncode == 0
    rows = pl.read_parquet(tmp_path / "out" / "activities.parquet")
    assert rows.select("line", "outcome", "reason").rows() == [
        (2, "line", ""),
        (3, "line", ""),
        (4, "rejected", "date_not_a_date"),
        (5, "not covered", "commodity_unknown"),
    ]
    rejects = pl.read_csv(tmp_path / "out" / "rejects.csv")
    assert rejects.select("line", "column", "code", "value").rows() == [
        (4, "Invoice date", "date_not_a_date", "2022-13-04")
    ]


def test_csv_tsv_xlsx_and_parquet_of_one_ledger_give_one_total(
    vcci: Vcci, small: Any, tmp_path: Path
) -> None:
    rows = [line.split(",") for line in SMALL.splitlines()]
    (tmp_path / "small.tsv").write_text("\n".join("\t".join(row) for row in rows))
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append([float(c) if c.lstrip("-").replace(".", "").isdigit() else c for c in row])
    book.save(tmp_path / "small.xlsx")
    pl.DataFrame(rows[1:], schema=rows[0], orient="row").write_parquet(tmp_path / "small.parquet")
    answers = [vcci("run", f"small.{kind}", *small[1:], "--json", "--dry-run") for kind in
               ("csv", "tsv", "xlsx", "parquet")]  # fmt: skip
    assert [a.returncode for a in answers] == [0, 0, 0, 0], [a.stderr for a in answers]
    assert len({json.loads(a.stdout)["total_mg_co2e"] for a in answers}) == 1


def test_dry_run_shows_everything_and_leaves_nothing(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = vcci("run", *small, "--dry-run", VCCI_DATA_DIR=str(tmp_path / "no-server"))
    assert done.returncode == 0, done.stderr
    assert "tCO2e" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_json_on_stdout_is_the_inventory_file(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    done = vcci("run", *small, "--out", "out", "--json")
    assert json.loads(done.stdout) == inventory(tmp_path / "out")
    assert done.stderr == ""


def test_mapping_that_was_saved_asks_and_guesses_nothing_more(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    vcci("run", *small, "--out", "first")
    vcci("run", small[0], "--map", "first/mapping.yaml", "--out", "second")
    first, second = (digests(tmp_path / name) for name in ("first", "second"))
    assert {name for name in first if first[name] != second[name]} == set()


def test_ambiguous_column_is_asked_about_and_answered_by_a_flag(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text("Account,Date,Amount GBP\nSoftware,03/04/2022,12.50\n")
    asked = vcci("run", "ledger.csv", "--dry-run")
    assert asked.returncode == 4
    assert "--date-order" in asked.stderr
    for order in ("day-month-year", "month-day-year"):
        assert vcci("run", "ledger.csv", "--dry-run", "--date-order", order).returncode == 0


def test_reporting_year_excludes_the_others(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    assert vcci("run", *small, "--year", "2021", "--out", "out").returncode == 0
    found = inventory(tmp_path / "out")
    assert (found["total_mg_co2e"], found["counts"]["excluded"]) == (0, 3)


def test_named_packs_are_the_packs_in_use(vcci: Vcci, small: Any) -> None:
    names = ("epa-supply-chain-1.2.0", "ecb-rates", "bea-price-index", "us-cpi")
    packs = [part for name in names for part in ("--pack", name)]
    done = vcci("run", *small, *packs, "--json", "--dry-run")
    assert [p["name"] for p in json.loads(done.stdout)["packs"]] == list(names)


REFUSALS = {
    "no such file": (("missing.csv",), {}, 3, "missing.csv"),
    "empty file": (("empty.csv",), {}, 3, "empty"),
    "unknown option": (("small.csv", "--nonsense"), {}, 2, "--nonsense"),
    "unknown pack": (("small.csv", "--pack", "epa-supply-chain"), {}, 5, "epa-supply-chain-1.3.0"),
    "server away": (
        ("small.csv",),
        {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"},
        6,
        "127.0.0.1",
    ),
    "unknown setting": (("small.csv",), {"VCCI_TENNANT": "x"}, 7, "VCCI_TENANT"),
    "country in words": (("small.csv", "--region", "Britain"), {}, 2, "two-letter"),
    "unknown currency": (("small.csv", "--currency", "pounds"), {}, 3, "ISO 4217"),
    "folder that is taken": (("small.csv", "--out", "taken"), {}, 3, "taken"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_names_its_cause_and_leaves_nothing(
    vcci: Vcci, small: Any, tmp_path: Path, url: str, name: str
) -> None:
    arguments, environment, code, named = REFUSALS[name]
    (tmp_path / "empty.csv").touch()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "other.txt").write_text("not ours")
    before, runs = sorted(tmp_path.rglob("*")), now(value(url, "SELECT count(*) FROM pg_class"))
    done = vcci("run", *arguments, **environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert named in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert now(value(url, "SELECT count(*) FROM pg_class")) == runs


def test_refused_run_leaves_the_results_of_the_one_before(vcci: Vcci, small: Any, tmp_path: Path) -> None:
    vcci("run", *small, "--out", "out")
    before = digests(tmp_path / "out")
    shutil.copy(small[0], tmp_path / "broken.csv")
    (tmp_path / "broken.csv").write_text(SMALL + '"unclosed')
    assert vcci("run", "broken.csv", *small[1:], "--out", "out").returncode == 3
    assert digests(tmp_path / "out") == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_run_that_is_ended_while_it_stores_leaves_everything_as_it_was(
    vcci: Vcci, small: Any, tmp_path: Path, url: str, server_dir: Path, how: signal.Signals
) -> None:
    vcci("run", *small, "--out", "out")
    before, stored = digests(tmp_path / "out"), now(footprint(url))
    (tmp_path / "small.csv").write_text(SMALL.replace("1250.50", str(1000 + how)))
    with locked(url, "vcci.emission_rollups"), started(server_dir, tmp_path, *small, "--out", "out") as run:
        now(until(url, "SELECT count(*) FROM pg_locks WHERE NOT granted"))
        run.send_signal(how)
        assert run.wait(timeout=30) != 0
    now(
        until(
            url, "SELECT count(*) = 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'INSERT%'"
        )
    )
    assert digests(tmp_path / "out") == before
    assert now(footprint(url)) == stored


def test_terminal_is_shown_stages_and_rates_and_a_pipe_nothing(
    vcci: Vcci, small: Any, tmp_path: Path, server_dir: Path
) -> None:
    assert vcci("run", *small, "--dry-run").stderr == ""
    screen, terminal = os.openpty()
    with started(server_dir, tmp_path, *small, "--dry-run", stderr=terminal) as run:
        os.close(terminal)
        assert run.wait(timeout=60) == 0
    shown = os.read(screen, 100_000).decode()
    os.close(screen)
    assert [stage for stage in ("read", "classify", "calculate", "publish") if stage not in shown] == []
    assert "rows/s" in shown


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Hold a table from another session, so that a run waits at a known place."""
    psql = [str(wheel_folder() / "pginstall" / "bin" / "psql"), "-XqAt", url]
    with subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(f"BEGIN; LOCK {table}; SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.close()


@contextmanager
def started(
    server_dir: Path, folder: Path, *arguments: str | Path, stderr: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `vcci run` and give the process."""
    command = [sys.executable, "-m", "vcci", "run", *map(str, arguments)]
    environment = os.environ | {"VCCI_DATA_DIR": str(server_dir), "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=stderr
    ) as process:
        yield process
        process.kill()
