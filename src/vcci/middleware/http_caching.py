"""The cache's decisions, without I/O and without a clock: RFC 9111, 9110, 5861 and 9213.

Store this response? Use that stored one for this request? What does a 304 change? Each takes frozen data and
the time, and returns a decision; `response_cache` acts on it. Any header bytes are accepted; nothing raises.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from vcci.middleware.field_values import Headers, combined, directives, members, unquoted, values_of
from vcci.middleware.freshness import (
    HEURISTIC_STATUSES,
    CacheStrategy,
    Times,
    agreed_seconds,
    control_of,
    date_of,
    explicit_lifetime_s,
    heuristic_lifetime_s,
    initial_age_s,
    modified_of,
)
from vcci.middleware.structured_fields import Directives

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

UNDERSTOOD_STATUSES: Final = frozenset(
    {200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414}
    | {415, 421, 422, 425, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505}
)
"""Final statuses whose caching this cache knows, for must-understand (9111 5.2.2.3)."""

ERROR_STATUSES: Final = frozenset({500, 502, 503, 504})
"""What stale-if-error counts as an error (RFC 5861 section 4)."""

CREDENTIALS: Final = frozenset(
    {b"authorization", b"cookie", b"x-api-key", b"api-key", b"x-auth-token", b"x-access-token"}
)
"""Fields that say who asks. RFC 9111 knows the first; the others are as common."""

CONNECTION_FIELDS: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authentication-info", b"te", b"trailer"}
    | {b"proxy-authorization", b"proxy-connection", b"transfer-encoding", b"upgrade", b"age"}
)
"""Fields of a connection or a proxy, not of the response (9111 3.1); Age is made anew for each answer."""

BODY_FIELDS: Final = frozenset(
    {b"content-encoding", b"content-length", b"content-md5", b"content-range", b"etag"}
)
"""Fields that describe the stored body: a 304 does not change them (9111 3.2)."""


class Audience(Enum):
    """Who shares a cache key."""

    ANYONE = "anyone"
    """No credential is in the key."""
    SCOPE = "scope"
    """All who have the same tenant and rights: the key holds what the credential grants."""
    PRINCIPAL = "principal"
    """One person or program: `private` responses may be stored."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; `target` is path and query."""

    method: str
    target: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Response:
    """The head of a response."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored response's head, with all that later decisions need worked out once."""

    status: int
    headers: Headers
    received_s: float
    initial_age_s: int
    lifetime_s: int
    must_validate: bool
    """no-cache: never used without asking."""
    never_stale: bool
    """must-revalidate, proxy-revalidate or s-maxage: once stale, never used without asking."""
    stale_while_revalidate_s: int
    stale_if_error_s: int
    disconnected_stale_s: int
    etag: bytes | None
    last_modified: bytes | None
    last_modified_s: int | None
    date_s: int
    vary: tuple[bytes, ...]

    def age_s(self, now_s: float) -> float:
        """Return the current age (9111 4.2.3); a clock that ran backwards does not make it younger."""
        return self.initial_age_s + max(0.0, now_s - self.received_s)

    def fresh_for_s(self, now_s: float) -> float:
        """Return the seconds of freshness left; zero and below is stale."""
        return self.lifetime_s - self.age_s(now_s)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, its response, when, and who shares the key that it would be stored under."""

    request: Request
    response: Response
    times: Times
    audience: Audience = Audience.ANYONE


class Use(Enum):
    """What a stored response is good for."""

    FRESH = "fresh"
    STALE = "stale"
    """The client takes it stale (max-stale)."""
    STALE_WHILE_REVALIDATE = "stale while revalidate"
    VALIDATE = "validate"
    """Only after asking; the reason is `stale`, or `request` where the client wants that."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """The decision on a stored response; `reason` is a forward reason of RFC 9211 2.2."""

    use: Use
    reason: str = "stale"


def refusal_to_store(exchange: Exchange, strategy: CacheStrategy) -> str | None:
    """Return why a response must not be stored, or None if it may be (9111 section 3)."""
    request, response = exchange.request, exchange.response
    headers = response.headers
    control, _ = control_of(headers, strategy)
    if refusal := _refusal_of_method(exchange, strategy) or _refusal_of_status(response.status, control):
        return refusal
    private = None in control.get(b"private", ()) and exchange.audience is not Audience.PRINCIPAL
    rules = {
        "request no-store": b"no-store" in directives(combined(request.headers, b"cache-control")),
        "private": private,
        "credentials": exchange.audience is Audience.ANYONE and not _may_be_shared(request, control),
        "set-cookie": not strategy.stores_set_cookie and bool(values_of(headers, b"set-cookie")),
        "vary": b"*" in varied(headers),
    }
    broken = next((name for name, is_broken in rules.items() if is_broken), None)
    return broken or _refusal_of_freshness(exchange, control, strategy=strategy)


def _refusal_of_method(exchange: Exchange, strategy: CacheStrategy) -> str | None:
    request, headers = exchange.request, exchange.response.headers
    if request.method == "GET":
        return None
    same = values_of(headers, b"content-location") == [request.target]
    stated = explicit_lifetime_s(headers, times=exchange.times, strategy=strategy)
    # RFC 9110 9.3.3: a POST says that its response is what a later GET would get by naming its own target.
    return None if request.method == "POST" and same and stated else "method"


def _refusal_of_status(status: int, control: Directives) -> str | None:
    if status < 200 or status in (206, 304):
        return "status"
    if b"must-understand" in control:
        return None if status in UNDERSTOOD_STATUSES else "status"
    return "no-store" if b"no-store" in control else None


def _may_be_shared(request: Request, control: Directives) -> bool:
    """Return 9111 3.5, for all credentials: the answer to one is for others only if it says so."""
    if not any(name in CREDENTIALS for name, _ in request.headers):
        return True
    return not control.keys().isdisjoint({b"public", b"s-maxage", b"must-revalidate"})


def _refusal_of_freshness(exchange: Exchange, control: Directives, *, strategy: CacheStrategy) -> str | None:
    headers, times = exchange.response.headers, exchange.times
    stated = explicit_lifetime_s(headers, times=times, strategy=strategy)
    public = b"public" in control or (
        exchange.audience is Audience.PRINCIPAL and None in control.get(b"private", ())
    )
    if stated is None and not public and exchange.response.status not in HEURISTIC_STATUSES:
        return "status"
    lifetime_s = stated or heuristic_lifetime_s(headers, times=times, strategy=strategy)
    validators = values_of(headers, b"etag") or modified_of(headers, now_s=times.received_s) is not None
    allowed = (agreed_seconds(control, b"stale-if-error"), agreed_seconds(control, b"stale-while-revalidate"))
    useful = (lifetime_s > 0 or any(allowed)) and None not in control.get(b"no-cache", ())
    return None if useful or validators else "no freshness"


def described(exchange: Exchange, strategy: CacheStrategy) -> Stored:
    """Return a response's head as it is stored: the fields to keep, and every later question answered."""
    response, times = exchange.response, exchange.times
    control, _ = control_of(response.headers, strategy)
    stated = explicit_lifetime_s(response.headers, times=times, strategy=strategy)
    guessed = heuristic_lifetime_s(response.headers, times=times, strategy=strategy)
    etags = values_of(response.headers, b"etag")
    modified = values_of(response.headers, b"last-modified")
    return Stored(
        status=response.status,
        headers=kept_fields(response.headers, control),
        received_s=times.received_s,
        initial_age_s=initial_age_s(response.headers, times=times),
        lifetime_s=guessed if stated is None else stated,
        must_validate=None in control.get(b"no-cache", ()),
        never_stale=not control.keys().isdisjoint({b"must-revalidate", b"proxy-revalidate", b"s-maxage"}),
        stale_while_revalidate_s=agreed_seconds(control, b"stale-while-revalidate") or 0,
        stale_if_error_s=agreed_seconds(control, b"stale-if-error") or 0,
        disconnected_stale_s=strategy.disconnected_stale_seconds,
        etag=etags[0] if etags else None,
        last_modified=modified[0] if modified else None,
        last_modified_s=modified_of(response.headers, now_s=times.received_s),
        date_s=date_of(response.headers, times=times),
        vary=varied(response.headers),
    )


