"""The page and the JSON: complete, inert, self-contained, the same every time."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.support.inventories import HOSTILE, TONNE, inventory, named, suppliers

from vcci.domain.display import visible
from vcci.domain.finding import REASONS
from vcci.domain.inventory import FactorTotal, Inventory, RowCounts
from vcci.reports.inventory import inventory_html, inventory_json, publish

EMPTY = inventory(
    counts=RowCounts(0, 0, 0, 0, 0), total_mg_co2e=0, title="", year=None,
    categories=(), suppliers=(), factors=(), years=(), spend=(), uncovered=(), notices=(), packs=(),
)  # fmt: skip


class Page(HTMLParser):
    """A page as a browser would take it apart."""

    def __init__(self, shown: Inventory) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.style = ""
        self.sums: dict[str, list[int]] = {}
        self._section = ""
        self.feed(inventory_html(shown).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "section":
            self._section = given["id"]
        if tag == "data":
            self.sums.setdefault(self._section, []).append(int(given["value"]))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "style" and not self.style:
            self.style = data
        self.texts.append(data.strip())

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def custom_colours(style: str) -> Iterator[dict[str, str]]:
    for block in re.findall(r":root \{(.*?)\}", style, re.S):
        yield dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(inventory(suppliers=named(*HOSTILE), title=HOSTILE[0]))
    loading = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image"}
    assert not loading & {tag for tag, _ in page.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {n for n in names if n.startswith("on") or n in ("src", "srcset", "style", "action")}
    assert all(link["href"].startswith("#") for link in page.all("a"))
    assert not re.search(r"url\(|@import", page.style)


def test_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    page = Page(inventory())
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


def test_hostile_names_are_texts_on_the_page() -> None:
    page = Page(inventory(suppliers=named(*HOSTILE)))
    assert {visible(name) for name in HOSTILE} <= set(page.texts) | {f"\u00a0{t}" for t in page.texts}


def test_no_unseen_character_reaches_the_page() -> None:
    page = inventory_html(inventory(suppliers=named(*HOSTILE), title="Acme \u202e")).decode()
    assert not [c for c in page if c in "\u202e\x1b\0\r\x07"]


@pytest.mark.parametrize("section", ["categories", "suppliers", "years", "factors"])
def test_every_table_of_emissions_adds_up_to_its_shown_total(section: str) -> None:
    many = inventory(
        suppliers=suppliers(*[TONNE] * 3, *[0] * 30, 6 * TONNE, -TONNE),
        factors=tuple(FactorTotal("a", str(n), "1 kg", "p", 1, TONNE // 5) for n in range(40)),
    )
    *rows, total = Page(many).sums[section]
    assert sum(rows) == total == many.total_mg_co2e


def test_the_rows_left_out_are_counted() -> None:
    texts = Page(inventory(suppliers=suppliers(*[TONNE] * 1300))).texts
    assert "and 1,275 more suppliers" in texts


def test_each_row_that_went_in_is_accounted_for() -> None:
    sentence = "12 rows in = 6 with lines + 2 excluded + 2 not covered + 2 rejected"
    assert sentence in Page(inventory()).texts


def test_the_page_says_what_reasons_mean_and_what_to_do() -> None:
    texts = Page(inventory()).texts
    assert {REASONS["commodity_unknown"].meaning, REASONS["commodity_unknown"].remedy} <= set(texts)


def test_a_factor_is_shown_with_its_publisher_and_version() -> None:
    texts = Page(inventory()).texts
    place = texts.index("0.1 kg CO2e/USD")
    assert [t for t in texts[place:] if t][1:3] == ["US EPA", "epa-v1.3 1.3.0"]


def test_charts_say_in_words_what_they_show() -> None:
    page = Page(inventory())
    assert [svg["role"] for svg in page.all("svg")] == ["img", "img"]
    assert [svg["aria-labelledby"].split()[0] for svg in page.all("svg")] == [
        "category-chart-title",
        "supplier-chart-title",
    ]
    assert any(t.startswith("Bar chart of 2 totals in tCO2e. The largest is Purchased") for t in page.texts)


def test_tables_have_captions_and_scoped_headings() -> None:
    page = Page(inventory())
    assert len(page.all("caption")) == len(page.all("table")) == 14
    assert {th.get("scope") for th in page.all("th")} == {"col", "row"}
    assert page.all("html") == [{"lang": "en"}]


def test_every_label_and_link_on_the_page_leads_somewhere() -> None:
    page = Page(inventory())
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    wanted = [a["href"][1:] for a in page.all("a")]
    wanted += [i for _, a in page.tags for i in a.get("aria-labelledby", "").split()]
    assert len(set(ids)) == len(ids)
    assert set(wanted) <= set(ids)


def test_texts_stand_out_from_the_paper_by_light_and_by_dark() -> None:
    schemes = list(custom_colours(Page(inventory()).style))
    assert len(schemes) == 3
    for colours in schemes:
        for name in ("ink", "muted", "accent"):
            assert contrast(colours[name], colours["paper"]) >= 4.5


def test_an_inventory_of_nothing_is_a_page_too() -> None:
    assert "0 rows in = 0 with lines + 0 excluded + 0 not covered + 0 rejected" in Page(EMPTY).texts


def test_json_holds_every_field_and_whole_integers() -> None:
    document = json.loads(inventory_json(inventory()))
    assert document["schema_version"] == 1
    assert {field.name for field in fields(Inventory)} <= set(document)
    assert document["categories"][0]["emissions_mg_co2e"] == 9_000_400_000
    assert document["reasons"]["tax"]["outcome"] == "excluded"


def test_json_keys_are_sorted_at_every_level() -> None:
    text = inventory_json(inventory()).decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False)


def test_the_same_inventory_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        publish(inventory(suppliers=named(*HOSTILE)), tmp_path / folder)
    files = {p.name: p.read_bytes() for p in (tmp_path / "one").iterdir()}
    assert sorted(files) == ["categories.csv", "inventory.html", "inventory.json", "suppliers.csv"]
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "two").iterdir()}
