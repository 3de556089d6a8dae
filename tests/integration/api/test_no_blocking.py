"""No operation stands in the loop's way, not even the first time that a process is asked for it."""

import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from blockbuster import BlockingError
from fastapi import FastAPI
from tests.support.loop_watch import watching_calls, watching_imports
from tests.support.operations import described
from tests.support.places import Place, furnished_once
from tests.support.quiet_api import quiet

from vcci.edge.permissions import Everybody

__all__ = ["furnished_once"]

ROOT = Path(__file__).parents[3]
Told = dict[str, dict[str, Any]]
OPERATIONS = [" ".join(operation) for operation in described()]


@pytest.fixture(scope="module")
def cold(furnished_once: Place) -> Told:
    """What a process that has just started tells of each operation."""
    told = {"url": furnished_once.url, "data_dir": str(furnished_once.data_dir)}
    given = json.dumps(told | asdict(furnished_once.world))
    command = [sys.executable, "-m", "tests.support.cold_calls", given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    found: Told = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_blocks_nothing_and_loads_nothing(cold: Told, operation: str) -> None:
    told = cold[operation]
    assert (told["blocked"], told["loaded"]) == ([], [])
    assert 200 <= told["status"] < 300


def test_example_and_upload_that_is_sent_again_block_nothing(cold: Told) -> None:
    others = {name: told for name, told in cold.items() if name not in OPERATIONS}
    assert {name: told for name, told in others.items() if told["blocked"] or told["loaded"]} == {}
    assert {name: told["status"] for name, told in others.items() if told["status"] // 100 != 2} == {}
    assert len(others) >= 10


async def test_route_that_sleeps_is_found(url: str, data_dir: Path) -> None:
    async def sleepy() -> None:
        time.sleep(0.01)  # noqa: ASYNC251  (that is the fault)

    def plant(app: FastAPI) -> None:
        app.add_api_route("/planted", sleepy, dependencies=[Everybody])

    async with quiet(url, plant=plant, data_dir=data_dir) as api, api.client() as client:
        with watching_calls() as blocked, pytest.raises(BlockingError, match=r"time\.sleep"):
            await client.get("/planted")
    assert "time.sleep" in [call.partition(" ")[0] for call in blocked]


async def test_blocking_call_whose_error_is_swallowed_is_found() -> None:
    with watching_calls() as blocked, suppress(Exception):
        Path(__file__).read_bytes()  # noqa: ASYNC240  (that is the fault)
    assert [call.partition(" ")[0] for call in blocked] == ["io.open"]


async def test_file_that_is_read_beneath_python_is_found() -> None:
    with watching_calls() as blocked, suppress(Exception):
        pl.read_csv(b"a")
    assert [call.partition(" ")[0] for call in blocked] == ["polars.read_csv"]


def test_module_that_is_loaded_meanwhile_is_found() -> None:
    sys.modules.pop("colorsys", None)
    with watching_imports() as loaded:
        import colorsys
    assert loaded == [colorsys.__name__]
