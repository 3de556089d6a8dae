"""Take a picture of every page into docs/screenshots, light and dark; `make screenshots` runs it.

A service of its own is started and filled as tests/browser/site.py does it: with a real ledger.
"""

import re
import shutil
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any, Final, Literal

from benchmarks.record import ROOT
from playwright.sync_api import Browser, sync_playwright
from tests.browser.addresses import FOR_STRANGERS, STATES, filled, templates
from tests.browser.conftest import FLAGS, signed_in
from tests.browser.site import Site, running_site

FOLDER: Final = ROOT / "docs" / "screenshots"
LIGHTS: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
SIZE: Final[Any] = {"width": 1280, "height": 1000}
QUALITY: Final = 80
ASKED: Final = ("/factors", "/factors/compare", "/what-if")
"""Pages that have little to show before something is asked."""

MOST_BYTES: Final = 120_000


def name_of(template: str) -> str:
    """Return the name of a page's picture: its address, parameters by their names."""
    return "-".join(re.findall(r"(\w[\w-]*)(?::\w+)?", template)).replace("_", "-")


def take(browser: Browser, site: Site) -> None:
    """Take all pictures."""
    state = signed_in(browser, site)
    for light in LIGHTS:
        context = browser.new_context(
            storage_state=state, base_url=site.address, color_scheme=light, viewport=SIZE
        )
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        for template in templates():
            if template in FOR_STRANGERS:
                continue
            state_of_page = STATES.get(template, (template,))[-1 if template in ASKED else 0]
            page.goto(filled(state_of_page, site.ids))
            page.wait_for_load_state("networkidle")
            path = FOLDER / f"{name_of(template)}-{light}.webp"
            taken = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            path.write_bytes(b64decode(taken["data"]))
            if path.stat().st_size > MOST_BYTES:
                raise SystemExit(
                    f"{path.name} has {path.stat().st_size:,} bytes; {MOST_BYTES:,} is the most."
                )
        context.close()


def main() -> None:
    """Start a service and take the pictures."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    folder = Path(tempfile.mkdtemp(prefix="vcci-screenshots-"))
    folder.chmod(0o755)
    try:
        with running_site(folder) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            take(browser, site)
            browser.close()
    finally:
        shutil.rmtree(folder)
    print(f"{len(list(FOLDER.iterdir()))} pictures are in {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
