"""Load the parameter files of this package into the domain's types."""

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from vcci.domain.quantity import MONEY, Unit, UnitTable
from vcci.engine.matching import LearnedModel, Vocabulary
from vcci.parameters.yaml_text import parsed

LEARNED_MODEL: Final = Path(__file__).with_name("learned_matching.json")
"""Made by benchmarks/train_matcher.py, with its provenance inside."""

LEARNED_SOURCES: Final = ("lines", "products", "words", "titles")
"""The order in which the weights of the model speak of its sources."""


def _read(name: str) -> Any:
    text = resources.files("vcci.parameters").joinpath(name).read_text(encoding="utf-8")
    return parsed(text)


def units(currencies: Iterable[str]) -> UnitTable:
    """Return all physical units of units.yaml, and the given currencies as units of money."""
    found: dict[str, Unit] = {}
    for dimension, members in _read("units.yaml").items():
        for symbol, entry in members.items():
            unit = Unit(symbol, dimension, Decimal(entry["value"]))
            for name in (symbol, symbol.casefold(), *entry.get("aliases", ())):
                found.setdefault(name, unit)
    for code in currencies:
        found[code] = found[code.casefold()] = Unit(code, MONEY, Decimal(1))
    return UnitTable(found)


def spend_categories() -> dict[str, int]:
    """Return the Scope 3 category of purchased commodities by NAICS prefix; the longest prefix counts."""
    entries = _read("spend_categories.yaml")["prefixes"]
    return {str(entry["naics"]): int(entry["category"]) for entry in entries}


@cache
def everyday_words() -> Vocabulary:
    """Return what ledgers call commodities, and the words that mark what is no purchase."""
    words = _read("everyday_words.yaml")
    return Vocabulary(
        phrases={phrase: entry["naics"] for entry in words["commodities"] for phrase in entry["phrases"]},
        abstain=frozenset(words["abstain"]),
        weak=frozenset(words["without_meaning"]),
        learned=learned_model,
    )


def learned_model() -> LearnedModel:
    """Return what the training halves of the labelled sets teach; docs/matching.md says what it measures."""
    read = json.loads(LEARNED_MODEL.read_bytes())
    sources = tuple(
        tuple((code, text) for code, _, text in (line.partition(" ") for line in read["sources"][name]))
        for name in LEARNED_SOURCES
    )
    return LearnedModel(sources, tuple(read["weights"]), read["floor"])


def factor_categories() -> dict[str, list[tuple[str, str]]]:
    """Return what the everyday names of factors mean: packs, and how the codes of theirs begin."""
    read = _read("factor_categories.yaml")
    return {name: [(entry["pack"], entry["begins"]) for entry in entries] for name, entries in read.items()}
