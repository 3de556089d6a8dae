"""The series in full, or a part of them: `python -m tests.kill [SERIES ...] [--seed N] [--share F]`."""

import argparse
import asyncio
import random
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from tests.kill.imports import import_series, race_series, server_series
from tests.kill.poison import poison_series
from tests.kill.small_jobs import jobs_series

ROWS = 100_000
Series = Callable[[argparse.Namespace], Coroutine[Any, Any, Any]]


def share(told: argparse.Namespace, full: int) -> int:
    """Return a part of what a full series has, at least two."""
    return max(2, round(float(told.share) * full))


SERIES: dict[str, Series] = {
    "import": lambda told: import_series(rows=told.rows, kills=share(told, 100), seed=told.seed),
    "race": lambda told: race_series(rows=told.rows, kills=share(told, 20), seed=told.seed),
    "server": lambda told: server_series(rows=told.rows, kills=share(told, 30), seed=told.seed),
    "jobs": lambda told: jobs_series(
        jobs=share(told, 2_000), workers=8, disturbed_s=60 * told.share, seed=told.seed
    ),
    "poison": lambda told: poison_series(rows=told.rows, seed=told.seed),
}


def main() -> int:
    """Run what was asked for; returns 1 if anything was lost, doubled, stuck or late."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no server behind
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("series", nargs="*", choices=[*SERIES, []], default=[], help="all if left out")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--share", type=float, default=1.0, help="part of the kills of a full series")
    told, faults = parser.parse_args(), 0
    for name in told.series or SERIES:
        report = asyncio.run(SERIES[name](told))
        print(f"{name}: {report.lines()[0]}", *report.lines()[1:], sep="\n", flush=True)
        faults += len(report.faults)
        if late := [s for s in getattr(report, "resumed_s", []) if s > 5]:
            print(f"  LATE {len(late)} times", flush=True)
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
