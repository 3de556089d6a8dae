"""Calls over HTTP: one pool, one deadline for a call, tried again only where that is safe and of use."""

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Self

import httpcore2
import httpx2
import orjson

from vcci.clients import remote_errors
from vcci.clients.addresses import PUBLIC_ONLY, AddressRules, Resolve, system_addresses
from vcci.clients.hosts import Host, Hosts
from vcci.clients.remote_errors import RemoteCallError
from vcci.clients.transport import CheckedTransport
from vcci.concurrency.deadline import Deadline, current_deadline, passed, seconds_left, within
from vcci.concurrency.retries import RetryBudget, RetryPolicy, RetryScheduled, not_heard, retried
from vcci.errors import DeadlineError

MOST_BYTES: Final = 10_000_000
"""Bytes of an answer's body, decompressed, unless the client is told otherwise."""

ERROR_BYTES: Final = 64_000
"""Bytes that are read of the body of an error, so that its connection can be used again."""

REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that do the same however often they are sent (RFC 9110 section 9.2.2)."""

FAIR_WAIT_S: Final = 1.0
"""A host that did not answer for this long, or a quarter of the timeout, is counted as failing."""

ABOUT_NOW_S: Final = 0.005
"""How early a timer may fire."""

HEADERS: Final = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": "vcci"}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: its status, its header fields by lower-case names, its body decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bytes of an answer; calls to a host at once, and waiting beyond those; what retries may add."""

    most_bytes: int = MOST_BYTES
    at_once_per_host: int = 50
    most_waiting_per_host: int = 500
    first_wait_s: float = 0.1
    most_wait_s: float = 5.0


@dataclass(slots=True)
class _Call:
    request: httpx2.Request
    host: Host
    passed: Collection[int]
    tries_left: int


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found and trusted: the rules for addresses, the resolver, TLS; None is the system's."""

    rules: AddressRules = PUBLIC_ONLY
    resolve: Resolve = system_addresses
    tls: ssl.SSLContext | None = None


