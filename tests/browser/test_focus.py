"""The focus: it is seen wherever it goes, covered by nothing, and goes through the whole page."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page
from tests.browser.addresses import filled, states
from tests.browser.site import Site

MOST_STOPS: Final = 60
"""Stops on a page that are looked at; long tables repeat themselves."""

LOOK: Final = """() => {
    const node = document.activeElement;
    if (node === null || node === document.body) return null;
    const style = getComputedStyle(node);
    const box = node.getClientRects()[0] ?? node.getBoundingClientRect();  // a link may have two lines
    const seen = document.elementFromPoint(
        Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)),
        Math.min(innerHeight - 1, Math.max(0, box.top + Math.min(box.height, innerHeight) / 2)));
    const part = node.closest("svg") === null ? null : getComputedStyle(node.querySelector("rect") ?? node);
    const isDrawn = part === null
        ? parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none"
        : parseFloat(part.strokeWidth) >= 2 && part.stroke !== "none";
    return {
        node: node.outerHTML.slice(0, 120),
        isDrawn,
        isCovered: seen === null || !(node.contains(seen) || seen.contains(node)),
    };
}"""


@pytest.mark.parametrize("state_of_page", states())
def test_focus_is_seen_wherever_it_goes(page: Page, site: Site, state_of_page: str) -> None:
    page.goto(filled(state_of_page, site.ids))
    met, faults = 0, list[Any]()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(LOOK)
        if found is None:
            break
        met += 1
        if found["isCovered"] or not found["isDrawn"]:
            faults.append(found)
    assert faults == []
    assert met > 0
