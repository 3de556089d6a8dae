"""`vcci run --repair`: what was rejected is mended, goes back in, and the ledger still adds up."""

import csv
from pathlib import Path

import polars as pl
import pytest
from tests.acceptance.conftest import Vcci
from tests.acceptance.test_run_command import RULES, digests, inventory
from tests.support.database import footprint, now, value

RIGHT = """Supplier,Expense type,Invoice date,Amount GBP
Alpha Ltd,Software licences,2022-03-01,1250.50
=1+1,Office furniture,2022-03-04,10.00
"Beta, plc",Office furniture,2022-03-04,-99.99
Gamma,Software licences,2022-03-01,70.00
Delta,Office furniture,2022-03-04,5.25
"Epsilon, Ltd",Office furniture,2022-03-04,8
"""
"""A ledger as it should be."""

WRONG = """Supplier,Expense type,Invoice date,Amount GBP
Alpha Ltd,Software licences,2022-03-01,1250.50
=1+1,Office furniture,2022-13-04,10.00
"Beta, plc",Office furniture,2022-03-04,-99.99 or so
Gamma,Software licences,70.00
Delta,Office furniture,,5.25
Epsilon, Ltd,Office furniture,2022-03-04,8
"""
"""The same with an impossible date, an amount with words, a cell too few, no date, and a cell too many."""

MENDS = {
    3: {"value": "2022-03-04"},
    4: {"value": "-99.99"},
    5: {"row": "Gamma,Software licences,2022-03-01,70.00"},
    6: {"value": "2022-03-04"},
    7: {"row": '"Epsilon, Ltd",Office furniture,2022-03-04,8'},
}


def mend(rejects: Path, mends: dict[int, dict[str, str]]) -> str:
    """Change a rejects.csv by line of the ledger, as a person would, and return where it is."""
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with rejects.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | mends.get(int(row["line"]), {}) for row in rows)
    return str(rejects)


@pytest.fixture
def wrong(tmp_path: Path, vcci: Vcci) -> tuple[str, ...]:
    """A ledger that was run once, into `first`, with five of its six rows rejected."""
    (tmp_path / "ledger.csv").write_text(WRONG)
    (tmp_path / "rules.yaml").write_text(RULES)
    run = ("run", "ledger.csv", "--map", "rules.yaml", "--out")
    done = vcci(*run, "first")
    assert done.returncode == 0, done.stderr
    assert inventory(tmp_path / "first")["counts"]["rejected"] == 5
    return run


def milligrams(folder: Path) -> list[tuple[int, int]]:
    lines = pl.read_parquet(folder / "lines" / "*.parquet")
    return lines.select("row", "co2e_mg").rows()


def test_mended_rows_count_as_if_they_had_been_right_from_the_start(
    vcci: Vcci, wrong: tuple[str, ...], tmp_path: Path
) -> None:
    rejects = mend(tmp_path / "first" / "rejects.csv", MENDS)
    done = vcci(*wrong, "second", "--repair", rejects)
    assert done.returncode == 0, done.stderr
    (tmp_path / "ledger.csv").write_text(RIGHT)
    vcci(*wrong, "right")
    assert milligrams(tmp_path / "second") == milligrams(tmp_path / "right")
    second, right = (inventory(tmp_path / name) for name in ("second", "right"))
    assert second["counts"] == right["counts"]
    assert (second["counts"]["rows"], second["counts"]["lines"]) == (6, 6)
    assert second["suppliers"] == right["suppliers"]
    assert ("row_repaired", 5) in [(n["code"], n["lines"]) for n in second["notices"]]


def test_successor_names_the_run_before_which_stays(
    vcci: Vcci, wrong: tuple[str, ...], tmp_path: Path, url: str
) -> None:
    first = inventory(tmp_path / "first")["run_digest"]
    rejects = mend(tmp_path / "first" / "rejects.csv", MENDS)
    shown = vcci(*wrong, "second", "--repair", rejects).stdout
    second = inventory(tmp_path / "second")
    assert (second["successor_of"], inventory(tmp_path / "first")["successor_of"]) == (first, "")
    assert f"successor of {first[:16]}" in shown
    assert first in (tmp_path / "second" / "inventory.html").read_text()
    stored = "SELECT array_agg(successor_of) FROM vcci.runs WHERE digest = $1"
    assert now(value(url, stored, second["run_digest"])) == [first]
    assert now(value(url, stored, first)) == [None]


