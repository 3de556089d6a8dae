"""What a stored response answers to a conditional or range request: RFC 9110 sections 13 and 14. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from vcci.middleware.field_values import Headers, combined, http_date, members, values_of
from vcci.middleware.http_caching import Request, Stored, opaque_tag

NOT_MODIFIED_FIELDS: Final = frozenset(
    {b"cache-control", b"cdn-cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"}
)
"""What a 304 carries of the response that it stands for (9110 15.4.5)."""

LENGTH_FIELDS: Final = frozenset({b"content-length", b"content-range"})

FOR_THE_ORIGIN_ONLY: Final = frozenset({b"if-match", b"if-unmodified-since", b"transfer-encoding"})
"""Preconditions that a cache does not evaluate (9111 4.3.2), and what says that a request has a body."""

CONDITIONS: Final = frozenset({b"if-none-match", b"if-modified-since", b"if-range", b"range"})

_BYTES = re.compile(rb"bytes=[ \t]*(\d*)-(\d*)[ \t]*\Z", re.IGNORECASE)
_DIGITS_AT_MOST: Final = 18


@dataclass(frozen=True, slots=True)
class Answer:
    """A response made from a stored one: its head, and the part of the stored body that it carries."""

    status: int
    headers: Headers
    start: int
    stop: int


def answer(request: Request, stored: Stored, body_length: int) -> Answer:
    """Return 304, 206, 416 or the whole stored response, by the precedence of RFC 9110 13.2.2."""
    if 200 <= stored.status < 300 and client_has_it(request, stored):
        kept = tuple(field for field in stored.headers if field[0] in NOT_MODIFIED_FIELDS)
        return Answer(304, kept, 0, 0)
    whole = Answer(stored.status, stored.headers, 0, body_length)
    if stored.status != 200 or request.method != "GET" or not _range_holds(request, stored):
        return whole
    asked = byte_range(combined(request.headers, b"range") or b"", body_length)
    if asked is None:
        return whole
    start, stop = asked
    kept = tuple(field for field in stored.headers if field[0] not in LENGTH_FIELDS)
    if start >= stop:
        return Answer(416, (*kept, (b"content-range", b"bytes */%d" % body_length)), 0, 0)
    told = b"bytes %d-%d/%d" % (start, stop - 1, body_length)
    return Answer(206, (*kept, (b"content-range", told)), start, stop)


def client_has_it(request: Request, stored: Stored) -> bool:
    """Return whether the client's own copy is the stored response: If-None-Match first, else the date."""
    if request.method not in ("GET", "HEAD"):
        return False
    tags = combined(request.headers, b"if-none-match")
    if tags is not None:
        if tags == b"*":
            return True
        if stored.etag is None:
            return False
        return opaque_tag(stored.etag) in {opaque_tag(tag) for tag in members(tags)}
    since = values_of(request.headers, b"if-modified-since")
    since_s = http_date(since[0], now_s=stored.received_s) if len(since) == 1 else None
    if since_s is None:
        return False
    return (stored.date_s if stored.last_modified_s is None else stored.last_modified_s) <= since_s


def byte_range(value: bytes, length: int) -> tuple[int, int] | None:
    """Return a single range as start and stop; an empty one cannot be satisfied. None: answer with all.

    Several ranges are answered with the whole, as 9110 14.2 allows: each costs a part of its own.
    """
    match = _BYTES.match(value)
    if match is None:
        return None
    first, last = match.groups()
    if max(len(first), len(last)) > _DIGITS_AT_MOST or not (first or last):
        return None
    if not first:
        return (max(0, length - int(last)), length)
    if last and int(last) < int(first):
        return None
    return (int(first), min(int(last) + 1, length) if last else length)


def _range_holds(request: Request, stored: Stored) -> bool:
    """Return whether there is a range to honour: If-Range takes a strong validator, or the exact date."""
    if not values_of(request.headers, b"range"):
        return False
    conditions = values_of(request.headers, b"if-range")
    if not conditions:
        return True
    if conditions[0][-1:] == b'"':
        return conditions[0] == stored.etag and not conditions[0].startswith(b"W/")
    # A date is strong only where it is clearly older than the response (9110 8.8.2.2).
    strong = stored.last_modified_s is not None and stored.date_s - stored.last_modified_s >= 1
    return strong and conditions[0] == stored.last_modified


def validating_headers(headers: Headers, stored: Stored) -> Headers:
    """Return a request's fields with the stored validators in place of its own conditions (9111 4.3.1)."""
    kept = tuple(field for field in headers if field[0] not in CONDITIONS)
    if stored.etag is not None:
        kept += ((b"if-none-match", stored.etag),)
    if stored.last_modified is not None:
        kept += ((b"if-modified-since", stored.last_modified),)
    return kept


def can_be_validated(stored: Stored) -> bool:
    """Return whether the stored response has something to ask the application about."""
    return stored.etag is not None or stored.last_modified is not None


def must_go_to_origin(request: Request) -> bool:
    """Return whether only the application can answer: by its preconditions, or as it has a body.

    A body is in no key, so an answer to one could be given to whoever sends another.
    """
    bodied = values_of(request.headers, b"content-length") not in ([], [b"0"])
    return bodied or any(name in FOR_THE_ORIGIN_ONLY for name, _ in request.headers)
