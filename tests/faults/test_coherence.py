"""The stated bound of the caches holds whatever goes wrong, and the check that says so finds mistakes."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.coherence.check import BOUND_SECONDS, MOST_RUNS, found, judged, place_over, run, summed
from tests.coherence.faults import PLANTED

from vcci.database import embedded
from vcci.database.migrate import migrate

RUNS = 8


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A migrated database on a server that nobody else uses: the check cuts its connections."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-coherence-"))
    folder.chmod(0o755)
    try:
        url = embedded.start(folder).url
        asyncio.run(migrate(url))
        yield url
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)


async def test_no_read_is_older_than_the_bound(server: str) -> None:
    async with place_over(server) as place:
        outcomes = [await run(place, seed) for seed in range(1, RUNS + 1)]
    assert [one for one in outcomes if one.outdated] == []
    assert summed(outcomes).is_of_use


@pytest.mark.parametrize("planted", PLANTED)
async def test_planted_mistake_is_found(server: str, planted: str) -> None:
    async with place_over(server) as place:
        assert await found(place, planted, seeds=range(1, MOST_RUNS + 1))


SEEN = [("write", "o", "k", 2, 9.8, 9.9), ("load", "o", "k", 2, 9.9, 9.9), ("read", "o", "k", 3, 0.0, 9.9)]
UNSEEN = [
    ("write", "o", "k", 2, 0.0, 10.1),
    ("write", "o", "k", 1, 0.0, 0.0),
    ("write", "o", "l", 2, 0.0, 0.0),
]


def test_read_is_judged_by_what_others_had_seen_before() -> None:
    read = ("read", "o", "k", 1, BOUND_SECONDS + 10.0, BOUND_SECONDS + 10.1)
    assert [judged(1, [seen, read]).outdated for seen in SEEN] == [1, 1, 1]
    assert [judged(1, [unseen, read]).outdated for unseen in UNSEEN] == [0, 0, 0]


def test_later_version_is_proof_of_one_that_its_writer_noted_late() -> None:
    late = ("write", "o", "k", 2, 99.0, 99.0)
    read = ("read", "o", "k", 1, 2 * BOUND_SECONDS, 2 * BOUND_SECONDS)
    assert judged(1, [late, read]).outdated == 0
    assert judged(1, [late, ("load", "o", "k", 3, 0.0, 0.0), read]).outdated == 1


def test_cache_that_answers_nothing_or_loads_each_time_is_of_no_use() -> None:
    read, write = ("read", "o", "k", 1, 0.0, 0.0), ("write", "o", "k", 1, 0.0, 0.0)
    load, failed = ("load", "o", "k", 1, 0.0, 0.0), ("failed", "o", "k", None, 0.0, 0.0)
    assert judged(1, [write, load, *[read] * 3]).is_of_use
    assert not judged(1, [write, *[load, read] * 3]).is_of_use
    assert not judged(1, [write, read, *[failed] * 3]).is_of_use
