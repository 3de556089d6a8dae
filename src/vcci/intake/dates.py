"""Dates and periods as ledgers write them; what can be read in two ways has two readings, never a guess.

A text's *reading* holds the ISO date for each order of day, month and year that it can be read by. A text
with only one possible date (2025-03-04, 4 Mar 25, 04.03.2025, 20250304, 2025-W10-2) has it under every order.
Two-digit years are 1970 to 2069. Five digits alone are a spreadsheet's day number, from 1990 to 2100 only.
A clock time is dropped; a time with an offset other than UTC is refused, since the day may be another one.
"""

import calendar
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from vcci.domain.mapping import DateOrder

YEARS: Final = range(1900, 2201)
"""Years that a ledger can be of, as for `--year`; others are typing errors."""

SERIAL_DAYS: Final = range(32_874, 73_416)
"""Day numbers of 1 January 1990 to 31 December 2100, counted from 30 December 1899."""

NO_DATES: Final = frozenset(("00:00:00", "0000-00-00", "00.00.0000", "00/00/0000", "00000000", "0"))
"""What spreadsheets, databases and SAP write for an empty date; these texts count as blank."""

ALL_ORDERS: Final = frozenset(DateOrder)

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier janv enero ene januari gennaio gen",
            "february feb februar febr février fevrier févr fevr febrero februari febbraio",
            "march mar märz maerz mär mrz mars marzo maart mrt",
            "april apr avril avr abril abr aprile",
            "may mai mayo mei maggio mag",
            "june jun juni juin junio giugno giu",
            "july jul juli juillet juil julio luglio lug",
            "august aug août aout agosto ago augustus",
            "september sep sept septembre septiembre settembre set",
            "october oct oktober okt octobre octubre ottobre ott",
            "november nov novembre noviembre",
            "december dec dezember dez décembre decembre déc diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
"""Month names in English, German, French, Spanish, Dutch and Italian, with their short forms."""

