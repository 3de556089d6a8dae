"""The external suite http-cache-tests: how much of it the response cache passes, and a complete ledger."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.http_cache.suite import Outcome, count, install, run_suite

LEDGER = Path(__file__).parents[2] / "docs" / "http-caching-ledger.md"
REQUIRED, OPTIONAL = 143, 79
"""What passes; the suite's own result files have 120 and 49 for Squid, 118 and 59 for Apache httpd."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    in_ci = bool(os.environ.get("CI"))
    if not in_ci and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("http-cache-tests needs node and npm")
    try:
        folder = install(tmp_path_factory.mktemp("suite"))
    except subprocess.CalledProcessError as error:
        if in_ci:
            raise
        pytest.skip(f"http-cache-tests could not be installed: {error.stderr.decode()[-200:]}")
    return asyncio.run(run_suite(folder))


def test_the_suite_passes_more_than_any_cache_in_its_own_result_files(found: list[Outcome]) -> None:
    counted = count(found)
    assert (counted["required_total"], counted["optional_total"]) == (157, 86)
    assert counted["required_pass"] >= REQUIRED
    assert counted["optional_pass"] >= OPTIONAL


def test_the_ledger_names_exactly_what_is_not_passed(found: list[Outcome]) -> None:
    named = re.findall(r"^\| `([^`]+)` \|", LEDGER.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(named) == sorted(outcome.id for outcome in found if not outcome.passed)
