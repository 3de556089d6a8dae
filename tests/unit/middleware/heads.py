"""Requests and responses of the tests, as short as they can be written."""

from vcci.middleware.field_values import Headers
from vcci.middleware.freshness import STANDARD, CacheStrategy, Times
from vcci.middleware.http_caching import Audience, Exchange, Request, Response, Stored, described

NOW_S = 1_784_000_000.0
DATE = b"Tue, 14 Jul 2026 03:33:20 GMT"
HOUR_LATER = b"Tue, 14 Jul 2026 04:33:20 GMT"
DAY_BEFORE = b"Mon, 13 Jul 2026 03:33:20 GMT"


def headers(**fields: str | bytes) -> Headers:
    return tuple(
        (name.replace("_", "-").encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in fields.items()
    )


def get(**fields: str | bytes) -> Request:
    return Request("GET", b"/factors?q=steel", headers(**fields))


def exchange(
    request: Request | None = None,
    *,
    status: int = 200,
    audience: Audience = Audience.ANYONE,
    **fields: str | bytes,
) -> Exchange:
    response = Response(status, headers(**fields))
    return Exchange(request or get(), response, Times(NOW_S, NOW_S), audience)


def stored(strategy: CacheStrategy = STANDARD, *, status: int = 200, **fields: str | bytes) -> Stored:
    response = Response(status, headers(**fields))
    return described(Exchange(get(), response, Times(NOW_S, NOW_S)), strategy)
