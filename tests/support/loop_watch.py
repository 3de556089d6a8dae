"""Watches an event loop: calls that stand in its way, and tasks that are left behind."""

import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import polars as pl
import pytest
from blockbuster import blockbuster

READS_FILES: Final = ("builtins.open", "io.open", "os.open", "os.fsync", "subprocess.Popen.wait")
"""Calls that wait for a disk or a process, beside those that blockbuster knows."""

BY_POLARS: Final = ("read_parquet", "read_csv", "collect_all")
"""They read files in a language of their own, which no patch of Python's calls sees."""

BY_ASYNCPG: Final = ("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args"})
"""A new connection looks for the files of its user's passwords and certificates, some of them, once."""

MOST_TURNS: Final = 2_000
MAY_OPEN: Final = (
    ("<frozen importlib._bootstrap>", {"_find_and_load"}),
    ("linecache.py", {"updatecache"}),
    ("asyncio/base_events.py", {"subprocess_exec"}),
)
"""A module that is loaded is told of by itself; a child's pipes are opened, and are no files."""


class _Noted(blockbuster.BlockingError):
    """Raised in the place of the call, and noted: what swallows it hides nothing."""

    seen: list[str]

    def __init__(self, func: str) -> None:
        frames = [frame for frame in traceback.extract_stack() if "/vcci/" in frame.filename]
        where = [f"{frame.filename.rpartition('/vcci/')[2]}:{frame.lineno}" for frame in frames[-3:]]
        self.seen.append(f"{func} from {' > '.join(where)}")
        super().__init__(func)


@contextmanager
def watching_calls() -> Iterator[list[str]]:
    """Give the list of the blocking calls on a loop, as they are made; each of them raises, too."""
    seen: list[str] = []
    patch = pytest.MonkeyPatch()
    patch.setattr(blockbuster, "BlockingError", type("_Noted", (_Noted,), {"seen": seen}))
    watch = blockbuster.BlockBuster()
    more: list[tuple[Any, str]] = [(None, name) for name in READS_FILES]
    more += [(pl, name) for name in BY_POLARS] + [(pl.LazyFrame, "collect")]
    for room, name in more:
        function = blockbuster.BlockBusterFunction(room, name, can_block_functions=[*MAY_OPEN])
        watch.functions[function.full_name] = function
    watch.functions["os.stat"].can_block_in(*BY_ASYNCPG)
    watch.activate()
    try:
        yield seen
    finally:
        watch.deactivate()
        patch.undo()


@contextmanager
def watching_imports() -> Iterator[list[str]]:
    """Give the list of the modules that were loaded meanwhile, whole when it ends."""
    before, loaded = set(sys.modules), list[str]()
    yield loaded
    loaded += sorted(set(sys.modules) - before)


def tasks() -> Counter[str]:
    """Return how many tasks there are of each kind, but the one that asks."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return Counter(getattr(task.get_coro(), "__qualname__", "?") for task in others)
