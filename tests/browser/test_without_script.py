"""The same without script: links and forms do it all."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from tests.browser.addresses import filled, states
from tests.browser.site import TEXTS, Site


@pytest.fixture
def plain(browser: Browser, state: StorageState, site: Site) -> Iterator[Page]:
    """A page of a browser that runs no script."""
    context = browser.new_context(storage_state=state, base_url=site.address, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state_of_page", states())
def test_page_is_there_without_script(plain: Page, site: Site, state_of_page: str) -> None:
    answer = plain.goto(filled(state_of_page, site.ids))
    assert answer
    assert answer.status == 200
    assert plain.locator("h1").count() == 1


def test_total_is_followed_to_a_line_whose_figures_add_up(plain: Page, site: Site) -> None:
    plain.goto(f"/overview?runs={site.ids['small_run_id']}")
    plain.get_by_role("link", name=re.compile("Purchased goods")).last.click()
    plain.get_by_role("link", name="Alpha").first.click()
    rows = plain.locator("tbody tr").filter(has=plain.locator('a[href^="/lines/"]'))
    parts = [int(one) for one in rows.locator("td:last-child data").evaluate_all(VALUES)]
    assert sum(parts) == int(plain.locator("tfoot data").last.get_attribute("value") or 0)
    rows.locator("a").first.click()
    expect(plain.get_by_role("main")).to_contain_text("GBP")


VALUES = "found => found.map((one) => one.value ?? one.getAttribute('value'))"


def test_file_is_imported_by_forms(plain: Page, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(TEXTS.replace("Alpha", "Epsilon"), "utf-8")
    plain.goto("/import")
    plain.get_by_label("Files of one ledger").set_input_files(tmp_path / "plain.csv")
    plain.get_by_role("button", name="Upload").click()
    _looked_again(plain, "Start the run", "Look again")
    plain.get_by_role("button", name="Start the run").click()
    _looked_again(plain, "To the run", "")
    plain.get_by_role("link", name="To the run").click()
    assert plain.url.rpartition("/")[0].endswith("/runs")


def _looked_again(page: Page, wanted: str, link: str) -> None:
    """Follow the link, or load the page again, until what is waited for is there."""
    while not page.get_by_text(wanted, exact=True).count():
        if link:
            page.get_by_role("link", name=link).click()
        else:
            page.reload()
