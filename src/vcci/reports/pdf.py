"""A report as a PDF: typeset from a template that takes every text as data, never as markup.

It is tagged and numbered, has a table of contents, and is set in the fonts that the typesetter brings along;
letters that these lack, in those of the machine. The same report gives the same bytes.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from vcci import __version__
from vcci.domain.display import NO_NAME, exact_tonnes, percent, visible
from vcci.domain.inventory import Inventory
from vcci.reports.standards.view import Section, StandardReport

PAPERS: Final = {"a4": "a4", "letter": "us-letter"}
"""Sizes of paper, by the names of ours and of the typesetter."""

TOP_ROWS: Final = 40
"""Rows of suppliers and factors; the rest is one row, so that the table adds up. Other formats have all."""

LACKING: Final = re.compile(r'the text `"(.+?)"` could not be displayed')
"""What the typesetter says of letters that its fonts lack."""

ACCESSIBLE: Final = "ua-1"
"""The typesetter refuses what falls short of this standard (PDF/UA-1)."""


def pdf_document(report: StandardReport, *, paper: str = "a4") -> dict[str, Any]:
    """Return what the template is given: texts, figures exact and unseen characters written out."""
    shown = report.reported.inventory
    made_at = report.reported.made_at
    document = {
        "paper": PAPERS[paper],
        "title": f"{shown.title or 'Scope 3 inventory'}{f', {shown.year}' if shown.year else ''}",
        "standard": report.name,
        "edition": report.edition,
        "missing": str(report.missing),
        "total": grouped(shown.total_mg_co2e),
        "made": f"{made_at:%Y-%m-%d %H:%M} UTC" if made_at else "",
        "version": f"VCCI {__version__}",
        "digest": shown.run_digest,
        "runs": [
            [run.title, str(run.year or ""), f"{run.lines:,}", grouped(run.total_mg_co2e), run.digest]
            for run in report.reported.runs
        ],
        "sections": [_section(section) for section in report.sections],
        "suppliers": _top([((row.supplier or NO_NAME,), row) for row in shown.suppliers], shown),
        "factors": _top([((f"{row.name}: {row.factor}", row.pack), row) for row in shown.factors], shown),
        "packs": [
            [f"{p.name} {p.version}", p.publisher, p.licence, p.attribution or p.standing, p.digest]
            for p in shown.packs
        ],
        "decisions": [
            [
                str(one.number),
                one.text,
                one.verdict.replace("_", " "),
                one.commodity or one.reason,
                one.sentence,
            ]
            for one in shown.decisions
        ],
        "parameters": [list(pair) for pair in sorted(shown.parameters.items())],
        "sources": list(shown.sources),
    }
    seen: dict[str, Any] = _visible(document)
    return seen | {"stamp": int(made_at.timestamp()) if made_at else 0}


def typeset(document: Mapping[str, Any]) -> bytes:
    """Return the PDF of a document of `pdf_document`; what no font has is written out by its code."""
    import typst

    template = resources.files("vcci.reports").joinpath("templates", "report.typ").read_bytes()

    def made(text: str, **how: Any) -> bytes:
        told = {"format": "pdf", "timestamp": document["stamp"], "sys_inputs": {"report": text}}
        found: bytes = typst.compile(template, **told, **how)
        return found

    text = json.dumps(document, ensure_ascii=False)
    for has_fonts_of_machine in (False, True, True):
        try:
            return made(text, ignore_system_fonts=not has_fonts_of_machine, pdf_standards=[ACCESSIBLE])
        except typst.TypstError as error:
            lacking = {letter for told in LACKING.findall(error.diagnostic) for letter in told}
        if has_fonts_of_machine:
            text = "".join(_in_json(letter) if letter in lacking else letter for letter in text)
    return made(text)


def _in_json(letter: str) -> str:
    """Return a letter written out, within a JSON text; those of plain English stay as they are."""
    return letter if letter.isascii() else letter.encode("unicode_escape").decode().replace("\\", "\\\\")


def grouped(mg_co2e: int) -> str:
    """Return exact tonnes with nine decimals, thousands grouped."""
    whole, _, decimals = exact_tonnes(mg_co2e).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}.{decimals}"


def _section(section: Section) -> dict[str, Any]:
    rows = [
        [row.label, "" if row.mg is None else grouped(row.mg), row.text, row.why, row.remedy]
        for row in section.rows
    ]
    total = "" if section.total_mg is None else grouped(section.total_mg)
    return {
        "title": section.title,
        "asks": section.asks,
        "source": section.source,
        "rows": rows,
        "total": total,
        "unit": section.unit,
        "has_figures": section.has_figures,
    }


def _top(rows: Sequence[tuple[Sequence[str], Any]], shown: Inventory) -> list[list[str]]:
    """Return the first rows, what the rest adds up to, and the total, each with its share."""
    found = [[*names, *_figures([row], shown)] for names, row in rows[:TOP_ROWS]]
    rest = [row for _, row in rows[TOP_ROWS:]]
    width = len(rows[0][0]) if rows else 1
    blank = [""] * (width - 1)
    if rest:
        found.append([f"and {len(rest):,} more", *blank, *_figures(rest, shown)])
    if rows:
        found.append(["Total", *blank, *_figures([row for _, row in rows], shown)])
    return found


def _figures(rows: Iterable[Any], shown: Inventory) -> list[str]:
    told = list(rows)
    mg_co2e = sum(row.emissions_mg_co2e for row in told)
    lines = sum(row.lines for row in told)
    return [f"{lines:,}", grouped(mg_co2e), percent(mg_co2e, shown.total_mg_co2e)]


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {name: _visible(one) for name, one in value.items()}
    return [_visible(one) for one in value] if isinstance(value, list) else value
