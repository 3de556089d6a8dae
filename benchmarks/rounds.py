"""Ways of doing the same, measured in turns: ours, a peer, ours, a peer, so that a busy moment meets all."""

import asyncio
import gc
import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter, process_time

Way = Callable[[int], Awaitable[object]]
"""Does something so many times."""

MOST_TIMES = 2_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What doing it once costs, in microseconds: of the clock, and of this process's CPU."""

    wall_us: float
    cpu_us: float


async def in_turns(
    ways: Mapping[str, Way], *, rounds: int, seconds: float, least: int = 1
) -> dict[str, list[Cost]]:
    """Return the costs of each way by round; in a round each takes about `seconds`, after a warm-up.

    Each is done at least so many times, whatever that takes.
    """
    times = {name: await _fitting(way, seconds, least=least) for name, way in ways.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            costs[name].append(await once(way, times[name]))
    return costs


async def once(way: Way, times: int) -> Cost:
    """Return what a way costs, done so many times."""
    gc.collect()
    started, cpu = perf_counter(), process_time()
    await way(times)
    return Cost(1e6 * (perf_counter() - started) / times, 1e6 * (process_time() - cpu) / times)


async def spread(times: int, at_once: int, work: Callable[[int], Awaitable[object]]) -> None:
    """Do work so many times, with its number, so many at once."""
    numbers = iter(range(times))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(min(at_once, times))))


async def _fitting(way: Way, seconds: float, *, least: int) -> int:
    """Return how often a way can be done in the time; it is warm then."""
    times = least
    while True:
        started = perf_counter()
        await way(times)
        taken = perf_counter() - started
        if taken >= seconds / 8 or times >= MOST_TIMES:
            return max(least, min(MOST_TIMES, round(times * seconds / max(taken, 1e-9))))
        times *= 4


def medians(costs: Mapping[str, Iterable[Cost]], row: str, *, units: Iterable[str]) -> dict[str, float]:
    """Return NAME_ROW_UNIT for each way, with units of `Cost`; the way called `ours` gives ROW_UNIT."""
    found = {}
    for name, of in costs.items():
        for unit in units:
            found[figure(name, f"{row}_{unit}")] = statistics.median(getattr(cost, unit) for cost in of)
    return found


def over_ours(costs: Mapping[str, list[Cost]], row: str, *, unit: str) -> dict[str, float]:
    """Return PEER_over_ours_ROW for each other way: the median over rounds of its cost to that of ours."""
    ours = [getattr(cost, unit) for cost in costs["ours"]]
    return {
        f"{name}_over_ours_{row}": statistics.median(
            getattr(cost, unit) / mine for cost, mine in zip(of, ours, strict=True)
        )
        for name, of in costs.items()
        if name != "ours"
    }


def figure(way: str, name: str) -> str:
    """Return the name of a figure of a way; ours goes without."""
    return name if way == "ours" else f"{way}_{name}"


def refuse_unless(is_right: bool, what: str) -> None:
    """End the benchmark where what was measured is not what was asked for."""
    if not is_right:
        raise SystemExit(f"The measurement is void: {what}.")


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of packages that are installed, for the record."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def printed(figures: Mapping[str, float]) -> dict[str, float]:
    """Print figures, rounded to four digits, and return them as they are recorded."""
    rounded = {name: _rounded(value) for name, value in figures.items()}
    width = max(map(len, rounded))
    print("\n".join(f"{name:{width}} {value:>14,}" for name, value in rounded.items()))
    return rounded


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.4g}") if abs(value) < 1000 else round(value)
