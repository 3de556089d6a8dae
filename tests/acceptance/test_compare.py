"""`vcci compare`: what leads from one total to another, and whether a base year has to be recalculated."""

import json
from pathlib import Path

import pytest
from tests.acceptance.conftest import Vcci

HEAD = "category,method,activity,distance,mass,supplier\n"
HAUL = "4,distance-based,desnz2025:27_304_3140_14_1,320 km,{tonnes} t,Haulier\n"
UNPAID = "9,distance-based,desnz2025:27_304_3140_14_1,100 km,1 t,Haulier\n"


def run(vcci: Vcci, folder: Path, name: str, text: str, rules: str = "") -> None:
    (folder / f"{name}.csv").write_text(HEAD + text)
    (folder / "rules.yaml").write_text(rules or "region: GB\n")
    done = vcci("run", f"{name}.csv", "--map", "rules.yaml", "--out", name, "--quiet")
    assert done.returncode == 0, done.stderr


def test_more_freight_is_volume_and_the_effects_add_up(vcci: Vcci, tmp_path: Path) -> None:
    run(vcci, tmp_path, "older", HAUL.format(tonnes=10))
    run(vcci, tmp_path, "newer", HAUL.format(tonnes=12))
    found = json.loads(vcci("compare", "older", "newer", "--json").stdout)
    difference = found["newer_mg_co2e"] - found["older_mg_co2e"]
    assert found["effects"] == [{"category": 4, "effect": "volume", "emissions_mg_co2e": difference}]


def test_dearer_purchases_are_price_and_recalculate_nothing(vcci: Vcci, tmp_path: Path) -> None:
    rules = "accounts: [{account: Software licences, commodity: '511210'}]\nregion: GB\ncurrency: GBP\n"
    (tmp_path / "rules.yaml").write_text(rules)
    for year in ("2019", "2023"):
        ledger = f"Supplier,Expense type,Invoice date,Amount\nAcme,Software licences,{year}-03-01,1250.50\n"
        (tmp_path / f"{year}.csv").write_text(ledger)
        done = vcci("run", f"{year}.csv", "--map", "rules.yaml", "--out", year, "--quiet")
        assert done.returncode == 0, done.stderr
    found = json.loads(vcci("compare", "2019", "2023", "--json").stdout)
    assert [effect["effect"] for effect in found["effects"]] == ["price"]
    assert "stays as it is" in vcci("compare", "2019", "2023", "--threshold", "0").stdout


def test_new_category_is_the_boundary_and_recalculates_the_base_year(vcci: Vcci, tmp_path: Path) -> None:
    run(vcci, tmp_path, "older", HAUL.format(tonnes=10))
    run(vcci, tmp_path, "newer", HAUL.format(tonnes=10) + UNPAID)
    done = vcci("compare", "older", "newer", "--threshold", "3")
    assert "has to be recalculated: 3.1 % by boundary." in done.stdout
    assert "stays as it is" in vcci("compare", "older", "newer", "--threshold", "4").stdout


def test_carrier_in_both_freight_categories_may_be_counted_twice(vcci: Vcci, tmp_path: Path) -> None:
    run(vcci, tmp_path, "run", HAUL.format(tonnes=10) + UNPAID)
    (found,) = json.loads((tmp_path / "run" / "inventory.json").read_text())["counted_twice"]
    assert (found["code"], found["about"]) == ("freight_paid_and_unpaid", "Haulier")
    assert found["one_mg_co2e"] == 32 * found["other_mg_co2e"]


def test_every_category_is_calculated_left_out_with_a_reason_or_without_data(
    vcci: Vcci, tmp_path: Path
) -> None:
    rules = 'left_out: {10: "We sell no intermediate products."}\n'
    run(vcci, tmp_path, "run", HAUL.format(tonnes=10), rules)
    stated = json.loads((tmp_path / "run" / "inventory.json").read_text())["boundary"]
    statuses = {row["category"]: row["status"] for row in stated}
    assert len(stated) == 15
    assert (statuses[4], statuses[10], statuses[11]) == ("calculated", "left out", "no data")
    assert stated[9]["reason"] == "We sell no intermediate products."


@pytest.mark.parametrize("folders", [("run", "nowhere"), ("nowhere", "run")])
def test_folder_without_a_run_is_an_error(vcci: Vcci, tmp_path: Path, folders: tuple[str, str]) -> None:
    run(vcci, tmp_path, "run", HAUL.format(tonnes=1))
    done = vcci("compare", *folders)
    assert (done.returncode, "[run_missing]" in done.stderr) == (3, True)
