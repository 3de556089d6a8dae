"""A ledger that two workers race for is stored once, whichever of them is killed."""

from tests.kill.imports import race_series
from tests.kill.sizes import ROWS, SEED, sized

KILLS = sized(20, 2)


async def test_ledger_that_two_workers_race_for_is_stored_once() -> None:
    report = await race_series(rows=ROWS, kills=KILLS, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.killed) == ([], KILLS)
