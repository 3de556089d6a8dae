"""Every page: nothing inline or from elsewhere, nothing that keeps anybody out, in any light and size."""

from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Page
from tests.browser.addresses import FOR_STRANGERS, filled, states
from tests.browser.site import Site

TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATCH: Final = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""
MEASURE: Final = """() => {
    const faults = [...document.querySelectorAll('a, button, input, select, summary')].filter((node) => {
        const box = node.getBoundingClientRect();
        const around = node.closest('p, li, td, th, dd, dt, label, caption, figcaption');
        const isInText = around !== null && node.tagName === 'A';
        return box.width > 0 && !isInText && node.type !== 'hidden' && (box.height < 24 || box.width < 24);
    }).map((node) => `smaller than 24 px: ${node.outerHTML.slice(0, 120)}`);
    const scrolls = () => document.documentElement.scrollWidth > innerWidth;
    if (scrolls()) faults.push("it scrolls sideways");
    document.documentElement.style.fontSize = "200%";
    if (scrolls()) faults.push("it scrolls sideways with text of 200 %");
    document.documentElement.style.fontSize = "";
    return faults;
}"""

BARE_CHARTS: Final = """() => [...document.querySelectorAll("figure")].filter((figure) => {
    const table = figure.dataset.hierarchyOf
        ? document.getElementById(figure.dataset.hierarchyOf) : figure.querySelector("table");
    const title = figure.querySelector("figcaption .title")?.textContent
        ?? figure.querySelector("svg[role=img]")?.getAttribute("aria-label");
    const sentence = figure.querySelector("figcaption")?.textContent.replace(title, "").trim();
    return !title || !sentence || table === null || table.querySelectorAll("td.n").length === 0;
}).map((figure) => figure.outerHTML.slice(0, 200))"""
"""Charts without a title, a sentence or a table of their figures."""

WIDTHS: Final = (1280, 360)
JUDGED: Final[dict[Literal["light", "dark"], dict[str, Any]]] = {
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""What axe looks at in which light: all it knows, and once more what other colours can change."""


def looked_at(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Open a page; return what it complains of, and whom else it asks, both to be looked at later too."""
    complaints, elsewhere = list[str](), list[str]()
    origin = ""

    def told(url: str) -> None:
        if origin and not url.startswith((origin, "data:image/")):
            elsewhere.append(url)

    page.add_init_script(WATCH)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto("/docs")
    assert answer
    origin = answer.url.removesuffix("docs")
    page.on("request", lambda sent: told(sent.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return complaints, elsewhere


@pytest.mark.parametrize("state_of_page", states())
def test_page_keeps_to_its_policy_and_its_host(page: Page, site: Site, state_of_page: str) -> None:
    if state_of_page in FOR_STRANGERS:
        page.context.clear_cookies()
    complaints, elsewhere = looked_at(page, filled(state_of_page, site.ids))
    assert (complaints, elsewhere) == ([], [])
    assert page.locator("h1").count() == 1
    assert page.evaluate(BARE_CHARTS) == []


@pytest.mark.parametrize("state_of_page", states())
def test_page_keeps_nobody_out(page: Page, site: Site, axe: str, state_of_page: str) -> None:
    if state_of_page in FOR_STRANGERS:
        page.context.clear_cookies()
    page.goto(filled(state_of_page, site.ids))
    page.evaluate(axe)
    found = dict[str, list[str]]()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for light, judged in JUDGED.items():
            page.emulate_media(color_scheme=light, reduced_motion="reduce")
            found[f"{light}, {width} px"] = _kept_out(page, judged)
        found[f"{width} px"] = page.evaluate(MEASURE)
    assert {how: faults for how, faults in found.items() if faults} == {}


def _kept_out(page: Page, judged: dict[str, Any]) -> list[str]:
    result = page.evaluate("judged => axe.run(document, {runOnly: judged})", judged)
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


def test_pages_have_titles_of_their_own(page: Page, site: Site) -> None:
    titles = dict[str, str]()
    for state_of_page in states():
        page.goto(filled(state_of_page, site.ids))
        path = page.url.partition("?")[0]
        assert titles.setdefault(page.title(), path) == path
