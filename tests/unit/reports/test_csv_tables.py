"""The CSV tables hold all rows; names in them are inert, figures exact."""

import csv
import io

from tests.support.inventories import HOSTILE, inventory, named, suppliers

from vcci.domain.display import inert
from vcci.reports.csv_tables import categories_csv, suppliers_csv


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_categories_add_up_to_the_total_in_whole_milligrams() -> None:
    rows = read(categories_csv(inventory()))
    assert [row["emissions_mg_co2e"] for row in rows] == ["9000400000", "-1000400000"]
    assert sum(int(row["emissions_mg_co2e"]) for row in rows) == inventory().total_mg_co2e


def test_every_supplier_is_listed_with_exact_tonnes() -> None:
    rows = read(suppliers_csv(inventory(suppliers=suppliers(*range(1000)))))
    assert len(rows) == 1000
    assert rows[-1] == {
        "supplier": "Supplier 1000",
        "lines": "1",
        "emissions_mg_co2e": "999",
        "emissions_tco2e": "0.000000999",
        "low_tco2e": "",
        "high_tco2e": "",
    }


def test_hostile_names_come_back_whole_and_inert() -> None:
    rows = read(suppliers_csv(inventory(suppliers=named(*HOSTILE))))
    assert [row["supplier"] for row in rows] == [inert(name) for name in HOSTILE]
    assert not [row for row in rows if row["supplier"].strip("\0 \u00a0")[0] in "=+-@＝"]


def test_line_end_in_a_name_begins_no_row_of_its_own() -> None:
    assert suppliers_csv(inventory(suppliers=named("Acme\r=1+1"))).splitlines()[1:] == [
        b'"Acme',
        b'=1+1",1,0,0.000000000,,',
    ]
