"""The parameter files hold what the code expects of them."""

import re
from pathlib import Path

import polars as pl
import pytest
import yaml

import vcci
from vcci.domain.category import Category
from vcci.engine.matching import Matcher
from vcci.parameters import load
from vcci.parameters.yaml_text import parsed
from vcci.services.classification import Classifier, LedgerText


@pytest.fixture(scope="module")
def titles(shared: Path) -> dict[str, str]:
    frame = pl.read_csv(shared / "data/crosswalks/naics_2017_titles.csv", infer_schema=False)
    return dict(frame.select("naics_2017_code", "title").iter_rows())


@pytest.fixture(scope="module")
def factor_titles(shared: Path) -> dict[str, str]:
    frame = pl.read_csv(
        shared / "data/factors/us_epa_supply_chain_v1.3.0_naics6_co2e_usd2022.csv", infer_schema=False
    )
    return dict(frame.select(frame.columns[:2]).iter_rows())


def test_every_category_prefix_is_a_naics_code(titles: dict[str, str]) -> None:
    assert [prefix for prefix in load.spend_categories() if prefix not in titles] == []


def test_categories_are_upstream_ones_of_purchases() -> None:
    assert set(load.spend_categories().values()) <= {Category(n) for n in (1, 3, 4, 5, 6, 8)}


def test_no_prefix_repeats_what_a_shorter_one_says() -> None:
    table = load.spend_categories()
    shorter = {code: [table[code[:n]] for n in range(2, len(code)) if code[:n] in table] for code in table}
    assert [code for code, above in shorter.items() if above and above[-1] == table[code]] == []


@pytest.mark.parametrize(
    ("commodity", "category"),
    [
        ("334111", 1),  # computers
        ("324110", 3),  # fuels
        ("324191", 1),  # lubricants are a material
        ("481111", 6),  # flights
        ("481112", 4),  # air freight
        ("483111", 4),  # sea freight
        ("483112", 6),  # ferries
        ("484110", 4),  # haulage
        ("485310", 6),  # taxis
        ("485410", 1),  # school buses
        ("491110", 4),  # post
        ("531120", 8),  # rent
        ("562111", 5),  # waste
        ("562910", 1),  # remediation
        ("721110", 6),  # hotels
        ("722511", 1),  # restaurants
    ],
)
def test_a_commodity_falls_in_the_category_of_the_standard(commodity: str, category: int) -> None:
    classifier = Classifier(
        rules=(), titles={commodity: "Gadget"}, category_by_prefix=load.spend_categories()
    )
    assert classifier.classify(LedgerText("gadget", "", "", capital=False)).category == category


def test_every_everyday_phrase_names_a_commodity_with_a_factor(factor_titles: dict[str, str]) -> None:
    phrases = load.everyday_words().phrases
    assert {phrase: code for phrase, code in phrases.items() if code not in factor_titles} == {}


def test_no_everyday_phrase_stands_twice() -> None:
    text = Path(load.__file__).with_name("everyday_words.yaml").read_text(encoding="utf-8")
    listed = [
        " ".join(p.split()) for found in re.findall(r"phrases: \[([^]]*)\]", text) for p in found.split(",")
    ]
    assert sorted(listed) == sorted(load.everyday_words().phrases)


AMBIGUOUS = {"hardware", "fixtures and fittings"}
"""Titles have them for locks and for plumbing: the phrases are rivals to these, so that both abstain."""


def test_every_everyday_phrase_finds_its_own_commodity(factor_titles: dict[str, str]) -> None:
    words = load.everyday_words()
    matcher = Matcher(factor_titles, words)
    found = {phrase: matcher.best(phrase) for phrase in words.phrases if phrase not in AMBIGUOUS}
    assert {p: m for p, m in found.items() if m is None or m.code[:4] != words.phrases[p][:4]} == {}


def test_files_say_the_same_to_the_fast_parser_as_to_the_plain_one() -> None:
    files = sorted(Path(vcci.__file__).parent.rglob("*.yaml"))
    assert len(files) > 30
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert parsed(text) == yaml.safe_load(text), file


def test_fast_parser_makes_no_objects() -> None:
    with pytest.raises(yaml.YAMLError):
        parsed("!!python/object/apply:os.getcwd []")
