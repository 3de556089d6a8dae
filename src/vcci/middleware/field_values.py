"""HTTP field values: lists of directives, dates, seconds. Any bytes are accepted; nothing here raises.

RFC 9110 section 5.6 (lists, dates), RFC 9111 sections 1.2.2 (delta-seconds) and 5.2 (Cache-Control).
"""

import re
from calendar import timegm
from collections.abc import Iterable
from datetime import date
from typing import Final

Headers = tuple[tuple[bytes, bytes], ...]
"""Header fields as ASGI has them: lower-case names, values as sent, order kept."""

GREATEST_DELTA_SECONDS: Final = 2**31
"""RFC 9111 1.2.2: a value that is too large to hold counts as this one."""

_PART = re.compile(rb'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), 1
    )
}
_IMF_DATE = re.compile(rb"[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt\Z")
_RFC850_DATE = re.compile(rb"[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt\Z")
_ASCTIME_DATE = re.compile(rb"[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})\Z")


def values_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the values of each field line of that name, in order, without surrounding white space."""
    return [value.strip(b" \t") for key, value in headers if key == name]


def combined(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the field's lines joined by commas, as RFC 9110 5.3 lets a recipient do; None if absent."""
    lines = values_of(headers, name)
    return b", ".join(lines) if lines else None


def members(value: bytes) -> list[bytes]:
    """Return the non-empty members of a comma-separated list; commas in quoted strings do not separate."""
    return [stripped for part in _PART.findall(value) if (stripped := part.strip(b" \t"))]


def directives(value: bytes | None) -> dict[bytes, tuple[bytes | None, ...]]:
    """Return each directive's arguments by its lower-case name; None is a directive without one.

    Quoted and bare arguments mean the same (RFC 9111 5.2). What is no token before `=` is passed over.
    """
    found: dict[bytes, tuple[bytes | None, ...]] = {}
    for member in members(value or b""):
        name, equals, argument = member.partition(b"=")
        if _TOKEN.match(name):
            key = name.lower()
            found[key] = (*found.get(key, ()), unquoted(argument) if equals else None)
    return found


def unquoted(argument: bytes) -> bytes:
    """Return the content of a quoted string, or the argument as it is."""
    if len(argument) >= 2 and argument[:1] == argument[-1:] == b'"':
        return _QUOTED_PAIR.sub(rb"\1", argument[1:-1])
    return argument


def seconds(argument: bytes | None) -> int | None:
    """Return delta-seconds, at most GREATEST_DELTA_SECONDS; None where the text is no such number."""
    if argument is None or not argument.isdigit():
        return None
    return min(int(argument), GREATEST_DELTA_SECONDS) if len(argument) <= 18 else GREATEST_DELTA_SECONDS


def http_date(value: bytes, *, now_s: float) -> int | None:
    """Return seconds since 1970 for any of the three formats of RFC 9110 5.6.7; None for anything else.

    `now_s` places the two-digit year of the obsolete RFC 850 format: over 50 years ahead means the past.
    """
    text = value.strip(b" \t").lower()
    if match := _IMF_DATE.match(text):
        day, month, year, *clock = match.groups()
    elif match := _ASCTIME_DATE.match(text):
        month, day, *clock, year = match.groups()
    elif match := _RFC850_DATE.match(text):
        day, month, year, *clock = match.groups()
        year = b"%d" % _full_year(int(year), now_s=now_s)
    else:
        return None
    return _timestamp(int(year), _MONTHS.get(month, 0), int(day), clock=clock)


def _full_year(two_digits: int, *, now_s: float) -> int:
    this_year = 1970 + int(now_s // 31_556_952)
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year


def _timestamp(year: int, month: int, day: int, *, clock: list[bytes]) -> int | None:
    hour, minute, second = (int(part) for part in clock)
    try:
        date(year, month, day)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    return timegm((year, month, day, hour, minute, second, 0, 0, 0))
