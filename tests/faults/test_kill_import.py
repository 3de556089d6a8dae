"""An import outlives that its processes are killed; `python -m tests.kill import` tells how soon."""

from tests.kill.imports import import_series
from tests.kill.sizes import ROWS, SEED, sized

KILLS = sized(100, 4)


async def test_import_outlives_that_its_processes_are_killed() -> None:
    report = await import_series(rows=ROWS, kills=KILLS, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], KILLS)
