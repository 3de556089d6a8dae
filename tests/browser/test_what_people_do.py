"""What is done on pages: sorting, filters, forms; no rule is broken, nobody else is asked."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from tests.browser.site import Site
from tests.browser.test_every_page import looked_at

Deed = Callable[[Page], None]


def searched(words: str) -> Deed:
    def deed(page: Page) -> None:
        page.locator("input[type=search]").fill(words)
        page.keyboard.press("Enter")

    return deed


def clicked(selector: str) -> Deed:
    return lambda page: page.locator(selector).first.click()


def of_a_year(page: Page) -> None:
    page.locator("select[name=year]").select_option(index=1)
    page.get_by_role("button", name="Show").click()


DEEDS: dict[str, tuple[str, Deed]] = {
    "keys are told": ("/overview", lambda page: page.keyboard.press("?")),
    "suppliers are sorted": ("/suppliers", clicked("thead a")),
    "no supplier fits": ("/suppliers", searched("nobody at all")),
    "factors are searched": ("/factors", searched("steel")),
    "all texts are reviewed": ("/review?show=all", clicked("tbody a")),
    "a way is tried": ("/import/{file_id}/rejects", clicked("button[formaction$=try]")),
    "the overview is of one year": ("/overview", of_a_year),
    "a chart's figures are opened": ("/overview", clicked("summary")),
}


@pytest.mark.parametrize("name", DEEDS)
def test_nothing_is_refused_by_the_policy_when(page: Page, site: Site, name: str) -> None:
    address, deed = DEEDS[name]
    complaints, elsewhere = looked_at(page, address.format(**site.ids))
    deed(page)
    page.wait_for_load_state("networkidle")
    assert (complaints, elsewhere) == ([], [])


def test_what_is_wrong_is_told_on_a_page(page: Page) -> None:
    page.goto("/settings")
    page.get_by_label("Old password").fill("not it, not it")
    page.get_by_label("New password", exact=True).fill("another one, long enough")
    page.get_by_label("New password once more").fill("another one, long enough")
    page.get_by_role("button", name="Change the password").click()
    assert page.get_by_role("alert").get_by_text("The old password is another.").count() == 1
    assert page.get_by_label("Old password").get_attribute("aria-invalid") == "true"
    assert page.locator("h1").count() == 1
