"""The API over a fresh database, for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio
from tests.support.api import Api, running


@pytest_asyncio.fixture
async def api(url: str) -> AsyncIterator[Api]:
    """The application over a migrated database without rows."""
    async with running(url) as api:
        yield api
