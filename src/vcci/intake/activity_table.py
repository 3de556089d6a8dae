"""Activity tables: files whose rows name their category, method and inputs, as `vcci template` writes them.

Each row becomes the parts of its method (engine/expand.py), each a row of the ledger frame that is classified
already. A row that cannot be read that way is rejected with the input at fault.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS, PART_COLUMNS, ActivityData
from vcci.domain.category import STATED_APART, Category
from vcci.domain.mapping import DecimalMark, Mapping
from vcci.domain.method import Kind
from vcci.domain.quantity import UnitTable
from vcci.domain.selection import Unresolved
from vcci.engine.expand import PartOfActivity, expand
from vcci.engine.methods import row_for
from vcci.engine.methods.inputs import INPUTS
from vcci.errors import MappingError
from vcci.intake.front import RawTable
from vcci.services.ports import LedgerRead

PLAIN: Final = (
    "id", "category", "method", "activity", "quantity", "unit", "date", "region", "supplier", "description",
)  # fmt: skip
"""Columns beside the inputs and the factors of parts."""

FACTOR_OF: Final = "factor "
"""`factor losses` holds the factor of the part called losses."""

CHUNK_ROWS: Final = 50_000
"""Rows of a file in memory at a time."""

ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_BRACKET: Final = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\]]+)\]$")
_TYPES: Final = {"row": pl.Int64, "line": pl.Int64, "capital": pl.Boolean, "category": pl.Int8}
SCHEMA: Final = {
    name: _TYPES.get(name, pl.String) for name in (*LEDGER_COLUMNS, *PART_COLUMNS, *CLASSIFIED_COLUMNS)
}
"""Columns of what is written: a ledger frame with its parts, classified."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of the file is: a name of PLAIN, an input, or the factor of a part; `unit` if it says."""

    name: str
    unit: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row of the frame comes from, and the column at fault."""

    table: RawTable
    place: int


def is_activity_table(table: RawTable) -> bool:
    """Say whether a table names its activities: a category, and a factor's activity or a method."""
    names = {_folded(text) for text in table.header}
    return "category" in names and bool(names & {"activity", "method"})


