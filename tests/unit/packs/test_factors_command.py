"""`vcci factors`: what is printed, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vcci.cli import app
from vcci.cli.factors import _print_rich_table
from vcci.errors import PackError
from vcci.packs import default_names
from vcci.packs.library import DATA

from .conftest import MakePack


def factors(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["factors", *arguments])


def test_list_is_one_line_for_each_pack_when_piped() -> None:
    heading, *lines = factors("list").stdout.splitlines()
    assert heading.split("\t") == ["pack", "kind", "version", "rows", "publisher", "licence", "mark", "used"]
    (epa,) = (line for line in lines if line.startswith("epa-supply-chain-1.3.0\t"))
    assert epa.endswith("\tUS EPA, Office of Research and Development\tpublic domain (17 USC 105)\t\tdefault")


def test_list_as_json_says_which_packs_are_used_unasked() -> None:
    packs = json.loads(factors("list", "--json").stdout)
    assert {p["name"] for p in packs if p["default"]} == set(default_names())
    assert not any(p["standing"] for p in packs if p["default"])


def test_list_marks_packs_that_bind_or_are_doubtful() -> None:
    lines = [line.split("\t") for line in factors("list").stdout.splitlines()]
    assert {line[0]: line[6] for line in lines[1:] if line[6]} == {
        "electricity-maps-grid": "share-alike",
        "exiobase-3.4-consumption": "share-alike, doubtful",
        "impact-co2": "doubtful",
        "india-community-1.2": "doubtful",
        "nace-2-to-exiobase": "share-alike, doubtful",
    }


def test_search_reaches_physical_factors_the_newest_first() -> None:
    first = factors("search", "national", "rail", "--limit", "1").stdout.splitlines()[1].split("\t")
    assert first[:4] == [
        "desnz2025:25_315_3147_11_1",
        "Business travel- land > Rail > National rail",
        "0.03546",
        "kg CO2e/pkm",
    ]


def test_search_leaves_marked_packs_out_unless_they_are_named() -> None:
    unasked = json.loads(factors("search", "baguette", "--json").stdout)
    named = json.loads(factors("search", "baguette", "--pack", "impact-co2", "--json").stdout)
    assert {f["pack"] for f in unasked} == {"agribalyse-3.1"}
    assert {f["pack"] for f in named} == {"impact-co2"}


def test_show_says_the_licence_and_where_the_pack_lies(make_pack: MakePack) -> None:
    folder = make_pack(name="ours")
    said = json.loads(factors("show", folder, "--json").stdout)
    assert (said["name"], said["licence"], said["folder"]) == ("ours", "own", folder)


def test_show_prints_only_what_a_pack_says() -> None:
    fields = [line.split("\t")[0] for line in factors("show", "ecb-rates").stdout.splitlines()]
    assert "attribution" in fields
    assert "price_year" not in fields


def test_search_prints_factor_unit_pack_and_price_basis() -> None:
    lines = factors("search", "custom", "programming", "--limit", "1").stdout.splitlines()
    assert lines[1].split("\t") == [
        "naics2017:541511",
        "Custom Computer Programming Services",
        "0.084",
        "kg CO2e/USD 2022",
        "epa-supply-chain-1.3.0",
        "purchaser",
    ]


def test_search_in_a_pack_of_ones_own(make_pack: MakePack) -> None:
    found = json.loads(factors("search", "software", "--pack", make_pack(name="ours"), "--json").stdout)
    assert [(f["id"], f["value_kg_co2e"]) for f in found] == [
        ("ours/541511/purchaser", "0.084"),
        ("ours/541511/basic", "0.080"),
    ]


def test_search_without_a_hit_names_the_packs_that_were_searched() -> None:
    error = factors("search", "zzz").exception
    assert isinstance(error, Exception)
    assert "'zzz'. Tried: epa-supply-chain-1.3.0, " in str(error)
    assert ", desnz-2025, " in str(error)


def test_verify_is_silent_on_stderr_and_ends_well() -> None:
    done = factors("verify")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "\tFAILED\t" not in done.stdout


def test_verify_prints_what_failed_and_ends_with_the_exit_code_of_packs(make_pack: MakePack) -> None:
    folder = make_pack(name="ours")
    Path(folder, DATA).write_bytes(b"something else")
    done = factors("verify", folder)
    assert "ours\tFAILED\tthe data are those of the manifest\t" in done.stdout
    assert isinstance(done.exception, PackError)
    assert (done.exception.code, done.exception.exit_code) == ("pack_not_verified", 5)


def test_on_a_terminal_a_name_is_text_and_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    _print_rich_table(("pack", "title"), [("ours", "[red]steel[/red]")])
    assert "[red]steel[/red]" in capsys.readouterr().out
