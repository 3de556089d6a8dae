"""Verification says which sum does not hold, and by how much."""

from pathlib import Path
from typing import Any

import pytest

from vcci.packs import PackLibrary
from vcci.packs.library import DATA
from vcci.packs.verify import Check, verify

from .conftest import MakePack


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
    ],
)  # fmt: skip
def test_what_a_kind_must_hold_is_checked(
    make_pack: MakePack, kind: str, columns: dict[str, Any], what: str
) -> None:
    assert [name for name, _ in failed(make_pack(kind, **columns))] == [what]


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
