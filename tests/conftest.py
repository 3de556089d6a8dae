"""What every test may ask for, and how what was skipped is told."""

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcci.database import embedded

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Turn a skip into a failure in CI, so that no missing part hides behind one."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}: {report.longrepr}"
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that nothing waits for it at the end."""
    items.sort(key=lambda item: not item.path.name.startswith("test_kill_"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List every skipped test by its name, under the reason."""
    named: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", ()):
        named[report.longrepr[2].removeprefix("Skipped: ")].append(report.nodeid)
    for reason, names in named.items():
        terminalreporter.section(f"skipped: {reason}")
        terminalreporter.line("\n".join(sorted(names)))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of published data beside the checkout; not there for users, required in CI."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the published source data (../shared) is not here")
    return folder


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the server's user can enter: pytest's own are private to root."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)
