"""A run beside what it would come to under other options: by category, in all, and the bridge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vcci.domain.bridge import EFFECTS, MEANINGS, Bridge
from vcci.domain.category import STATED_APART, Category

Categories = Mapping[int, int]
"""Milligrams of CO2e by category, without what is stated apart."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two inventories of the same rows, in mg CO2e; `effects` by category add up to each difference."""

    older: Categories
    newer: Categories
    effects: Mapping[tuple[int, str], int]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The categories of either."""
        return tuple(sorted({*self.older, *self.newer, *(number for number, _ in self.effects)}))

    @property
    def older_mg_co2e(self) -> int:
        """The total as it is."""
        return sum(self.older.values())

    @property
    def newer_mg_co2e(self) -> int:
        """The total as it would be."""
        return sum(self.newer.values())

    def effect_mg_co2e(self, effect: str) -> int:
        """Return what an effect adds over all categories."""
        return sum(mg for (_, name), mg in self.effects.items() if name == effect)


def side_by_side(older: Categories, newer: Categories, effects: Mapping[tuple[int, str], int]) -> SideBySide:
    """Return both sides without what is stated apart, and what leads from one to the other."""
    told = {(n, name): mg for (n, name), mg in effects.items() if n != STATED_APART}
    return SideBySide(_counted(older), _counted(newer), told)


def _counted(categories: Categories) -> Categories:
    return {number: mg for number, mg in categories.items() if number != STATED_APART}


def effects_of(bridge: Bridge) -> dict[tuple[int, str], int]:
    """Return the effects of a bridge by category and name."""
    return {(one.category, one.effect): one.emissions_mg_co2e for one in bridge.effects}


def side_by_side_as_json(sides: SideBySide) -> dict[str, Any]:
    """Return both in plain values."""
    return {
        "older_mg_co2e": sides.older_mg_co2e,
        "newer_mg_co2e": sides.newer_mg_co2e,
        "difference_mg_co2e": sides.newer_mg_co2e - sides.older_mg_co2e,
        "categories": [_category(sides, number) for number in sides.numbers],
        "effects": [
            {"effect": name, "meaning": MEANINGS[name], "emissions_mg_co2e": sides.effect_mg_co2e(name)}
            for name in EFFECTS
        ],
    }


def _category(sides: SideBySide, number: int) -> dict[str, Any]:
    older, newer = sides.older.get(number, 0), sides.newer.get(number, 0)
    return {
        "category": number,
        "title": Category(number).title,
        "older_mg_co2e": older,
        "newer_mg_co2e": newer,
        "difference_mg_co2e": newer - older,
    }
