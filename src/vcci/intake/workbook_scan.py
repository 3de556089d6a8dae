"""A first look at a workbook (ECMA-376) before any reader unpacks it: sizes, entities, and where cells lie.

A workbook of 5 KB can claim 17 thousand million cells or unpack to a gigabyte. So the archive's directory is
judged first, then every XML part is walked once as a stream, without memory for its content.
"""

import posixpath
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from vcci.intake.kinds import unknown
from vcci.intake.limits import IntakeLimits, damaged, over, refuse_over
from vcci.intake.workbook_archive import hostile, judge_directory

GRID_ROWS, GRID_COLUMNS = 1_048_576, 16_384
"""The grid that the format knows."""
CHUNK: Final = 1 << 18


@dataclass(slots=True)
class Sheet:
    """A worksheet part: how many cells have a value, where they lie (rows and columns from 1), its errors."""

    cells: int = 0
    first_row: int = GRID_ROWS
    last_row: int = 0
    first_column: int = GRID_COLUMNS
    last_column: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(slots=True)
class WorkbookScan:
    """What the parts of a workbook say: worksheets by part, sheets as each workbook part lists them."""

    name: str
    limits: IntakeLimits
    sheets: dict[str, Sheet] = field(default_factory=dict)
    listed: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)
    targets: dict[tuple[str, str], str] = field(default_factory=dict)

    def named(self, *, visible_only: bool) -> dict[str, Sheet]:
        """Return the worksheets by name, in the workbook's order."""
        return {
            sheet_name: self.sheets[part]
            for workbook, rows in self.listed.items()
            for sheet_name, relation, visible in rows
            if (part := self.targets.get((workbook, relation), "")) in self.sheets
            and (visible or not visible_only)
        }


def scan(path: Path, name: str, limits: IntakeLimits) -> WorkbookScan:
    """Look at every part of a workbook; raises `FileRefusedError` for whatever is too large or hostile."""
    found = WorkbookScan(name, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            judge_directory(archive.infolist(), name, limits)
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")):
                    _walk(archive, entry, found)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise damaged(name, error) from None
    if not found.listed:
        raise unknown(name, "a zip archive without a workbook")
    return found


def _walk(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, found: WorkbookScan) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: refuse_entities(found.name)
    walker = _Walker(entry.filename.replace("\\", "/").lstrip("/"), found, parser)
    parser.StartElementHandler = walker.root
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged(found.name, f"{entry.filename}: {error}") from None


def judge_span(rows: int, columns: int, *, name: str, limits: IntakeLimits) -> None:
    """Raise `FileRefusedError` if the rectangle that holds all cells of a sheet is too large."""
    refuse_over(rows, limits.rows, code="file_too_many_rows", what=f"{name}: too many rows")
    refuse_over(columns, limits.columns, code="file_too_many_columns", what=f"{name}: too many columns")
    if rows * columns > limits.cells:
        what = f"{name} spans {rows:,} rows x {columns:,} columns"
        raise over(what, limits.cells, code="file_too_many_cells")


def refuse_entities(name: str) -> None:
    """Raise `FileRefusedError` for a part that declares a document type, where entities could hide."""
    raise hostile(f"{name} declares a document type or entities", code="file_declares_entities")


class _Walker:
    """Handles the elements of one part; the root element decides which of its elements matter."""

    def __init__(self, part: str, found: WorkbookScan, parser: Any) -> None:
        self._part = part
        self._found = found
        self._parser = parser
        self._sheet = Sheet()
        self._row = self._column = 0
        self._is_error = False
        self._text: list[str] = []

    def root(self, tag: str, _attributes: dict[str, str]) -> None:
        """Choose the handler for what is inside by the local name of the root element."""
        root = _local(tag)
        handlers = {"worksheet": self._in_sheet, "workbook": self._in_workbook}
        self._parser.StartElementHandler = handlers.get(root)
        if root == "Relationships":
            self._parser.StartElementHandler = self._in_relations
        if root == "worksheet":
            self._found.sheets[self._part] = self._sheet
        if root == "workbook":
            self._found.listed[self._part] = []

    def _in_workbook(self, tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            visible = attributes.get("state", "visible") == "visible"
            self._found.listed[self._part].append((attributes.get("name", ""), relation, visible))

    def _in_relations(self, tag: str, attributes: dict[str, str]) -> None:
        folder, _, file = self._part.rpartition("_rels/")
        if _local(tag) == "Relationship":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            source = folder + file.removesuffix(".rels")
            self._found.targets[source, attributes.get("Id", "")] = target.lstrip("/")

    def _in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        """Follow rows and cells; a cell counts once it has a value: a merely formatted one costs nothing."""
        element = _local(tag)
        if element == "row":
            self._row, self._column = self._number(attributes.get("r"), self._row + 1), 0
            self._refuse_outside_grid()
        elif element == "c":
            self._place(attributes.get("r"))
            self._is_error = attributes.get("t") == "e"
        elif element in ("v", "is"):
            self._count()
            if self._is_error:
                self._text = []
                self._parser.CharacterDataHandler = self._text.append
                self._parser.EndElementHandler = self._end_error

    def _number(self, text: str | None, otherwise: int) -> int:
        if text is None:
            return otherwise
        if not (text.isascii() and text.isdigit()):
            raise damaged(self._found.name, f"a row is numbered {text[:20]!r}")
        return int(text[:12])

    def _place(self, address: str | None) -> None:
        if address is None:
            self._column += 1
        else:
            letters = address.rstrip("0123456789")
            self._row = self._number(address[len(letters) :], self._row)
            self._column = _column_number(letters)
            if not self._column:
                raise damaged(self._found.name, f"a cell has the address {address[:20]!r}")
        self._refuse_outside_grid()

    def _refuse_outside_grid(self) -> None:
        if not (0 < self._row <= GRID_ROWS and self._column <= GRID_COLUMNS):
            raise hostile(
                f"{self._found.name} has a row or cell outside the grid of {GRID_ROWS:,} x {GRID_COLUMNS:,}",
                code="file_outside_grid",
            )

    def _count(self) -> None:
        sheet = self._sheet
        sheet.cells += 1
        sheet.first_row = min(sheet.first_row, self._row)
        sheet.first_column = min(sheet.first_column, self._column)
        if self._row > sheet.last_row or self._column > sheet.last_column:
            sheet.last_row = max(sheet.last_row, self._row)
            sheet.last_column = max(sheet.last_column, self._column)
            rows = sheet.last_row - sheet.first_row + 1
            columns = sheet.last_column - sheet.first_column + 1
            judge_span(rows, columns, name=self._found.name, limits=self._found.limits)

    def _end_error(self, tag: str) -> None:
        if _local(tag) in ("v", "is"):
            self._sheet.errors[self._row, self._column] = "".join(self._text)
            self._parser.CharacterDataHandler = self._parser.EndElementHandler = None


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


@cache
def _column_number(letters: str) -> int:
    """Return the number, from 1, of a column by its letters; 0 if they are not 1 to 3 letters."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return 0
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
