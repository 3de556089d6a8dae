"""Files of a report: the same totals to the last digit in all four, texts that stay texts, the same bytes."""

import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader
from tests.support.inventories import HOSTILE, TONNE, named, suppliers
from tests.support.reports import csv_table, is_shown, parquet_table, pdf_text, reported, sheet, source

from vcci.domain.display import exact_tonnes, inert
from vcci.domain.inventory import CategoryTotal, Interval
from vcci.domain.review import Decision, Verdict
from vcci.errors import InputError
from vcci.reports.export_files import csv_archive, workbook
from vcci.reports.pdf import TOP_ROWS, grouped
from vcci.reports.standards import STANDARDS
from vcci.reports.standards.view import StandardReport
from vcci.runtime.report_exports import MEDIA_TYPES, export_file

AWKWARD = (123_456_789_012_345, 1, -7, 999_999_999)
"""Totals in mg whose every digit has to come through."""

TYPESET = (
    "*bold*",
    "#panic()",
    "$x^2$",
    "@cite",
    "<label>",
    "_it_",
    "`raw`",
    "= Heading",
    "// note",
    "\\u{41}",
)
"""Names that are markup of the typesetter."""


def view(slug: str = "ghg-protocol", **given: Any) -> StandardReport:
    return STANDARDS[slug](reported(**given))


def awkward() -> StandardReport:
    categories = tuple(
        CategoryTotal(number, "x", 1, mg, Interval(mg - 1, mg + 1, mg, 0))
        for number, mg in enumerate(AWKWARD, 1)
    )
    return view(categories=categories, suppliers=suppliers(*AWKWARD), total_mg_co2e=sum(AWKWARD))


def files(report: StandardReport) -> dict[str, bytes]:
    return {form: export_file(report, form) for form in MEDIA_TYPES}


def test_totals_are_equal_to_the_milligram_in_all_four_formats() -> None:
    made = files(awkward())
    expected = list(AWKWARD)
    cells = sheet(made["xlsx"], "Categories")[: len(AWKWARD)]
    assert [row["emissions_mg_co2e"] for row in cells] == expected
    assert [round(Decimal(repr(row["emissions_tco2e"])) * 10**9) for row in cells] == expected
    texts = csv_table(made["zip"], "categories")[: len(AWKWARD)]
    assert [row["emissions_tco2e"] for row in texts] == [exact_tonnes(mg) for mg in expected]
    for name in ("categories", "suppliers"):
        rows = parquet_table(made["parquet"], name)
        assert [row["emissions_mg_co2e"] for row in rows] == expected
        assert [row["emissions_tco2e"] * 10**9 for row in rows] == expected
    text = pdf_text(made["pdf"])
    assert all(grouped(mg) in text for mg in (*expected, sum(expected)))


def test_decisions_on_texts_stand_in_every_file_with_who_took_them_and_when() -> None:
    accepted = Decision(
        7, "k", "=Taxi", "to the fair", Verdict.ACCEPTED, "485310", "", "Ada", "2026-01-02T03:04:05Z"
    )
    tax = Decision(
        9, "l", "Rates", "", Verdict.NOT_A_PURCHASE, "", "tax_or_fine", "Bo", "2026-01-03T03:04:05Z"
    )
    made = files(view(decisions=(accepted, tax)))
    columns = ("account", "description", "verdict", "commodity", "reason", "by", "at")
    rows = [tuple(row[name] or "" for name in columns) for row in sheet(made["xlsx"], "Decisions")]
    assert rows == [
        ("=Taxi", "to the fair", "accepted", "485310", "", "Ada", "2026-01-02T03:04:05Z"),
        ("Rates", "", "not_a_purchase", "", "tax_or_fine", "Bo", "2026-01-03T03:04:05Z"),
    ]
    assert [row["account"] for row in csv_table(made["zip"], "decisions")] == ["'=Taxi", "Rates"]
    manifest = {row["what"]: row["told"] for row in sheet(made["xlsx"], "Manifest")}
    assert manifest["decision 7"] == "=Taxi / to the fair: accepted 485310, decided by Ada on 2026-01-02"
    assert manifest["decision 9"] == "Rates: not_a_purchase tax_or_fine, decided by Bo on 2026-01-03"
    others = json.loads(pq.read_schema(io.BytesIO(made["parquet"])).metadata[b"vcci"])
    assert len(others["decisions"]["rows"]) == 2
    assert "=Taxi / to the fair accepted 485310 decided by Ada on 2026-01-02" in pdf_text(made["pdf"])


def test_total_of_the_summary_is_the_sum_of_every_table() -> None:
    made = files(awkward())
    (total,) = [row for row in sheet(made["xlsx"], "Summary") if row["what"] == "Total, Scope 3"]
    assert total["emissions_mg_co2e"] == sum(AWKWARD)
    for name in ("Categories", "Suppliers"):
        assert sum(row["emissions_mg_co2e"] or 0 for row in sheet(made["xlsx"], name)) == sum(AWKWARD)
    (line,) = [row for row in csv_table(made["zip"], "summary") if row["what"] == "Total, Scope 3"]
    assert line["emissions_tco2e"] == exact_tonnes(sum(AWKWARD))


