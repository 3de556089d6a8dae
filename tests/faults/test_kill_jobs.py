"""Whatever is killed under jobs: in CI's size; `python -m tests.kill` has the full one."""

from tests.kill.imports import import_series, race_series, server_series
from tests.kill.poison import poison_series
from tests.kill.small_jobs import jobs_series

SEED = 20260101
ROWS = 3_000


async def test_import_outlives_that_its_processes_are_killed() -> None:
    report = await import_series(rows=ROWS, kills=4, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], 4)


async def test_ledger_that_two_workers_race_for_is_stored_once() -> None:
    report = await race_series(rows=ROWS, kills=2, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], 2)


async def test_import_outlives_that_the_postmaster_is_killed() -> None:
    report = await server_series(rows=ROWS, kills=2, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], 2)


async def test_each_effect_of_many_small_jobs_comes_once_whoever_is_killed_or_stopped() -> None:
    report = await jobs_series(jobs=200, workers=3, disturbed_s=6, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed, report.stopped) == ((), 3, 3)


async def test_poison_hurts_only_itself() -> None:
    report = await poison_series(rows=ROWS, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.planted) == ((), ROWS // 100)
