"""What the repair pages show of a draft: rows that are alike with the ways to mend them, rows, steps."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vcci.domain.display import visible
from vcci.domain.finding import REASONS
from vcci.domain.mapping import DecimalMark
from vcci.intake.mapping_file import NOT_A_PURCHASE
from vcci.intake.mends import MARKS, ORDERS, Way, column_names, fits, name_at_fault
from vcci.intake.records import cells_of
from vcci.intake.reject_groups import Fault, Group
from vcci.intake.survey import FileReading
from vcci.runtime.repair_draft import Draft
from vcci.web.repair_forms import Columns, texts_of

GROUPS_A_PAGE: Final = 25
ROWS_A_PAGE: Final = 20
EXAMPLES: Final = 3
EXAMPLE_COLUMNS: Final = 8
LONGEST_SHOWN: Final = 200
"""Characters of a text that are shown; a longer cell is mended in a spreadsheet."""

MOST_ASKED: Final = 50
"""Texts of a group that are asked whether they can be read in another way."""

MOST_CELLS: Final = 30
"""Cells of a row of another width than the header's that are shown."""

LEFT_OUT_REASONS: Final[Mapping[str, str]] = {code: REASONS[code].meaning for code in NOT_A_PURCHASE}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is shown: its column, its place in the row, its text; `is_cut` if that is not all."""

    column: str
    place: int
    text: str
    is_cut: bool
    is_at_fault: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as it is meant to be now, its fault (None: it would be accepted), why it is left out.

    Its cells are those that are shown.
    """

    place: int
    source: str
    line: int
    cells: Sequence[Cell]
    fault: Fault | None
    left_out: str
    is_mended: bool


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Rows that are alike: what is wrong, the ways to mend them, some of them, and texts one by one.

    `column` is the number of the column at fault among those of the draft, None where there is none.
    """

    group: Group
    column: int | None
    ways: Sequence[Way]
    rows: Sequence[ShownRow]
    texts: Sequence[tuple[str, int]]

    @property
    def text(self) -> str:
        """The text that all have, or how theirs look."""
        return shown_text(self.group.shape or next(iter(self.group.texts)))


def shown_text(text: str) -> str:
    """Return a text with its unseen characters written out, cut where it is long."""
    return _cut(visible(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def shown_group(draft: Draft, group: Group, columns: Columns) -> ShownGroup:
    """Return a group as the page shows it."""
    reading = draft.rejected.readings[draft.rejected.rows[group.places[0]].file]
    name = name_at_fault(group.column, reading)
    rows = [shown_row(draft, place, columns.names[:EXAMPLE_COLUMNS]) for place in group.places[:EXAMPLES]]
    texts = [(text, group.texts[text]) for text in texts_of(group)]
    number = columns.names.index(name) if name else None
    return ShownGroup(group, number, tuple(_ways(group, name, reading)), rows, texts)


def _ways(group: Group, name: str, reading: FileReading) -> Iterator[Way]:
    """Yield the ways that suit a group, the likeliest first."""
    if group.reason == "row_ragged":
        yield from (Way.CUT, Way.SHIFT, Way.KEEP, Way.LEAVE_OUT)
        return
    if not name:
        yield from (Way.SET, Way.PUT, Way.KEEP, Way.LEAVE_OUT)
        return
    yield Way.SET
    yield from _readings(group, name, reading)
    yield from (Way.TEXTS,) if texts_of(group) else ()
    yield from (Way.REPLACE, Way.STRIP, Way.PUT) if any(group.texts) else ()
    yield from (Way.KEEP, Way.LEAVE_OUT)


def _readings(group: Group, name: str, reading: FileReading) -> Iterator[Way]:
    """Yield the other ways in which dates or amounts of a group can be read."""
    names = column_names(reading.table.header)
    targets = {names[column.index]: target for target, column in reading.columns.items()}
    own_mark = reading.mark or DecimalMark.POINT
    ways = {"date": tuple(ORDERS), "quantity": tuple(way for way in MARKS if MARKS[way] is not own_mark)}
    texts = list(group.texts)[:MOST_ASKED]
    for way in ways.get(targets.get(name, ""), ()):
        if any(fits(way, text, reading) for text in texts):
            yield way


def shown_row(draft: Draft, place: int, names: Sequence[str]) -> ShownRow:
    """Return a row with the cells of some columns; all cells, where it has another number of them."""
    row, fault, change = draft.rejected.rows[place], draft.fault(place), draft.mended.changes.get(place)
    reading = draft.rejected.readings[row.file]
    cells = cells_of(draft.record(place))
    known = column_names(reading.table.header)
    at_fault = name_at_fault(fault.column, reading) if fault else ""
    if len(cells) == len(known):
        places = [known.index(name) for name in names if name in known]
    else:
        places = list(range(min(max(len(cells), len(known)), MOST_CELLS)))
    shown = tuple(_cell(at, cells, names=known, at_fault=at_fault) for at in places)
    left_out = change.left_out if change else ""
    return ShownRow(place, reading.table.name, row.line, shown, fault, left_out, change is not None)


def _cell(at: int, cells: Sequence[str], *, names: Sequence[str], at_fault: str) -> Cell:
    text = visible(cells[at]) if at < len(cells) else ""
    column = names[at] if at < len(names) else f"beyond the header, {at - len(names) + 1}"
    return Cell(column, at, _cut(text), len(text) > LONGEST_SHOWN, bool(at_fault) and column == at_fault)


def verdict(faults: Mapping[int, Fault], rows: int) -> dict[str, Any]:
    """Return in plain values what a run would make of rows, and in a sentence."""
    counts = Counter(fault.reason for fault in faults.values())
    left = [
        {"reason": reason, "meaning": REASONS[reason].meaning, "rows": count}
        for reason, count in counts.most_common()
    ]
    return {"rows": rows, "settled": rows - len(faults), "left": left, "told": _told(rows, left)}


def _told(rows: int, left: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "No row becomes another one."
    rest = sum(one["rows"] for one in left)
    why = "; ".join(f"{one['rows']:,}: {one['meaning']}" for one in left)
    settled = f"Of {rows:,} rows that become other ones, {rows - rest:,} would be settled now"
    return f"{settled}, and {rest:,} would not ({why})" if left else f"{settled}."
