"""One embedded PostgreSQL for the tests of a process; a fresh database for each test, and the API over it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from tests.support.api import Api, running
from tests.support.database import execute, now

from vcci.database import embedded
from vcci.database.migrate import migrate

NEEDS_PASSWORD = "local all needs_password scram-sha-256\n"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The maintenance database of a server that lives as long as the tests."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-tests-"))
    folder.chmod(0o755)
    url = embedded.start(folder).url
    rules = folder / "server" / "pgdata" / "pg_hba.conf"
    rules.write_text(NEEDS_PASSWORD + rules.read_text())
    now(execute(url, "SELECT pg_reload_conf()"))
    yield url
    embedded.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """A migrated database that others are copied from."""
    now(execute(server_url, "CREATE DATABASE migrated"))
    now(migrate(_named(server_url, "migrated")))
    return "migrated"


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """A new database without a schema."""
    yield from _database(server_url, "template1")


@pytest.fixture
def url(server_url: str, template: str) -> Iterator[str]:
    """A new migrated database."""
    yield from _database(server_url, template)


@pytest_asyncio.fixture
async def api(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application over a migrated database without rows, with a data folder of its own."""
    async with running(url, data_dir=data_dir) as api:
        yield api


def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    now(execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _named(server_url, name)
    now(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def _named(url: str, database: str) -> str:
    return url.replace("/vcci?", f"/{database}?")