_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９", "0123456789" * 3)
_CLOCK: Final = re.compile(
    r"(.*[0-9])[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?[AaPp][Mm]| ?Z| ?\+00:?00)?"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text is written (`shape`), and its ISO date for each order; no order: an impossible date."""

    shape: str
    by_order: dict[DateOrder, str]


@dataclass(frozen=True, slots=True)
class OrderDecision:
    """The orders that a column can still be in; `examples` if a person has to choose."""

    orders: frozenset[DateOrder]
    examples: tuple[str, ...] = ()

    @property
    def order(self) -> DateOrder | None:
        """The order, where it is decided and makes a difference."""
        return next(iter(self.orders)) if len(self.orders) == 1 else None


def read_date(text: str, orders: frozenset[DateOrder]) -> str:
    """Return the one ISO date that `text` is by these orders, else the empty string."""
    reading = reading_of(text)
    dates = {reading.by_order[o] for o in orders if o in reading.by_order} if reading else set()
    return dates.pop() if len(dates) == 1 else ""


def decide_order(texts: Iterable[str], *, given: DateOrder | None = None) -> OrderDecision:
    """Decide the order that a column is in: one text that fits only one order decides for all others.

    It does so only where all texts have one shape: a column of several hands proves nothing of the rest.
    """
    if given is not None:
        return OrderDecision(frozenset((given,)))
    readings = {text: reading for text in sorted(set(texts)) if (reading := reading_of(text))}
    dated = {text: reading.by_order for text, reading in readings.items() if reading.by_order}
    orders = ALL_ORDERS.intersection(*dated.values())
    if not orders:
        return OrderDecision(orders, _contradicting(dated))
    usable = orders if len({r.shape for r in readings.values()}) == 1 else ALL_ORDERS
    ambiguous = [text for text, dates in dated.items() if len({dates[o] for o in usable & dates.keys()}) > 1]
    return OrderDecision(orders, tuple(ambiguous[:3]))


def _contradicting(dated: dict[str, dict[DateOrder, str]]) -> tuple[str, ...]:
    """Return one text for each different set of orders."""
    by_orders = {frozenset(dates): text for text, dates in dated.items()}
    return tuple(text for orders, text in by_orders.items() if orders != ALL_ORDERS)


def reading_of(text: str) -> Reading | None:
    """Return how a text can be read as a date; None if it does not look like one."""
    plain = " ".join(text.translate(_DIGITS).split())
    clock = _CLOCK.fullmatch(plain)
    plain = clock[1] if clock else plain
    for shape, pattern, read in _SHAPES:
        if found := pattern.fullmatch(plain):
            return Reading(shape, read(found))
    return None


def _fixed(day: date | None) -> dict[DateOrder, str]:
    return dict.fromkeys(DateOrder, day.isoformat()) if day else {}


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    """Return a date within `YEARS`, None if the calendar has none; two-digit years are 1970 to 2069."""
    number = int(year)
    if isinstance(year, str) and len(year) == 2:
        number += 1900 if number >= 70 else 2000
    try:
        return date(number, int(month), int(day)) if number in YEARS else None
    except ValueError:
        return None


def _year_first(found: re.Match[str]) -> dict[DateOrder, str]:
    return _fixed(_day(found["y"], found["m"], found["d"]))


def _named(found: re.Match[str]) -> dict[DateOrder, str]:
    month = MONTHS.get(found["m"].casefold())
    return _fixed(_day(found["y"], month, found["d"])) if month else {}


def _week(found: re.Match[str]) -> dict[DateOrder, str]:
    try:
        return _fixed(date.fromisocalendar(int(found["y"]), int(found["w"]), int(found["d"])))
    except ValueError:
        return {}


def _serial(found: re.Match[str]) -> dict[DateOrder, str]:
    number = int(found[0])
    return _fixed(date(1899, 12, 30) + timedelta(number)) if number in SERIAL_DAYS else {}


def _ordered(found: re.Match[str]) -> dict[DateOrder, str]:
    """Return the dates of `a/b/c` by each order; with a four-digit year it can only stand last."""
    a, b, c = found["a"], found["b"], found["c"]
    days = {DateOrder.DMY: _day(c, b, a), DateOrder.MDY: _day(c, a, b)}
    if len(c) == 2 and len(a) == 2:
        days[DateOrder.ISO] = _day(a, b, c)
    return {order: day.isoformat() for order, day in days.items() if day}


_D, _M, _Y4 = "(?P<d>[0-9]{1,2})", "(?P<m>[0-9]{1,2})", "(?P<y>[0-9]{4})"
_NAME, _YEAR = r"(?P<m>[^\W\d_]{3,10})\.?", "(?P<y>[0-9]{4}|[0-9]{2})"
_GAP = "[-/. ,]{1,2}"

_SHAPES: Final[tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], dict[DateOrder, str]]], ...]] = (
    ("2025-03-04", re.compile(f"{_Y4}-{_M}-{_D}"), _year_first),
    ("2025/03/04", re.compile(f"{_Y4}(?P<gap>[/. ]){_M}(?P=gap){_D}"), _year_first),
    ("20250304", re.compile("(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"), _year_first),
    ("2025-W10-2", re.compile("(?P<y>[0-9]{4})-?W(?P<w>[0-9]{2})-?(?P<d>[1-7])"), _week),
    ("45720", re.compile("[0-9]{5}"), _serial),
    ("04.03.2025", re.compile(rf"{_D}\. ?{_M}\. ?{_YEAR}"), _year_first),
    ("4 Mar 2025", re.compile(f"{_D}(?:st|nd|rd|th|er)?{_GAP}(?:de )?{_NAME}{_GAP}(?:de )?{_YEAR}"), _named),
    ("4Mar2025", re.compile(f"{_D}(?P<m>[^\\W\\d_]{{3,10}}){_YEAR}"), _named),
    ("March 4, 2025", re.compile(f"{_NAME}{_GAP}{_D}(?:st|nd|rd|th)?{_GAP}{_Y4}"), _named),
    ("2025 Mar 4", re.compile(f"{_Y4}{_GAP}{_NAME}{_GAP}{_D}"), _named),
    ("04/03/2025", re.compile("(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<c>[0-9]{4})"), _ordered),
    ("04-03-2025", re.compile("(?P<a>[0-9]{1,2})-(?P<b>[0-9]{1,2})-(?P<c>[0-9]{4})"), _ordered),
    ("04/03/25", re.compile("(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<c>[0-9]{2})"), _ordered),
    ("04-03-25", re.compile("(?P<a>[0-9]{1,2})-(?P<b>[0-9]{1,2})-(?P<c>[0-9]{2})"), _ordered),
)
"""Every way to write a date that is understood, each named by an example."""


def period_end(text: str) -> str:
    """Return the last day of a year, quarter, month or span of months as ISO date; else the empty string."""
    plain = " ".join(re.sub(r"[-/_. ,]+", " ", text.translate(_DIGITS).casefold()).split())
    for pattern, last_month in _PERIODS:
        if (found := pattern.fullmatch(plain)) and (month := last_month(found)):
            year = int(found["y"])
            known = year in YEARS and 1 <= month <= 12
            return f"{year:04}-{month:02}-{calendar.monthrange(year, month)[1]:02}" if known else ""
    return ""


def _span_end(found: re.Match[str]) -> int:
    return MONTHS.get(found["m"], 0) if found["first"] in MONTHS else 0


_Y, _Q, _WORD = "(?P<y>[0-9]{4})", "q(?:uarter )?(?P<q>[1-4])", r"(?P<m>[^\W\d_]{3,10})"

_PERIODS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], int]], ...]] = (
    (re.compile(_Y), lambda _found: 12),
    (re.compile(f"{_Y} ?{_Q}"), lambda found: 3 * int(found["q"])),
    (re.compile(f"{_Q} ?{_Y}"), lambda found: 3 * int(found["q"])),
    (re.compile(f"{_Y} (?P<m>[0-9]{{1,2}})"), lambda found: int(found["m"])),
    (re.compile(f"(?P<m>[0-9]{{1,2}}) {_Y}"), lambda found: int(found["m"])),
    (re.compile(f"{_WORD} {_Y}"), lambda found: MONTHS.get(found["m"], 0)),
    (re.compile(f"{_Y} {_WORD}"), lambda found: MONTHS.get(found["m"], 0)),
    (re.compile(rf"(?P<first>[^\W\d_]{{3,10}}) {_WORD} {_Y}"), _span_end),
)
"""Every way to write a period that is understood, with the number of its last month."""