def test_figure_of_more_digits_than_a_sheet_shows_is_a_text() -> None:
    huge = 9_876_543_210_123_456
    report = view(suppliers=suppliers(huge, 8 * TONNE - huge))
    found = sheet(export_file(report, "xlsx"), "Suppliers")[0]
    assert (found["emissions_mg_co2e"], found["emissions_tco2e"]) == (str(huge), exact_tonnes(huge))


@pytest.mark.parametrize("form", MEDIA_TYPES)
def test_the_same_report_gives_the_same_bytes(form: str) -> None:
    report = view(suppliers=named("Acme", "東京", *TYPESET))
    assert export_file(report, form) == export_file(report, form)


def test_hostile_names_are_plain_texts_in_all_formats() -> None:
    names = (*HOSTILE, *TYPESET)
    made = files(view(suppliers=named(*names)))
    assert [row["supplier"] for row in csv_table(made["zip"], "suppliers")] == [inert(name) for name in names]
    assert [row["name"] for row in parquet_table(made["parquet"], "suppliers")] == list(names)
    printable = [name for name in names if name.isprintable() and name.isascii()]
    assert set(printable) <= {row["supplier"] for row in sheet(made["xlsx"], "Suppliers")}
    text = pdf_text(made["pdf"])
    assert [name for name in names if not is_shown(name, text)] == []


def test_workbook_has_no_formula_and_no_link() -> None:
    content = export_file(view(suppliers=named(*HOSTILE), title="=1+1"), "xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets" in name]
    assert not [text for text in sheets if "<f>" in text or "hyperlink" in text]


def test_line_end_in_a_name_begins_no_row_of_its_own() -> None:
    rows = csv_table(export_file(view(suppliers=named("Acme\r=1+1", 'say "x",\r\n')), "zip"), "suppliers")
    assert [row["supplier"] for row in rows] == ["Acme\r=1+1", 'say "x",\r\n']


@pytest.mark.parametrize("slug", STANDARDS)
def test_pdf_is_tagged_numbered_and_has_contents(slug: str) -> None:
    reader = PdfReader(io.BytesIO(export_file(view(slug), "pdf")))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is not None
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    pages = len(reader.pages)
    assert [f"Page {n} of {pages}" in page.extract_text() for n, page in enumerate(reader.pages, 1)] == [
        True
    ] * pages
    assert "Contents" in reader.pages[0].extract_text()
    assert len(reader.outline) > 0


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("letter", 612)])
def test_pdf_is_set_on_the_paper_that_is_asked_for(paper: str, width: int) -> None:
    reader = PdfReader(io.BytesIO(export_file(view(), "pdf", paper=paper)))
    assert round(float(reader.pages[0].mediabox.width)) == width


def test_pdf_has_manifest_sources_and_what_is_missing() -> None:
    text = pdf_text(export_file(view("esrs-e1-6"), "pdf"))
    whole = text.replace(" ", "")
    for words in (
        "US public domain",
        "payments.csv",
        "Not available.",
        "Only Scope 3 is calculated here.",
    ):
        assert words in text, words
    assert "0123456789abcdef" * 4 in whole
    assert "ab" * 32 in whole


def test_long_tables_of_a_pdf_add_up_with_a_row_for_the_rest() -> None:
    count = TOP_ROWS + 25
    text = pdf_text(
        export_file(view(suppliers=suppliers(*[TONNE] * count), total_mg_co2e=count * TONNE), "pdf")
    )
    assert f"and 25 more 25 {grouped(25 * TONNE)}" in text
    assert f"Total {count} {grouped(count * TONNE)}" in text


def test_letter_that_no_font_has_is_written_out() -> None:
    text = pdf_text(export_file(view(suppliers=named("Acme \U0001f480", "Zażółć")), "pdf"))
    assert "Zażółć" in text
    assert is_shown("Acme \U0001f480", text)


def test_parquet_carries_manifest_and_view_as_metadata() -> None:
    content = export_file(view(by_source=(source(1, 8 * TONNE, lines=6),)), "parquet")
    told = json.loads(pq.read_metadata(io.BytesIO(content)).metadata[b"vcci"])
    assert dict(told["manifest"]["rows"])["digest"] == "0123456789abcdef" * 4
    assert told["methods by category"]["rows"][0][1] == "spend-based"
    assert pl.read_parquet(io.BytesIO(content)).schema["emissions_tco2e"] == pl.Decimal(38, 9)


def test_empty_tables_are_written_with_their_columns() -> None:
    tables = [{"name": "none", "columns": ["supplier", "emissions_mg_co2e"], "rows": []}]
    assert sheet(workbook(tables, made_at=None), "None") == []
    with zipfile.ZipFile(io.BytesIO(csv_archive(tables))) as archive:
        assert archive.read("none.csv") == b'"supplier","emissions_mg_co2e","emissions_tco2e"\r\n'


def test_what_breaks_the_process_is_told_as_an_error() -> None:
    with pytest.raises(InputError) as refused:
        export_file(view(), "docx")
    assert refused.value.code == "report_not_made"
