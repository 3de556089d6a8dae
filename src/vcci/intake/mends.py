"""Ways to mend rows that are alike: what becomes of their cells. What is read, intake's own readers read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final

from vcci.domain.mapping import DateOrder, DecimalMark
from vcci.intake.currencies import SIGNS
from vcci.intake.dates import read_date
from vcci.intake.front import RawTable
from vcci.intake.numbers import Amount, read_amount
from vcci.intake.raw_sink import last_text
from vcci.intake.survey import FileReading


class Way(StrEnum):
    """What is done to the cell at fault, or to the row."""

    SET = "set"
    TEXTS = "texts"
    REPLACE = "replace"
    STRIP = "strip"
    PUT = "put"
    DAY_FIRST = "day-month-year"
    MONTH_FIRST = "month-day-year"
    YEAR_FIRST = "year-month-day"
    COMMA = "comma"
    POINT = "point"
    CUT = "cut"
    SHIFT = "shift"
    KEEP = "keep"
    LEAVE_OUT = "leave-out"


ORDERS: Final = {
    Way.DAY_FIRST: DateOrder.DMY,
    Way.MONTH_FIRST: DateOrder.MDY,
    Way.YEAR_FIRST: DateOrder.ISO,
}
MARKS: Final = {Way.COMMA: DecimalMark.COMMA, Way.POINT: DecimalMark.POINT}


@dataclass(frozen=True, slots=True)
class Mend:
    """A way to mend rows, the column that it is for (one of `column_names`), and what it needs.

    `first` and `second` are the texts of the way: what is written; what is replaced, and by what; what is
    taken away or put before and after. `texts` says what each text becomes, `also` what other cells become,
    by column; `reason` is why rows are left out.
    """

    way: Way
    column: str = ""
    first: str = ""
    second: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@cache
def column_names(header: tuple[str, ...]) -> tuple[str, ...]:
    """Return what columns are called: their headers, or `#3` where that is empty or not alone."""
    alike = Counter(header)
    return tuple(
        name if name and alike[name] == 1 else f"#{place}" for place, name in enumerate(header, start=1)
    )


def name_at_fault(header: str, reading: FileReading) -> str:
    """Return what the column is called that a finding names by its header; empty where there is none."""
    names = column_names(reading.table.header)
    places = [place for place, name in enumerate(reading.table.header) if header and name == header]
    in_use = [column.index for column in reading.columns.values() if column.index in places]
    return names[(in_use or places)[0]] if places else ""


def mended(mend: Mend, cells: Sequence[str], reading: FileReading) -> list[str]:
    """Return the cells of a row as they are meant to be; what its file has no column for is left aside."""
    places = {name: place for place, name in enumerate(column_names(reading.table.header))}
    place, made = places.get(mend.column), list(cells)
    if mend.way is Way.CUT:
        made = _filled(made, len(places))[: len(places)]
    elif mend.way is Way.SHIFT and place is not None:
        made = _shifted(made, place, reading.table)
    elif mend.way in TEXT_WAYS and place is not None:
        made = _filled(made, place + 1)
        made[place] = rewritten(mend, made[place], reading)
    for name, text in mend.also.items():
        if name in places:
            made = _filled(made, places[name] + 1)
            made[places[name]] = text
    return made


def rewritten(mend: Mend, text: str, reading: FileReading) -> str:
    """Return what a text becomes by a way; itself where the way does not fit it."""
    return TEXT_WAYS[mend.way](mend, text, reading)


def fits(way: Way, text: str, reading: FileReading) -> bool:
    """Say whether a text can be read that way, and becomes another one by it."""
    return rewritten(Mend(way), text, reading) != text


def _dated(mend: Mend, text: str, _reading: FileReading) -> str:
    """Return a date, read in an order, as year-month-day: that is understood in every column."""
    return read_date(text, frozenset((ORDERS[mend.way],))) or text


def _counted(mend: Mend, text: str, reading: FileReading) -> str:
    """Return an amount, read with a mark, written with that of its column."""
    amount = read_amount(text, MARKS[mend.way])
    if amount is None:
        return text
    is_comma = reading.mark is DecimalMark.COMMA
    number = amount.text.replace(".", ",") if is_comma else amount.text
    return " ".join(filter(None, (number, _currency(amount))))


def _currency(amount: Amount) -> str:
    """Return the code that stood beside an amount, or the sign that may be several; empty without."""
    if len(amount.currencies) < 2:
        return "".join(amount.currencies)
    return next(sign for sign, codes in SIGNS.items() if codes == amount.currencies)


def _stripped(mend: Mend, text: str, _reading: FileReading) -> str:
    return text.strip().removeprefix(mend.first).removesuffix(mend.second).strip()


TEXT_WAYS: Final[Mapping[Way, Callable[[Mend, str, FileReading], str]]] = {
    Way.SET: lambda mend, _text, _reading: mend.first,
    Way.TEXTS: lambda mend, text, _reading: mend.texts.get(text, text),
    Way.REPLACE: lambda mend, text, _reading: text.replace(mend.first, mend.second) if mend.first else text,
    Way.STRIP: _stripped,
    Way.PUT: lambda mend, text, _reading: f"{mend.first}{text}{mend.second}",
    **dict.fromkeys(ORDERS, _dated),
    **dict.fromkeys(MARKS, _counted),
}
"""The ways that make another text of the cell."""


def _filled(cells: list[str], width: int) -> list[str]:
    return cells + [""] * max(0, width - len(cells))


def _shifted(cells: list[str], place: int, table: RawTable) -> list[str]:
    """Return a row of the right width: surplus cells are part of the one at a place, missing ones are there.

    An unquoted delimiter has split one cell in several; or a cell was left away, and the rest moved up.
    """
    surplus = len(cells) - len(table.header)
    if surplus < 0:
        at = min(place, len(cells))
        return cells[:at] + [""] * -surplus + cells[at:]
    one = table.found.get("delimiter", ",").join(cells[place : place + surplus + 1])
    return [*cells[:place], one, *cells[place + surplus + 1 :]]


def trimmed(cells: Sequence[str], width: int) -> list[str]:
    """Return cells without those beyond a width that hold no text."""
    return list(cells[: max(width, last_text(cells))])
