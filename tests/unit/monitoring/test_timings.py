"""A request says where its time went, and only that one."""

import asyncio
import re

import pytest

from vcci.monitoring.timings import Timings, collected, current_timings, timed

HEADER = re.compile(r'[\w-]+;(dur=\d+\.\d{3}|desc="[^"\\]*")(, [\w-]+;(dur=\d+\.\d{3}|desc="[^"\\]*"))*')


def test_phases_add_up_and_are_told_in_milliseconds() -> None:
    timings = Timings()
    for seconds in (0.25, 0.5):
        timings.add("db", seconds)
    timings.note("cache", 'a "hit" of\r\nours')
    told = timings.header().decode()
    assert HEADER.fullmatch(told)
    assert 'db;dur=750.000, cache;desc="a hit ofours"' in told


@pytest.mark.parametrize("name", ["", "d b", "db;x", "db\r\n"])
def test_what_no_header_may_hold_is_no_name_of_a_phase(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a phase"):
        Timings().add(name, 1)


def test_a_phase_is_counted_also_when_it_fails() -> None:
    with collected() as timings, pytest.raises(LookupError), timed("db"):
        raise LookupError
    assert timings.phases_s.keys() == {"db"}


def test_nothing_is_collected_where_nobody_asks_for_it() -> None:
    with timed("db"):
        assert current_timings() is None


async def test_requests_at_the_same_time_keep_theirs_apart_and_their_tasks_count_for_them() -> None:
    async def request(name: str) -> set[str]:
        with collected() as timings:
            await asyncio.gather(*(phase(f"{name}{number}") for number in range(3)))
            return set(timings.phases_s)

    async def phase(name: str) -> None:
        with timed(name):
            await asyncio.sleep(0)

    found = await asyncio.gather(request("a"), request("b"))
    assert list(found) == [{"a0", "a1", "a2"}, {"b0", "b1", "b2"}]
