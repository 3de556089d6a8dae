"""One call of an ASGI application, whose client may leave and which may be cancelled at any of its awaits."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

import httpx2

Message = dict[str, Any]


@dataclass
class Call:
    """A request on its way; `leaves_after` messages of the answer its client is gone."""

    request: httpx2.Request
    leaves_after: int | None = None
    spec: str = "2.3"
    """What the server says that it keeps to: from 2.4 on, sending to a client that is gone raises."""

    is_cut: bool = False
    """Whether the client leaves before its request came to its end."""

    sent: list[Message] = field(default_factory=list)
    _is_told: bool = False
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> int:
        """The status of the answer; 0 while there is none."""
        found: int = self.sent[0]["status"] if self.sent else 0
        return found

    @property
    def body(self) -> bytes:
        """What came of the body."""
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its end."""
        return bool(self.sent) and "body" in self.sent[-1] and not self.sent[-1].get("more_body")

    def scope(self) -> dict[str, Any]:
        """Return the request as ASGI has it."""
        url = self.request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self.spec},
            "http_version": "1.1",
            "method": self.request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in self.request.headers.raw],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
        }

    async def receive(self) -> Message:
        """Give the request, then wait until the client is gone."""
        if not self._is_told:
            self._is_told = True
            return {"type": "http.request", "body": self.request.content, "more_body": self.is_cut}
        if not self.is_cut:
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer; once the client is gone it is swallowed, or raises OSError."""
        if not self._is_gone():
            self.sent.append(message)
        elif self.spec >= "2.4":
            raise OSError("the client is gone")
        self._is_gone()

    def _is_gone(self) -> bool:
        if self.leaves_after is not None and len(self.sent) >= self.leaves_after:
            self._gone.set()
        return self._gone.is_set()

    def of(self, app: Any) -> Coroutine[Any, Any, None]:
        """Return the call of an application."""
        found: Coroutine[Any, Any, None] = app(self.scope(), self.receive, self.send)
        return found


class CancelledAtAwait:
    """Awaits a coroutine, and cancels its task while it is suspended for the time `place`, from 0."""

    def __init__(self, work: Coroutine[Any, Any, Any], place: int) -> None:
        self.work = work
        self.place = place
        self.suspended = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps, error = self.work.__await__(), None
        while True:
            try:
                waits_for = steps.send(None) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value
            if self.suspended == self.place:
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_soon(task.cancel)
            self.suspended += 1
            error = None
            try:
                yield waits_for
            except BaseException as thrown:
                error = thrown
