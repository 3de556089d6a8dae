"""The builders give the committed packs, byte for byte."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vcci.domain.factor import PackManifest
from vcci.packs import PackLibrary
from vcci.packs.builders.build import BUILDERS, build_all, write_pack
from vcci.packs.builders.desnz import table_rows
from vcci.packs.builders.figures import of_sheet
from vcci.packs.builders.physical import UNITS
from vcci.packs.builders.prices import cpi
from vcci.packs.library import DATA, MANIFEST, SHIPPED
from vcci.packs.verify import verify
from vcci.parameters import load

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def rebuilt(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packs")
    build_all(shared / "data", out)
    return out


@pytest.mark.parametrize("file", [DATA, MANIFEST])
@pytest.mark.parametrize("name", BUILDERS)
def test_rebuilding_gives_the_committed_bytes(rebuilt: Path, name: str, file: str) -> None:
    assert (rebuilt / name / file).read_bytes() == (SHIPPED / name / file).read_bytes()


def test_every_pack_that_ships_has_a_builder() -> None:
    assert set(PackLibrary().names()) == set(BUILDERS)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_pack_says_whose_it_is_and_on_what_terms(name: str) -> None:
    said = PackLibrary().manifest(name)
    assert said.name == name
    assert all((said.publisher, said.licence, said.attribution, said.source.startswith("https://")))


@pytest.mark.parametrize("name", BUILDERS)
def test_every_pack_is_in_the_docs_and_in_the_notice(name: str) -> None:
    said = PackLibrary().manifest(name)
    page = (ROOT / "docs/packs.md").read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in page if f"`{name}`" in line.split(" | ")[0] and line.startswith("| `"))
    assert f"| {said.kind} |" in row
    assert re.search(rf"[ ,/]{re.escape(name)}(,|\n)", (ROOT / "NOTICE").read_text())
    assert not said.standing or f"| {said.standing} |" in row


@pytest.mark.parametrize("name", ["epa-supply-chain-1.3.0", "epa-supply-chain-1.2.0"])
def test_factor_packs_say_what_their_figures_mean(name: str) -> None:
    said = PackLibrary().manifest(name)
    assert all((said.currency, said.price_year, said.price_basis, said.gwp_set, said.boundary, said.region))


def test_every_unit_that_builders_write_is_a_parameter() -> None:
    units = load.units(())
    assert [symbol for symbol in UNITS.values() if units.find(symbol) is None] == []


@pytest.mark.parametrize(
    ("cell", "text"),
    [(0.13388999999999998, "0.13389"), (9e-05, "0.00009"), (28380.0, "28380"), (0.0, "0")],
)
def test_figure_of_a_cell_is_what_a_spreadsheet_shows(cell: float, text: str) -> None:
    assert of_sheet(cell) == text


def test_label_of_the_workbook_holds_until_another_stands_beside_or_above_it() -> None:
    heading = ["Activity", "Type", "Unit", "kg CO2e", "kg CO2e of CO2 per unit", "kg CO2e"]
    cells: list[list[Any]] = [
        ["", "", "", "Diesel", "", "Petrol"],
        heading,
        ["Cars", "Small", "km", 0.123456, 0.12, ""],
        ["", "", "miles", 0.2, 0.19, 0.25],
        ["Vans", "", "km", 0.3, "", 0.31],
        ["FAQs", "", "", "", "", ""],
    ]
    found = [
        (row["path"], row["title"], row["published_unit"], row.get("value_kg_co2e"), row.get("co2_kg"))
        for row in table_rows("Passenger vehicles", cells)
    ]
    assert found == [
        ("Passenger vehicles > Cars > Small", "Diesel", "km", "0.12346", "0.12"),
        ("Passenger vehicles > Cars > Small", "Petrol", "km", None, None),
        ("Passenger vehicles > Cars > Small", "Diesel", "miles", "0.2", "0.19"),
        ("Passenger vehicles > Cars > Small", "Petrol", "miles", "0.25", None),
        ("Passenger vehicles > Vans", "Diesel", "km", "0.3", None),
        ("Passenger vehicles > Vans", "Petrol", "km", "0.31", None),
    ]


def test_same_frame_gives_the_same_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"code": ["54"], "title": ["Services"], "parent": [""]})
    manifest = PackManifest("p", "1", "titles", "t", "We", 2024, "own", "no", "We", "books", "")
    for folder in ("one", "two"):
        write_pack(tmp_path / folder, frame, manifest)
    for file in (DATA, MANIFEST):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_year_without_published_average_is_the_exact_mean_of_its_months(tmp_path: Path) -> None:
    folder = tmp_path / "fx_and_deflators"
    folder.mkdir()
    (folder / "us_bls_cpi_u_selected_series_2010_onward.csv").write_text(
        "series,title,year,period,value\n"
        "CUUR0000SA0,All items,2025,M01,317.671\n"
        "CUUR0000SA0,All items,2025,M13,321.943\n"
        "CUUR0000SA0,All items,2026,M01,325.252\n"
        "CUUR0000SA0,All items,2026,M02,326.785\n"
        "CUUR0000SAF,Food,2026,M01,340.000\n"
    )
    frame, _ = cpi(tmp_path)
    assert frame.select("year", "index", "months").rows() == [(2025, "321.943", 12), (2026, "326.018", 2)]


def test_pack_of_the_docs_can_be_built_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "docs/packs.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert [check for check in verify(PackLibrary(), "./my-pack") if not check.passed] == []
