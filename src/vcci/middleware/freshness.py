"""How long a response is fresh and how old it is: RFC 9111 section 4.2, with RFC 9213 and RFC 5861. Pure."""

from dataclasses import dataclass
from typing import Final

from vcci.middleware.field_values import Headers, combined, directives, http_date, members, seconds, values_of
from vcci.middleware.structured_fields import Directives, targeted_directives

HEURISTIC_STATUSES: Final = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
"""RFC 9110 15.1, without 206: partial responses are not stored here."""


@dataclass(frozen=True, slots=True)
class CacheStrategy:
    """What the cache may do beyond what a response says in so many words.

    The default is for an API of tenants: it stores what says how long it is fresh, and clients cannot make it
    fetch again. `STANDARD` uses every liberty that RFC 9111 gives a shared cache.
    """

    heuristic_ratio: float = 0.0
    """Share of the time since Last-Modified that counts as fresh where nothing else says (9111 4.2.2)."""
    heuristic_cap_seconds: int = 86_400
    assumed_lifetime_seconds: int = 0
    """How long a response counts as fresh that says nothing of it, and of which nothing can be guessed."""
    stores_set_cookie: bool = False
    """A cookie that is stored is handed to others; RFC 9111 7.3 leaves it to the response to forbid that."""
    clients_may_bypass: bool = False
    """Whether no-cache, max-age, min-fresh and Pragma of a request count, so clients can add to the load."""
    disconnected_stale_seconds: int = 0
    """How long past freshness a response may serve while the application's connection fails (9111 4.2.4)."""
    targets: tuple[bytes, ...] = (b"cdn-cache-control",)
    """Targeted fields that go before Cache-Control and Expires, first first (RFC 9213)."""


STANDARD: Final = CacheStrategy(
    heuristic_ratio=0.1,
    stores_set_cookie=True,
    clients_may_bypass=True,
    disconnected_stale_seconds=86_400,
)


STRATEGIES: Final = {
    "static": CacheStrategy(assumed_lifetime_seconds=3_600),
    "short": CacheStrategy(assumed_lifetime_seconds=300),
    "medium": CacheStrategy(assumed_lifetime_seconds=1_800),
    "long": CacheStrategy(assumed_lifetime_seconds=7_200),
    "no_cache": CacheStrategy(),
}
"""Strategies by name. What a response says of itself goes before them, and answers to credentials are
not stored for want of a word: nothing of a tenant becomes public by a default."""


@dataclass(frozen=True, slots=True)
class Times:
    """When a request left for the application and when its response's head came, seconds since 1970."""

    requested_s: float
    received_s: float


def control_of(headers: Headers, strategy: CacheStrategy) -> tuple[Directives, bool]:
    """Return the directives that hold for this cache, and whether they come from a targeted field."""
    for target in strategy.targets:
        found = targeted_directives(headers, target)
        if found is not None:
            return found, True
    return directives(combined(headers, b"cache-control")), False


def agreed_seconds(control: Directives, name: bytes) -> int | None:
    """Return a directive's seconds; None if absent, 0 if malformed or contradictory (9111 4.2.1)."""
    arguments = control.get(name)
    if arguments is None:
        return None
    readable = {seconds(argument) for argument in arguments}
    return readable.pop() or 0 if len(readable) == 1 else 0


def explicit_lifetime_s(headers: Headers, *, times: Times, strategy: CacheStrategy) -> int | None:
    """Return the lifetime that a response states, for a shared cache; None where it states none."""
    control, targeted = control_of(headers, strategy)
    for name in (b"s-maxage", b"max-age"):
        stated = agreed_seconds(control, name)
        if stated is not None:
            return stated
    expires = {http_date(value, now_s=times.received_s) for value in values_of(headers, b"expires")}
    if targeted or not expires:
        return None
    stated_s = expires.pop() if len(expires) == 1 else None
    return 0 if stated_s is None else max(0, stated_s - date_of(headers, times=times))


def heuristic_lifetime_s(headers: Headers, *, times: Times, strategy: CacheStrategy) -> int:
    """Return a share of the time since the last modification, within the strategy's cap."""
    modified_s = modified_of(headers, now_s=times.received_s)
    if modified_s is None or not strategy.heuristic_ratio:
        return strategy.assumed_lifetime_seconds
    unchanged_s = max(0, date_of(headers, times=times) - modified_s)
    return min(int(unchanged_s * strategy.heuristic_ratio), strategy.heuristic_cap_seconds)


def date_of(headers: Headers, *, times: Times) -> int:
    """Return the origin's Date, or the time of receipt where it is absent or malformed (9110 6.6.1)."""
    first = next(iter(values_of(headers, b"date")), b"")
    stated_s = http_date(first, now_s=times.received_s)
    return int(times.received_s) if stated_s is None else stated_s


def modified_of(headers: Headers, *, now_s: float) -> int | None:
    """Return Last-Modified, if there is one that can be read."""
    first = next(iter(values_of(headers, b"last-modified")), b"")
    return http_date(first, now_s=now_s)


def initial_age_s(headers: Headers, *, times: Times) -> int:
    """Return the corrected initial age of RFC 9111 4.2.3.

    Of a list in Age the first member counts, and what is no number is ignored, as 9111 5.1 says.
    """
    stated = next(iter(members(combined(headers, b"age") or b"")), None)
    delay_s = max(0.0, times.received_s - times.requested_s)
    apparent_s = max(0.0, times.received_s - date_of(headers, times=times))
    return int(max(apparent_s, (seconds(stated) or 0) + delay_s))
