"""Debian's Chromium over a running service, once for all tests of a process."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, StorageState, sync_playwright
from tests.browser.site import NAME, PASSWORD, Site, running_site

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A service with an inventory in it."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-browser-"))
    folder.chmod(0o755)
    try:
        with running_site(folder) as found:
            yield found
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, for no longer than a module: its loop is in the way of tests that have their own."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI") != "true":
        pytest.skip("the pages are tried in Debian's chromium, which is not here")
    found = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield found
    found.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, by the lock file."""
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("axe-core is installed by npm, which is not here")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def state(browser: Browser, site: Site) -> StorageState:
    """The cookies of somebody who has signed in by name and password."""
    return signed_in(browser, site)


def signed_in(browser: Browser, site: Site) -> StorageState:
    """Sign in by name and password, and return the cookies of it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/sign-in")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def page(browser: Browser, state: StorageState, site: Site) -> Iterator[Page]:
    """A page of that person."""
    context = browser.new_context(storage_state=state, base_url=site.address)
    yield context.new_page()
    context.close()
