"""Looks at what each request asks of the database, for those who look for what to mend."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from vcci.monitoring.queries import REPEATED_QUERIES, watched_queries


@dataclass(frozen=True, slots=True)
class WatchedQueries:
    """ASGI: tells the log of a statement that one line of code asks again and again in one request."""

    app: ASGIApp
    route_of: Callable[[str], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, look at what it asked, and keep and log what one line asked too often."""
        with watched_queries() as seen:
            await self.app(scope, receive, send)
        for repeated in seen.repeated:
            REPEATED_QUERIES.note(self.route_of(scope["path"]), repeated)
