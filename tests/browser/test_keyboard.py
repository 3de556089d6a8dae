"""What people do most, from the first key to the last without a mouse."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.hands import Hands
from tests.browser.site import NAME, PASSWORD, QUESTIONS, Site, large_ledger

KEY = re.compile(r"vcci_[\w-]{20}")


@pytest.fixture
def hands(page: Page) -> Hands:
    return Hands(page)


def given(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / name


def upload(hands: Hands, file: Path) -> None:
    # Playwright does not wait until the browser has heard of the wish: it is told of it pages earlier.
    with hands.page.expect_file_chooser() as chooser:
        hands.page.goto("/overview")
        hands.section("i").to("Files of one ledger").press("Enter")
    chooser.value.set_files(file)
    hands.follow("Upload")


def test_somebody_signs_in(browser: Browser, site: Site) -> None:
    hands = Hands(browser.new_page(base_url=site.address))
    hands.page.goto("/runs")
    hands.to("Name").write(NAME).to("Password").write(PASSWORD).enter()
    assert hands.page.url == f"{site.address}/runs"
    hands.page.close()


def test_file_is_imported_and_what_is_asked_is_answered(hands: Hands, tmp_path: Path) -> None:
    upload(hands, given(tmp_path, "asked.csv", QUESTIONS.replace("Supplier", "Vendor")))
    expect(hands.page.get_by_role("link", name="Answer")).to_be_visible()
    hands.follow("Answer").choose("point").choose("day-month-year")
    hands.to("Currency of the amounts").write("GBP").to("Country of the purchases").write("GB")
    hands.follow("Keep and go on").follow("Keep; the rest stays as found").follow("Go on to start")
    hands.follow("Start the run")
    expect(hands.page.get_by_role("link", name="To the run")).to_be_visible(timeout=60_000)


def test_rows_that_are_alike_are_repaired(hands: Hands, site: Site) -> None:
    hands.page.goto(f"/import/{site.ids['file_id']}/rejects")
    left = hands.page.locator("article.group").count()
    hands.choose("Write a text into this cell").to("Text").write("2022-02-28")
    hands.follow("Fix all")
    expect(hands.page.get_by_role("status").first).to_contain_text("Rows:")
    assert hands.page.locator("article.group").count() < left


def test_supplier_is_found(hands: Hands) -> None:
    hands.page.goto("/overview")
    hands.section("s").press("/").write("bet").enter()
    hands.press("j").to("Beta").enter()
    assert hands.heading == "Beta"


def test_total_is_followed_down_to_its_derivation(hands: Hands, site: Site) -> None:
    hands.page.goto(f"/overview?runs={site.ids['small_run_id']}")
    hands.follow("Purchased goods and services").follow("Alpha")
    hands.follow("2022-01-04 row")
    assert "/lines/" in hands.page.url
    expect(hands.page.get_by_role("main")).to_contain_text("Software licences")


def test_match_is_accepted(hands: Hands) -> None:
    hands.page.goto("/overview")
    hands.section("r").to("Choose ").press("Space").follow("Accept what they stand for")
    expect(hands.page.get_by_role("status").first).to_contain_text("Decided: 1 text.")


def test_export_is_started(hands: Hands) -> None:
    hands.page.goto("/overview")
    hands.section("e").to("XLSX of GHG Protocol")
    with hands.page.expect_download() as loaded:
        hands.press("Enter")
    assert loaded.value.suggested_filename == "ghg-protocol.xlsx"


def test_key_of_the_api_is_made(hands: Hands) -> None:
    hands.page.goto("/overview")
    hands.section("t").follow("Keys of the API")
    hands.to("What it is for").write("nightly import").follow("Make the key")
    expect(hands.page.get_by_role("textbox", name="The key of nightly import")).to_have_value(KEY)


def test_job_is_cancelled(hands: Hands, tmp_path: Path) -> None:
    upload(hands, given(tmp_path, "large.csv", large_ledger(rows=300_000)))
    while hands.page.get_by_role("link", name="Look again").count():
        hands.page.reload()
    hands.follow("Start the run").follow("Cancel the job")
    expect(hands.page.locator("#progress")).to_contain_text("cancelled", timeout=60_000)


def test_numbers_are_written_another_way(hands: Hands) -> None:
    hands.page.goto("/overview")
    hands.section("t").to("Numbers").write("1.234.567,89").follow("Keep")
    hands.section("o")
    assert re.match(r"\d\.\d{3},\d+ t", hands.page.locator("dl.figures dd").first.inner_text())


def test_run_is_verified(hands: Hands, site: Site) -> None:
    hands.page.goto(f"/runs/{site.ids['small_run_id']}")
    hands.follow("Verify")
    expect(hands.page.locator("#progress")).to_contain_text("completed", timeout=60_000)


def test_somebody_signs_out(browser: Browser, site: Site) -> None:
    hands = Hands(browser.new_page(base_url=site.address))
    hands.page.goto("/sign-in")
    hands.to("Name").write(NAME).to("Password").write(PASSWORD).enter()
    hands.follow("Sign out")
    hands.page.goto("/overview")
    assert hands.heading == "Sign in"
    hands.page.close()


def test_keys_are_told_and_closed_again(hands: Hands) -> None:
    hands.page.goto("/suppliers")
    hands.press("?")
    expect(hands.page.get_by_role("dialog", name="Keys")).to_be_visible()
    hands.press("Escape")
    expect(hands.page.get_by_role("dialog", name="Keys")).to_be_hidden()
