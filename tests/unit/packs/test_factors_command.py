"""`vcci factors`: what is printed, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vcci.cli import app
from vcci.cli.factors import _print_rich_table
from vcci.errors import PackError
from vcci.packs.library import DATA

from .conftest import MakePack


def factors(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["factors", *arguments])


def test_list_is_one_line_for_each_pack_when_piped() -> None:
    heading, *lines = factors("list").stdout.splitlines()
    assert heading.split("\t") == ["pack", "kind", "version", "rows", "publisher", "licence", "used"]
    (epa,) = (line for line in lines if line.startswith("epa-supply-chain-1.3.0\t"))
    assert epa.endswith("\tUS EPA, Office of Research and Development\tpublic domain (17 USC 105)\tdefault")


def test_list_as_json_says_which_packs_are_used_unasked() -> None:
    packs = json.loads(factors("list", "--json").stdout)
    assert [p["name"] for p in packs if not p["default"]] == ["epa-supply-chain-1.2.0"]


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
    assert "'zzz'. Tried: epa-supply-chain-1.3.0, epa-supply-chain-1.2.0." in str(error)


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
