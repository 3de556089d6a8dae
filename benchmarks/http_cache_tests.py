"""Run the external suite http-cache-tests against the response cache, and measure what a hit costs.

    vcci bench http_cache_tests

It is installed by npm into a temporary folder. Its authors say that it is not a conformance suite, and that
passing all of it means nothing by itself: docs/http-caching-ledger.md has a reason for each test not passed.
"""

import asyncio
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.record import write_record
from tests.http_cache.hit_cost import rates
from tests.http_cache.suite import Outcome, count, install, run_suite

from vcci.middleware.freshness import STANDARD, CacheStrategy


def main() -> None:
    """Run with all that RFC 9111 allows, then with what an API of tenants starts with, and print both."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = install(Path(scratch))
        found = asyncio.run(run_suite(folder, STANDARD))
        careful = count(asyncio.run(run_suite(folder, CacheStrategy())))
    for outcome in (outcome for outcome in found if not outcome.passed):
        print(line_of(outcome))
    figures = {**count(found), **{f"default_{name}": value for name, value in careful.items()}}
    figures |= asyncio.run(rates())
    for name, value in figures.items():
        print(f"{name:24} {value:12,.2f}".removesuffix(".00"))
    config = {
        "suite": "http-cache-tests 0.4.5",
        "strategy": {name: repr(value) for name, value in asdict(STANDARD).items()},
    }
    path = write_record("http_cache_tests", config=config, figures=figures)
    print(f"Kept in {path.name}.")


def line_of(outcome: Outcome) -> str:
    """Return a test that was not passed, with what the suite said."""
    return f"{outcome.kind:9} {outcome.suite}/{outcome.id}: {outcome.said}"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