def test_repair_is_replayed_to_the_byte_from_what_it_left(
    vcci: Vcci, wrong: tuple[str, ...], tmp_path: Path
) -> None:
    rejects = mend(tmp_path / "first" / "rejects.csv", MENDS)
    vcci(*wrong, "second", "--repair", rejects)
    again = vcci(*wrong, "again", "--repair", rejects)
    assert "(was there already)" in again.stdout
    vcci(*wrong, "from-repairs", "--repair", "second/repairs.csv")
    assert digests(tmp_path / "again") == digests(tmp_path / "second")
    assert digests(tmp_path / "from-repairs") == digests(tmp_path / "second")


def test_row_that_is_still_wrong_is_rejected_again_and_mended_in_a_second_repair(
    vcci: Vcci, wrong: tuple[str, ...], tmp_path: Path
) -> None:
    rejects = mend(tmp_path / "first" / "rejects.csv", MENDS | {3: {"value": "2022-14-04"}, 6: {}, 7: {}})
    vcci(*wrong, "second", "--repair", rejects)
    left = pl.read_csv(tmp_path / "second" / "rejects.csv").select("line", "value", "row").rows()
    assert left == [
        (3, "2022-14-04", "'=1+1,Office furniture,2022-14-04,10.00"),
        (6, "", "Delta,Office furniture,,5.25"),
        (7, "5 cells instead of 4", "Epsilon, Ltd,Office furniture,2022-03-04,8"),
    ]
    mend(tmp_path / "second" / "rejects.csv", {line: MENDS[line] for line in (3, 6, 7)})
    parts = ("--repair", "second/repairs.csv", "--repair", "second/rejects.csv")
    done = vcci(*wrong, "third", *parts)
    assert done.returncode == 0, done.stderr
    third, second = inventory(tmp_path / "third"), inventory(tmp_path / "second")
    assert (third["counts"]["lines"], third["successor_of"]) == (6, second["run_digest"])


MISFITS = {
    "changed file": ("ledger.csv", "Alpha Ltd", "Alpha", "ledger.csv has other bytes"),
    "column that is not there": ("first/rejects.csv", ",Invoice date,", ",Booked on,", "'Booked on'"),
    "row that was not rejected": ("first/rejects.csv", "ledger.csv,3,", "ledger.csv,2,", "is not rejected"),
    "line that is not there": ("first/rejects.csv", "ledger.csv,3,", "ledger.csv,99,", "Line 99"),
    "other source": ("first/rejects.csv", "ledger.csv,", "payments.csv,", "payments.csv is not among"),
    "nothing mended": ("first/rejects.csv", ",-99.99,", ",-99.99 or so,", "Nothing is mended"),
    "list without values": ("first/rejects.csv", "value", "worth", "no column value"),
}
"""A file, what is changed in it, and what the refusal says."""


@pytest.mark.parametrize("name", MISFITS)
def test_repair_that_does_not_fit_is_refused_and_leaves_nothing(
    vcci: Vcci, wrong: tuple[str, ...], tmp_path: Path, url: str, name: str
) -> None:
    path, old, new, named = MISFITS[name]
    mend(tmp_path / "first" / "rejects.csv", {4: MENDS[4]})
    text = (tmp_path / path).read_text()
    (tmp_path / path).write_text(text.replace(old, new))
    before = now(footprint(url))
    done = vcci(*wrong, "second", "--repair", "first/rejects.csv")
    assert (done.returncode, done.stdout) == (3, "")
    assert named in done.stderr
    assert "repair_" in done.stderr
    assert not (tmp_path / "second").exists()
    assert now(footprint(url)) == before
