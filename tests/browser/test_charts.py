"""Charts: what moves is drawn from here, goes by keys too, and breaks no rule; what is printed."""

from playwright.sync_api import Page, expect
from tests.browser.test_every_page import looked_at


def test_overview_has_charts(page: Page) -> None:
    page.goto("/overview")
    assert page.locator("figure").count() >= 4


def test_hotspots_are_drawn_in_three_ways_and_gone_through_by_keys(page: Page) -> None:
    complaints, elsewhere = looked_at(page, "/overview")
    figure = page.locator("#hotspots")
    figure.scroll_into_view_if_needed()
    expect(figure.locator("svg").first).to_be_visible(timeout=20_000)
    for name in ("Sunburst", "Sankey", "Treemap"):
        figure.get_by_role("button", name=name).click()
        expect(figure.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        figure.locator(".chart svg").hover()
    figure.locator(".chart").focus()
    page.keyboard.press("ArrowRight")
    expect(figure.locator(".picked")).not_to_be_empty()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/overview" not in url or "category=" in url)
    assert (complaints, elsewhere) == ([], [])


def test_printed_overview_has_no_menu(page: Page) -> None:
    page.goto("/overview")
    page.emulate_media(media="print")
    expect(page.locator("nav[aria-label=Sections]")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert page.pdf(format="A4").startswith(b"%PDF-")
