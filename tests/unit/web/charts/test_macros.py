"""What the macros draw: a figure with a title, a sentence, the drawing, and a table that adds up to it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from vcci.web.charts import Bar, Step
from vcci.web.formats import EmissionUnit, Format, Numbers
from vcci.web.pages import templates

GERMAN = Format(Numbers.GERMAN, EmissionUnit.KILOGRAMS)
BARS = [Bar("Goods <b>", 3_000_000, "/c/1?a=1&b=2"), Bar("Back\u202e", -1_000_000)]
SCORES = [("Goods", [100, 250, None]), ("Travel", [500, 400, 300])]
CHARTS: dict[str, tuple[Any, ...]] = {
    "bars": ("Emissions", "By category.", BARS, Format()),
    "bridge": ("What changed", "By cause.", 5, [Step("volume", 2), Step("mix", -7)], 0, Format()),
    "heat_map": ("Quality", "By indicator.", ["time", "geography", "technology"], SCORES),
    "sparkline": ("Acme by year", [1, None, 3]),
    "interval": (1, 2, 3, Format()),
}


def drawn(name: str, *told: Any) -> str:
    return str(getattr(templates().get_template("charts.html.jinja").module, name)(*told))


class Nesting(HTMLParser):
    """Checks that what is opened is closed, and collects names."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.styled = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.open.append(tag)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.named += (told.get("aria-labelledby") or "").split()
        self.styled += sum(name == "style" or name.startswith("on") for name in told)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_a_figure_with_a_caption_a_named_drawing_and_a_table(name: str) -> None:
    text = drawn(name, *CHARTS[name])
    page = Nesting()
    page.feed(text)
    assert page.open == []
    assert (text.count("<figure"), text.count("<figcaption"), text.count('role="img"')) == (1, 1, 1)
    assert text.count("<table>") == text.count("<details>") == 1
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.named) <= set(page.ids)
    assert page.styled == 0


@pytest.mark.parametrize("name", ["bars", "bridge"])
def test_table_adds_up_exactly(name: str) -> None:
    told = (5, [Step("volume", 2), Step("mix", -7)], 0) if name == "bridge" else (BARS,)
    text = drawn(name, "Title", "Sentence.", *told, Format())
    figures = [int(value) for value in re.findall(r'<data value="(-?\d+)"', text)]
    if name == "bars":
        assert sum(figures[:-1]) == figures[-1] == 2_000_000
    else:
        first, *steps, last = figures
        assert first + sum(steps[::2]) == last == 0


def test_bars_lead_on_and_show_names_as_text() -> None:
    text = drawn("bars", "Emissions", "By category.", BARS, Format())
    assert text.count('href="/c/1?a=1&amp;b=2"') == 2
    assert "Goods &lt;b&gt;" in text
    assert "Back\\u202e" in text
    assert "0.003" in text


def test_numbers_are_in_the_style_and_unit_of_the_person() -> None:
    text = drawn(
        "bridge", "What changed", "By cause.", 0, [Step("volume", 1_234_567_891)], 1_234_567_891, GERMAN
    )
    assert "+1.234,568" in text
    assert "+1.234,567891" in text
    assert "kg CO2e" in text


def test_missing_scores_and_values_are_dashes() -> None:
    assert drawn("heat_map", "Quality", "None.", ["time"], [("Goods", [None])]).count("–") == 3
    assert "There are no values." in drawn("sparkline", "Acme", [None, None])
    assert "is not known" in drawn("interval", None, 5, None, Format())


def test_fills_of_steps_and_scores_have_patterns() -> None:
    bridge = drawn("bridge", "What changed", "By cause.", 5, [Step("more", 2), Step("less", -7)], 0, Format())
    heat = drawn("heat_map", *CHARTS["heat_map"])
    for text, names in ((bridge, ("up", "down")), (heat, ("0", "3", "4", "5"))):
        for name in names:
            (defined,) = re.findall(rf'<pattern id="(c[0-9a-f]+-{name})"', text)
            assert f'fill="url(#{defined})"' in text


def test_hierarchy_is_hidden_until_a_script_draws_it() -> None:
    text = drawn("hierarchy", "hotspots", "Hotspots", "By supplier.", "suppliers", GERMAN)
    assert re.search(r'<figure class="hierarchy" id="hotspots" hidden data-hierarchy-of="suppliers"', text)
    assert re.search(r'data-charts="/static/charts\.js\?v=[0-9a-f]{16}"', text)
    assert 'data-unit="kg" data-group="." data-mark="," data-digits="3"' in text
    assert text.count('aria-pressed="true"') == 1
