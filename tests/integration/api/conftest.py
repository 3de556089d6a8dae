"""The API over a fresh database, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from tests.support.api import Api, running


@pytest_asyncio.fixture
async def api(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application over a migrated database without rows, with a data folder of its own."""
    async with running(url, data_dir=data_dir) as api:
        yield api
