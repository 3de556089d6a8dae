"""Load the parameter files of this package into the domain's types."""

from collections.abc import Iterable
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from vcci.domain.quantity import MONEY, Unit, UnitTable
from vcci.engine.matching import Vocabulary


def _read(name: str) -> Any:
    text = resources.files("vcci.parameters").joinpath(name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


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


def everyday_words() -> Vocabulary:
    """Return what ledgers call commodities, and the words that mark what is no purchase."""
    words = _read("everyday_words.yaml")
    return Vocabulary(
        phrases={phrase: entry["naics"] for entry in words["commodities"] for phrase in entry["phrases"]},
        abstain=frozenset(words["abstain"]),
        weak=frozenset(words["without_meaning"]),
    )
