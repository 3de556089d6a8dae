"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Register the strict mode of CI: there a skip is a failure."""
    config.addinivalue_line("markers", "needs(name): what of the system the test needs")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Turn a skip into a failure in CI, so that no missing part hides behind one."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of published data beside the checkout; not there for users, required in CI."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the published source data (../shared) is not here")
    return folder