def read_activities(
    tables: Sequence[RawTable], *, mapping: Mapping, units: UnitTable, out: Path
) -> LedgerRead:
    """Write the classified ledger frame of activity tables at `out`, and say how they were read.

    Raises `MappingError` for a column that no method knows.
    """
    frames: list[pl.DataFrame] = []
    origins: list[Origin] = []
    for table in tables:
        reader = _Reader(table, _columns(table), mapping, units)
        for first, chunk in reader.chunks():
            rows = [row for place, cells in enumerate(chunk, first) for row in reader.rows(place, cells)]
            numbered = [{**row, "row": len(origins) + n} for n, (_, row) in enumerate(rows, 1)]
            origins += [Origin(table, place) for place, _ in rows]
            frames.append(pl.DataFrame(numbered, schema=SCHEMA))
    pl.concat(frames or [pl.DataFrame(schema=SCHEMA)]).write_parquet(
        out, compression="zstd", compression_level=1
    )
    digest = hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest()
    return LedgerRead(
        len(origins),
        digest,
        tuple(map(_described, tables)),
        mapping,
        records=lambda asked: _records(asked, origins),
        is_classified=True,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the rows of one file into rows of the frame."""

    table: RawTable
    columns: tuple[Column, ...]
    mapping: Mapping
    units: UnitTable

    def chunks(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the file's rows, texts by `c0`, `c1` ..., with the place of the first."""
        for start in range(0, self.table.rows, CHUNK_ROWS):
            yield start, pl.scan_parquet(self.table.path).slice(start, CHUNK_ROWS).collect().to_dicts()

    def rows(self, place: int, cells: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the place with each row of the frame that a row of the file makes."""
        told = self._told(cells)
        common = self._common(told, line=cells["line"])
        if cells["cells"] != len(self.table.header):
            yield place, common | {"problem": "row_ragged"}
            return
        activity = self._activity(told)
        if isinstance(activity, Unresolved):
            yield place, common | self._problem(activity, told)
            return
        parts = self._parts(activity)
        if isinstance(parts, Unresolved):
            yield place, common | self._problem(parts, told)
            return
        row = row_for(activity.category, activity.method) if activity.method else None
        is_apart = row is not None and row.is_apart
        for part in parts:
            yield (
                place,
                common
                | {
                    "quantity": part.quantity,
                    "unit": part.unit,
                    "activity": part.activity,
                    "category": STATED_APART if is_apart else activity.category,
                    "asked_method": activity.method,
                    "part": part.name,
                    "formula": part.formula,
                    "notices": ";".join(part.notices),
                },
            )

    def _told(self, cells: dict[str, Any]) -> dict[Column, str]:
        texts = ((column, str(cells[f"c{n}"]).strip()) for n, column in enumerate(self.columns))
        return {column: text for column, text in texts if text}

    def _common(self, told: dict[Column, str], *, line: int) -> dict[str, Any]:
        plain = {column.name: text for column, text in told.items() if column.name in PLAIN}
        texts = dict.fromkeys((*LEDGER_COLUMNS, *PART_COLUMNS, *CLASSIFIED_COLUMNS), "")
        method = plain.get("method", "")
        return texts | {
            "source": self.table.name,
            "line": line,
            "supplier": plain.get("supplier", ""),
            "account": method or plain.get("activity", ""),
            "account_code": plain.get("id", ""),
            "description": plain.get("description", ""),
            "capital": False,
            "date": plain.get("date", ""),
            "region": plain.get("region", "") or self.mapping.region,
            "category": STATED_APART,
        }

    def _activity(self, told: dict[Column, str]) -> ActivityData | Unresolved:
        plain = {column.name: text for column, text in told.items() if column.name in PLAIN}
        category, date = plain.get("category", ""), plain.get("date", "")
        if not category.isdecimal() or int(category) not in tuple(Category):
            return Unresolved("category_unknown", ("category", category))
        if date and not ISO_DATE.fullmatch(date):
            return Unresolved("date_not_a_date", ("date", date))
        return ActivityData(
            activity=plain.get("activity", ""),
            quantity=self._number(plain.get("quantity", "")),
            unit=plain.get("unit", "") or self.mapping.currency,
            date=date,
            region=plain.get("region", "") or self.mapping.region,
            category=int(category),
            method=plain.get("method", ""),
            inputs=self._inputs(told, plain),
            factors={c.part: text for c, text in told.items() if c.part},
        )

    def _inputs(self, told: dict[Column, str], plain: dict[str, str]) -> dict[str, str]:
        """Return the inputs of the row's method; `quantity` is one of them only where a method is named."""
        given = {c.name: self._input(c, text) for c, text in told.items() if c.name in INPUTS}
        quantity = given.pop("quantity", "")
        if quantity and plain.get("method"):
            with_unit = quantity if " " in quantity else f"{quantity} {plain.get('unit', '')}".strip()
            given["quantity"] = with_unit
        return given

    def _parts(self, activity: ActivityData) -> tuple[PartOfActivity, ...] | Unresolved:
        if activity.method:
            return expand(activity, self.units)
        if activity.inputs:
            return Unresolved("method_missing", (str(activity.category), "no method is named"))
        if not activity.quantity:
            return Unresolved("quantity_missing", ("quantity", ""))
        return (PartOfActivity("", activity.activity, activity.quantity, activity.unit, ""),)

    def _input(self, column: Column, text: str) -> str:
        number, _, unit = text.partition(" ")
        unit = unit.strip() or column.unit
        if not unit and INPUTS[column.name].kind == Kind.MONEY:
            unit = self.mapping.currency
        return f"{self._number(number)} {unit}".strip()

    def _number(self, text: str) -> str:
        if self.mapping.conventions.decimal is DecimalMark.COMMA:
            return text.replace(".", "").replace(",", ".")
        return text

    def _problem(self, why: Unresolved, told: dict[Column, str]) -> dict[str, str]:
        """Return what is said of a rejected row: the reason, and the column and text at fault."""
        name = why.tried[0] if why.tried else ""
        header = dict(zip((column.name for column in self.columns), self.table.header, strict=True))
        value = next((text for column, text in told.items() if column.name == name), "")
        return {"problem": why.reason, "problem_column": header.get(name, name), "problem_value": value}


def _columns(table: RawTable) -> tuple[Column, ...]:
    found, unknown = [], []
    for text in table.header:
        column = _column(text)
        found.append(column or Column(""))
        if column is None and text.strip():
            unknown.append(text)
    if unknown:
        near = get_close_matches(_folded(unknown[0]), (*PLAIN, *INPUTS), n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise MappingError(
            f'{table.name} has a column "{unknown[0]}" that no method knows.',
            remedy=f"{hint}docs/methods/inputs.md lists the inputs; leave other columns out.",
            code="column_unknown",
        )
    return tuple(found)


def _column(header: str) -> Column | None:
    text = header.strip()
    if text.casefold().startswith(FACTOR_OF):
        return Column("", part=text[len(FACTOR_OF) :].strip().casefold())
    bracket = _BRACKET.match(text)
    name, unit = (_folded(bracket["name"]), bracket["unit"].strip()) if bracket else (_folded(text), "")
    return Column(name, unit) if name in PLAIN or name in INPUTS else None


def _folded(text: str) -> str:
    return "_".join(text.casefold().replace("_", " ").split())


def _described(table: RawTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "sha256": table.sha256,
        "rows": table.rows,
        "kind": table.kind,
        "found": {**table.found, "layout": "activity table"},
        "columns": {},
        "guessed": {},
    }


def _records(asked: pl.DataFrame, origins: Sequence[Origin]) -> pl.DataFrame:
    """Return rejected rows (`row`, `target`) with the digest of their file and the whole record as CSV."""
    found = [origins[row - 1] for row in asked["row"]]
    return asked.with_columns(
        pl.Series("sha256", [origin.table.sha256 for origin in found], pl.String),
        pl.lit("").alias("column"),
        pl.lit("").alias("value"),
        pl.Series("record", [_record(origin) for origin in found], pl.String),
    )


def _record(origin: Origin) -> str:
    row = pl.scan_parquet(origin.table.path).slice(origin.place, 1).collect().row(0, named=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([row[f"c{n}"] for n in range(len(origin.table.header))])
    return text.getvalue()
