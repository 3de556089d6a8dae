"""The application for a server program: `granian --factory vcci.api.server:app`."""

from vcci.api.app import Server
from vcci.settings import load


def app() -> Server:
    """Return the application as the environment describes it."""
    settings = load()
    return Server(settings, workers=settings.workers)
