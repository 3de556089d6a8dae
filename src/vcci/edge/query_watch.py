"""Looks at what each request asks of the database, for those who look for what to mend."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from vcci.monitoring.queries import watched_queries

LOG: Final = logging.getLogger("vcci.queries")


@dataclass(frozen=True, slots=True)
class WatchedQueries:
    """ASGI: tells the log of a statement that one line of code asks again and again in one request."""

    app: ASGIApp
    route_of: Callable[[str], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, and look at what it asked."""
        with watched_queries() as seen:
            await self.app(scope, receive, send)
        for repeated in seen.repeated:
            LOG.warning("%s: %s", self.route_of(scope["path"]), repeated)
