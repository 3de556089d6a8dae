"""One request past the shortest way: what is stored for it, what that is good for, and what is fetched."""

import asyncio
from dataclasses import replace
from typing import Any, Final

from vcci.middleware.cache_entry import VarySets, View, hit_fields
from vcci.middleware.cache_key import Partition, target_of
from vcci.middleware.collapsing import Flight, Flights, Message, Receive, Send
from vcci.middleware.conditional import answer, can_be_validated, must_go_to_origin, validating_headers
from vcci.middleware.fetching import App, Fetch
from vcci.middleware.http_caching import (
    CREDENTIALS,
    Audience,
    Request,
    Reuse,
    Use,
    decide_reuse,
    request_control,
)
from vcci.middleware.keeping import Errand, Shelf
from vcci.middleware.structured_fields import status_of_forward

UNCOLLAPSED: Final = frozenset({b"if-none-match", b"if-modified-since", b"if-range", b"range"})
"""Requests with these may be answered with less than the whole response, which is of no use to others."""

GOOD_AS_IT_IS: Final = frozenset({Use.FRESH, Use.STALE})


class Turn:
    """A GET or HEAD that is not answered by the shortest way."""

    def __init__(
        self, shelf: Shelf, flights: Flights, app: App, *, scope: Any, partition: Partition, key: str
    ) -> None:
        self._shelf = shelf
        self._flights = flights
        self._app = app
        self._scope = scope
        self._partition = partition
        self._key = key
        self._request = Request(
            scope["method"], target_of(scope), tuple((name, value) for name, value in scope["headers"])
        )

    async def serve(self, first: View | VarySets | None, receive: Receive, send: Send) -> bool:
        """Answer; return whether the answer came from the store without asking the application."""
        if must_go_to_origin(self._request):
            await self._app(self._scope, receive, send)
            return False
        found = await self._shelf.find(self._key, first, self._request.headers)
        reuse = self._judged(found)
        if found is not None and reuse.use in GOOD_AS_IT_IS:
            await self._answer(found, send)
            return True
        if found is not None and reuse.use is Use.STALE_WHILE_REVALIDATE:
            await self._revalidate_behind(found)
            await self._answer(found, send)
            return True
        if b"only-if-cached" in request_control(self._request):
            await _send_whole(send, 504, [(b"cache-status", self._shelf.name + b"; detail=only-if-cached")])
            return False
        missed = "vary-miss" if isinstance(first, VarySets) else "uri-miss"
        errand = await self._errand(found, reuse.reason if found else missed)
        return await self._fetch_together(errand, receive, send)

    def _judged(self, found: View | None) -> Reuse:
        if found is None:
            return Reuse(Use.VALIDATE)
        return decide_reuse(self._request, found.stored, self._shelf.now_s(), strategy=self._shelf.strategy)

    async def _errand(self, found: View | None, reason: str) -> Errand:
        validates = found is not None and self._request.method == "GET" and can_be_validated(found.stored)
        as_of = await self._shelf.store.moment()
        return Errand(self._request, self._partition, self._key, as_of, reason, found, validates)

    async def _fetch_together(self, errand: Errand, receive: Receive, send: Send) -> bool:
        """Wait for the fetch that is on its way for others, or begin one that others may wait for."""
        shared_key = f"{errand.as_of}:{self._key}"
        if not self._may_collapse():
            await self._fetch(errand, receive, send)
            return False
        flight = self._flights.under_way(shared_key)
        if flight is None:
            await self._lead(errand, shared_key, receive=receive, send=send)
            return False
        await asyncio.shield(flight.landed)
        if await self._answered_by(flight, send, reason=errand.reason):
            return True
        await self._fetch(await self._errand(errand.found, errand.reason), receive, send)
        return False

    async def _answered_by(self, flight: Flight, send: Send, *, reason: str) -> bool:
        """Answer from what a fetch for another request has brought, if it is for this one too."""
        landed = flight.landed.result()
        if landed is None:
            return False
        view = await self._shelf.look_up(self._key, self._request.headers)
        stands_in = flight.stood_in and view is not None and view.stored == landed.stored
        if view is None or not (stands_in or self._judged(view).use in GOOD_AS_IT_IS):
            return False
        status = status_of_forward(self._shelf.name, reason, mark="collapsed")
        await self._answer(view, send, status=status)
        return True

    def _may_collapse(self) -> bool:
        if self._request.method != "GET" or self._flights.is_unshared(self._key, self._shelf.now_s()):
            return False
        names = {name for name, _ in self._request.headers}
        unstorable = self._partition.audience is Audience.ANYONE and not names.isdisjoint(CREDENTIALS)
        no_store = b"no-store" in request_control(self._request)
        return names.isdisjoint(UNCOLLAPSED) and not unstorable and not no_store

    async def _lead(self, errand: Errand, shared_key: str, *, receive: Receive, send: Send) -> None:
        async def fetch(flight: Flight) -> None:
            await self._fetch(errand, _receive_of(flight, receive), flight.send, flight=flight)

        await self._flights.begin(shared_key, fetch).relay(send)

    async def _revalidate_behind(self, found: View) -> None:
        # A HEAD would not bring the body: what is renewed for all is what a GET gets.
        whole = replace(self._request, method="GET")
        errand = replace(await self._errand(found, "stale"), request=whole, behind=True)
        errand = replace(errand, validates=can_be_validated(found.stored))
        shared_key = f"{errand.as_of}:{self._key}"
        if self._flights.under_way(shared_key) is None:

            async def fetch(flight: Flight) -> None:
                try:
                    await self._fetch(errand, _receive_of(flight, None), flight.send, flight=flight)
                except Exception:
                    self._shelf.counts.failed_renewals += 1
                    raise

            self._flights.begin(shared_key, fetch).leave()

    async def _fetch(
        self, errand: Errand, receive: Receive, send: Send, *, flight: Flight | None = None
    ) -> None:
        """Run the application, and answer from the store where its response says so."""
        scope = {**self._scope, "method": errand.request.method}
        if errand.found is not None and (errand.validates or errand.behind):
            scope["headers"] = list(validating_headers(self._request.headers, errand.found.stored))

        def settled(view: View | None) -> None:
            if flight is not None:
                flight.land(view)
                if view is None:
                    self._flights.unshare(self._key, self._shelf.now_s())

        fetch = Fetch(self._shelf, errand, send, settled=settled)
        await fetch.run(self._app, scope, receive)
        if fetch.again:
            plain = replace(errand, validates=False)
            await self._fetch(plain, _receive_again(receive), send, flight=flight)
            return
        if flight is not None:
            flight.stood_in = fetch.stood_in
            flight.land(fetch.result)
        if fetch.replaced and fetch.result is not None and not errand.behind:
            await self._answer(fetch.result, send, status=fetch.cache_status())

    async def _answer(self, view: View, send: Send, *, status: bytes | None = None) -> None:
        """Send what a stored response answers to this request: whole, a range, or not modified."""
        now_s = self._shelf.now_s()
        made = answer(self._request, view.stored, len(view.body))
        fields = hit_fields(view.stored, made.headers, now_s=now_s, cache=self._shelf.name)
        if status is not None:
            fields[-1] = (b"cache-status", status)
        body = view.body[made.start : made.stop] if self._request.method == "GET" else b""
        if made.status in (206, 416):
            fields.append((b"content-length", b"%d" % len(body)))
        await _send_whole(send, made.status, fields, body=body)


async def _send_whole(
    send: Send, status: int, fields: list[tuple[bytes, bytes]], *, body: bytes = b""
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def _receive_of(flight: Flight, receive: Receive | None) -> Receive:
    """Return a `receive` for a fetch of its own: an empty request, and later whether its client has left.

    The client that began it is asked only once the response is known to be for it alone.
    """

    async def once_told() -> Message:
        await asyncio.wait([flight.landed])
        if receive is not None and not flight.keeps:
            return await receive()
        await flight.gone()
        return {"type": "http.disconnect"}

    return _receive_again(once_told)


def _receive_again(receive: Receive) -> Receive:
    """Return a `receive` that begins with an empty request: those with a body are not for the cache."""
    told = False

    async def begun() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return begun
