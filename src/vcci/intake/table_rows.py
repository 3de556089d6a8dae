"""Where a table ends: blank rows with another header below, and the table's own header said again. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vcci.domain.mapping import TARGETS
from vcci.errors import QuestionError
from vcci.intake.columns import listed_points
from vcci.intake.layout import has_numbers
from vcci.intake.raw_sink import Record, last_text

KNOWN_CELLS: Final = 2
"""Names of ledger columns that make a row a header: rows and remarks have none or one."""
SHOWN: Final = 10


class TableRows:
    """Passes the rows of one table, and counts what it drops; `told` is the header's line if said.

    Rows that say the header again are none. Another table, below blank rows, ends this one if `told`; else it
    is a question, raised when all rows were looked at.
    """

    def __init__(self, header: Sequence[str], name: str, *, told: int | None) -> None:
        self._header = tuple(header)
        self._name = name
        self._told = told
        self._others: list[int] = []
        self.repeated_headers = 0

    def found(self) -> dict[str, str]:
        """Return what there is to say: headers said again, and the line where another table begins."""
        said = {"repeated_headers": self.repeated_headers, "next_table": min(self._others, default=0)}
        return {name: str(number) for name, number in said.items() if number}

    def of(self, records: Iterable[Record], *, above: Sequence[Record], line: int) -> Iterator[Record]:
        """Give the rows among the records below the header at `line`; `above` are those before it."""
        self.repeated_headers, self._others = 0, []
        first, held, gap = self._header[0] if self._header else "", None, False
        for record in records:
            cells = record[1]
            if not (gap or held or self._others) and cells and cells[0] and first not in cells[0]:
                yield record
                continue
            is_blank = not last_text(cells)
            if held and not is_blank and is_row_below(cells, held[1]):
                self._others.append(held[0])
            elif held and not self._others:
                yield held
            held = None
            if self._is_header(cells):
                self.repeated_headers += not self._others
            elif gap and is_header(cells):
                held = record
            elif not is_blank and not self._others:
                yield record
            gap = is_blank
        if held and not self._others:
            yield held
        others = [*tables_above(above), *self._others]
        if others and self._told is None:
            raise _several_tables(self._name, [line, *others])

    def _is_header(self, cells: Sequence[str]) -> bool:
        said = tuple(cell.strip() for cell in cells[: last_text(cells)])
        return bool(said) and said == self._header[: last_text(self._header)]


def tables_above(records: Sequence[Record]) -> list[int]:
    """Return the lines, among records before a header, where a table of its own begins: it ends by a gap."""
    starts: list[int] = []
    block: list[Record] = []
    for record in records:
        if last_text(record[1]):
            block.append(record)
            continue
        if len(block) > 1 and is_header(block[0][1]) and is_row_below(block[1][1], block[0][1]):
            starts.append(block[0][0])
        block = []
    return starts


def is_header(cells: Sequence[str]) -> bool:
    """Say whether a row can be a ledger's header: no numbers, nothing twice, names that ledgers use."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    if has_numbers(cells) or len(set(texts)) < len(texts):
        return False
    return sum(any(listed_points(text, target) for target in TARGETS) for text in texts) >= KNOWN_CELLS


def is_row_below(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Say whether a row fits below a header: a number stands below one of its names."""
    return any(
        name.strip() and has_numbers([cell]) for cell, name in zip(cells, header, strict=False)
    ) and last_text(cells) <= last_text(header)


def _several_tables(name: str, lines: Sequence[int]) -> QuestionError:
    shown = ", ".join(map(str, sorted(lines)[:SHOWN]))
    return QuestionError(
        f"{name} has {len(lines)} tables one below the other, with headers in rows {shown}.",
        remedy="Name the header of the one to read with --header-row; it is read to the blank row below it.",
        code="tables_ambiguous",
    )
