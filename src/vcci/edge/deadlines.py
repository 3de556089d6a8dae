"""The deadline of a request: for its waits, its statements, and its calls of others."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci.concurrency.deadline import Deadline, until
from vcci.edge.problems import problem_of
from vcci.errors import VcciError


@dataclass(frozen=True, slots=True)
class RequestDeadline:
    """ASGI: what lies behind it has `seconds`; but for what `is_long` says, such as an upload.

    A deadline that is there already is of another request, and set aside: a server that takes up reading
    again within one leaves its context to all that come over the same connection later.

    An error of the core that nobody has answered is answered here, if no answer was begun.
    """

    app: ASGIApp
    seconds: float
    is_long: Callable[[Scope], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun = False

        async def watched(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            with until(None if self.is_long(scope) else Deadline(monotonic() + self.seconds)):
                await self.app(scope, receive, watched)
        except VcciError as error:
            if is_begun:
                raise
            await problem_of(error)(scope, receive, send)
