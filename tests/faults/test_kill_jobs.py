"""Whatever is killed under jobs, each effect comes once; what is bad in a ledger hurts only itself."""

from tests.kill.poison import poison_series
from tests.kill.sizes import ROWS, SEED, sized
from tests.kill.small_jobs import jobs_series

DISTURBED_S = sized(60, 6)


async def test_each_effect_of_many_small_jobs_comes_once_whoever_is_killed_or_stopped() -> None:
    report = await jobs_series(
        jobs=sized(2_000, 200), workers=sized(8, 3), disturbed_s=DISTURBED_S, seed=SEED
    )
    print("\n".join(report.lines()))
    assert (report.faults, report.killed, report.stopped) == ((), DISTURBED_S // 2, DISTURBED_S // 2)


async def test_poison_hurts_only_itself() -> None:
    report = await poison_series(rows=ROWS, seed=SEED)
    print("\n".join(report.lines()))
    assert (report.faults, report.planted) == ((), ROWS // 100)
