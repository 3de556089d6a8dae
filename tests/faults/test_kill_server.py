"""An import outlives that PostgreSQL is killed under it."""

from tests.kill.imports import server_series
from tests.kill.sizes import ROWS, SEED, sized

KILLS = sized(30, 2)


async def test_import_outlives_that_the_postmaster_is_killed() -> None:
    report = await server_series(rows=ROWS, kills=KILLS, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], KILLS)