def kept_fields(headers: Headers, control: Directives) -> Headers:
    """Return the fields that may be stored: not those of the connection, nor those that a directive names."""
    dropped = {name.lower() for value in values_of(headers, b"connection") for name in members(value)}
    for directive in (b"private", b"no-cache"):
        for argument in control.get(directive, ()):
            dropped.update(name.lower() for name in members(unquoted(argument or b"")))
    dropped |= CONNECTION_FIELDS
    return tuple((name, value) for name, value in headers if name not in dropped)


def varied(headers: Headers) -> tuple[bytes, ...]:
    """Return the names that Vary lists, lower-case and sorted."""
    return tuple(sorted({name.lower() for name in members(combined(headers, b"vary") or b"")}))


def decide_reuse(request: Request, stored: Stored, now_s: float, *, strategy: CacheStrategy) -> Reuse:
    """Return whether a stored response that was selected may be used for a request now (9111 section 4)."""
    wanted = request_control(request)
    if stored.must_validate:
        return Reuse(Use.VALIDATE)
    if strategy.clients_may_bypass and _client_refuses(wanted, stored, now_s=now_s):
        return Reuse(Use.VALIDATE, "request")
    if stored.fresh_for_s(now_s) > 0:
        return Reuse(Use.FRESH)
    return Reuse(Use.VALIDATE if stored.never_stale else _use_of_stale(wanted, stored, now_s=now_s))


