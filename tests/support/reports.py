"""Report views of small inventories, and their files read back by other hands."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import openpyxl
import polars as pl
from pypdf import PdfReader
from tests.support.inventories import inventory

from vcci.domain.display import visible
from vcci.domain.inventory import SourceTotal
from vcci.services.reported import Reported, reported_run

MADE_AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
SOFT_BREAK = "\u200b"


def reported(**given: Any) -> Reported:
    """Return one run of an inventory."""
    shown = inventory(**given)
    return Reported(shown, (reported_run(shown, made_at=MADE_AT),))


def source(category: int, mg_co2e: int, *, lines: int = 1, **given: Any) -> SourceTotal:
    """Return what a category owes to a spend-based method, unless said otherwise."""
    usual: dict[str, Any] = {
        "method": "spend-based",
        "is_primary": False,
        "pack": "epa-v1.3",
        "gwp_set": "AR5",
        "biogenic_mg_co2": None,
    }
    return SourceTotal(category=category, lines=lines, emissions_mg_co2e=mg_co2e, **(usual | given))


def pdf_text(content: bytes) -> str:
    """Return the text of a PDF in one line, without the places where a word may break."""
    pages = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return " ".join(" ".join(pages).replace(SOFT_BREAK, "").split())


def is_shown(name: str, text: str) -> bool:
    """Say whether a name stands in the text of a PDF, with what cannot be seen or set written out."""
    seen = " ".join(visible(name).split())
    return seen in text or seen.encode("unicode_escape").decode().replace("\\\\", "\\") in text


def sheet(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet of a workbook."""
    head, *rows = openpyxl.load_workbook(io.BytesIO(content))[name].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def csv_table(content: bytes, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of a ZIP, texts and figures as they stand."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(f"{name}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def parquet_table(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the rows of one table of the Parquet file."""
    return pl.read_parquet(io.BytesIO(content)).filter(pl.col("table") == name).to_dicts()
