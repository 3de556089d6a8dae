"""One pool of connections, each to an address that was checked; the host's name stays in Host and TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, Final

import httpcore2
import httpx2
from typing_extensions import override

from vcci.clients.addresses import AddressRules, Resolve, checked_addresses, system_addresses

NEXT_ADDRESS_S: Final = 2.0
"""How long one address of a host may take to connect before the next is tried."""

IDLE_S: Final = 15.0
"""How long a connection is kept without use; most servers close theirs later."""


class CheckedTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport without proxies, cookies, redirects or retries. Raises httpcore2's errors."""

    def __init__(
        self,
        *,
        max_connections: int,
        max_idle: int,
        rules: AddressRules,
        resolve: Resolve = system_addresses,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=max_connections,
            max_keepalive_connections=max_idle,
            keepalive_expiry=IDLE_S,
            network_backend=CheckedBackend(rules, resolve),
        )

    @property
    def connections(self) -> int:
        """Return how many connections there are, in use or kept."""
        return len(self._pool.connections)

    @property
    def in_use(self) -> int:
        """Return how many connections are in use."""
        return sum(not connection.is_idle() for connection in self._pool.connections)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its response, of which only the head is read."""
        url = request.url
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        found = await self._pool.handle_async_request(asked)
        return httpx2.Response(
            status_code=found.status, headers=found.headers, stream=_Body(found.stream), request=request
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class CheckedBackend(httpcore2.AnyIOBackend):
    """Connects to hosts by addresses that the rules let through, and to nothing else."""

    def __init__(self, rules: AddressRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        *others, last = await checked_addresses(host, port, rules=self._rules, resolve=self._resolve)
        for address in others:
            try:
                return _Stream(await super().connect_tcp(address, port, NEXT_ADDRESS_S))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return _Stream(await super().connect_tcp(last, port, timeout, local_address, socket_options))


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is closed if the caller leaves during its TLS handshake, rather than left open."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    @override
    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Body(httpx2.AsyncByteStream):
    """The bytes of a response. Its closing goes on if the caller leaves, or the pool would lose a place."""

    def __init__(self, stream: Any) -> None:
        self._stream: AsyncIterable[bytes] = stream
        self._closes = stream.aclose

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()  # as it is: another generator around it would be closed too late

    async def aclose(self) -> None:
        closing = asyncio.ensure_future(self._closes())
        has_left = False
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                has_left = True
        if has_left:
            raise asyncio.CancelledError
        closing.result()
