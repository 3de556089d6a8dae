"""A furnished tenant, made once for the tests of a process, and copies of it.

Test modules import the fixtures that they use; pytest finds them by their names.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.api import running
from tests.support.database import execute, now
from tests.support.operations import World, furnished


@dataclass(frozen=True)
class Place:
    """A database with a furnished tenant, and the data folder with its files."""

    url: str
    data_dir: Path
    world: World


@pytest.fixture(scope="session")
def furnished_once(server_url: str, template: str) -> Iterator[Place]:
    """The place that others are copied from: nobody is connected to it."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-furnished-"))
    folder.chmod(0o755)
    name = f"furnished_{uuid4().hex}"
    now(execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = server_url.replace("/vcci?", f"/{name}?")
    yield Place(url, folder, now(_furnished(url, folder)))
    shutil.rmtree(folder)


@pytest.fixture
def furnished_place(server_url: str, furnished_once: Place) -> Iterator[Place]:
    """A new copy of the furnished place; files that are uploaded to it go into the folder of all copies."""
    name, original = f"copy_{uuid4().hex}", furnished_once.url.split("?")[0].rpartition("/")[2]
    now(execute(server_url, f"CREATE DATABASE {name} TEMPLATE {original}"))
    yield Place(furnished_once.url.replace(original, name), furnished_once.data_dir, furnished_once.world)
    now(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _furnished(url: str, folder: Path) -> World:
    async with running(url, data_dir=folder) as api:
        return await furnished(api)
