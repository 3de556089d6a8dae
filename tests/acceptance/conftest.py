"""The program as a user runs it: a process of its own, with an embedded PostgreSQL of the tests' own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vcci.database import embedded

Vcci = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A data folder that the server's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-run-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def vcci(server_dir: Path, tmp_path: Path) -> Vcci:
    """Run `vcci` in an empty folder; environment variables are given as keywords."""
    return program(server_dir, tmp_path)


def program(server_dir: Path, folder: Path) -> Vcci:
    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "vcci", *map(str, arguments)],
            env=inherited | {"VCCI_DATA_DIR": str(server_dir), "COLUMNS": "120"} | environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def url(server_dir: Path) -> str:
    """Where the runs of these tests are stored."""
    return embedded.start(server_dir).url