class AsyncHTTPClient:
    """Speaks to the service at `base_url`, or without one to any public http(s) address.

    `timeout` is in seconds and holds for a whole call: its wait for a place, its tries and waits, the body;
    a sooner deadline of the work under way counts instead. `max_retries` more tries are made of calls that
    may be repeated. `max_connections` are kept open at most, `keepalive` of them without use.
    """

    def __init__(
        self,
        base_url: str = "",
        *,
        timeout: float = 30.0,
        max_retries: int = 3,
        max_connections: int = 100,
        keepalive: int = 20,
        limits: HttpLimits = HttpLimits(),
        network: Network = Network(),
        hook: Callable[[RetryScheduled], None] = not_heard,
    ) -> None:
        self._base = _base(base_url) if base_url else None
        self._timeout_s = timeout
        self._limits = limits
        self._hook = hook
        self._policy = RetryPolicy(
            attempts=max_retries + 1,
            first_wait_s=limits.first_wait_s,
            most_wait_s=limits.most_wait_s,
            budget=RetryBudget(),
        )
        self._hosts = Hosts(
            at_once=min(limits.at_once_per_host, max_connections), most_waiting=limits.most_waiting_per_host
        )
        self.transport = CheckedTransport(
            max_connections=max_connections,
            max_idle=keepalive,
            rules=network.rules,
            resolve=network.resolve,
            tls=network.tls,
        )

    @property
    def name(self) -> str:
        """Return the host of the base URL, for messages."""
        return _host(self._base) if self._base is not None else "the service"

    async def __aenter__(self) -> Self:
        """Give the client; its connections are closed at the end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.transport.aclose()

    async def get(self, path: str, **options: Any) -> Any:
        """Return the JSON at a path; `options` are those of `request`, as for the methods below."""
        return await self._json("GET", path, options)

    async def post(self, path: str, **options: Any) -> Any:
        """Send `json` and return the JSON of the answer; sent once, unless it has an `idempotency_key`."""
        return await self._json("POST", path, options)

    async def put(self, path: str, **options: Any) -> Any:
        """Put `json` and return the JSON of the answer, None where it has no content."""
        return await self._json("PUT", path, options)

    async def delete(self, path: str, **options: Any) -> Any:
        """Delete what is at a path; return the JSON of the answer, None where it has no content."""
        return await self._json("DELETE", path, options)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str = "",
        passed_on: Collection[int] = (),
    ) -> HttpAnswer:
        """Return the answer to a call; raises `RemoteCallError` for statuses from 400 on but for `passed_on`.

        Raises `BreakerOpenError` for a host that failed repeatedly, `DeadlineError` when the deadline of the
        work under way has passed. Redirects are answers like others.
        """
        sent = HEADERS | {name.lower(): value for name, value in (headers or {}).items()}
        if idempotency_key:
            sent["idempotency-key"] = idempotency_key
        if json is not None:
            sent["content-type"] = "application/json"
        content = None if json is None else orjson.dumps(json)
        url = self._address(path)
        request = httpx2.Request(method, url, params=params, headers=sent, content=content)
        may_repeat = request.method in REPEATABLE or bool(idempotency_key)
        tries = self._policy.attempts if may_repeat else 1
        return await self._whole(_Call(request, self._hosts.of(_host(url)), passed_on, tries))

    async def _whole(self, call: _Call) -> HttpAnswer:
        outer = current_deadline()
        try:
            with within(self._timeout_s):
                return await retried(
                    lambda: self._attempt(call),
                    policy=self._policy,
                    is_transient=lambda error: call.tries_left > 0 and getattr(error, "is_transient", False),
                    hook=self._hook,
                )
        except DeadlineError:
            if _is_over(outer):
                raise
            raise remote_errors.timed_out(call.host.name, self._timeout_s, blames_host=False) from None
        except RemoteCallError as error:
            if error.code in ("remote_timed_out", "remote_busy") and _is_over(outer):
                raise passed() from None
            raise

    async def _attempt(self, call: _Call) -> HttpAnswer:
        call.host.breaker.check()
        async with call.host.gate.passing(self._timeout_s):
            with call.host.breaker.watching(_verdict):
                return await self._exchange(call)

    async def _exchange(self, call: _Call) -> HttpAnswer:
        """Send the request; every try but the last has half of the time that is left."""
        call.tries_left -= 1
        left_s = seconds_left(self._timeout_s)
        most_s = left_s / 2 if call.tries_left else left_s
        name = call.host.name
        try:
            async with asyncio.timeout(most_s):
                return await self._answer(call)
        except (TimeoutError, httpcore2.TimeoutException):
            is_fair = most_s >= min(FAIR_WAIT_S, self._timeout_s / 4)
            raise remote_errors.timed_out(name, most_s, blames_host=is_fair) from None
        except httpcore2.LocalProtocolError:
            raise remote_errors.url_refused("a header field has characters that it may not have") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise remote_errors.away(name, type(error).__name__) from None
        except httpx2.DecodingError:
            raise remote_errors.malformed(name, "cannot be decompressed") from None

    async def _answer(self, call: _Call) -> HttpAnswer:
        name = call.host.name
        response = await self.transport.handle_async_request(call.request)
        try:
            if response.status_code < 400 or response.status_code in call.passed:
                body = await _body(response, self._limits.most_bytes)
                if body is None:
                    raise remote_errors.too_large(name, self._limits.most_bytes)
                return HttpAnswer(response.status_code, dict(response.headers), body)
            await _body(response, ERROR_BYTES)
            asked_s = remote_errors.asked_wait_s(response.headers.get("retry-after"))
            raise remote_errors.refused(name, response.status_code, retry_after_s=asked_s)
        finally:
            await response.aclose()

    async def _json(self, method: str, path: str, options: Mapping[str, Any]) -> Any:
        answer = await self.request(method, path, **options)
        name = _host(self._address(path))
        if 300 <= answer.status < 400:
            raise remote_errors.redirected(name, answer.status)
        return decoded(answer, host=name)

    def _address(self, path: str) -> httpx2.URL:
        """Return the address of a path below the base URL, from which no path leads away."""
        if self._base is None:
            return _url(path)
        if not path.startswith("/"):
            raise remote_errors.url_refused("a path begins with /")
        below = str(self._base).rstrip("/")
        url = _url(below + path)
        if not str(url).startswith(below + "/"):
            raise remote_errors.url_refused("the path leads out of the base URL")
        return url


def decoded(answer: HttpAnswer, *, host: str) -> Any:
    """Return the JSON of an answer, None where it says that it has no content (status 204)."""
    if answer.status == 204:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise remote_errors.malformed(host, "is no JSON") from None


async def _body(response: httpx2.Response, most_bytes: int) -> bytes | None:
    """Return the body, None if it is larger; of such a one no more is read, or kept, than that."""
    told = response.headers.get("content-length", "")
    if told.isdigit() and int(told[:18]) > most_bytes and response.request.method != "HEAD":
        return None
    parts, size = [], 0
    async with aclosing(response.aiter_bytes()) as stream:
        async for part in stream:
            size += len(part)
            if size > most_bytes:
                return None
            parts.append(part)
    return b"".join(parts)


def _url(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError):
        raise remote_errors.url_refused("it cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise remote_errors.url_refused("it is no http or https address")
    if url.userinfo:
        raise remote_errors.url_refused("it holds credentials, which belong in a header field")
    return url


def _base(text: str) -> httpx2.URL:
    url = _url(text)
    if url.query or url.fragment:
        raise remote_errors.url_refused("a base URL ends with its path")
    return url


def _host(url: httpx2.URL) -> str:
    return url.netloc.decode("ascii")


def _is_over(deadline: Deadline | None) -> bool:
    return deadline is not None and deadline.remaining_s <= ABOUT_NOW_S


def _verdict(error: BaseException) -> bool | None:
    return error.blames_host if isinstance(error, RemoteCallError) else None
