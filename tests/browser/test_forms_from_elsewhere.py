"""A form of another site, sent with the person's cookies: it has no effect."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page
from tests.browser.site import Site

FORM = """<!doctype html><title>A prize</title><form method="post" action="{action}">
<input name="name" value="stolen"><input name="role" value="admin"><button>Win</button></form>"""


@pytest.fixture
def elsewhere(site: Site) -> Iterator[str]:
    """The address of another site, whose page sends a form to the service."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(FORM.format(action=f"{site.address}{self.path}").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def names_of_keys(page: Page) -> list[str]:
    page.goto("/settings/keys")
    return page.locator("tbody th[scope=row]").all_inner_texts()


def test_form_of_another_site_makes_no_key(page: Page, site: Site, elsewhere: str) -> None:
    before = names_of_keys(page)
    page.goto(f"{elsewhere}/settings/keys")
    page.get_by_role("button", name="Win").click()
    page.wait_for_url(f"{site.address}/**")
    assert names_of_keys(page) == before


def test_form_of_another_site_signs_nobody_out(page: Page, elsewhere: str) -> None:
    page.goto(f"{elsewhere}/sign-out")
    page.get_by_role("button", name="Win").click()
    page.goto("/overview")
    assert page.locator("h1").inner_text() != "Sign in"


def test_form_without_the_token_is_refused_on_the_own_site_too(page: Page) -> None:
    page.goto("/settings")
    page.evaluate("document.querySelector('form.who input[name=csrf]').value = 'guessed'")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/overview")
    assert page.locator("h1").inner_text() != "Sign in"
