"""`vcci explain` and `vcci verify`: a figure can be worked out again, and a changed one is found."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.acceptance.conftest import Vcci, program

from vcci.packs.library import SHIPPED, default_names

LEDGER = """Supplier,Expense type,Invoice date,Amount GBP
Alpha Ltd,Software licences,2022-03-01,1250.50
Beta plc,Office furniture,2022-03-05,99.99
Gamma,Office furniture,2022-13-04,10.00
"""
RULES = """
accounts:
  - {account: Software licences, commodity: '511210'}
  - {account: Office furniture, commodity: '337214'}
region: GB
"""


@pytest.fixture(scope="module")
def made(server_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "ledger.csv").write_text(LEDGER)
    (folder / "rules.yaml").write_text(RULES)
    run = program(server_dir, folder)
    done = run("run", "ledger.csv", "--map", "rules.yaml", "--out", "run")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def explained(vcci: Vcci, row: str, run: str = "run") -> dict[str, Any]:
    done = vcci("explain", row, "--run", run, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_shown_product_gives_the_milligrams_of_the_line(vcci: Vcci, folder: Path) -> None:
    told = explained(vcci, "1")
    amount, multiplier = re.findall(r"[\d.]+(?:e[+-]?\d+)?", told["steps"][-2])[:2]
    assert int(float(amount) * float(multiplier) + 0.5) == told["emissions_mg_co2e"]
    assert told["steps"][-1].endswith(f"floored = {told['emissions_mg_co2e']} mg CO2e")
    assert told["pack"]["licence"]
    assert told["quality"] == {
        "technology": 4,
        "time": 1,
        "geography": 5,
        "completeness": 1,
        "reliability": 2,
    }
    low, high = told["interval_mg_co2e"]
    assert low < told["emissions_mg_co2e"] < high


def test_rate_of_the_day_is_among_the_steps(vcci: Vcci, folder: Path) -> None:
    told = explained(vcci, "2")
    assert told["steps"][-3].startswith("99.99 GBP x ")
    assert " USD per GBP of 2022-03-04 = " in told["steps"][-3]  # the fifth was a Saturday
    assert [code for code, _ in told["notices"]] == ["rate_of_earlier_day", "factor_of_other_region"]


def test_row_is_found_by_file_and_line_and_says_why_it_has_no_line(vcci: Vcci, folder: Path) -> None:
    told = explained(vcci, "ledger.csv:4")
    assert (told["row"], told["reason"], told["outcome"]) == (3, "date_not_a_date", "rejected")
    done = vcci("explain", "3", "--run", "run")
    assert "Write YYYY-MM-DD. [date_not_a_date]" in done.stdout


@pytest.mark.parametrize("row", ["0", "4", "x", "ledger.csv:99", "9" * 5000])
def test_row_that_is_not_there_is_an_error_with_a_remedy(vcci: Vcci, folder: Path, row: str) -> None:
    done = vcci("explain", row, "--run", "run")
    assert (done.returncode, "[row_unknown]" in done.stderr) == (3, True)


def test_folder_without_a_run_is_an_error(vcci: Vcci, folder: Path) -> None:
    done = vcci("verify", ".")
    assert (done.returncode, "[run_missing]" in done.stderr) == (3, True)


def test_run_is_made_again_from_its_rows_and_from_its_files(vcci: Vcci, folder: Path) -> None:
    from_rows, from_files = vcci("verify", "run"), vcci("verify", "run", "ledger.csv")
    assert (from_rows.returncode, from_files.returncode) == (0, 0), from_files.stdout
    assert "14 of 14 are what the run makes" in from_rows.stdout
    assert "17 of 17 are what the run makes" in from_files.stdout
    assert "run digest of inventory.json" in from_files.stdout


def test_run_with_a_pack_of_its_own_is_made_again_from_the_folder_of_the_pack(
    vcci: Vcci, folder: Path
) -> None:
    own = folder / "own-pack"
    shutil.copytree(SHIPPED / "epa-supply-chain-1.2.0", own)
    manifest = own / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("name: epa-supply-chain-1.2.0", "name: own-pack"))
    packs = [f"--pack={pack}" for pack in ("./own-pack", *default_names()[1:])]
    assert vcci("run", "ledger.csv", "--map", "rules.yaml", "--out", "own", *packs).returncode == 0
    unknown, found = vcci("verify", "own"), vcci("verify", "own", "ledger.csv", "--pack", "./own-pack")
    assert (unknown.returncode, "[pack_unknown]" in unknown.stderr) == (5, True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_activity_table_with_packs_on_demand_is_made_again(vcci: Vcci, folder: Path) -> None:
    (folder / "trips.csv").write_text(vcci("template", "6").stdout)
    assert vcci("run", "trips.csv", "--out", "trips").returncode == 0
    from_rows, from_files = vcci("verify", "trips"), vcci("verify", "trips", "trips.csv")
    assert (from_rows.returncode, from_files.returncode) == (0, 0), from_rows.stdout + from_files.stdout
    assert explained(vcci, "1", "trips")["classified"]["how"] == "by the row itself"


def change_line(run: Path) -> str:
    part = run / "lines" / "part-00000.parquet"
    pl.read_parquet(part).with_columns(pl.col("co2e_mg") + 1).write_parquet(part)
    return "lines/part-00000.parquet"


def change_row(run: Path) -> str:
    rows = run / "activities.parquet"
    pl.read_parquet(rows).with_columns(outcome=pl.lit("line")).write_parquet(rows)
    return "activities.parquet"


def change_figure(run: Path) -> str:
    document = run / "inventory.json"
    document.write_text(document.read_text().replace('"lines": 2', '"lines": 3', 1))
    return "inventory.json"


def change_shown_line(run: Path) -> str:
    lines = run / "lines.csv"
    lines.write_text(lines.read_text().replace("99.99", "9.99"))
    return "lines.csv"


def change_total(run: Path) -> str:
    document = run / "inventory.json"
    text = re.sub(r'"total_mg_co2e": \d', '"total_mg_co2e": 9', document.read_text())
    document.write_text(text)
    return "total of inventory.json"


def change_mapping(run: Path) -> str:
    mapping = run / "mapping.yaml"
    mapping.write_text(mapping.read_text().replace("337214", "511210"))
    return "lines.csv"


@pytest.mark.parametrize(
    ("change", "files"),
    [
        (change_line, ()),
        (change_row, ()),
        (change_figure, ()),
        (change_shown_line, ()),
        (change_total, ()),
        (change_mapping, ("ledger.csv",)),
    ],
)
def test_what_was_changed_after_the_run_is_named(
    vcci: Vcci, folder: Path, change: Any, files: tuple[str, ...]
) -> None:
    name = change(folder / "run")
    done = vcci("verify", "run", *files, "--json")
    differing = [file["name"] for file in json.loads(done.stdout) if not file["is_same"]]
    assert done.returncode == 9
    assert name in differing


def test_changed_line_is_found_when_it_is_explained(vcci: Vcci, folder: Path) -> None:
    change_line(folder / "run")
    done = vcci("explain", "1", "--run", "run")
    assert (done.returncode, "[line_does_not_recompute]" in done.stderr) == (8, True)


def test_pack_that_is_not_the_one_it_was_is_refused(vcci: Vcci, folder: Path) -> None:
    document = folder / "run" / "inventory.json"
    document.write_text(re.sub(r'"digest": "[0-9a-f]{8}', '"digest": "00000000', document.read_text()))
    done = vcci("verify", "run")
    assert (done.returncode, "[pack_changed]" in done.stderr) == (5, True)
