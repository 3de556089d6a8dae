"""Verification says which sum does not hold, and by how much."""

from pathlib import Path
from typing import Any

import pytest

from vcci.packs import PackLibrary
from vcci.packs.library import DATA
from vcci.packs.verify import Check, verify
from vcci.parameters import load

from .conftest import ROWS, MakePack


def failed(folder: str) -> list[tuple[str, str]]:
    return [(check.what, check.said) for check in verify(PackLibrary(), folder) if not check.passed]


@pytest.mark.parametrize("name", PackLibrary().names())
def test_packs_that_ship_hold_what_they_say(name: str) -> None:
    assert failed(name) == []


def test_rounding_of_the_margins_is_counted() -> None:
    checks = {check.what: check.said for check in verify(PackLibrary(), "epa-supply-chain-1.3.0")}
    assert checks["with margins = without margins + margins"] == (
        "110 of 1,016 rows differ, by 0.001 at most; the last digit is 0.001"
    )


def test_margins_off_by_more_than_rounding_are_found(make_pack: MakePack) -> None:
    folder = make_pack(with_margins=["0.086"])
    assert failed(folder) == [
        (
            "with margins = without margins + margins",
            "1 of 1 rows differ, by 0.002 at most; the last digit is 0.001",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "columns", "what"),
    [
        ("factors", {"with_margins": ["-0.08"], "margins": [None]}, "no factor is negative"),
        ("rates", {"date": ["2024-03-02"]}, "rates are of business days"),
        ("rates", {"per_euro": ["0"]}, "per_euro is positive"),
        ("rates", {"currency": ["USD"] * 2, "date": ["2024-03-04", "2024-03-01"], "per_euro": ["1.1"] * 2},
         "days rise within a currency"),
        ("price_index", {"index": ["-1"]}, "index is positive"),
        ("price_index", {"series": ["5415"] * 2, "year": [2022] * 2, "index": ["1"] * 2, "months": [12] * 2},
         "every year stands once in a series"),
        ("titles", {"code": ["54", "54"], "title": ["a", "b"], "parent": ["", ""]}, "every code stands once"),
        ("titles", {"code": ["541"], "parent": ["54"]}, "every parent exists"),
        ("physical_factors", {"co2_kg": ["0.0352"]}, "CO2 + CH4 + N2O = CO2e"),
        ("physical_factors", {"value_kg_co2e": ["-0.1"], "co2_kg": [None]},
         "no factor and no gas is negative"),
        ("physical_factors", {"unit": [""]}, "every unit is written"),
        ("gwp", {"value": ["0"]}, "every value is positive"),
        ("gwp", {"set": ["AR7"]}, "every set is known and stands once"),
        ("crosswalk", {"to_code": [""]}, "every link stands once"),
        ("airports", {"latitude": ["90.1"]}, "coordinates are degrees"),
        ("airports", {"iata": ["EGLL"]}, "codes are three capitals"),
    ],
)  # fmt: skip
def test_what_a_kind_must_hold_is_checked(
    make_pack: MakePack, kind: str, columns: dict[str, Any], what: str
) -> None:
    assert [name for name, _ in failed(make_pack(kind, **columns))] == [what]


def flights(**rf: str) -> dict[str, Any]:
    """A flight with and one without radiative forcing, the figures of the first as given."""
    without = {"value_kg_co2e": "0.10", "co2_kg": "0.08", "ch4_kg_co2e": "0.01", "n2o_kg_co2e": "0.01"}
    figures = {name: [rf[name], figure] for name, figure in without.items()}
    usual = {name: column * 2 for name, column in ROWS["physical_factors"].items()}
    return usual | figures | {"id": ["1", "2"], "title": ["With RF", "Without RF"]}


@pytest.mark.parametrize(
    ("co2", "ch4", "failures"),
    [("0.18", "0.01", []), ("0.17", "0.02", ["radiative forcing is on CO2 only"])],
)
def test_radiative_forcing_is_on_co2_only(
    make_pack: MakePack, co2: str, ch4: str, failures: list[str]
) -> None:
    columns = flights(value_kg_co2e="0.20", co2_kg=co2, ch4_kg_co2e=ch4, n2o_kg_co2e="0.01")
    assert [what for what, _ in failed(make_pack("physical_factors", **columns))] == failures


@pytest.mark.parametrize(
    ("pack", "what", "said"),
    [
        ("desnz-2025", "rows with a figure are factors",
         "2,616 factors, 56 of biogenic CO2 alone, 811 blank as published"),
        ("desnz-2025", "CO2 + CH4 + N2O = CO2e",
         "403 of 1,302 rows differ, by 0.00001 at most; the last digit is 0.00001"),
        ("desnz-2025", "radiative forcing is on CO2 only",
         "36 pairs, 18 of them without gases; 0 differ in CH4 or N2O; "
         "the last digit of CO2 does not hold in 0"),
        ("epa-supply-chain-1.2.0-by-gas", "sum of gas x AR4 = CO2e of epa-supply-chain-1.2.0",
         "296 of 1,016 differ by more than 0.0005, 36 by more than 0.002, 0 by more than 0.01, "
         "0.009458386060 at most; 0 by more than the rounding of the gases explains"),
    ],
)  # fmt: skip
def test_figures_behind_a_publishers_sums_are_told(pack: str, what: str, said: str) -> None:
    assert {check.what: check.said for check in verify(PackLibrary(), pack)}[what] == said


def test_units_that_cannot_be_converted_are_listed(make_pack: MakePack) -> None:
    folder = make_pack("physical_factors", unit=["furlong"])
    (check,) = (c for c in verify(PackLibrary(), folder, units=load.units(())) if "unit" in c.what)
    assert check.said == "1 units; not known: furlong (1)"


def test_price_index_must_stand_at_100_in_its_base_year(make_pack: MakePack, tmp_path: Path) -> None:
    make_pack("price_index", name="bea-price-index", year=[2017])
    library = PackLibrary(shipped=tmp_path)
    (check,) = (c for c in verify(library, "bea-price-index") if not c.passed)
    assert (check.what, check.said) == ("2017 = 100", "0 of 1 series")


def test_altered_data_are_one_failed_check(make_pack: MakePack) -> None:
    folder = make_pack()
    Path(folder, DATA).write_bytes(b"something else")
    (check,) = verify(PackLibrary(), folder)
    assert isinstance(check, Check)
    assert not check.passed
    assert "are not those that its manifest vouches for" in check.said
