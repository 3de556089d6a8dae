"""Hands on a keyboard, and no mouse: what has the focus is named as a screen reader names it."""

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

MOST_STEPS: Final = 400
NAMED: Final = """() => {
    const node = document.activeElement;
    if (node === null || node === document.body) return "";
    const by = (node.getAttribute("aria-labelledby") ?? "").split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const label = [...(node.labels ?? [])].map((one) => one.textContent).join(" ");
    const words = node.getAttribute("aria-label") || by.trim() || label || node.textContent || node.name;
    return (words ?? "").replace(/\\s+/g, " ").trim();
}"""
"""What has the focus, by its accessible name."""


@dataclass
class Hands:
    """A person at a page who only presses keys."""

    page: Page

    @property
    def at(self) -> str:
        """The name of what has the focus, empty where nothing has."""
        return str(self.page.evaluate(NAMED))

    def to(self, name: str, *, back: bool = False) -> "Hands":
        """Press Tab until what has the focus is called so, or begins so; fail where nothing is."""
        met = list[str]()
        for _ in range(MOST_STEPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            met.append(self.at)
            if met[-1] == name or (met[-1].startswith(name) and name):
                return self
        raise AssertionError(f"Nothing is called {name!r} among {list(dict.fromkeys(met))}")

    def choose(self, name: str) -> "Hands":
        """Choose one of several: Tab leads to the group, arrows go through it."""
        for _ in range(MOST_STEPS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.type") == "radio":
                break
        for _ in range(MOST_STEPS):
            if self.at.startswith(name):
                return self.press("Space")
            self.press("ArrowDown")
        raise AssertionError(f"There is no choice called {name!r}.")

    def press(self, *keys: str) -> "Hands":
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def write(self, text: str) -> "Hands":
        """Write into what has the focus, in the place of what stands there."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        return self

    def follow(self, name: str) -> "Hands":
        """Go to a link or button, press Enter, and wait for the page that it leads to."""
        self.to(name)
        return self.enter()

    def enter(self) -> "Hands":
        """Press Enter, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    def section(self, key: str) -> "Hands":
        """Go to a section of the menu by its keys."""
        with self.page.expect_navigation():
            self.press("g", key)
        return self

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return self.page.locator("h1").inner_text()
