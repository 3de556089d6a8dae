"""Colours of charts and texts are told apart by those who see little contrast, in light and in dark."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from itertools import combinations
from pathlib import Path

import pytest

from vcci.web.charts import PATTERNS

ROOT = Path(__file__).parents[3]
CSS = resources.files("vcci.web").joinpath("static")
FILLS = [f"c{number}" for number in range(1, 7)]
TEXTS = ["ink", "muted", "accent", "good", "warn", "bad"]
GRAPHIC, TEXT = 3.0, 4.5
"""Least ratios of WCAG 2.2: 1.4.11 for graphics, 1.4.3 for texts."""


def variables(name: str, block: str) -> dict[str, str]:
    text = CSS.joinpath(name).read_text("utf-8")
    (found,) = re.findall(rf"^{re.escape(block)} \{{(.*?)\}}", text, flags=re.DOTALL | re.MULTILINE)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", found))


LIGHT = variables("vcci.css", ":root")
DARK = {**LIGHT, **variables("vcci.css", ':root[data-theme="dark"]')}
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def mixed(colour: str, other: str, percent: float) -> str:
    parts = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(255 * (a * percent + b * (100 - percent)) / 100):02x}" for a, b in parts)


def luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(colour: str, other: str) -> float:
    darker, lighter = sorted((luminance(colour), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_dark_is_the_same_whether_chosen_or_of_the_system() -> None:
    of_the_system = variables("vcci.css", '  :root:not([data-theme="light"])')
    assert of_the_system == variables("vcci.css", ':root[data-theme="dark"]')


@THEMES
def test_fills_stand_out_from_what_is_behind_them(theme: Mapping[str, str]) -> None:
    pairs = [(fill, behind) for fill in FILLS for behind in ("paper", "raised")]
    assert [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < GRAPHIC] == []


@THEMES
def test_texts_can_be_read_on_all_they_stand_on(theme: Mapping[str, str]) -> None:
    pairs = [(text, behind) for text in TEXTS for behind in ("paper", "raised", "wash")]
    pairs += [("bad", "bad-wash"), ("ink", "bad-wash"), ("ink", "warn-wash"), ("on-accent", "accent")]
    assert [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < TEXT] == []


@THEMES
def test_labels_can_be_read_on_every_fill(theme: Mapping[str, str]) -> None:
    assert [fill for fill in FILLS if contrast(theme["on-accent"], theme[fill]) < TEXT] == []


@THEMES
def test_scores_can_be_read_on_their_steps(theme: Mapping[str, str]) -> None:
    text = CSS.joinpath("charts.css").read_text("utf-8")
    percents = dict(re.findall(r"--(s\d): color-mix\(in srgb, var\(--c3\) (\d+)%, var\(--raised\)\)", text))
    assert list(percents) == ["s1", "s2", "s3", "s4"]
    steps = {name: mixed(theme["c3"], theme["raised"], float(percent)) for name, percent in percents.items()}
    steps |= {"s0": theme["raised"], "s5": theme["c3"]}
    told = {name: theme["on-accent" if name in ("s4", "s5") else "ink"] for name in steps}
    ratios = {name: contrast(told[name], fill) for name, fill in steps.items()}
    assert {name: ratio for name, ratio in ratios.items() if ratio < TEXT} == {}


@THEMES
def test_focus_stands_out(theme: Mapping[str, str]) -> None:
    assert min(contrast(theme["focus"], theme[behind]) for behind in ("paper", "raised")) >= GRAPHIC


def test_fills_side_by_side_differ_by_pattern_too() -> None:
    decals = json.loads((ROOT / "assets" / "charts-glue" / "decals.json").read_text("utf-8"))
    assert len(decals) == len(FILLS)
    assert all(one != other for one, other in combinations(decals, 2))
    assert len({PATTERNS["total"], PATTERNS["up"], PATTERNS["down"]}) == 3
