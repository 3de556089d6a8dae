"""Files whose rows name their own methods: templates run as they are written, rows add up, figures agree."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.acceptance.conftest import Vcci

TABLE = """id,category,method,activity,distance,persons,quantity,unit,spend,date,mass,energy,loss_rate
rail,6,distance-based,desnz2025:25_315_3147_11_1,50 km,10,,,,,,,
haul,4,distance-based,desnz2025:27_304_3140_14_1,320 km,,,,,,12.5 t,,
office,8,average-data,grid:GB,,,15000,kWh,,,,,
software,1,spend-based,naics2017:541511,,,,,250.50 EUR,2023-06-05,,,
hosting,1,,naics2017:518210,,,1000,GBP,,2023-06-05,,,
power,3,energy-with-losses,grid:GB,,,,,,,,500 MWh,7 %
leak,11,fuels-sold,desnz2025:1_101_1011_8_1,,,900 L,,,,,,
future,15,equity-investment,,,,,,,,,,
"""
BAD = """id,category,method,activity,distance,mass
a,4,distance-based,desnz2025:27_304_3140_14_1,320 kg,12.5 t
b,99,,desnz2025:27_304_3140_14_1,,
c,4,distance-based,desnz2025:27_304_3140_14_1,320 km,
d,4,teleportation,desnz2025:27_304_3140_14_1,320 km,1 t
e,4,distance-based,desnz2025:27_304_3140_14_1,320 km,1 t
"""


def run(vcci: Vcci, name: str, *options: str) -> dict[str, Any]:
    done = vcci("run", name, "--dry-run", "--json", "--quiet", *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def outcomes(inventory: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for share in inventory["spend"]:
        if share["reason"]:
            found[share["reason"]] = found.get(share["reason"], 0) + share["rows"]
    return found


@pytest.mark.parametrize("category", range(1, 16))
def test_template_runs_as_it_is_written(vcci: Vcci, tmp_path: Path, category: int) -> None:
    done = vcci("template", str(category), "--out", "filled.csv")
    assert done.returncode == 0, done.stderr
    inventory = run(vcci, "filled.csv")
    assert inventory["counts"]["rejected"] == 0
    assert set(outcomes(inventory)) <= {"commodity_unknown", "factor_not_found"}  # no pack has such a factor
    assert inventory["total_mg_co2e"] > 0


def test_workbook_and_text_of_a_template_give_the_same_lines(vcci: Vcci) -> None:
    for name in ("t.csv", "t.xlsx"):
        assert vcci("template", "6", "--out", name).returncode == 0
    text, book = (run(vcci, name) for name in ("t.csv", "t.xlsx"))
    assert text["counts"] == book["counts"]
    assert text["total_mg_co2e"] == book["total_mg_co2e"] > 0


def test_each_row_has_the_same_milligrams_as_a_single_calculation(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    done = vcci("run", "table.csv", "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    lines = pl.read_csv(tmp_path / "run" / "lines.csv", infer_schema=False)
    singles = [
        {"category": 6, "method": "distance-based", "factor": "desnz2025:25_315_3147_11_1",
         "inputs": {"distance": "50 km", "persons": 10}},
        {"category": 4, "method": "distance-based", "factor": "desnz2025:27_304_3140_14_1",
         "inputs": {"distance": "320 km", "mass": "12.5 t"}},
        {"category": 8, "method": "average-data", "factor": "grid:GB", "inputs": {"quantity": "15000 kWh"}},
        {"category": 1, "method": "spend-based", "factor": "naics2017:541511", "date": "2023-06-05",
         "inputs": {"spend": "250.50 EUR"}},
        {"category": 1, "quantity": 1000, "unit": "GBP", "date": "2023-06-05", "factor": "naics2017:518210"},
        {"category": 3, "method": "energy-with-losses", "factor": "grid:GB",
         "inputs": {"energy": "500 MWh", "loss_rate": "7 %"}},
        {"category": 11, "method": "fuels-sold", "factor": "desnz2025:1_101_1011_8_1",
         "inputs": {"quantity": "900 L"}},
    ]  # fmt: skip
    (tmp_path / "singles.json").write_text(json.dumps(singles))
    answers = json.loads(vcci("calculate", "singles.json").stdout)
    single = [line["emissions_mg_co2e"] for answer in answers for line in answer["lines"]]
    assert lines["co2e_mg"].cast(pl.Int64).to_list() == single
    assert lines["part"].to_list()[-4:-1] == ["upstream", "losses", "upstream of losses"]


def test_rejected_rows_name_the_column_and_nothing_is_lost(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    assert vcci("run", "bad.csv", "--out", "run", "--quiet").returncode == 0
    rejects = pl.read_csv(tmp_path / "run" / "rejects.csv", infer_schema=False)
    assert rejects.select("line", "column", "code", "value").rows() == [
        ("2", "distance", "input_unit_does_not_fit", "320 kg"),
        ("3", "category", "category_unknown", "99"),
        ("4", "mass", "input_missing", ""),
    ]
    counts = json.loads((tmp_path / "run" / "inventory.json").read_text())["counts"]
    assert counts == {"rows": 5, "lines": 1, "excluded": 0, "not_covered": 1, "rejected": 3}


def test_run_of_a_table_can_be_made_again(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    assert vcci("run", "table.csv", "--out", "run", "--quiet").returncode == 0
    done = vcci("verify", "run", "table.csv")
    assert done.returncode == 0, done.stdout


def test_rows_of_another_year_are_excluded(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    assert outcomes(run(vcci, "table.csv", "--year", "2024"))["outside_period"] == 2


def test_decimal_comma_is_read_where_it_is_said(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        'category;method;activity;distance;persons\n6;distance-based;grid:GB;"1.050,5 km";2\n'
    )
    inventory = run(vcci, "t.csv", "--decimal", "comma")
    assert outcomes(inventory) == {"unit_does_not_fit": 1}  # read as a number, and a grid factor is no travel


def test_units_may_stand_in_the_header(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "category,method,activity,distance [mi],persons\n6,distance-based,desnz2025:25_315_3147_11_1,100,2\n"
    )
    assert run(vcci, "t.csv")["total_mg_co2e"] == round(2 * 160.9344 * 0.03546 * 1e6)


def test_column_that_no_method_knows_is_an_error_with_the_nearest_one(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("category,method,distnce\n6,distance-based,1 km\n")
    done = vcci("run", "t.csv", "--dry-run")
    assert (done.returncode, 'mean "distance"? ' in done.stderr) == (3, True)
    assert "[column_unknown]" in done.stderr


def test_tables_and_ledgers_are_not_mixed(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "l.csv").write_text("Supplier,Account,Date,Amount GBP\nA,Software,2022-03-01,10\n")
    done = vcci("run", "t.csv", "l.csv", "--dry-run")
    assert (done.returncode, "[activity_tables_mixed]" in done.stderr) == (3, True)


def test_unknown_method_of_a_template_lists_those_that_there_are(vcci: Vcci) -> None:
    done = vcci("template", "6", "--method", "teleportation")
    assert (done.returncode, "hotel-nights" in done.stderr) == (3, True)
