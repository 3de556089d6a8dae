"""`vcci recalculate`: what is touched is made again beside the older run, and the bridge leads from it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.kill.imports import files_of
from tests.support.database import now, value

from vcci.processing.replay import FROM_ROWS, compared

LEDGER = """Supplier,Expense type,Invoice date,Amount GBP
Alpha Ltd,Software licences,2022-03-01,1250.50
Beta plc,Office furniture,2022-03-04,-99.99
=1+1,Office furniture,2022-13-04,10.00
Delta,Zzgrmpf,2021-03-04,70.00
"""
MAPPING = """
accounts:
  - {account: Software licences, commodity: '511210'}
  - {account: Office furniture, commodity: '337214'}
region: GB
left_out: {10: "We sell no intermediate products."}
"""
OTHERS = ("ecb-rates", "bea-price-index", "us-cpi", "naics-2017-titles")
OLDER = [word for name in ("epa-supply-chain-1.2.0", *OTHERS) for word in ("--pack", name)]
NEWER = [word for name in ("epa-supply-chain-1.3.0", *OTHERS) for word in ("--pack", name)]

Vcci = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def vcci(url: str, tmp_path: Path) -> Vcci:
    """Run `vcci` beside a ledger of four rows: two lines, one impossible date, one unknown account."""
    (tmp_path / "ledger.csv").write_text(LEDGER)
    (tmp_path / "mapping.yaml").write_text(MAPPING)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vcci", *arguments],
            env=os.environ | {"DATABASE_URL": url, "COLUMNS": "120"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def made(vcci: Vcci, out: str, *options: str) -> None:
    done = vcci("run", "ledger.csv", "--map", "mapping.yaml", "--out", out, "--quiet", *options)
    assert done.returncode == 0, done.stderr


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def inventory(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "inventory.json").read_text())
    return found


def without_names(told: Any) -> Any:
    """Leave out digests, and the intervals that are drawn with them as seed."""
    if isinstance(told, list):
        return [without_names(one) for one in told]
    if not isinstance(told, dict):
        return told
    named = ("run_digest", "successor_of", "interval")
    return {name: without_names(one) for name, one in told.items() if name not in named}


def test_other_pack_gives_what_a_run_of_the_files_with_it_gives(vcci: Vcci, tmp_path: Path) -> None:
    made(vcci, "older", *OLDER)
    made(vcci, "wanted", *NEWER)
    before = files_of(tmp_path / "older")
    found = told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    parts = compared(tmp_path / "new", tmp_path / "wanted", among=FROM_ROWS)
    assert [part.name for part in parts if not part.is_same] == []
    assert files_of(tmp_path / "older") == before
    new, wanted = inventory(tmp_path / "new"), inventory(tmp_path / "wanted")
    assert without_names(new) == without_names(wanted)
    assert new["successor_of"] == inventory(tmp_path / "older")["run_digest"] == found["successor_of"]


def test_effects_add_up_and_are_kept_with_the_new_run(vcci: Vcci, tmp_path: Path) -> None:
    made(vcci, "older", *OLDER)
    found = told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    bridge = json.loads((tmp_path / "new" / "bridge.json").read_text())
    older, newer = inventory(tmp_path / "older"), inventory(tmp_path / "new")
    assert bridge == found["bridge"] | {
        "older_run_digest": older["run_digest"],
        "newer_run_digest": newer["run_digest"],
    }
    assert (bridge["older_mg_co2e"], bridge["newer_mg_co2e"]) == (
        older["total_mg_co2e"],
        newer["total_mg_co2e"],
    )
    effects = sum(effect["emissions_mg_co2e"] for effect in bridge["effects"])
    assert effects == newer["total_mg_co2e"] - older["total_mg_co2e"] != 0
    assert found["touched"]["lines"] == 2
    assert found["touched"]["emissions_mg_co2e"] == older["total_mg_co2e"]


def test_new_run_takes_the_older_ones_place_and_shares_its_rows(vcci: Vcci, tmp_path: Path, url: str) -> None:
    made(vcci, "older", *OLDER)
    told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    standing = "SELECT r.digest FROM vcci.runs r WHERE NOT EXISTS"
    others = "(SELECT FROM vcci.runs s WHERE s.successor_of = r.digest)"
    assert now(value(url, f"{standing} {others}")) == inventory(tmp_path / "new")["run_digest"]
    assert now(value(url, "SELECT count(*) FROM vcci.runs")) == 2
    assert now(value(url, "SELECT count(*) FROM vcci.imports")) == 1
    again = told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    assert again["run_digest"] == inventory(tmp_path / "new")["run_digest"]
    assert now(value(url, "SELECT count(*) FROM vcci.runs")) == 2


def test_second_run_in_the_same_place_is_refused(vcci: Vcci, tmp_path: Path, url: str) -> None:
    made(vcci, "older", *OLDER)
    told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    refused = vcci("recalculate", "older", "--out", "other", *NEWER, "--price-basis", "basic", "--quiet")
    assert (refused.returncode, "[run_replaced]" in refused.stderr) == (3, True)
    assert not (tmp_path / "other").exists()
    assert now(value(url, "SELECT count(*) FROM vcci.runs")) == 2


def test_same_options_touch_nothing_and_make_nothing(vcci: Vcci, tmp_path: Path) -> None:
    made(vcci, "older")
    done = vcci("recalculate", "older", "--out", "new", "--quiet")
    assert (done.returncode, "Nothing is touched" in done.stdout) == (0, True)
    assert not (tmp_path / "new").exists()


def test_pack_that_no_row_needs_touches_nothing(vcci: Vcci, tmp_path: Path) -> None:
    made(vcci, "older", *NEWER)
    found = told(
        vcci("recalculate", "older", "--out", "new", *NEWER, "--pack", "airports", "--json", "--quiet")
    )
    assert (found["touched"]["keys"], found["touched"]["lines"], found["bridge"]) == (0, 0, None)
    assert not (tmp_path / "new").exists()


def test_dry_run_shows_the_bridge_and_keeps_nothing(vcci: Vcci, tmp_path: Path, url: str) -> None:
    made(vcci, "older", *OLDER)
    done = vcci("recalculate", "older", "--out", "new", *NEWER, "--dry-run", "--quiet")
    assert "From one total to the next" in done.stdout
    assert not (tmp_path / "new").exists()
    assert now(value(url, "SELECT count(*) FROM vcci.runs")) == 1


def test_year_excludes_and_needs_the_files_where_it_decided_how_rows_are_read(
    vcci: Vcci, tmp_path: Path
) -> None:
    made(vcci, "older")
    made(vcci, "wanted", "--year", "2021")
    found = told(vcci("recalculate", "older", "--out", "new", "--year", "2021", "--json", "--quiet"))
    assert found["touched"]["lines"] == 2
    assert inventory(tmp_path / "new")["counts"] == inventory(tmp_path / "wanted")["counts"]
    refused = vcci("recalculate", "wanted", "--out", "later", "--year", "2022", "--quiet")
    assert (refused.returncode, "[recalculation_needs_files]" in refused.stderr) == (3, True)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--gwp", "AR9"), "gwp_set_unknown"),
        (("--pack", "no-such-pack"), "pack_unknown"),
        (("--out", "older"), "out_is_taken"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(vcci: Vcci, options: tuple[str, ...], code: str) -> None:
    made(vcci, "older")
    refused = vcci("recalculate", "older", "--quiet", *options)
    assert refused.returncode != 0
    assert f"[{code}]" in refused.stderr


def test_new_run_is_verified_from_its_rows(vcci: Vcci) -> None:
    made(vcci, "older", *OLDER)
    told(vcci("recalculate", "older", "--out", "new", *NEWER, "--json", "--quiet"))
    done = vcci("verify", "new")
    assert done.returncode == 0, done.stdout
