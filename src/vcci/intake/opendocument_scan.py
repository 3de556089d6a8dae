"""A first look at an OpenDocument spreadsheet (ISO/IEC 26300): how far its repeated rows and cells reach.

One cell may say that it stands there a million times, in a row that does so too. So content.xml is walked
once, as a stream, before any reader makes cells of it.
"""

import zipfile
from typing import Final
from xml.parsers import expat

from vcci.intake.kinds import encrypted, unknown
from vcci.intake.limits import IntakeLimits, damaged
from vcci.intake.workbook_archive import hostile
from vcci.intake.workbook_scan import GRID_COLUMNS, GRID_ROWS, judge_span, refuse_entities

CONTENT: Final = "content.xml"
CHUNK: Final = 1 << 18
TABLE: Final = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
OFFICE: Final = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
TEXT: Final = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 p"
ENCRYPTION: Final = b"encryption-data"


def scan_opendocument(archive: zipfile.ZipFile, name: str, limits: IntakeLimits) -> None:
    """Walk the content; raises `FileRefusedError` for whatever is encrypted, hostile or too large."""
    names = archive.namelist()
    if "META-INF/manifest.xml" in names and ENCRYPTION in archive.read("META-INF/manifest.xml"):
        raise encrypted(name)
    if CONTENT not in names:
        raise unknown(name, "a zip archive without a spreadsheet")
    parser = expat.ParserCreate(namespace_separator=" ")
    walker = _Walker(name, limits)
    parser.StartDoctypeDeclHandler = lambda *_: refuse_entities(name)
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    try:
        with archive.open(CONTENT) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged(name, f"{CONTENT}: {error}") from None
    if not walker.tables:
        raise unknown(name, "an OpenDocument file that is no spreadsheet")


class _Walker:
    """Follows the tables, and judges the span of each at every cell that has a value."""

    def __init__(self, name: str, limits: IntakeLimits) -> None:
        self._name = name
        self._limits = limits
        self.tables = 0
        self._row = self._rows = self._column = self._columns = 0
        self._first_row = self._first_column = self._last_column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Move on by a row or cell, repeated as often as it says."""
        if tag == TABLE + "table":
            self.tables += 1
            self._row = self._rows = self._last_column = 0
            self._first_row, self._first_column = GRID_ROWS, GRID_COLUMNS
        elif tag == TABLE + "table-row":
            self._row += self._rows
            self._rows = self._times(attributes.get(TABLE + "number-rows-repeated", "1"), GRID_ROWS)
            self._column = self._columns = 0
        elif tag in (TABLE + "table-cell", TABLE + "covered-table-cell"):
            self._column += self._columns
            self._columns = self._times(attributes.get(TABLE + "number-columns-repeated", "1"), GRID_COLUMNS)
            if OFFICE + "value-type" in attributes:
                self._judge()
        elif tag == TEXT and self._columns:
            self._judge()

    def end(self, tag: str) -> None:
        """Forget the cell that ends, so that texts outside of cells count for none."""
        if tag == TABLE + "table-row":
            self._columns = 0

    def _times(self, text: str, most: int) -> int:
        if not (text.isascii() and text.isdigit()):
            raise damaged(self._name, f"something is repeated {text[:20]!r} times")
        times = int(text[:12])
        if times > most:
            raise hostile(f"{self._name} repeats a row or cell {times:,} times", code="file_outside_grid")
        return times

    def _judge(self) -> None:
        self._first_row = min(self._first_row, self._row)
        self._first_column = min(self._first_column, self._column)
        self._last_column = max(self._last_column, self._column + self._columns)
        rows = self._row + self._rows - self._first_row
        columns = self._last_column - self._first_column
        judge_span(rows, columns, name=self._name, limits=self._limits)
