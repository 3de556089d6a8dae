"""Requests that are not answered from the store: other methods, what they invalidate, a POST's own answer."""

from typing import Any

from vcci.middleware.cache_key import Partition, target_of
from vcci.middleware.cache_store import Tags
from vcci.middleware.collapsing import Message, Receive, Send
from vcci.middleware.fetching import App, Fetch
from vcci.middleware.http_caching import Request
from vcci.middleware.invalidation import invalidated_tags
from vcci.middleware.keeping import Errand, Shelf


async def pass_on(shelf: Shelf, app: App, owner: str, *, scope: Any, receive: Receive, send: Send) -> None:
    """Let the application answer; drop what its answer invalidates before the client can see that answer."""

    async def drop_first(message: Message) -> None:
        if message["type"] == "http.response.start":
            tags = _tags_of(scope, message, owner)
            if tags:
                await shelf.store.delete_tagged(tags)
        await send(message)

    await app(scope, receive, drop_first)


class Posting:
    """A POST, whose response may be what a later GET gets, if it says so (RFC 9110 9.3.3)."""

    def __init__(self, shelf: Shelf, *, scope: Any, partition: Partition, key: str) -> None:
        self._shelf = shelf
        self._scope = scope
        self._partition = partition
        self._key = key
        self._requested_s = shelf.now_s()
        self._fetch: Fetch | None = None

    async def run(self, app: App, receive: Receive, send: Send) -> None:
        """Let the application answer, drop what that invalidates, and keep it if it may be kept."""

        async def take(message: Message) -> None:
            if self._fetch is None and message["type"] == "http.response.start":
                tags = _tags_of(self._scope, message, self._partition.owner)
                if tags:
                    await self._shelf.store.delete_tagged(tags)
                self._fetch = await self._begin(send)
            await (self._fetch.on_message(message) if self._fetch is not None else send(message))

        await app(self._scope, receive, take)

    async def _begin(self, send: Send) -> Fetch:
        """Return a fetch as of now: what this POST itself invalidates does not count against it."""
        headers = tuple((name, value) for name, value in self._scope["headers"])
        request = Request("POST", target_of(self._scope), headers)
        as_of = await self._shelf.store.moment()
        errand = Errand(request, self._partition, self._key, as_of, "method")
        return Fetch(self._shelf, errand, send, settled=_nobody_waits, requested_s=self._requested_s)


def _tags_of(scope: Any, message: Message, owner: str) -> Tags:
    headers = tuple((bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ()))
    return invalidated_tags(scope, status=message["status"], headers=headers, owner=owner)


def _nobody_waits(_view: object) -> None:
    """Tell nobody: a POST is not shared."""
