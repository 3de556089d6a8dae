"""A request's way through the application: its response is passed on, kept, or replaced by the stored one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from vcci.middleware.cache_entry import View
from vcci.middleware.collapsing import Message, Receive, Send
from vcci.middleware.field_values import values_of
from vcci.middleware.freshness import Times
from vcci.middleware.http_caching import (
    ERROR_STATUSES,
    Exchange,
    Response,
    freshened,
    may_serve_instead_of_error,
    refusal_to_store,
)
from vcci.middleware.keeping import Errand, Shelf
from vcci.middleware.structured_fields import status_of_forward

App = Callable[[Any, Receive, Send], Any]

DISCONNECTIONS: Final = (ConnectionError, TimeoutError)
"""What an application raises where it cannot reach what it answers from."""


SUPERSEDING: Final = frozenset({"no-store", "private", "no freshness", "set-cookie", "status", "vary"})
"""Refusals by which a newer response ends an older one: that must not stand in for anything any more."""

NOT_THE_WHOLE: Final = frozenset({206, 304, *ERROR_STATUSES})
"""Statuses that say nothing of the stored response's being outdated."""


class Fetch:
    """One run of the application for an errand.

    After `run`, `result` is what was stored or proved still good; `replaced` says that the caller has to
    answer from it, as the application's own response was swallowed (`stood_in`: as it was an error); `again`
    says that a 304 was about another response. `settled` is told what was stored, or that nothing is, as soon
    as that is clear.
    """

    def __init__(
        self,
        shelf: Shelf,
        errand: Errand,
        send: Send,
        *,
        settled: Callable[[View | None], None],
        requested_s: float | None = None,
    ) -> None:
        self._shelf = shelf
        self._errand = errand
        self._send = send
        self._requested_s = shelf.now_s() if requested_s is None else requested_s
        self._exchange: Exchange | None = None
        self._body: list[bytes] | None = None
        self._size_bytes = 0
        self._swallow = False
        self.result: View | None = None
        self.replaced = self.stood_in = self.again = False
        self.status = 0
        self._settled = settled

    async def run(self, app: App, scope: Any, receive: Receive) -> None:
        """Run the application; a stored response stands in for its failure where that is allowed."""
        try:
            await app(scope, receive, self.on_message)
        except Exception as error:
            if self.replaced:
                return
            if self.status or not self._may_stand_in(disconnected=isinstance(error, DISCONNECTIONS)):
                raise
            self._stand_in()

    async def on_message(self, message: Message) -> None:
        """Take a message of the application."""
        kind = message["type"]
        if kind == "http.response.start":
            await self._on_start(message)
        elif self._swallow:
            return
        else:
            await self._on_body(message)

    async def _on_start(self, message: Message) -> None:
        self.status = status = message["status"]
        headers = tuple((bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ()))
        times = Times(self._requested_s, self._shelf.now_s())
        response = Response(status, headers)
        exchange = Exchange(self._errand.request, response, times, self._errand.partition.audience)
        if status == 304 and self._errand.validates:
            await self._on_not_modified(exchange)
        elif status in ERROR_STATUSES and self._may_stand_in(disconnected=False):
            self._stand_in()
        else:
            if self._errand.request.method == "HEAD":
                await self._on_head(exchange)
            await self._decide_keeping(exchange)
            await self._send({**message, "headers": self._fields_of(message)})

    async def _decide_keeping(self, exchange: Exchange) -> None:
        refused = refusal_to_store(exchange, self._shelf.strategy)
        if refused in SUPERSEDING and exchange.response.status not in NOT_THE_WHOLE:
            await self._shelf.forget(self._errand)
        if refused or self._stated_length(exchange) > self._shelf.max_body_bytes:
            self._settled(None)
            return
        self._exchange, self._body = exchange, []

    def _fields_of(self, message: Message) -> list[tuple[bytes, bytes]]:
        # Without a length it may yet grow past the limit, and to say that it is stored would be a guess.
        known = self._exchange is not None and self._stated_length(self._exchange) >= 0
        mark = "stored" if known else ""
        status = status_of_forward(self._shelf.name, self._errand.reason, mark=mark)
        return [*message.get("headers", ()), (b"cache-status", status)]

    async def _on_body(self, message: Message) -> None:
        if self._body is None:
            await self._send(message)
            return
        if message["type"] != "http.response.body":
            # Trailers, files sent by path and the like are not kept: the body is then not in the messages.
            self._give_up()
            await self._send(message)
            return
        chunk = message.get("body", b"")
        self._size_bytes += len(chunk)
        if self._size_bytes > self._shelf.max_body_bytes:
            self._give_up()
        else:
            self._body.append(bytes(chunk))
        if self._body is not None and not message.get("more_body", False):
            await self._finish(b"".join(self._body))
        await self._send(message)

    def _give_up(self) -> None:
        self._body = None
        self._settled(None)

    async def _finish(self, body: bytes) -> None:
        exchange, self._body = self._exchange, None
        stated = self._stated_length(exchange) if exchange else 0
        if exchange is None or (stated >= 0 and stated != len(body)):
            self._settled(None)
            return
        self.result = await self._shelf.keep(self._errand, exchange, body)
        if self.result is not None:
            self._settled(self.result)

    async def _on_not_modified(self, exchange: Exchange) -> None:
        found, strategy = self._errand.found, self._shelf.strategy
        fresh = freshened(found.stored, exchange, strategy) if found else None
        self._swallow = True
        if found is None or fresh is None:
            self.again = True
            return
        whole = replace(exchange, response=Response(fresh.status, fresh.headers))
        self.replaced = True
        self.result = None
        if refusal_to_store(whole, strategy) is None:
            self.result = await self._shelf.keep(self._errand, whole, found.body)
        else:
            await self._shelf.forget(self._errand)
        self.result = self.result or View(fresh, found.body)

    async def _on_head(self, exchange: Exchange) -> None:
        """Bring what is stored up to date with a HEAD; drop it where that shows another body (9111 4.3.5)."""
        found = self._errand.found
        if found is None or exchange.response.status != found.status:
            return
        fresh = freshened(found.stored, exchange, self._shelf.strategy)
        if fresh is None:
            await self._shelf.forget(self._errand)
            return
        request = replace(self._errand.request, method="GET")
        whole = replace(exchange, request=request, response=Response(fresh.status, fresh.headers))
        if refusal_to_store(whole, self._shelf.strategy) is None:
            await self._shelf.keep(self._errand, whole, found.body)

    def _may_stand_in(self, *, disconnected: bool) -> bool:
        found = self._errand.found
        return found is not None and may_serve_instead_of_error(
            self._errand.request, found.stored, self._shelf.now_s(), disconnected=disconnected
        )

    def _stand_in(self) -> None:
        self._swallow = self.replaced = self.stood_in = True
        self._shelf.counts.stood_in += 1
        self.result = self._errand.found

    def cache_status(self) -> bytes | None:
        """Return Cache-Status of an answer after a 304; what stands in for an error is a stale hit."""
        if self.stood_in:
            return None
        return status_of_forward(self._shelf.name, self._errand.reason, status=304)

    @staticmethod
    def _stated_length(exchange: Exchange) -> int:
        stated = values_of(exchange.response.headers, b"content-length")
        return int(stated[0]) if stated and stated[0].isdigit() and len(stated[0]) <= 18 else -1
