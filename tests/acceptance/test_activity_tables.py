"""Files whose rows name their own methods: templates run as they are written, rows add up, figures agree."""

import csv
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


def lines_of(vcci: Vcci, folder: Path, name: str) -> pl.DataFrame:
    done = vcci("run", name, "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return pl.read_csv(folder / "run" / "lines.csv", infer_schema=False)


def test_workbook_and_text_of_a_template_give_the_same_lines(vcci: Vcci, tmp_path: Path) -> None:
    for name in ("t.csv", "t.xlsx"):
        assert vcci("template", "6", "--out", name).returncode == 0
    text, book = (lines_of(vcci, tmp_path, name).drop("source") for name in ("t.csv", "t.xlsx"))
    assert text.height > 0
    assert text.equals(book)


ACTIVITIES: list[dict[str, Any]] = [
    {"category": 6, "method": "distance-based", "factor": "desnz2025:25_315_3147_11_1",
     "inputs": {"distance": "50 km", "persons": "10"}},
    {"category": 6, "method": "hotel-nights", "factor": "desnz2025:29_600_4000_13_1",
     "inputs": {"nights": "3 nights", "persons": "2"}},
    {"category": 4, "method": "distance-based", "factor": "desnz2025:27_304_3140_14_1",
     "inputs": {"distance": "200 mi", "mass": "12.5 t"}},
    {"category": 8, "method": "average-data", "factor": "grid:GB", "inputs": {"quantity": "15000 kWh"}},
    {"category": 1, "method": "spend-based", "factor": "naics2017:541511", "date": "2023-06-05",
     "inputs": {"spend": "250.50 EUR"}},
    {"category": 1, "quantity": "1000", "unit": "GBP", "date": "2023-06-05", "factor": "naics2017:518210"},
    {"category": 3, "method": "energy-with-losses", "factor": "grid:GB",
     "factors": {"losses": "grid:FR"}, "inputs": {"energy": "500 MWh", "loss_rate": "7 %"}},
    {"category": 7, "method": "telework", "factor": "desnz2025:32_603_9999_12_1", "region": "GB",
     "inputs": {"telework": "1600 fte_hour"}},
    {"category": 11, "method": "fuels-sold", "factor": "desnz2025:1_101_1011_8_1",
     "inputs": {"quantity": "900 L"}},
    {"category": 15, "method": "financed-emissions",
     "inputs": {"scope_1": "120 tCO2e", "outstanding": "1 EUR", "value": "3 EUR"}},
    {"category": 15, "method": "lifetime-projection",
     "inputs": {"scope_1": "120 tCO2e", "years": "20", "project_share": "12.5 %"}},
]  # fmt: skip
"""Ten methods over eight categories, as `vcci calculate` takes them."""


def as_row(activity: dict[str, Any]) -> dict[str, str]:
    """The same activity as a row of a table."""
    nested = ("inputs", "factor", "factors")
    row = {name: str(value) for name, value in activity.items() if name not in nested}
    row |= {f"factor {part}": factor for part, factor in activity.get("factors", {}).items()}
    return {**row, "activity": activity.get("factor", ""), **activity.get("inputs", {})}


def test_each_row_has_the_same_milligrams_as_a_single_calculation(vcci: Vcci, tmp_path: Path) -> None:
    rows = [as_row(activity) for activity in ACTIVITIES]
    with (tmp_path / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "singles.json").write_text(json.dumps(ACTIVITIES))
    answers = json.loads(vcci("calculate", "singles.json").stdout)
    told = ("category", "method", "part", "emissions_mg_co2e")
    single = [
        (str(number), *(str(0 if line["is_apart"] and name == "category" else line[name]) for name in told))
        for number, answer in enumerate(answers, 2)
        for line in answer["lines"]
    ]
    lines = lines_of(vcci, tmp_path, "table.csv")
    assert lines.select("line", "category", "method", "part", "co2e_mg").rows() == single
    assert len(single) == 13


def test_own_factors_of_the_mapping_and_of_parts_are_used(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text('own_factors:\n  heat: {value: "0.5", unit: kWh, source: a bill}\n')
    (tmp_path / "t.csv").write_text(
        "id,category,method,activity,electricity,heat,factor heat,supplier\n"
        "hall 3,8,asset-specific,grid:GB,10 kWh,20 kWh,own:heat,A Landlord\n"
        "hall 4,8,asset-specific,grid:GB,10 kWh,20 kWh,own:unknown,A Landlord\n"
    )
    done = vcci("run", "t.csv", "--map", "map.yaml", "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    lines = pl.read_csv(tmp_path / "run" / "lines.csv", infer_schema=False)
    told = lines.select("account_code", "supplier", "part", "activity").rows()
    assert told == [
        ("hall 3", "A Landlord", "electricity", "grid:GB"),
        ("hall 3", "A Landlord", "heat", "own:heat"),
        ("hall 4", "A Landlord", "electricity", "grid:GB"),
    ]
    assert lines["co2e_mg"][1] == "10000000"
    counts = json.loads((tmp_path / "run" / "inventory.json").read_text())["counts"]
    assert counts == {"rows": 4, "lines": 3, "excluded": 0, "not_covered": 1, "rejected": 0}


def test_ledger_whose_header_looks_like_a_table_is_read_with_its_mapping(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("Category,Method,Amount GBP,Date\nSoftware licences,card,10,2022-03-01\n")
    assert "(--map)" in vcci("run", "l.csv", "--dry-run").stderr
    (tmp_path / "map.yaml").write_text("columns: {account: Category, quantity: Amount GBP, date: Date}\n")
    assert run(vcci, "l.csv", "--map", "map.yaml")["counts"]["lines"] == 1


def test_rejects_are_not_put_back_into_a_table(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    assert vcci("run", "bad.csv", "--out", "run", "--quiet").returncode == 0
    done = vcci("run", "bad.csv", "--repair", "run/rejects.csv", "--out", "again")
    assert (done.returncode, "[activity_tables_mixed]" in done.stderr) == (3, True)


def test_template_that_may_have_been_filled_in_is_not_written_over(vcci: Vcci, tmp_path: Path) -> None:
    assert vcci("template", "6", "--out", "t.csv").returncode == 0
    again = vcci("template", "6", "--out", "t.csv")
    assert (again.returncode, "[out_is_taken]" in again.stderr) == (3, True)
    nowhere = vcci("template", "6", "--out", "no/t.csv")
    assert (nowhere.returncode, "[out_unwritable]" in nowhere.stderr) == (3, True)
    assert vcci("template", "6", "--out", "t.pdf").returncode == 2


def test_rejected_rows_name_the_column_and_nothing_is_lost(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    assert vcci("run", "bad.csv", "--out", "run", "--quiet").returncode == 0
    rejects = pl.read_csv(tmp_path / "run" / "rejects.csv", infer_schema=False)
    assert rejects.select("line", "column", "code", "value").rows() == [
        ("2", "distance", "input_unit_does_not_fit", "320 kg"),
        ("3", "category", "category_unknown", "99"),
        ("4", "mass", "input_missing", ""),
        ("5", "method", "method_not_offered", "teleportation"),
    ]
    counts = json.loads((tmp_path / "run" / "inventory.json").read_text())["counts"]
    assert counts == {"rows": 5, "lines": 1, "excluded": 0, "not_covered": 0, "rejected": 4}


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