def _use_of_stale(wanted: Directives, stored: Stored, *, now_s: float) -> Use:
    stale_s = -stored.fresh_for_s(now_s)
    taken_s = agreed_seconds(wanted, b"max-stale")
    if wanted.get(b"max-stale") == (None,) or (taken_s is not None and stale_s <= taken_s):
        return Use.STALE
    return Use.STALE_WHILE_REVALIDATE if stale_s < stored.stale_while_revalidate_s else Use.VALIDATE


def request_control(request: Request) -> Directives:
    """Return the request's directives; Pragma: no-cache counts where there is no Cache-Control (9111 5.4)."""
    control = combined(request.headers, b"cache-control")
    if control is None and b"no-cache" in directives(combined(request.headers, b"pragma")):
        return {b"no-cache": (None,)}
    return directives(control)


def _client_refuses(wanted: Directives, stored: Stored, *, now_s: float) -> bool:
    if b"no-cache" in wanted or b"no-store" in wanted:
        return True
    greatest_age_s = agreed_seconds(wanted, b"max-age")
    least_left_s = agreed_seconds(wanted, b"min-fresh") or 0
    too_old = greatest_age_s is not None and stored.age_s(now_s) > greatest_age_s
    return too_old or (least_left_s > 0 and stored.fresh_for_s(now_s) < least_left_s)


def may_serve_instead_of_error(
    request: Request, stored: Stored, now_s: float, *, disconnected: bool = False
) -> bool:
    """Return whether a stored response may stand in for an error (RFC 5861 section 4, RFC 9111 4.2.4)."""
    if stored.must_validate or stored.never_stale:
        return False
    asked_s = agreed_seconds(request_control(request), b"stale-if-error") or 0
    allowed_s = max(stored.stale_if_error_s, asked_s, stored.disconnected_stale_s if disconnected else 0)
    return -stored.fresh_for_s(now_s) < allowed_s


def opaque_tag(tag: bytes) -> bytes:
    """Return an entity tag without its weakness, for the weak comparison of RFC 9110 8.8.3.2."""
    return tag[2:] if tag.startswith(b"W/") else tag


def freshened(stored: Stored, exchange: Exchange, strategy: CacheStrategy) -> Stored | None:
    """Return a stored response as a 304, or a HEAD's 200, updates it; None where that was about another one.

    RFC 9111 4.3.4 and 4.3.5: a validator that differs means that the stored body is not the current one.
    """
    news = exchange.response.headers
    for name, known in ((b"etag", stored.etag), (b"last-modified", stored.last_modified)):
        told = values_of(news, name)
        if told and known is not None and opaque_tag(told[0]) != opaque_tag(known):
            return None
    lengths = values_of(news, b"content-length"), values_of(stored.headers, b"content-length")
    if exchange.request.method == "HEAD" and all(lengths) and lengths[0] != lengths[1]:
        return None
    replaced = {name for name, _ in news} - BODY_FIELDS
    merged = tuple(field for field in stored.headers if field[0] not in replaced)
    merged += tuple(field for field in news if field[0] in replaced)
    response = Response(stored.status, merged)
    return described(Exchange(exchange.request, response, exchange.times, exchange.audience), strategy)
